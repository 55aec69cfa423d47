//! Directives about paths.

use std::path::Path;

use proptest::prelude::*;
use ringfence::{Abi, AccessFs, Kernel, Plan, Request};

use super::{import, lines};

/// What the manifest of a unit allows to do with a path, on the newest kernel.
fn allows(service: &str, right: AccessFs, path: &str) -> bool {
    let policy = import(service).manifest.policy;
    let plan = Plan::new(policy, Kernel::with_abi(Abi::NEWEST.number().into()));
    plan.decide(Request::Path(right, path.as_ref()))
        .is_allowed()
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
        ("ReadWritePaths=/tmp/x\nPrivateTmp=disconnected", vec![]),
        // It implies a private /tmp.
        ("ReadWritePaths=/tmp/x\nDynamicUser=yes", vec![]),
        (
            "ReadWritePaths=/tmp/x\nDynamicUser=no",
            vec![format!("{rw} /tmp/x")],
        ),
        ("ReadOnlyPaths=/home/u\nProtectHome=yes", vec![]),
        // Not the machine's directory, but one in memory.
        ("ReadWritePaths=/home/u\nProtectHome=tmpfs", vec![]),
        (
            "BindPaths=/home/u\nProtectHome=tmpfs",
            vec![format!("{rw} /home/u")],
        ),
        ("BindPaths=/home/u\nInaccessiblePaths=/home", vec![]),
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

/// What a unit of these directives allows, told apart from how it is imported: the deepest directive about
/// a right counts, of two about the same path the stricter; what is hidden stays hidden.
fn unit_allows(directives: &[(&str, &str)], right: AccessFs, path: &str) -> bool {
    let above = |place: &str| Path::new(path).starts_with(place);
    let about = |keys: &[&str]| {
        directives
            .iter()
            .filter(|(key, place)| keys.contains(key) && above(place))
            .map(|(key, place)| (Path::new(place).components().count(), *key))
            .max_by_key(|(depth, key)| {
                (*depth, !key.ends_with("WritePaths") && *key != "ExecPaths")
            })
            .map(|(_, key)| key)
    };
    if about(&["InaccessiblePaths", "TemporaryFileSystem"]).is_some() {
        return false;
    }
    match right {
        AccessFs::WRITE_FILE => {
            about(&["ReadOnlyPaths", "ReadWritePaths"]) != Some("ReadOnlyPaths")
        }
        AccessFs::EXECUTE => about(&["ExecPaths", "NoExecPaths"]) != Some("NoExecPaths"),
        _ => true,
    }
}

proptest! {
    #[test]
    fn no_mix_of_directives_allows_more_than_the_unit(
        directives in proptest::collection::vec(
            (
                prop::sample::select(vec![
                    "ReadOnlyPaths", "ReadWritePaths", "ExecPaths", "NoExecPaths", "InaccessiblePaths",
                    "TemporaryFileSystem",
                ]),
                prop::sample::select(vec!["/", "/a", "/a/b", "/a/b/c", "/a/d", "/e"]),
            ),
            0..7,
        ),
    ) {
        let service: Vec<_> = directives.iter().map(|(key, place)| format!("{key}={place}")).collect();
        let service = service.join("\n");
        for right in [AccessFs::READ_FILE, AccessFs::EXECUTE, AccessFs::WRITE_FILE] {
            for path in ["/f", "/a/f", "/a/b/f", "/a/b/c/f", "/a/d/f", "/e/f"] {
                prop_assert!(
                    !allows(&service, right, path) || unit_allows(&directives, right, path),
                    "{:?} {}: {}", right, path, service
                );
            }
        }
    }
}
