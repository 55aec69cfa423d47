//! Each directive: the line that it becomes, or the note; and that no line allows more than the unit.

use std::time::Duration;

use ringfence::{Abi, AccessFs, Action, Kernel, Plan, Request, Syscall, SyscallEffect};
use ringfence_manifest::{Format, Manifest, Variables};

use super::systemd_unit;
use crate::import::{ImportError, Imported};

fn import(service: &str) -> Imported {
    systemd_unit(&format!("[Service]\n{service}\n")).unwrap_or_else(|error| panic!("{error}"))
}

fn lines(service: &str) -> Vec<String> {
    let policy = import(service).manifest.policy;
    let paths = policy.paths().iter().map(ToString::to_string);
    paths
        .chain(policy.ports().iter().map(ToString::to_string))
        .chain(policy.classes().iter().map(ToString::to_string))
        .collect()
}

fn notes(service: &str) -> String {
    import(service).notes.join("\n")
}

/// What the manifest of a unit allows to do with a path, on the newest kernel.
fn allows(service: &str, right: AccessFs, path: &str) -> bool {
    let policy = import(service).manifest.policy;
    let plan = Plan::new(policy, Kernel::with_abi(Abi::NEWEST.number().into()));
    plan.decide(Request::Path(right, path.as_ref()))
        .is_allowed()
}

#[test]
fn an_empty_service_allows_nothing() {
    let imported = import("Type=simple");
    let policy = &imported.manifest.policy;
    assert!(policy.paths().is_empty() && policy.ports().is_empty() && policy.classes().is_empty());
    assert_eq!(policy.unrestricted(), ringfence::Unrestricted::default());
    for said in [
        "`ro:`",
        "`rw:`",
        "connect-tcp",
        "filter of system calls",
        "no ExecStart=",
    ] {
        assert!(
            imported.notes.iter().any(|note| note.contains(said)),
            "{said}"
        );
    }
}

#[test]
fn directives_about_paths_become_lines() {
    let rw = "read,write,create,remove,rename";
    for (service, expected) in [
        (
            "ReadWritePaths=/srv/a -/srv/b",
            vec![format!("{rw} /srv/a"), format!("{rw} /srv/b")],
        ),
        (
            "ReadOnlyPaths=\"/srv/a b\" /c\\ d",
            vec!["ro /c d".into(), "ro /srv/a b".into()],
        ),
        (
            "ReadOnlyPaths=/a\nReadOnlyPaths=\nReadOnlyPaths=/b",
            vec!["ro /b".into()],
        ),
        (
            "ReadOnlyPaths=/srv\nNoExecPaths=/srv",
            vec!["read /srv".into()],
        ),
        (
            "ReadOnlyPaths=/\nNoExecPaths=/\nExecPaths=/usr",
            vec!["read /".into(), "execute /usr".into()],
        ),
        (
            "StateDirectory=x y:z\nRuntimeDirectory=r",
            vec![
                format!("{rw} /run/r"),
                format!("{rw} /var/lib/x"),
                format!("{rw} /var/lib/y"),
            ],
        ),
        (
            "CacheDirectory=c\nLogsDirectory=l",
            vec![format!("{rw} /var/cache/c"), format!("{rw} /var/log/l")],
        ),
        ("ConfigurationDirectory=c", vec!["ro /etc/c".into()]),
        (
            "BindReadOnlyPaths=/a /b:/b:rbind",
            vec!["ro /a".into(), "ro /b".into()],
        ),
        ("ReadWritePaths=%S/x%%", vec![format!("{rw} /var/lib/x%")]),
        (
            "ReadWritePaths=/srv\nInaccessiblePaths=/srv/x /srv/y/z",
            vec![format!("{rw} /srv except x, y/z")],
        ),
        // Another directory would have to be laid over it.
        ("BindPaths=/data:/srv\nReadWritePaths=/srv", vec![]),
        ("ReadWritePaths=/tmp/x\nPrivateTmp=yes", vec![]),
        (
            "ReadWritePaths=/tmp/x\nPrivateTmp=no",
            vec![format!("{rw} /tmp/x")],
        ),
        ("ReadOnlyPaths=/home/u\nProtectHome=yes", vec![]),
        (
            "ReadWritePaths=/home/u\nProtectHome=tmpfs",
            vec![format!("{rw} /home/u")],
        ),
        ("ReadOnlyPaths=/dev/null\nPrivateDevices=yes", vec![]),
        ("ReadWritePaths=/srv/x\nInaccessiblePaths=/srv", vec![]),
        (
            "ReadWritePaths=/srv/x\nReadOnlyPaths=/srv/x",
            vec!["ro /srv/x".into()],
        ),
        ("ReadWritePaths=/%i", vec![]),
    ] {
        let mut found = lines(service);
        found.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected, "{service}");
    }
    let optional = import("ReadWritePaths=/a -/b").manifest.policy;
    let optional: Vec<_> = optional.paths().iter().map(|line| line.optional).collect();
    assert_eq!(optional, [false, true]);
}

#[test]
fn what_a_directive_takes_away_no_line_gives() {
    let write = AccessFs::WRITE_FILE;
    let read = AccessFs::READ_FILE;
    let execute = AccessFs::EXECUTE;
    for (service, right, path, allowed) in [
        (
            "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a",
            write,
            "/srv/a/f",
            false,
        ),
        (
            "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a",
            read,
            "/srv/a/f",
            true,
        ),
        (
            "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a",
            write,
            "/srv/b/f",
            true,
        ),
        (
            "ReadWritePaths=/srv\nReadOnlyPaths=/srv/a\nReadWritePaths=/srv/a/b",
            write,
            "/srv/a/b/f",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectSystem=full",
            write,
            "/etc/f",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectSystem=full",
            write,
            "/srv/f",
            true,
        ),
        ("ReadWritePaths=/\nProtectSystem=no", write, "/etc/f", true),
        (
            "ReadWritePaths=/\nProtectSystem=strict",
            write,
            "/srv/f",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectHome=read-only",
            write,
            "/home/u",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectHome=read-only",
            read,
            "/home/u",
            true,
        ),
        ("ReadWritePaths=/\nProtectHome=yes", read, "/root/x", false),
        (
            "ReadWritePaths=/\nPrivateDevices=yes",
            read,
            "/dev/sda",
            false,
        ),
        (
            "ReadWritePaths=/\nPrivateTmp=yes",
            write,
            "/var/tmp/x",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectKernelTunables=yes",
            write,
            "/sys/x",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectKernelModules=yes",
            read,
            "/usr/lib/modules/x",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectKernelLogs=yes",
            read,
            "/dev/kmsg",
            false,
        ),
        (
            "ReadWritePaths=/\nProtectControlGroups=yes",
            write,
            "/sys/fs/cgroup/x",
            false,
        ),
        (
            "ReadWritePaths=/run\nInaccessiblePaths=/var/run/docker.sock",
            read,
            "/run/docker.sock",
            false,
        ),
        (
            "ReadWritePaths=/srv\nTemporaryFileSystem=/srv/x",
            read,
            "/srv/x/f",
            false,
        ),
        (
            "ReadOnlyPaths=/srv\nNoExecPaths=/srv/up",
            execute,
            "/srv/up/f",
            false,
        ),
        (
            "ReadOnlyPaths=/srv\nNoExecPaths=/srv/up",
            execute,
            "/srv/f",
            true,
        ),
        ("ReadWritePaths=/srv", execute, "/srv/f", false),
    ] {
        assert_eq!(allows(service, right, path), allowed, "{service}: {path}");
    }
}

#[test]
fn a_restriction_that_would_be_lost_is_an_error() {
    for service in [
        "RootDirectory=/srv/root",
        "InaccessiblePaths=/home/%i",
        "ReadOnlyPaths=relative",
        "InaccessiblePaths=/a/../b",
        "ProtectSystem=some",
        "ProtectHome=maybe",
        "SystemCallFilter=~@no-such-group",
        "SystemCallFilter=~ptrace:EWHAT",
        "SystemCallErrorNumber=EWHAT",
        "LimitNOFILE=many",
        "MemoryMax=much",
        "SocketBindAllow=tcp:x",
        "ExecStart=/bin/sh \"open",
        "nonsense",
    ] {
        let error = systemd_unit(&format!("[Service]\n{service}\n")).unwrap_err();
        assert!(
            matches!(error, ImportError::Line { line: 2, .. }),
            "{service}: {error}"
        );
    }
}

#[test]
fn families_and_ports_become_lines_only_where_they_say_no_more() {
    let both = "RestrictAddressFamilies=AF_INET AF_INET6\n";
    let port = "SocketBindAllow=tcp:80\n";
    for (service, expected) in [
        (format!("{port}SocketBindDeny=any"), vec!["bind-tcp 80"]),
        (format!("{both}{port}"), vec!["bind-tcp 80"]),
        (
            "SocketBindAllow=80-90".to_owned(),
            vec!["bind-tcp 80-90", "bind-udp 80-90"],
        ),
        ("SocketBindAllow=ipv4:tcp:80".to_owned(), vec![]),
        ("SocketBindAllow=any".to_owned(), vec![]),
        ("SocketBindAllow=udp".to_owned(), vec![]),
        (
            format!("{port}RestrictAddressFamilies=AF_INET AF_UNIX"),
            vec![],
        ),
        (format!("{port}RestrictAddressFamilies=none"), vec![]),
        (format!("{port}RestrictAddressFamilies=~AF_INET6"), vec![]),
        (
            format!("{port}RestrictAddressFamilies=~AF_PACKET"),
            vec!["bind-tcp 80"],
        ),
        (
            format!("{both}RestrictAddressFamilies=~AF_INET\n{port}"),
            vec![],
        ),
        (format!("{port}PrivateNetwork=yes"), vec![]),
        (
            format!("{port}IPAddressDeny=any\nIPAddressAllow=localhost"),
            vec![],
        ),
        (
            "RestrictAddressFamilies=AF_NETLINK".to_owned(),
            vec!["allow netlink"],
        ),
        ("RestrictAddressFamilies=~AF_NETLINK".to_owned(), vec![]),
        (
            "RestrictAddressFamilies=AF_UNIX AF_PACKET".to_owned(),
            vec![],
        ),
    ] {
        assert_eq!(lines(&service), expected, "{service}");
    }
    assert!(notes("RestrictAddressFamilies=AF_UNIX AF_PACKET").contains("AF_PACKET"));
    assert!(notes("IPAddressDeny=any").contains("no addresses"));
}

#[test]
fn no_list_of_calls_lets_more_pass_than_systemds() {
    let denial = |service: &str, call: Syscall| {
        let policy = import(service).manifest.policy;
        policy.syscalls().denial_of(call)
    };
    let errno = |number| Some(Action::Errno(number));
    let chown: Syscall = "chown".parse().unwrap();
    for (service, call, expected) in [
        ("SystemCallFilter=@system-service", Syscall::READ, None),
        (
            "SystemCallFilter=@system-service",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=read\nSystemCallErrorNumber=EPERM",
            Syscall::EXECVE,
            None,
        ),
        (
            "SystemCallFilter=read\nSystemCallErrorNumber=EPERM",
            Syscall::WRITE,
            errno(1),
        ),
        (
            "SystemCallFilter=read write:EACCES",
            Syscall::WRITE,
            errno(13),
        ),
        (
            "SystemCallFilter=@system-service\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
        // By order, where lines by name would count before those of groups.
        (
            "SystemCallFilter=chown\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=@chown\nSystemCallFilter=~@chown\nSystemCallFilter=chown",
            chown,
            None,
        ),
        (
            "SystemCallFilter=~ptrace",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=~ptrace:EACCES",
            Syscall::PTRACE,
            errno(13),
        ),
        (
            "SystemCallFilter=~@debug",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        ("SystemCallFilter=~@debug", Syscall::READ, None),
        (
            "SystemCallFilter=~@debug\nSystemCallFilter=",
            Syscall::PTRACE,
            None,
        ),
        (
            "SystemCallFilter=~chown\nSystemCallFilter=chown\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
    ] {
        assert_eq!(denial(service, call), expected, "{service}: {call}");
    }
    let policy = import("SystemCallFilter=~ptrace\nSystemCallFilter=ptrace")
        .manifest
        .policy;
    let allows = |line: &ringfence::SyscallLine| line.effect == SyscallEffect::Allow;
    assert!(!policy.syscalls().lines.iter().any(allows));
    assert!(notes("SystemCallFilter=@system-service no_such_call").contains("no_such_call"));
}

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

#[test]
fn what_was_imported_is_a_manifest_that_reads_back() {
    let imported = systemd_unit(
        "[Unit]\nDescription=a tool\n[Service]\nExecStart=/usr/bin/tool --x\nReadWritePaths=/srv\n\
         InaccessiblePaths=/srv/x\nSystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\n\
         RestrictAddressFamilies=AF_NETLINK\n",
    )
    .unwrap();
    let text = imported.manifest.to_yaml().unwrap();
    let (back, _) = Manifest::parse("x", &text, Format::Yaml, &Variables::default())
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    assert_eq!(back.to_yaml().unwrap(), text);
    assert_eq!(back.description.as_deref(), Some("a tool"));
    assert_eq!(back.command, ["/usr/bin/tool", "--x"]);
}
