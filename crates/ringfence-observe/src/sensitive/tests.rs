//! What is sensitive, and what beside it is not.

use super::*;

fn concern(rights: AccessFs, path: &str) -> Option<Kind> {
    let sensitive = Sensitive::of_user(Some(Path::new("/home/no-such-user")));
    sensitive
        .concern(rights, Path::new(path))
        .map(|concern| concern.kind)
}

#[test]
fn a_line_is_a_concern_for_what_is_at_above_or_beneath_its_path() {
    let read = AccessFs::READ_FILE;
    for path in [
        "/",
        "/etc",
        "/etc/shadow",
        "/home/no-such-user",
        "/home/no-such-user/.ssh",
        "/home/no-such-user/.ssh/deploy_key",
    ] {
        assert_eq!(concern(read, path), Some(Kind::Secrets), "{path}");
    }
    for path in [
        "/usr",
        "/etc/passwd",
        "/home/no-such-user/.ssh/known_hosts",
        "/home/no-such-user/.ssh/deploy_key.pub",
        "/home/no-such-user/work",
    ] {
        assert_eq!(concern(read, path), None, "{path}");
    }
}

#[test]
fn writing_concerns_other_places_than_reading() {
    let write = AccessFs::WRITE_FILE;
    assert_eq!(concern(write, "/usr/bin/tool"), Some(Kind::Programs));
    assert_eq!(concern(AccessFs::READ_FILE, "/usr/bin/tool"), None);
    let start = "/home/no-such-user/.bashrc";
    assert_eq!(concern(write, start), Some(Kind::Startup));
    assert_eq!(
        concern(AccessFs::MAKE_SYM, "/etc/cron.d"),
        Some(Kind::Startup)
    );
    assert_eq!(
        concern(AccessFs::RESOLVE_UNIX, "/run/crio/crio.sock"),
        Some(Kind::ContainerSocket)
    );
}

/// The kind of the concern about a place, with what the environment says.
fn concern_of(rights: AccessFs, path: &str, environment: &[(&str, &str)]) -> Option<Kind> {
    let variable = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    let home = Some(Path::new("/home/no-such-user"));
    let sensitive = Sensitive::of_environment(home, &variable);
    let concern = sensitive.concern(rights, Path::new(path));
    concern.map(|concern| concern.kind)
}

#[test]
fn sockets_of_what_acts_for_others_are_a_concern_and_other_sockets_are_not() {
    let runtime = [("XDG_RUNTIME_DIR", "/run/user/4711")];
    let connect = AccessFs::RESOLVE_UNIX;
    for (path, kind) in [
        ("/run/user/4711/bus", Kind::SessionSocket),
        ("/run/user/4711/systemd/private", Kind::SessionSocket),
        ("/run/user/4711/wayland-0", Kind::SessionSocket),
        ("/run/user/4711/pipewire-0", Kind::SessionSocket),
        ("/run/user/4711/pulse/native", Kind::SessionSocket),
        ("/run/dbus/system_bus_socket", Kind::SessionSocket),
        ("/tmp/.X11-unix/X3", Kind::SessionSocket),
        ("/tmp/.X11-unix", Kind::SessionSocket),
        ("/tmp", Kind::SessionSocket),
        ("/run/user/4711/gnupg/S.gpg-agent.ssh", Kind::AgentSocket),
        ("/run/user/4711/keyring/ssh", Kind::AgentSocket),
        ("/home/no-such-user/.gnupg/S.gpg-agent", Kind::AgentSocket),
        ("/home/no-such-user/.ssh/agent/s.x", Kind::AgentSocket),
        ("/tmp/ssh-Xa81kQ/agent.4711", Kind::AgentSocket),
        ("/run/user/4711/podman/podman.sock", Kind::ContainerSocket),
        ("/run/libvirt/libvirt-sock", Kind::ContainerSocket),
        ("/run/containerd/containerd.sock", Kind::ContainerSocket),
        ("/run/user/4711", Kind::ContainerSocket),
    ] {
        assert_eq!(concern_of(connect, path, &runtime), Some(kind), "{path}");
        assert_eq!(
            concern_of(AccessFs::READ_DIR, path, &runtime),
            None,
            "{path}"
        );
    }
    for path in [
        "/run/postgresql/.s.PGSQL.5432",
        "/run/systemd/resolve/io.systemd.Resolve",
        "/run/user/4711/tool.sock",
        "/tmp/tool/agent.1",
        "/home/no-such-user/work/bus",
    ] {
        assert_eq!(concern_of(connect, path, &runtime), None, "{path}");
    }
}

#[test]
fn places_that_the_environment_names_are_a_concern_where_it_does() {
    let connect = AccessFs::RESOLVE_UNIX;
    for (variable, value, path, rights) in [
        ("SSH_AUTH_SOCK", "/srv/agent", "/srv/agent", connect),
        (
            "DBUS_SESSION_BUS_ADDRESS",
            "unix:path=/srv/bus,guid=1",
            "/srv/bus",
            connect,
        ),
        ("WAYLAND_DISPLAY", "/srv/screen", "/srv/screen", connect),
        ("DOCKER_HOST", "unix:///srv/engine", "/srv/engine", connect),
        (
            "XAUTHORITY",
            "/srv/cookies",
            "/srv/cookies",
            AccessFs::READ_FILE,
        ),
        (
            "PATH",
            "/srv/bin:relative",
            "/srv/bin/x",
            AccessFs::WRITE_FILE,
        ),
    ] {
        assert!(
            concern_of(rights, path, &[(variable, value)]).is_some(),
            "{variable}"
        );
        assert_eq!(concern_of(rights, path, &[]), None, "{variable}");
        assert_eq!(
            concern_of(rights, path, &[(variable, "unix:path=relative")]),
            None
        );
    }
    // Where the directory for sockets is not said, it is where systemd makes it.
    let own = format!("/run/user/{}/bus", getuid().as_raw());
    assert_eq!(concern_of(connect, &own, &[]), Some(Kind::SessionSocket));
}

#[test]
fn each_place_at_home_is_a_concern_for_what_does_harm_there_and_for_nothing_else() {
    let read = AccessFs::READ_FILE;
    let write = AccessFs::WRITE_FILE;
    for (name, rights, kind) in [
        (".Xauthority", read, Kind::Secrets),
        (".cargo/credentials.toml", read, Kind::Secrets),
        (".npmrc", read, Kind::Secrets),
        (".pypirc", read, Kind::Secrets),
        (".netrc", read, Kind::Secrets),
        (".kube/config", read, Kind::Secrets),
        (".aws/sso/cache/1.json", read, Kind::Secrets),
        (".docker/config.json", read, Kind::Secrets),
        (".gnupg/private-keys-v1.d/1.key", read, Kind::Secrets),
        (".password-store/mail.gpg", read, Kind::Secrets),
        (".mozilla/firefox/1.default/key4.db", read, Kind::Secrets),
        (".config/chromium/Default/Cookies", read, Kind::Secrets),
        (".gitconfig", write, Kind::Startup),
        (".config/git/config", write, Kind::Startup),
        (".bash_aliases", write, Kind::Startup),
        (".config/autostart/x.desktop", write, Kind::Startup),
        (".config/systemd/user/x.service", write, Kind::Startup),
        (
            ".local/share/dbus-1/services/x",
            AccessFs::MAKE_REG,
            Kind::Startup,
        ),
        (".ssh/config", write, Kind::Keys),
        (".ssh/authorized_keys", write, Kind::Keys),
        (".local/bin/tool", write, Kind::Programs),
        (".cargo/bin/tool", write, Kind::Programs),
    ] {
        let path = format!("/home/no-such-user/{name}");
        assert_eq!(concern_of(rights, &path, &[]), Some(kind), "{name}");
        let harmless = AccessFs::READ_DIR | AccessFs::EXECUTE;
        assert_eq!(concern_of(harmless, &path, &[]), None, "{name}");
    }
    for (name, rights) in [
        (".gitconfig", read),
        (".ssh/config", read),
        (".config/git/ignore", read),
        (".config/tool/settings", write),
        (".cargo/registry/index", write),
        (".local/share/tool", read | write),
        (".mozilla", write),
        ("work/.envrc", write),
    ] {
        let path = format!("/home/no-such-user/{name}");
        assert_eq!(concern_of(rights, &path, &[]), None, "{name}");
    }
}

#[test]
fn every_place_of_the_tables_is_a_concern_by_each_of_its_rights() {
    let home = Path::new("/home/no-such-user");
    let runtime = Path::new("/run/user/4711");
    let variable = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| runtime.into());
    let sensitive = Sensitive::of_environment(Some(home), &variable);
    for kind in Kind::ALL {
        for (root, names) in kind.names() {
            let root = match root {
                Root::Home => home,
                Root::Runtime => runtime,
                Root::System => Path::new("/"),
            };
            for name in names {
                let place = resolved(&root.join(name));
                let inside = if name.ends_with('/') {
                    place.join("one")
                } else {
                    place.clone()
                };
                for right in kind.rights().iter() {
                    for path in [&inside, &place, root] {
                        let is_concern = sensitive.concern(right, path).is_some();
                        assert!(is_concern, "{kind:?} {right:?} {}", path.display());
                    }
                }
            }
        }
    }
}
