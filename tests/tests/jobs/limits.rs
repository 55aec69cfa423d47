//! Limits: each ends the job or denies it more, and the report says which it was.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use ringfence::process::{Ended, Limit, Limits, Output, Stdio};
use ringfence_tests::executable;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::{World, is_root};
use rustix::process::{Signal, Uid};
use rustix::thread::{
    CapabilitySet, capabilities, set_capabilities, set_keep_capabilities, set_thread_uid,
};

use crate::scene::{as_root, job, policy, prove, sandbox, test, this};

pub fn tests() -> Vec<Test> {
    vec![
        test("limits::wall_time_ends_the_job", wall),
        test("limits::time_on_a_processor_ends_the_job", cpu),
        test(
            "limits::time_on_a_processor_ends_a_job_that_does_not_listen",
            deaf,
        ),
        test("limits::a_file_that_grows_too_long_ends_the_job", file_size),
        test(
            "limits::more_output_than_allowed_is_cut_and_ends_the_job",
            output,
        ),
        test("limits::output_up_to_the_limit_is_whole", output_within),
        test(
            "limits::a_limit_that_is_not_there_ends_nothing_whatever_a_job_pretends",
            pretended,
        ),
        test("limits::the_longest_time_is_no_limit", longest),
        test(
            "limits::wall_time_ends_a_job_whose_output_never_pauses",
            wall_of_a_flood,
        ),
        test("limits::memory_beyond_the_limit_is_not_given", memory),
        test("limits::open_files_beyond_the_limit_are_denied", open_files),
        test(
            "limits::processes_are_limited_for_users_and_refused_for_root",
            processes,
        ),
        as_root(
            "limits::processes_are_not_limited_in_name_alone_for_who_is_handed_a_capability",
            handed_on,
        ),
        Test::may_skip("limits::a_job_of_root_does_not_lift_its_limits", lifted),
        Test::may_skip("limits::every_limit_is_accounted_for", || {
            account();
            Outcome::Passed
        }),
    ]
}

fn limited(act: &[&str], limits: Limits) -> Output {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, act);
    command.limits(limits).output().expect("the job starts")
}

fn wall() {
    let limits = Limits {
        wall: Some(Duration::from_millis(200)),
        ..Limits::default()
    };
    let start = Instant::now();
    let by_output: Ended = limited(&["sleep", "60"], limits).ended;
    let sandbox = sandbox(policy());
    let by_status = job(&sandbox, &["sleep", "60"])
        .limits(limits)
        .status()
        .expect("the job starts");
    for ended in [by_output, by_status] {
        assert_eq!(ended.limit, Some(Limit::Wall));
        assert!(!ended.success());
    }
    assert!(start.elapsed() < Duration::from_secs(30));
    let enough = Limits {
        wall: Some(Duration::from_secs(60)),
        ..Limits::default()
    };
    let within = limited(&["exit", "3"], enough).ended;
    assert_eq!((within.code(), within.limit), (Some(3), None));
}

fn cpu() {
    let limits = Limits {
        cpu: Some(Duration::from_millis(500)),
        ..Limits::default()
    };
    let ended = limited(&["spin"], limits).ended;
    assert_eq!(ended.limit, Some(Limit::Cpu), "{ended}");
}

fn deaf() {
    let limits = Limits {
        cpu: Some(Duration::from_secs(1)),
        ..Limits::default()
    };
    let killed = Some(Signal::KILL.as_raw());
    let ended = limited(&["spin-deaf"], limits).ended;
    assert_eq!(
        (ended.status.signal(), ended.limit),
        (killed, Some(Limit::Cpu))
    );
    // Twin: killed by another, with the time not used up.
    let ended = limited(&["signal", "9"], limits).ended;
    assert_eq!((ended.status.signal(), ended.limit), (killed, None));
}

fn file_size() {
    let world = World::new();
    let sandbox = sandbox(policy().rw(world.inside()));
    let path = world.inside().join("long");
    let mut command = job(&sandbox, &["fill", &path.display().to_string()]);
    let limits = Limits {
        file_size: Some(100_000),
        ..Limits::default()
    };
    let ended = command.limits(limits).status().expect("the job starts");
    assert_eq!(ended.limit, Some(Limit::FileSize), "{ended}");
    assert_eq!(path.metadata().expect("the file").len(), 100_000);
}

fn output() {
    let limits = Limits {
        output: Some(10_000),
        ..Limits::default()
    };
    let output = limited(&["flood"], limits);
    assert_eq!(output.stdout.len() + output.stderr.len(), 10_000);
    assert!(output.truncated);
    assert_eq!(output.ended.limit, Some(Limit::Output));
}

fn output_within() {
    let limits = Limits {
        output: Some(6),
        ..Limits::default()
    };
    let output = limited(&["say", "abc", "def"], limits);
    assert_eq!(
        (&*output.stdout, &*output.stderr),
        (&b"abc"[..], &b"def"[..])
    );
    assert!(!output.truncated && output.ended.success());
    // A job that ends before anyone reads is held to it as well.
    let output = limited(&["say", "abcd", "efg"], limits);
    assert_eq!(output.stdout.len() + output.stderr.len(), 6);
    assert!(output.truncated);
}

fn pretended() {
    for signal in [Signal::XCPU, Signal::XFSZ] {
        let number = signal.as_raw();
        let ended = limited(&["signal", &number.to_string()], Limits::default()).ended;
        assert_eq!((ended.status.signal(), ended.limit), (Some(number), None));
    }
}

/// What is read takes longer than what is written, so that there is always more.
fn wall_of_a_flood() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["flood"]);
    let limits = Limits {
        wall: Some(Duration::from_millis(300)),
        ..Limits::default()
    };
    command.limits(limits).stdout(Stdio::piped());
    let start = Instant::now();
    let late = || start.elapsed() > Duration::from_secs(5);
    let ended = command.spawn().expect("it starts").stream(|_, _| {
        std::thread::sleep(Duration::from_millis(5));
        assert!(!late(), "its time does not run out");
    });
    assert_eq!(ended.expect("its end").limit, Some(Limit::Wall));
}

fn longest() {
    let limits = Limits {
        wall: Some(Duration::MAX),
        cpu: Some(Duration::MAX),
        ..Limits::default()
    };
    assert!(limited(&["exit", "0"], limits).ended.success());
}

fn memory() {
    let within = |memory| {
        let limits = Limits {
            memory: Some(memory),
            ..Limits::default()
        };
        limited(&["allocate", "300"], limits).ended.code()
    };
    assert_eq!(within(200 << 20), Some(12));
    assert_eq!(within(2 << 30), Some(0));
}

fn open_files() {
    let limits = Limits {
        open_files: Some(20),
        ..Limits::default()
    };
    assert_eq!(limited(&["open", "30"], limits).ended.code(), Some(24));
    assert_eq!(limited(&["open", "10"], limits).ended.code(), Some(0));
}

/// Twin: a job without limits, which is root as its starter is.
fn lifted() -> Outcome {
    let own = capabilities(None).expect("one's own").effective;
    if !own.contains(CapabilitySet::SYS_RESOURCE) {
        return Outcome::Absent(
            "this user has no CAP_SYS_RESOURCE, as root has outside of containers".to_owned(),
        );
    }
    prove(lift);
    Outcome::Passed
}

fn lift() {
    let code = |limits| limited(&["lift-a-limit"], limits).ended.code();
    let eperm = Some(1);
    let memory = Limits {
        memory: Some(4 << 30),
        ..Limits::default()
    };
    assert_eq!(code(memory), eperm);
    assert_eq!(code(Limits::default()), Some(0));
}

fn processes() {
    let sandbox = sandbox(policy());
    let limits = Limits {
        processes: Some(1),
        ..Limits::default()
    };
    let started = job(&sandbox, &["leave-behind", "quiet"])
        .limits(limits)
        .output();
    if is_root() {
        let error = started.unwrap_err().to_string();
        assert!(
            error.contains("root is not bound by RLIMIT_NPROC"),
            "{error}"
        );
        return;
    }
    // The user has other processes, so that one more is one too many.
    assert!(!started.is_ok_and(|output| output.ended.success()));
}

fn handed_on() {
    let say = |capability: &str| {
        let mut starter = Command::new(this());
        let output = starter
            .arg("handed-on")
            .args(capability.split(' '))
            .output();
        String::from_utf8(output.expect("it starts").stdout).expect("text")
    };
    assert_eq!(say("none"), "exit status: 0\n");
    let refused = say("admin");
    assert!(refused.contains("who has CAP_SYS_ADMIN"), "{refused}");
    assert_eq!(say("none wrapper"), "exit status: 0\n");
    let refused = say("admin wrapper");
    assert!(refused.contains("who has CAP_SYS_ADMIN"), "{refused}");
}

/// Becomes a user, and starts a job that is handed a capability.
pub fn main(words: &[String]) -> ExitCode {
    set_keep_capabilities(true).expect("no call denies it");
    set_thread_uid(Uid::from_raw(54_322)).expect("root may");
    let mut sets = capabilities(None).expect("one's own");
    if words.first().is_some_and(|word| word == "admin") {
        sets.inheritable |= CapabilitySet::SYS_ADMIN;
    }
    set_capabilities(None, sets).expect("it is permitted");
    if words.len() > 1 {
        wrapped();
        return ExitCode::SUCCESS;
    }
    let sandbox = sandbox(policy());
    let limits = Limits {
        processes: Some(8),
        ..Limits::default()
    };
    match job(&sandbox, &["exit", "0"]).limits(limits).status() {
        Ok(ended) => println!("{ended}"),
        Err(error) => println!("{error}"),
    }
    ExitCode::SUCCESS
}

/// Prints how the wrapper ends with the same limit.
fn wrapped() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let text = "version: 1\nro: [/]\nlimits: {processes: 4000}\n";
    file.write_all(text.as_bytes()).expect("a manifest");
    let mut command = Command::new(executable("landlock-runner"));
    command.args(["--log", "off", "--policy"]).arg(file.path());
    let output = command
        .arg("--")
        .arg(this())
        .args(["probe", "exit", "0"])
        .output();
    let output = output.expect("it starts");
    print!("{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", output.status);
}

fn account() {
    let limits = Limits {
        wall: Some(Duration::from_secs(1)),
        cpu: Some(Duration::from_secs(1)),
        memory: Some(1),
        processes: Some(1),
        open_files: Some(1),
        file_size: Some(1),
        output: Some(1),
    };
    assert_eq!(limits.account(false).len(), 7);
    let open = |in_cgroup| {
        let account = limits.account(in_cgroup);
        let memory = account.iter().find(|line| line.limit == Limit::Memory);
        !memory.expect("it is limited").leaves_open.is_empty()
    };
    assert!(open(false) && !open(true));
    assert!(Limits::default().account(false).is_empty());
}
