//! Each directive: what brings it, and what keeps it out.

use std::process::Command;

use ringfence_manifest::{Format, Manifest, Variables};

use super::{Service, systemd};
use crate::exported::{ExportError, Exported};

mod honest;

fn manifest(text: &str) -> Manifest {
    let text = format!("version: 1\n{text}");
    let read = Manifest::parse("m.yaml", &text, Format::Yaml, &Variables::default());
    read.unwrap_or_else(|faults| panic!("{faults}")).0
}

fn service() -> Service {
    let mut service = Service::new("tool", "/etc/ringfence/tool.yaml");
    service.command = vec!["/usr/bin/tool".to_owned()];
    service
}

fn export(text: &str) -> Exported {
    systemd(&manifest(text), &service()).unwrap()
}

/// The lines of the drop-in that are neither comments nor empty.
fn directives(text: &str) -> Vec<String> {
    let exported = export(text);
    let lines = exported.files[0].text.lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn each_directive_comes_with_its_reason_and_stays_out_without() {
    let rw = "rw: [/var/lib/tool]";
    for (directive, with, without) in [
        ("ProtectSystem=strict", rw, "rw: [/]"),
        ("ProtectSystem=strict", rw, "rw: [/a, /b]"),
        ("ProtectSystem=strict", rw, "allow: [metadata]"),
        ("ProtectSystem=strict", rw, "unrestricted: [fs]"),
        (
            "ReadWritePaths=\"/var/lib/tool\"",
            rw,
            "ro: [/var/lib/tool]",
        ),
        (
            "ReadWritePaths=\"-/var/lib/tool\"",
            "rw: [{path: /var/lib/tool, optional: true}]",
            rw,
        ),
        (
            "ReadWritePaths=\"/srv\"",
            "rw: [/srv/a, /srv/b]",
            "fs: [{path: /srv/a, access: [write, create]}, {path: /srv/b, access: write}]",
        ),
        (
            "ReadWritePaths=\"/srv\"",
            "fs: [{path: \"/srv/*.log\", access: write}]",
            "fs: [{path: \"/srv/*.log\", access: read}]",
        ),
        (
            "ReadWritePaths=\"/srv/a\"",
            "rw: [/srv/a]",
            "rw: [/srv, /srv/a]",
        ),
        (
            "ReadWritePaths=\"/srv/a b\\\"%%\\\\$\"",
            "rw: ['/srv/a b\"%\\$$']",
            rw,
        ),
        ("ProtectHome=yes", rw, "ro: [/home/u/x]"),
        ("ProtectHome=yes", rw, "ro: [/]"),
        ("ProtectHome=yes", rw, "directory: /root"),
        ("ProtectHome=yes", rw, "unrestricted: [fs]"),
        (
            "PrivateTmp=yes",
            rw,
            "fs: [{path: /var/tmp/x, access: read}]",
        ),
        ("PrivateTmp=yes", rw, "rw: [/tmp]"),
        (
            "PrivateDevices=yes",
            "include: [base]",
            "fs: [{path: /dev/kvm, access: read}]",
        ),
        ("PrivateDevices=yes", rw, "ro: [/dev]"),
        (
            "PrivateDevices=yes",
            rw,
            "fs: [{path: /srv, access: make-device}]",
        ),
        ("PrivateDevices=yes", rw, "allow: [kernel-interfaces]"),
        (
            "ProtectKernelTunables=yes",
            "ro: [/sys]",
            "rw: [/sys/kernel]",
        ),
        (
            "ProtectKernelTunables=yes",
            rw,
            "fs: [{path: /proc, access: read}]",
        ),
        ("ProtectKernelLogs=yes", rw, "ro: [/dev/kmsg]"),
        ("ProtectKernelLogs=yes", rw, "allow: [kernel-interfaces]"),
        (
            "ProtectControlGroups=yes",
            "ro: [/sys]",
            "rw: [/sys/fs/cgroup/x]",
        ),
        ("RestrictAddressFamilies=AF_UNIX", rw, "connect-tcp: [1]"),
        (
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "bind-udp: [1]",
            rw,
        ),
        (
            "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
            "allow: [netlink]",
            rw,
        ),
        (
            "RestrictAddressFamilies=AF_UNIX",
            rw,
            "allow: [other-sockets]",
        ),
        (
            "RestrictAddressFamilies=AF_UNIX",
            rw,
            "syscalls: {allow: [socket]}",
        ),
        ("RestrictAddressFamilies=AF_UNIX", rw, "unrestricted: [net]"),
        (
            "SocketBindAllow=tcp:80-90",
            "bind-tcp: [80-90]",
            "bind-tcp: [80]",
        ),
        ("SocketBindDeny=tcp", rw, "bind-tcp: [any]"),
        ("SocketBindDeny=tcp", "bind-tcp: [80]", "bind-tcp: [0, 80]"),
        ("SocketBindDeny=udp", rw, "connect-udp: [53]"),
        ("RestrictNamespaces=yes", rw, "allow: [namespaces]"),
        (
            "SystemCallArchitectures=native",
            rw,
            "unrestricted: [syscalls]",
        ),
        (
            "SystemCallErrorNumber=EPERM",
            rw,
            "unrestricted: [syscalls]",
        ),
        (
            "SystemCallFilter=~mlock:EACCES",
            "syscalls: {deny: [\"mlock:EACCES\"]}",
            "syscalls: {deny: [munlock]}",
        ),
        (
            "SystemCallFilter=~mlock:kill",
            "syscalls: {deny: [\"mlock:kill\"]}",
            rw,
        ),
        (
            "CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYS_PACCT CAP_SYS_TIME CAP_SYS_CHROOT CAP_MKNOD",
            rw,
            "fs: [{path: /dev/rtc0, access: [read, ioctl]}]",
        ),
        (
            "CapabilityBoundingSet=~CAP_MKNOD",
            "unrestricted: [syscalls]",
            "unrestricted: [syscalls, fs]",
        ),
        ("MemoryMax=1048576", "limits: {memory: 1M}", rw),
        ("LimitCPU=2", "limits: {cpu: 1500ms}", rw),
        ("LimitFSIZE=1024", "limits: {file-size: 1K}", rw),
        ("TasksMax=7", "limits: {processes: 7}", rw),
        ("RuntimeMaxSec=1500ms", "limits: {wall: 1500ms}", rw),
        ("NoNewPrivileges=yes", rw, ""),
    ] {
        let present = directives(with);
        assert!(
            present.iter().any(|line| line == directive),
            "{directive} of {with}: {present:#?}"
        );
        if !without.is_empty() {
            let absent = directives(without);
            assert!(
                !absent.iter().any(|line| line == directive),
                "{directive} of {without}: {absent:#?}"
            );
        }
    }
}

#[test]
fn what_the_wrapper_needs_is_left_to_the_wrapper() {
    let lines = directives("syscalls: {deny: [\"@sandbox\", openat2, mlock, file_setattr]}");
    let filters: Vec<_> = lines
        .iter()
        .filter(|line| line.starts_with("SystemCallFilter="))
        .collect();
    assert!(filters.iter().any(|line| line.ends_with("~mlock")));
    for needed in ["landlock_", "seccomp", "openat2", "execve", "file_setattr"] {
        assert!(
            !filters.iter().any(|line| line.contains(needed)),
            "{filters:?}"
        );
    }
    let listed = export("syscalls: {only: [\"@system-service\"]}");
    // What the list lacks is denied to the command, and the wrapper needs some of it.
    assert!(listed.files[0].text.contains("process_vm_readv"));
    assert!(!listed.files[0].text.contains("ptrace"));
    assert!(
        listed
            .notes
            .iter()
            .any(|note| note.contains("list of allowed calls"))
    );
}

#[test]
fn every_line_has_its_fate_and_a_lost_one_is_never_called_enforced() {
    let text = "rw: [/srv]\nro: [/usr]\nfs: [{path: /dev/null, access: write}]\nbind-tcp: [80, 0]\nbind-udp: [1]\n\
                deny: [namespaces, signal]\nallow: [netlink]\nsyscalls: {deny: [mlock, openat, \"@sandbox\"]}\n\
                limits: {memory: 1M, cpu: 1s, wall: 1s, processes: 2, open-files: 9, file-size: 1K}\n";
    let manifest = manifest(text);
    let account = systemd(&manifest, &service()).unwrap().account;
    let of = |line: &str| {
        let fate = account.iter().find(|fate| fate.line.ends_with(line));
        let fate = fate.unwrap_or_else(|| panic!("no {line}: {account:#?}"));
        fate.by.clone().unwrap_or_default()
    };
    let both = "landlock-runner, systemd";
    let runner = "landlock-runner";
    for (line, by) in [
        ("/srv", both),
        ("/usr", runner),
        ("/dev/null", runner),
        // Port 0 keeps the directive out.
        ("bind-tcp 80", runner),
        ("bind-udp 1", both),
        ("deny namespaces", both),
        ("deny signal", runner),
        ("allow netlink", runner),
        ("deny-syscalls mlock", both),
        ("deny-syscalls openat", runner),
        ("deny-syscalls @sandbox", runner),
        ("memory 1048576 bytes", both),
        ("wall 1s", "systemd"),
        ("processes 2", "systemd"),
        ("open-files 9", runner),
        ("metadata", "systemd"),
        ("stat", ""),
    ] {
        assert_eq!(of(line), by, "{line}");
    }
    assert!(account.len() > crate::Line::all(&manifest).len());
}

#[test]
fn a_manifest_with_limits_that_the_wrapper_refuses_goes_along_without_them() {
    let exported = export("rw: [/srv]\nlimits: {wall: 1s, processes: 2, memory: 1M}");
    assert_eq!(exported.files[1].name, "ringfence/tool.yaml");
    let copy = exported.files[1].text.strip_prefix("version: 1\n").unwrap();
    let copy = manifest(copy);
    assert_eq!((copy.limits.wall, copy.limits.processes), (None, None));
    assert_eq!(copy.limits.memory, Some(1 << 20));
    assert!(
        exported.files[0]
            .text
            .contains("--policy \"/etc/systemd/system/ringfence/tool.yaml\" --")
    );
    assert_eq!(export("limits: {memory: 1M}").files.len(), 1);
}

#[test]
fn the_command_is_the_named_one_then_the_manifests_then_the_units() {
    let line = |manifest: &Manifest, service: &Service| {
        let exported = systemd(manifest, service)?;
        let text = &exported.files[0].text;
        let line = text
            .lines()
            .find(|line| line.starts_with("ExecStart") && line.contains("--"));
        Ok::<_, ExportError>(line.unwrap().split_once(" -- ").unwrap().1.to_owned())
    };
    let mut unit = Service::new("a.service", "/m");
    let with = manifest("command: [/bin/a, \"b$$c\"]");
    let without = manifest("ro: [/usr]");
    assert_eq!(line(&with, &service()).unwrap(), "\"/usr/bin/tool\"");
    assert_eq!(line(&with, &unit).unwrap(), "\"/bin/a\" \"b$$c\"");
    assert_eq!(
        line(&without, &unit),
        Err(ExportError::NoCommand("systemd"))
    );
    let mut base = |command: &str| {
        unit.base = Some(format!("[Service]\nExecStart=/x\nExecStart=\n{command}\n"));
        systemd(&without, &unit).map(|exported| exported.files[0].text.clone())
    };
    let text = base("ExecStart=-/bin/x \"%i\" $OPTS").unwrap();
    assert!(text.contains(
        "\nExecStart=-\"/usr/bin/landlock-runner\" --policy \"/m\" -- /bin/x \"%i\" $OPTS\n"
    ));
    for wrong in [
        "",
        "ExecStart=+/bin/x",
        "ExecStart=|/bin/x",
        "ExecStart=-!/bin/x",
        "ExecStart=@/bin/x y",
        "ExecStart=/x ; /y",
        "ExecStart=/x\nExecStart=/y",
        "ExecStart=\"/x",
        "nonsense",
    ] {
        assert!(base(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_unit_file_cannot_hold_is_refused() {
    let fails = |service: &Service, text: &str| systemd(&manifest(text), service).is_err();
    let changed = |change: fn(&mut Service)| {
        let mut service = service();
        change(&mut service);
        service
    };
    assert!(!fails(&service(), "rw: [/srv]"));
    for wrong in [
        changed(|service| service.unit = "../x".to_owned()),
        changed(|service| service.unit = "a b".to_owned()),
        changed(|service| service.unit = ".service".to_owned()),
        changed(|service| service.runner = "runner".to_owned()),
        changed(|service| service.manifest = "m.yaml".into()),
        changed(|service| service.command.push("a\nExecStartPre=/bin/evil".to_owned())),
        changed(|service| service.variables.push("A=\u{7f}".to_owned())),
    ] {
        assert!(fails(&wrong, "rw: [/srv]"), "{wrong:?}");
    }
    assert!(fails(&service(), "rw: [srv]"));
    assert!(fails(&service(), "rw: [\"/srv/a\\nProtectSystem=no\"]"));
}

#[test]
fn a_whole_unit_has_the_sections_of_one() {
    let mut service = service();
    service.whole = true;
    let exported = systemd(
        &manifest("description: \"100 % \\\\\"\nro: [/usr]"),
        &service,
    )
    .unwrap();
    assert_eq!(exported.files[0].name, "tool.service");
    let text = &exported.files[0].text;
    assert!(text.contains("[Unit]\nDescription=100 %%\n\n[Service]\nType=exec\nExecStart=\""));
    assert!(text.ends_with("[Install]\nWantedBy=multi-user.target\n"));
    assert!(text.contains("landlock-runner alone"));
}

/// systemd's own list, where it is installed.
#[test]
fn no_call_is_named_that_systemd_does_not_know() {
    let known = Command::new("systemd-analyze")
        .args(["--no-pager", "syscall-filter", "@known"])
        .output();
    let Ok(known) = known else {
        eprintln!("skipped: systemd-analyze is not installed (Debian package systemd)");
        return;
    };
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    for line in directives("rw: [/srv]\ndeny: [metadata]\nsyscalls: {deny: [\"@system-service\"]}")
    {
        let Some(calls) = line.strip_prefix("SystemCallFilter=~") else {
            continue;
        };
        for call in calls.split(' ') {
            let name = call.split(':').next().unwrap_or(call);
            assert!(known.lines().any(|line| line.trim() == name), "{name}");
        }
    }
}
