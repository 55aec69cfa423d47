//! What systemd would not do is not claimed, and a drop-in minds what its unit says.

use super::super::systemd;
use super::{export, manifest, service};
use crate::exported::Exported;

#[test]
fn a_limit_that_systemd_would_ignore_is_refused() {
    let most = "18446744073709551615";
    for wrong in [
        "processes: 0".to_owned(),
        format!("memory: \"{most}\""),
        format!("wall: {most}ms"),
    ] {
        let manifest = manifest(&format!("limits: {{{wrong}}}"));
        let error = systemd(&manifest, &service()).unwrap_err().to_string();
        assert!(error.contains("systemd ignores"), "{wrong}: {error}");
    }
    for right in ["memory: 64K", "processes: 1", "wall: 0s", "cpu: 0s"] {
        export(&format!("limits: {{{right}}}"));
    }
}

#[test]
fn more_ports_than_systemd_holds_are_left_to_the_wrapper() {
    let ports = |count: u16| {
        let ports: Vec<_> = (1..=count).map(|port| (2 * port).to_string()).collect();
        export(&format!("bind-tcp: [{}]\nbind-udp: [1]", ports.join(", ")))
    };
    let most = ports(127);
    assert!(most.files[0].text.contains("SocketBindDeny=tcp"));
    assert_eq!(
        most.account[0].by.as_deref(),
        Some("landlock-runner, systemd")
    );
    let more = ports(128);
    assert!(!more.files[0].text.contains("SocketBind"));
    assert_eq!(more.account[0].by.as_deref(), Some("landlock-runner"));
    assert!(more.notes.iter().any(|note| note.contains("128")));
}

#[test]
fn a_drop_in_loosens_nothing_that_its_unit_says_without_a_word() {
    let exported = |unit: &str| {
        let mut service = service();
        service.base = Some(format!("[Service]\nExecStart=/bin/x\n{unit}\n"));
        let text = "connect-tcp: [443]\ndeny: [other-sockets]\nlimits: {memory: 1G}";
        systemd(&manifest(text), &service).unwrap()
    };
    let families = |exported: &Exported| {
        exported.files[0]
            .text
            .contains("\nRestrictAddressFamilies=")
    };
    let by = |exported: &Exported| exported.account[1].by.clone().unwrap_or_default();
    let plain = exported("");
    assert!(families(&plain));
    assert_eq!(by(&plain), "landlock-runner, systemd");
    // Lists add up, and what is allowed by one of them would be open.
    for unit in [
        "RestrictAddressFamilies=AF_UNIX",
        "RestrictAddressFamilies=~AF_INET",
    ] {
        let exported = exported(unit);
        assert!(!families(&exported), "{unit}");
        assert_eq!(by(&exported), "landlock-runner");
        assert!(
            exported
                .notes
                .iter()
                .any(|note| note.contains("address families"))
        );
    }
    let said = |unit: &str, what: &str| exported(unit).notes.iter().any(|note| note.contains(what));
    assert!(said("MemoryMax=1M", "MemoryMax= of the unit"));
    assert!(!said("MemoryMax=1M\nMemoryMax=", "MemoryMax= of the unit"));
    assert!(said(
        "ExecStartPre=/bin/y\nExecStop=/bin/z",
        "ExecStartPre=, ExecStop="
    ));
    assert!(!said("", "ExecStartPre="));
    // Without the unit nobody knows.
    assert!(
        export("")
            .notes
            .iter()
            .any(|note| note.contains("--unit-file"))
    );
}

#[test]
fn what_is_beneath_a_writable_path_is_no_mount_of_its_own_in_whatever_order() {
    for text in ["rw: [/srv, /srv/a]", "rw: [/srv/a, /srv, /srv]"] {
        let text = export(text).files[0].text.clone();
        let paths: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("ReadWritePaths="))
            .collect();
        assert_eq!(paths, ["ReadWritePaths=\"/srv\""]);
    }
}

#[test]
fn what_the_unit_says_of_itself_counts() {
    let exported = |unit: &str| {
        let mut service = service();
        service.base = Some(format!("[Service]\nExecStart=/bin/x\n{unit}\n"));
        let exported = systemd(&manifest("rw: [/srv]"), &service).unwrap();
        exported.files[0].text.clone()
    };
    let sandbox = "\nSystemCallFilter=landlock_create_ruleset ";
    assert!(exported("SystemCallFilter=@system-service").contains(sandbox));
    assert!(!exported("SystemCallFilter=~@mount").contains(sandbox));
    assert!(!exported("SystemCallFilter=@system-service\nSystemCallFilter=").contains(sandbox));
    assert!(exported("").contains("ProtectHome=yes"));
    assert!(!exported("WorkingDirectory=/home/u").contains("ProtectHome=yes"));
    assert!(!exported("WorkingDirectory=~").contains("ProtectHome=yes"));
    assert!(!exported("ExecStart=\nExecStart=-/root/x").contains("ProtectHome=yes"));
}
