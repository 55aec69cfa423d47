//! A server that has closed standard descriptors, whose numbers the kernel gives to whatever is opened next.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::{Command, ExitCode};

use ringfence::process::Stdio;
use ringfence::{Class, Kernel, Policy, Template};
use ringfence_sys::landlock::add_path_rule;
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;
use rustix::fs::{AtFlags, Mode, OFlags, open};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::scene::{job, policy, sandbox, test, this};

pub fn tests() -> Vec<Test> {
    vec![test(
        "closed::a_server_without_standard_descriptors_starts_jobs_like_any_other",
        servers,
    )]
}

const ACTS: [(&str, fn()); 4] = [
    ("jobs", jobs),
    ("templates", templates),
    ("confined", confined),
    ("widening", widening),
];

fn servers() {
    for closed in ["", "0", "1", "2", "01", "12", "012"] {
        for (act, _) in ACTS {
            let world = World::new();
            let told = world.outside().join("told");
            let status = Command::new(this())
                .args(["closed", act, closed])
                .arg(&told)
                .stdin(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status();
            let said = std::fs::read_to_string(&told).unwrap_or_default();
            let success = status.expect("this program starts").success();
            assert!(success, "{act} without `{closed}`: {said}");
        }
    }
}

/// Closes standard descriptors, and does one act; what fails is written to a file.
pub fn main(words: &[String]) -> ExitCode {
    let [act, closed, told] = words else {
        return ExitCode::from(96);
    };
    let told = told.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = std::fs::write(&told, panic.to_string());
    }));
    for digit in closed.bytes() {
        nix::unistd::close(i32::from(digit - b'0')).expect("it is open");
    }
    let act = ACTS.into_iter().find(|(name, _)| name == act);
    act.expect("one of them").1();
    ExitCode::SUCCESS
}

fn says(mut command: ringfence::process::Command<'_>) {
    let output = command.current_dir("/").output().expect("it starts");
    assert_eq!((&*output.stdout, &*output.stderr), (&b"a"[..], &b"b"[..]));
    assert!(output.ended.success());
}

fn jobs() {
    let sandbox = sandbox(policy());
    says(job(&sandbox, &["say", "a", "b"]));
    let output = job(&sandbox, &["descriptors"]).output();
    assert_eq!(output.expect("it starts").stdout, b"0\n1\n2\n");
    // What this process opened under the number of its standard input is not handed on.
    let _opened = File::open(this()).expect("a file");
    let mut command = job(&sandbox, &["cat"]);
    let output = command.stdin(Stdio::inherit()).output();
    assert_eq!(output.expect("it starts").stdout, b"");
}

fn templates() {
    let policy = policy().build().expect("a policy");
    let template = Template::new(policy, Kernel::probe()).expect("a template");
    says(job(template.sandbox(), &["say", "a", "b"]));
    let own = template.with_ro("/etc").expect("a sandbox");
    says(job(&own, &["say", "a", "b"]));
}

fn confined() {
    let sandbox = sandbox(Policy::builder());
    // A customer's, which the copy must not have.
    let customers = File::open("/").expect("a directory");
    let number = customers.as_raw_fd();
    let (denied, has_it) = sandbox
        .confined()
        .run(|| {
            eprintln!("this is no answer");
            println!("nor is this");
            let etc = rustix::fs::statat(customers.as_fd(), "etc", AtFlags::empty());
            (std::fs::read("/etc/passwd").is_err(), etc.is_ok())
        })
        .expect("an answer");
    assert!(denied && !has_it, "{number}");
}

/// A ruleset under the number of standard error would stay open there.
fn widening() {
    let sandbox = sandbox(Policy::builder().allow_class(Class::Debug));
    let add_rules = || {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process");
        let root = open("/", OFlags::PATH, Mode::empty()).expect("no right is needed");
        (0..100)
            .filter_map(|number| pidfd_getfd(&this, number, PidfdGetfdFlags::empty()).ok())
            .filter(|ruleset| add_path_rule(ruleset.as_fd(), root.as_fd(), 1 << 2).is_ok())
            .count()
    };
    assert_eq!(sandbox.confined().run(add_rules).expect("an answer"), 0);
}
