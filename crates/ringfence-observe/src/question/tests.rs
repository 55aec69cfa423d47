//! Questions and their answers, for kernels that need not be running.

use std::ffi::OsStr;

use super::*;

fn ask(policy: PolicyBuilder, abi: u32, access: &str, about: Option<&str>) -> Answer {
    let question = Question::read(access, about.map(OsStr::new)).unwrap();
    let sensitive = Sensitive::of_user(Some(Path::new("/home/no-such-user")));
    question.answer(
        &policy.build().unwrap(),
        Kernel::with_abi(abi),
        false,
        &sensitive,
    )
}

#[test]
fn an_allowed_access_names_its_line() {
    let answer = ask(Policy::builder().ro("/usr"), 7, "read", Some("/usr/bin"));
    assert!(answer.is_allowed && answer.proposals.is_empty());
    assert_eq!(answer.by, ["ro /usr"]);
    let answer = ask(
        Policy::builder().connect_tcp(443),
        7,
        "connect-tcp",
        Some("443"),
    );
    assert_eq!(answer.by, ["connect-tcp 443"]);
}

#[test]
fn the_proposal_lacks_nothing_and_gives_no_word_that_is_there() {
    let policy = Policy::builder().allow(Access::READ, "/etc");
    let answer = ask(policy.clone(), 7, "ro", Some("/etc/passwd"));
    assert!(!answer.is_allowed);
    assert_eq!(answer.proposals[0].flags, "--fs execute=/etc/passwd");
    let yaml = answer.proposals[0].yaml.as_deref().unwrap();
    assert_eq!(yaml, "fs:\n  - {path: /etc/passwd, access: [execute]}\n");
    let again = policy.allow(Access::EXECUTE, "/etc/passwd");
    assert!(ask(again, 7, "ro", Some("/etc/passwd")).is_allowed);
}

#[test]
fn entries_are_asked_of_their_directory_and_what_is_missing_of_the_one_above() {
    let directory = tempfile::tempdir().unwrap();
    let top = directory.path().canonicalize().unwrap();
    let new = top.join("new");
    let answer = ask(Policy::builder(), 7, "create", new.to_str());
    assert_eq!(
        answer.proposals[0].flags,
        format!("--fs create={}", top.display())
    );
    let answer = ask(Policy::builder(), 7, "write,create", new.to_str());
    assert_eq!(
        answer.proposals[0].flags,
        format!("--fs write,create={}", top.display())
    );

    std::fs::write(&new, "").unwrap();
    let answer = ask(Policy::builder(), 7, "write,remove", new.to_str());
    let (new, top) = (new.display(), top.display());
    let both = format!("--fs write={new} --fs remove={top}");
    assert_eq!(answer.proposals[0].flags, both);
}

#[test]
fn symlinks_are_followed_but_for_entries() {
    let directory = tempfile::tempdir().unwrap();
    let top = directory.path().canonicalize().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", top.join("link")).unwrap();
    let link = top.join("link");
    let answer = ask(Policy::builder().ro("/etc"), 7, "read", link.to_str());
    assert!(answer.is_allowed, "{answer:?}");
    let answer = ask(Policy::builder().rw(&top), 7, "remove", link.to_str());
    assert!(answer.is_allowed, "{answer:?}");
    let answer = ask(Policy::builder().rw(&top), 7, "read", link.to_str());
    assert!(!answer.is_allowed, "{answer:?}");
}

#[test]
fn unwise_lines_carry_a_warning() {
    let warning = |access: &str, about: &str| {
        let answer = ask(Policy::builder(), 10, access, Some(about));
        answer.proposals[0].warning.clone()
    };
    let shadow = warning("read", "/etc/shadow").unwrap();
    assert_eq!(shadow, "lets secrets be read: /etc/shadow");
    assert!(warning("write", "/usr/bin/new-program").is_some());
    assert_eq!(warning("read", "/etc/passwd"), None);
    assert_eq!(warning("connect-tcp", "443"), None);
}

#[test]
fn what_a_kernel_cannot_tell_apart_is_not_proposed() {
    let answer = ask(Policy::builder(), 7, "connect-udp", Some("53"));
    assert!(!answer.is_allowed);
    let flags: Vec<_> = answer
        .proposals
        .iter()
        .map(|proposal| &*proposal.flags)
        .collect();
    assert_eq!(flags, ["--connect-udp any"]);
    assert!(answer.impossible[0].contains("ABI 10"), "{answer:?}");

    let answer = ask(Policy::builder(), 10, "connect-udp", Some("53"));
    assert_eq!(answer.proposals[0].flags, "--connect-udp 53");
    assert_eq!(answer.proposals.len(), 1);
}

#[test]
fn a_class_without_paths_is_allowed_as_a_whole_or_not_at_all() {
    let answer = ask(Policy::builder(), 7, "netlink", None);
    assert_eq!(answer.proposals[0].flags, "--allow netlink");
    assert!(
        ask(
            Policy::builder().allow_class(Class::Netlink),
            7,
            "netlink",
            None
        )
        .is_allowed
    );
    let answer = ask(Policy::builder(), 7, "mount", None);
    assert!(
        answer.proposals.is_empty() && !answer.impossible.is_empty(),
        "{answer:?}"
    );
    let answer = ask(Policy::builder(), 7, "stat", None);
    assert!(answer.is_allowed && answer.reason == "no kernel can deny it so far");
}

#[test]
fn a_question_that_means_nothing_is_refused_with_a_proposal() {
    let refused = |access: &str, about: Option<&str>| {
        Question::read(access, about.map(OsStr::new))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("raed", Some("/")),
        "unknown word `raed`; did you mean `read`?"
    );
    assert!(refused("read", None).contains("a path"));
    for port in [None, Some("65536"), Some("http"), Some("-1")] {
        assert!(refused("connect-tcp", port).contains("a port"));
    }
    assert!(refused("netlink", Some("/")).contains("neither path nor port"));
}

#[test]
fn flags_survive_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("it's $HOME");
    std::fs::write(&file, "").unwrap();
    let answer = ask(Policy::builder(), 7, "read", file.to_str());
    let flags = &answer.proposals[0].flags;
    let echo = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("printf %s {}", flags.trim_start_matches("--fs ")),
        ])
        .output()
        .unwrap();
    let words = format!("read={}", file.canonicalize().unwrap().display());
    assert_eq!(String::from_utf8_lossy(&echo.stdout), words);
}
