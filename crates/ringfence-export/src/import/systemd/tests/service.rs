//! The command, its environment, its limits, and what has no equivalent.

use std::time::Duration;

use super::{import, notes};

#[test]
fn the_command_is_read_as_systemd_starts_it() {
    let command = |service: &str| import(service).manifest.command;
    for (service, expected) in [
        (
            "ExecStart=/bin/a \"b c\" 100%% $$x",
            &["/bin/a", "b c", "100%", "$x"][..],
        ),
        ("ExecStart=-:/bin/a $B ${C}", &["/bin/a", "$B", "${C}"]),
        ("ExecStart=@/bin/a other b", &["/bin/a", "b"]),
        (
            "Environment=\"A=1 2\" B=3\nExecStart=/bin/a $A x${B}y ${A}",
            &["/bin/a", "1", "2", "x3y", "1 2"],
        ),
        ("ExecStart=/bin/a $UNKNOWN", &[]),
        ("ExecStart=/bin/a %i", &[]),
        // By a shell, since systemd 258.
        ("ExecStart=|/bin/a b", &[]),
        ("ExecStart=/bin/a \\\n  b ; /bin/c", &["/bin/a", "b"]),
        (
            "ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b",
            &["/bin/b"],
        ),
    ] {
        assert_eq!(command(service), expected, "{service}");
    }
    assert!(notes("ExecStart=/bin/a %i").contains("%i"));
    assert!(import("ExecStart=/bin/a").manifest.dependencies.of_command);
    assert!(notes("User=www-data").contains("start the wrapper as that one"));
}

#[test]
fn environment_directory_and_limits_are_kept() {
    let imported = import(
        "Environment=A=b \"C=d e\"\nPassEnvironment=T\nUnsetEnvironment=LANG\nWorkingDirectory=/srv\n\
         MemoryMax=512M\nLimitAS=1G\nTasksMax=50\nLimitNPROC=infinity\nLimitNOFILE=100:200\nLimitCPU=1min\n\
         LimitFSIZE=1K\nRuntimeMaxSec=2h",
    );
    let manifest = &imported.manifest;
    let expected = [
        ("PATH", None),
        ("T", None),
        ("A", Some("b")),
        ("C", Some("d e")),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
    assert_eq!(manifest.environment.variables, expected);
    assert!(manifest.environment.clear);
    assert_eq!(manifest.directory.as_deref(), Some("/srv".as_ref()));
    let limits = &manifest.limits;
    assert_eq!(limits.memory, Some(512 << 20));
    assert_eq!((limits.processes, limits.open_files), (Some(50), Some(100)));
    assert_eq!(
        (limits.cpu, limits.file_size),
        (Some(Duration::from_secs(60)), Some(1024))
    );
    assert_eq!(limits.wall, Some(Duration::from_secs(7200)));
    assert!(notes("TasksMax=50%").contains("hangs on the machine"));
}

#[test]
fn a_directive_without_equivalent_is_named_and_management_is_not() {
    let said =
        notes("MemoryDenyWriteExecute=yes\nRestart=always\nNoNewPrivileges=yes\nProtectClock=no");
    assert!(said.contains("MemoryDenyWriteExecute=yes"), "{said}");
    assert!(
        said.contains("`ProtectClock=no` (line 5) leaves open"),
        "{said}"
    );
    assert!(
        !said.contains("Restart") && !said.contains("NoNewPrivileges"),
        "{said}"
    );
}
