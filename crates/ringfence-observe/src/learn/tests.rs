//! Observations that were made up, and the manifests that come of them.

use ringfence::{Class, PortClass, Syscall};
use ringfence_manifest::{Format, Variables};

use super::*;

fn setting(sensitive: &Sensitive, tightness: Tightness) -> Setting<'_> {
    Setting {
        kernel: Kernel::with_abi(10),
        sensitive,
        home: Some("/home/no-such-user".into()),
        temporary: "/tmp".into(),
        tightness,
        command: "tool".to_owned(),
        existing: None,
    }
}

fn learned_with(tightness: Tightness, abi: u32, observation: &Observation) -> Learned {
    let sensitive = Sensitive::of_user(Some(Path::new("/home/no-such-user")));
    let setting = Setting {
        kernel: Kernel::with_abi(abi),
        ..setting(&sensitive, tightness)
    };
    let learned = learn(observation, &setting).unwrap();
    let variables = Variables::default().set("HOME", "/home/no-such-user");
    if let Err(faults) = Manifest::parse("x", &learned.yaml, Format::Yaml, &variables) {
        panic!("{faults}\n{}", learned.yaml);
    }
    learned
}

fn seen(accesses: &[(Access, &str)]) -> Observation {
    let mut observation = Observation::default();
    for (access, path) in accesses {
        observation.accessed(*access, *path, "tool");
    }
    observation
}

/// The lines about paths, without what they were seen for.
fn lines(tightness: Tightness, accesses: &[(Access, &str)]) -> Vec<String> {
    let learned = learned_with(tightness, 10, &seen(accesses));
    let variables = Variables::default().set("HOME", "/home/no-such-user");
    let read = Manifest::parse("x", &learned.yaml, Format::Yaml, &variables);
    let (manifest, _) = read.unwrap();
    let own = manifest.policy.paths().iter().filter(|line| {
        let origin = line.source.origin().unwrap();
        *origin.file == *Path::new("x")
    });
    own.map(|line| format!("{} {}", line.access, line.path.display()))
        .collect()
}

#[test]
fn three_files_are_their_directory_and_two_are_not_unless_that_is_wished() {
    let read = |names: &[&'static str]| -> Vec<(Access, &'static str)> {
        names.iter().map(|name| (Access::READ, *name)).collect()
    };
    let two = read(&["/srv/in/a", "/srv/in/b"]);
    let three = read(&["/srv/in/a", "/srv/in/b", "/srv/in/c"]);
    assert_eq!(lines(Tightness::Dirs, &three), ["read /srv/in"]);
    assert_eq!(
        lines(Tightness::Dirs, &two),
        ["read /srv/in/a", "read /srv/in/b"]
    );
    assert_eq!(lines(Tightness::Loose, &two), ["read /srv/in"]);
    assert_eq!(lines(Tightness::Exact, &three).len(), 3);
}

#[test]
fn only_the_words_that_are_shared_are_given_to_the_directory() {
    let both = Access::READ | Access::WRITE;
    let accesses = [
        (Access::READ, "/srv/in/a"),
        (Access::READ, "/srv/in/b"),
        (both, "/srv/in/c"),
    ];
    assert_eq!(
        lines(Tightness::Dirs, &accesses),
        ["read /srv/in", "write /srv/in/c"]
    );
}

#[test]
fn nothing_is_taken_together_where_that_would_give_something_sensitive() {
    let directories = [
        "/etc",
        "/home/no-such-user",
        "/usr/bin",
        "/dev",
        "/var/lib",
        "/tmp",
    ];
    for directory in directories {
        let names = ["x1", "x2", "x3"].map(|name| format!("{directory}/{name}"));
        let accesses = names.each_ref().map(|name| (Access::READ, name.as_str()));
        assert_eq!(lines(Tightness::Loose, &accesses).len(), 3, "{directory}");
    }
    let accesses = ["/usr/share/x/1", "/usr/share/x/2", "/usr/share/x/3"];
    let accesses = accesses.map(|name| (Access::WRITE, name));
    assert_eq!(
        lines(Tightness::Loose, &accesses).len(),
        3,
        "writing where the system is"
    );
}

#[test]
fn what_a_wider_line_gives_is_not_said_twice() {
    let accesses = [
        (Access::READ | Access::CREATE, "/srv/out"),
        (Access::READ, "/srv/out/a"),
        (Access::READ | Access::WRITE, "/srv/out/b"),
    ];
    let expected = ["read,create /srv/out", "write /srv/out/b"];
    assert_eq!(lines(Tightness::Dirs, &accesses), expected);
    assert_eq!(lines(Tightness::Exact, &accesses), expected);
}

#[test]
fn names_that_pass_become_their_directory_where_that_gives_nothing_sensitive() {
    let read = Access::READ;
    let both = Access::READ | Access::WRITE;
    let dirs = |access, path: &str| lines(Tightness::Dirs, &[(access, path)]);
    for (access, path, expected) in [
        (read, "/srv/in/x-1.2.3.json", "read /srv/in"),
        (both, "/srv/in/job.4711", "read,write /srv/in"),
        (
            read,
            "/home/no-such-user/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/x-0.8.2/lib.rs",
            "read /home/no-such-user/.cargo/registry/src",
        ),
        (
            read,
            "/srv/x/.git/objects/4b/825dc642cb6eb9a060e54bf8d69288fbee49",
            "read /srv/x/.git/objects",
        ),
        (
            Access::EXECUTE,
            "/nix/store/0rzr8zxjxnl7xdkb0wwf02zbh9bcm8fj-bash-5/bin/bash",
            "execute /nix/store",
        ),
    ] {
        assert_eq!(dirs(access, path), [expected]);
        assert_eq!(
            lines(Tightness::Exact, &[(access, path)]),
            [format!("{access} {path}")]
        );
    }
    // Programs are not run because others beside them are.
    assert_eq!(
        dirs(Access::RO, "/usr/local/tool-1.2/bin/tool"),
        ["read /usr/local", "execute /usr/local/tool-1.2/bin/tool"]
    );
    // The next version is installed by somebody else.
    assert_eq!(
        dirs(both, "/srv/in/x-1.2.3.json"),
        ["read /srv/in", "write /srv/in/x-1.2.3.json"]
    );
    // Directories in which somebody works, the user's own, and those of the system.
    for path in [
        "/home/no-such-user/work/project-1.2/src/x",
        "/home/no-such-user/x-1.2.3.json",
        "/tmp/ringfence-J2FzRD/x",
        "/etc/x-1.2.3",
        "/usr/bin/python3.11",
        "/proc/driver/x-1.2.3",
    ] {
        assert_eq!(dirs(read, path), [format!("read {path}")]);
    }
    assert_eq!(
        dirs(Access::CREATE, "/srv/work/project-1.2"),
        ["create /srv/work/project-1.2"]
    );
    assert_eq!(
        lines(
            Tightness::Loose,
            &[(read, "/home/no-such-user/work/project-1.2/src/x")]
        ),
        ["read /home/no-such-user/work"]
    );
    // Secrets are asked about, and nothing above them is given for what is beside them.
    assert_eq!(
        dirs(read, "/home/no-such-user/.ssh/known_hosts.4711.pub"),
        ["read /home/no-such-user/.ssh/known_hosts.4711.pub"]
    );
}

#[test]
fn a_fragment_is_included_for_what_its_lines_alone_give() {
    let certificate = (Access::READ, "/usr/share/ca-certificates/x.pem");
    let with = learned_with(Tightness::Dirs, 10, &seen(&[certificate]));
    assert!(
        with.yaml.contains("include: [tls]\n") && !with.yaml.contains("x.pem"),
        "{}",
        with.yaml
    );
    let exact = learned_with(Tightness::Exact, 10, &seen(&[certificate]));
    assert!(
        exact.yaml.contains("x.pem") && !exact.yaml.contains("include"),
        "{}",
        exact.yaml
    );
    let wider = (Access::READ, "/usr/share");
    let without = learned_with(Tightness::Dirs, 10, &seen(&[certificate, wider]));
    assert!(!without.yaml.contains("include"), "{}", without.yaml);
}

#[test]
fn sensitive_words_are_asked_about_and_the_rest_is_granted() {
    let observation = seen(&[
        (Access::READ, "/etc/shadow"),
        (Access::READ, "/etc/hostname"),
        (Access::READ | Access::CREATE, "/home/no-such-user/work"),
        (Access::CREATE, "/home/no-such-user"),
        (Access::READ, "/home/no-such-user/.ssh/id_ed25519"),
        (Access::CONNECT_UNIX, "/run/crio/crio.sock"),
    ]);
    let learned = learned_with(Tightness::Dirs, 10, &observation);
    let asked = |what: &str| {
        learned
            .questions
            .iter()
            .any(|question| question.starts_with(what))
    };
    for what in [
        "read /etc/shadow, for tool: it lets secrets be read",
        "create /home/no-such-user, for tool: it lets programs of PATH be written",
        "read /home/no-such-user/.ssh/id_ed25519, ",
        "connect-unix /run/crio/crio.sock, ",
    ] {
        assert!(asked(what), "{what}: {:#?}", learned.questions);
    }
    assert_eq!(learned.questions.len(), 4, "{:#?}", learned.questions);
    let (comments, granted): (Vec<_>, Vec<_>) =
        learned.yaml.lines().partition(|line| line.starts_with('#'));
    assert!(comments.iter().any(|line| line.contains("/etc/shadow")));
    let granted = granted.join("\n");
    assert!(
        granted.contains("/etc/hostname") && granted.contains("\"${HOME}/work\""),
        "{granted}"
    );
    assert!(
        !granted.contains("shadow") && !granted.contains(".ssh"),
        "{granted}"
    );
}

#[test]
fn what_is_gone_when_the_program_has_ended_may_be_missing_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let there = directory.path().canonicalize().unwrap().join("there");
    std::fs::write(&there, "").unwrap();
    let gone = there.with_file_name("gone");
    let mut observation = Observation::default();
    for path in [&there, &gone] {
        observation.accessed(Access::READ, path, "tool");
    }
    let yaml = learned_with(Tightness::Dirs, 10, &observation).yaml;
    let optional: Vec<_> = yaml
        .split("path: ")
        .filter(|line| line.contains("optional: true"))
        .collect();
    assert!(
        optional.len() == 1 && optional[0].contains("/gone"),
        "{yaml}"
    );
}

#[test]
fn each_line_says_what_it_was_seen_for() {
    let mut observation = seen(&[
        (Access::READ, "/etc/hostname"),
        (Access::READ, "/etc/hostname"),
    ]);
    observation
        .ports
        .entry((PortClass::ConnectTcp, 443))
        .or_default()
        .add("curl");
    let yaml = learned_with(Tightness::Dirs, 10, &observation).yaml;
    assert!(
        yaml.contains("{path: /etc/hostname, access: [read], description: \"tool: read 2\"}"),
        "{yaml}"
    );
    assert!(
        yaml.contains("{ports: 443, description: \"curl: once\"}"),
        "{yaml}"
    );
}

#[test]
fn a_port_that_the_kernel_chose_stands_for_all_that_it_may_choose() {
    let chosen = 50_000;
    let mut observation = Observation::default();
    for port in [(PortClass::ConnectTcp, chosen), (PortClass::ConnectTcp, 80)] {
        observation.ports.entry(port).or_default().add("tool");
    }
    let alone = learned_with(Tightness::Dirs, 10, &observation).yaml;
    assert!(
        alone.contains("ports: 50000,") && alone.contains("ports: 80,"),
        "{alone}"
    );
    observation
        .ports
        .entry((PortClass::BindTcp, 0))
        .or_default()
        .add("tool");
    let own = learned_with(Tightness::Dirs, 10, &observation).yaml;
    assert!(
        !own.contains("ports: 50000,") && own.contains("-60999"),
        "{own}"
    );
    assert!(own.contains("ports: 80,"), "{own}");
}

#[test]
fn what_the_kernel_cannot_tell_apart_is_allowed_as_a_whole_and_said() {
    let mut observation = seen(&[(Access::CONNECT_UNIX, "/run/tool.sock")]);
    observation
        .classes
        .entry(Class::ConnectUnix)
        .or_default()
        .add("tool");
    observation
        .ports
        .entry((PortClass::ConnectUdp, 9))
        .or_default()
        .add("tool");
    let old = learned_with(Tightness::Dirs, 7, &observation);
    assert!(
        old.yaml.contains("ports: any") && old.yaml.contains("allow:\n  - connect-unix"),
        "{}",
        old.yaml
    );
    assert!(
        old.notes
            .iter()
            .any(|note| note.starts_with("connect-udp 9: ")),
        "{:?}",
        old.notes
    );
    // An engine's socket would be among all.
    let mut with_engine = observation.clone();
    with_engine.accessed(Access::CONNECT_UNIX, "/run/docker.sock", "tool");
    let asked = learned_with(Tightness::Dirs, 7, &with_engine);
    assert!(!asked.yaml.contains("allow:"), "{}", asked.yaml);
    let question = asked
        .questions
        .iter()
        .find(|question| question.starts_with("allow connect-unix"));
    assert!(
        question.is_some_and(|question| question.contains("/run/docker.sock")),
        "{:?}",
        asked.questions
    );
    let new = learned_with(Tightness::Dirs, 10, &observation).yaml;
    assert!(
        new.contains("path: /run/tool.sock") && new.contains("ports: 9,"),
        "{new}"
    );
    assert!(!new.contains("allow:"), "{new}");
}

#[test]
fn names_of_hosts_are_a_fragment_only_where_that_starts() {
    let mut observation = seen(&[(Access::READ, "/etc/resolv.conf")]);
    observation
        .ports
        .entry((PortClass::ConnectUdp, 53))
        .or_default()
        .add("tool");
    let new = learned_with(Tightness::Dirs, 10, &observation);
    assert!(
        new.yaml.contains("include: [dns]") && !new.yaml.contains("resolv.conf"),
        "{}",
        new.yaml
    );
    let old = learned_with(Tightness::Dirs, 7, &observation);
    assert!(
        !old.yaml.contains("include") && old.yaml.contains("resolv.conf"),
        "{}",
        old.yaml
    );
    let refused = |learned: &Learned| {
        learned
            .notes
            .iter()
            .any(|note| note.contains("does not start"))
    };
    assert!(!refused(&old) && !refused(&new), "{old:?} {new:?}");
    let below = learned_with(Tightness::Dirs, 0, &observation);
    assert!(refused(&below), "{below:?}");
}

#[test]
fn classes_that_do_little_harm_are_allowed_and_others_are_asked_about() {
    let mut observation = seen(&[(Access::READ, "/etc/hostname")]);
    for (call, first) in [
        (Syscall::CHMOD, 0),
        (Syscall::UNSHARE, 0x1000_0000),
        (Syscall::SOCKET, 16),
    ] {
        let arguments = [first, 0, 0, 0, 0, 0];
        observation
            .calls
            .entry((call, arguments))
            .or_default()
            .add("tool");
    }
    let learned = learned_with(Tightness::Dirs, 10, &observation);
    assert!(
        learned.yaml.contains("allow:\n  - metadata\n  - netlink\n"),
        "{}",
        learned.yaml
    );
    let asked: Vec<_> = learned
        .questions
        .iter()
        .map(|question| question.split(' ').nth(1))
        .collect();
    assert_eq!(asked, [Some("namespaces")]);
    assert!(
        learned
            .notes
            .contains(&"metadata is allowed for tool: once chmod".to_owned())
    );
    // A program that makes files may change their modes without a line of its own.
    observation.accessed(Access::CREATE, "/srv", "tool");
    let learned = learned_with(Tightness::Dirs, 10, &observation);
    assert!(!learned.yaml.contains("metadata"), "{}", learned.yaml);
}

#[test]
fn other_processes_in_proc_cannot_be_named_and_that_is_said() {
    let observation = seen(&[
        (Access::READ, "/proc/123/maps"),
        (Access::READ, "/proc/meminfo"),
    ]);
    let learned = learned_with(Tightness::Dirs, 10, &observation);
    let granted = learned.yaml.lines().filter(|line| !line.starts_with('#'));
    assert!(
        !granted.collect::<String>().contains("123"),
        "{}",
        learned.yaml
    );
    assert!(
        learned.notes[0].contains("/proc/NUMBER/maps"),
        "{:?}",
        learned.notes
    );
}

#[test]
fn names_stay_on_their_line_and_in_their_quotes() {
    let mut observation = seen(&[(Access::READ, "/srv/a\nrw: [/]\n# $HOME ${X} \"'*")]);
    observation.accessed(Access::READ, "/srv/b", "x\nrw: [/]");
    observation.notes.insert("a\nrw: [/]".to_owned());
    let learned = learned_with(Tightness::Dirs, 10, &observation);
    assert!(
        !learned.yaml.lines().any(|line| line.starts_with("rw:")),
        "{}",
        learned.yaml
    );
}
