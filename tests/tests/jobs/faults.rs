//! Every system call on the way to a job failing in turn: nothing of it is left, and the error says
//! what failed.

use std::process::{Command, ExitCode};

use ringfence::process::SpawnError;
use ringfence::{Action, Arch, Filter, Syscall, Verdict};
use ringfence_sys::seccomp::{Threads, install_filter};
use ringfence_tests::trial::Test;
use ringfence_tests::world::is_root;
use rustix::process::{WaitOptions, wait};

use crate::scene::{job, policy, sandbox, test, this};

pub fn tests() -> Vec<Test> {
    vec![test(
        "faults::whatever_call_fails_nothing_is_left_and_the_error_names_the_step",
        every_call,
    )]
}

/// The calls of the way, and a word of the error that each must lead to; none where the way goes
/// round it.
const CALLS: [(&str, Option<&str>); 17] = [
    ("mmap", Some("stack")),
    ("mprotect", Some("stack")),
    ("clone", Some("process could not be made")),
    ("rt_sigaction", Some("signals")),
    ("rt_sigprocmask", Some("signals")),
    ("setpgid", Some("process group")),
    ("dup3", Some("standard descriptors")),
    ("fchdir", Some("directory")),
    ("prlimit64", Some("limits")),
    // The mark is set one by one then.
    ("close_range", None),
    ("prctl", Some("no_new_privs")),
    ("capget", Some("CAP_SYS_MODULE")),
    ("landlock_restrict_self", Some("Landlock")),
    ("seccomp", Some("filter")),
    ("execve", Some("executed")),
    ("pipe2", Some("standard output")),
    ("openat", Some("standard input")),
];

/// Those of becoming another user, which root alone may.
const USER_CALLS: [(&str, Option<&str>); 4] = [
    ("setgroups", Some("the other user")),
    ("setgid", Some("the other user")),
    ("setuid", Some("the other user")),
    ("capset", Some("the other user")),
];

fn every_call() {
    let own = CALLS.map(|(call, expected)| (call, "own", expected));
    let other = USER_CALLS.map(|(call, expected)| (call, "other", expected));
    let tried = if is_root() { &other[..] } else { &[] };
    for &(call, user, expected) in own.iter().chain(tried) {
        let output = Command::new(this())
            .args(["fault", call, user])
            .output()
            .expect("this program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{call}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        match expected {
            Some(word) => assert!(text.contains(word), "{call}: {text}"),
            None => assert_eq!(text, "started\n", "{call}"),
        }
    }
}

/// Starts a job in a thread for which one call fails.
pub fn main(words: &[String]) -> ExitCode {
    let call: Syscall = words[0].parse().expect("a call");
    let sandbox = sandbox(policy());
    let open = || {
        (0..1000)
            .filter(|&number| ringfence_sys::is_open(number))
            .count()
    };
    // One that is inherited, with a number beyond the limit of the job.
    let leaked = std::fs::File::open("/dev/null").expect("a file");
    let leaked = rustix::io::fcntl_dupfd_cloexec(&leaked, 500).expect("a descriptor");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("it is ours");
    // Beyond that of this process, too, as a server's may be that lowered it late.
    let lowered = rustix::process::Rlimit {
        current: Some(400),
        maximum: Some(400),
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, lowered).expect("a lower limit");
    let start = || {
        let mut command = job(&sandbox, &["descriptors"]);
        let limits = ringfence::process::Limits {
            open_files: Some(100),
            ..Default::default()
        };
        if words[1] == "other" {
            command.uid(65534).gid(65534);
        }
        command.current_dir("/").limits(limits).output()
    };
    // What is made once is made before.
    assert!(start().expect("it starts without a fault").ended.success());
    let before = open();
    let result = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let filter = Filter::new(|one| {
                Verdict::Always(if one == call {
                    Action::Errno(77)
                } else {
                    Action::Allow
                })
            });
            let program = filter.compile(Arch::NATIVE.expect("an architecture"));
            rustix::thread::set_no_new_privs(true).expect("no_new_privs");
            let program = program.expect("a filter");
            install_filter(program.instructions(), Threads::Calling).expect("the filter");
            start()
        });
        thread.join().expect("the thread does not panic")
    });
    assert_eq!(open(), before, "a descriptor was left");
    assert!(wait(WaitOptions::NOHANG).is_err(), "a child was left");
    match result {
        Ok(output) if output.ended.success() => {
            assert_eq!(output.stdout, b"0\n1\n2\n");
            println!("started");
        }
        Ok(output) => panic!("{output:?}"),
        Err(error) => {
            if let Some(errno) = error.raw_os_error() {
                assert_eq!(errno, 77, "{error}");
            }
            assert!(!matches!(error, SpawnError::Wait(_)), "{error}");
            println!("{error}");
        }
    }
    // Nothing is locked: another thread goes on as before.
    assert!(start().expect("it starts").ended.success());
    ExitCode::SUCCESS
}
