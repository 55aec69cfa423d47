//! The fragment `terminal` at a real terminal, with a second one that is somebody else's.

use std::path::Path;
use std::process::Command;

use ringfence_tests::executable;
use ringfence_tests::install::{Skip, need_found};
use ringfence_tests::terminal::Terminal;
use ringfence_tests::world::World;

use crate::manifest;

const LINES: &str = "ro: [/usr/bin/sh, /usr/bin/tty, /usr/bin/stty]\nfs: [{path: /usr/bin/cat, access: [read, execute]}]";

pub fn try_terminal() -> Result<(), Skip> {
    for (program, package) in [
        ("setsid", "util-linux"),
        ("tty", "coreutils"),
        ("stty", "coreutils"),
        ("sh", "dash"),
    ] {
        let path = Path::new("/usr/bin").join(program);
        need_found(program, package, || path.exists().then(|| path.clone()))?;
    }
    let mut other = Terminal::start(Command::new("cat").env("LC_ALL", "C"));
    let others = other.name().to_owned();
    let sandbox = |without: &[&str]| {
        let world = World::new();
        let policy = world.outside().join("policy.yaml");
        std::fs::write(&policy, manifest("terminal", LINES, without)).expect("a manifest");
        (world, policy)
    };
    let session = format!(
        "tty; stty -F /dev/tty -echo && echo ioctl-passes; echo write-passes > /dev/tty; \
         echo x > {others} || echo other-denied; cat < {others} || echo reading-denied; \
         stty -F {others} || echo ioctl-denied; echo end"
    );
    let start = |without: &[&str]| {
        let (world, policy) = sandbox(without);
        let mut command = Command::new("setsid");
        command
            .args(["--ctty", "--wait"])
            .arg(executable("landlock-runner"));
        command.args(["--log", "off", "--policy"]).arg(policy);
        command
            .args(["--", "/usr/bin/sh", "-c", &session])
            .env("LC_ALL", "C");
        let mut terminal = Terminal::start(&mut command);
        terminal.shows("end\r\n");
        let said = terminal.screen_text();
        drop(world);
        (said, terminal.name().to_owned())
    };
    let (said, own) = start(&[]);
    for expected in [
        own.as_str(),
        "ioctl-passes",
        "write-passes",
        "other-denied",
        "reading-denied",
        "ioctl-denied",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(
        said.contains(&format!("cannot create {others}: Permission denied")),
        "{said}"
    );
    // Without the line the program has what was passed in, and no more.
    let (said, own) = start(&["/dev/tty"]);
    assert!(said.contains(&own), "{said}");
    assert!(
        said.contains("cannot create /dev/tty: Permission denied"),
        "{said}"
    );
    assert!(!said.contains("ioctl-passes"), "{said}");
    // Outside of a sandbox the other terminal is open to the same user.
    let outside = Command::new("sh")
        .args(["-c", &format!("echo from-outside > {others}")])
        .status();
    assert!(outside.is_ok_and(|status| status.success()));
    other.shows("from-outside");
    Ok(())
}
