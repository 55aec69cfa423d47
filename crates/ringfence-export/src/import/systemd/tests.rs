//! Each directive: the line that it becomes, or the note; and that no line allows more than the unit.

use ringfence::{Action, Syscall};
use ringfence_manifest::{Format, Manifest, Variables};

use super::systemd_unit;
use crate::import::{ImportError, Imported};

mod calls;
mod paths;
mod service;

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
        // The ports of another network.
        (format!("{port}NetworkNamespacePath=/run/netns/x"), vec![]),
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
    let denied = |service| {
        import(service)
            .manifest
            .policy
            .syscalls()
            .denial_of(Syscall::SOCKET)
    };
    assert_eq!(
        denied("RestrictAddressFamilies=none"),
        Some(Action::Errno(97))
    );
    assert_eq!(denied("RestrictAddressFamilies=~AF_INET"), None);
    assert!(notes("RestrictAddressFamilies=AF_INET").contains("no AF_UNIX"));
    assert!(notes("IPAddressDeny=any").contains("no addresses"));
}

#[test]
fn a_text_without_a_service_is_refused() {
    for text in ["", "[Unit]\nDescription=x\n", "[Socket]\nListenStream=1\n"] {
        let error = systemd_unit(text).unwrap_err().to_string();
        assert!(error.contains("no [Service]"), "{error}");
    }
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
