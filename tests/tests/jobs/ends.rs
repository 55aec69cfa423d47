//! The end of a job is the end of all that it started.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ringfence::process::{Limit, Limits, Stdio};
use ringfence::{Action, Arch, Filter, Is, Syscall, Test, Verdict};
use ringfence_sys::seccomp::{Threads, install_filter};
use ringfence_tests::trial::{Outcome, Test as Trial};
use ringfence_tests::world::World;
use rustix::process::WaitOptions;

use crate::scene::{eventually, job, lives, policy, sandbox, test, this, unsandboxed};

pub fn tests() -> Vec<Trial> {
    vec![
        test("ends::a_process_left_behind_ends_with_the_job", left_behind),
        test(
            "ends::a_kernel_that_names_no_group_by_a_descriptor_is_told_its_number",
            by_number,
        ),
        test(
            "ends::a_process_that_holds_the_output_open_does_not_hold_up_the_end",
            holds_output,
        ),
        test(
            "ends::a_process_that_may_leave_and_floods_the_output_does_not_hold_up_the_end",
            floods_output,
        ),
        test(
            "ends::what_a_job_sent_and_nobody_received_does_not_stay_open",
            in_flight,
        ),
        test("ends::a_daemon_ends_with_the_job", daemon),
        test(
            "ends::a_job_cannot_leave_its_group_unless_it_may",
            leaves_group,
        ),
        test("ends::a_fork_bomb_ends_at_once", bomb),
        Trial::may_skip(
            "ends::a_job_whose_end_was_taken_does_not_take_the_next_of_its_number_along",
            number_of_another,
        ),
        test("ends::a_dropped_job_is_killed", dropped),
        test("ends::a_killed_job_says_so_and_may_be_killed_again", killed),
    ]
}

fn number(bytes: &[u8]) -> i32 {
    let text = String::from_utf8_lossy(bytes);
    let first = text.split_whitespace().next().unwrap_or_default();
    first
        .parse()
        .unwrap_or_else(|_| panic!("no number: {text}"))
}

fn left_behind() {
    let sandbox = sandbox(policy());
    let output = job(&sandbox, &["leave-behind", "quiet"])
        .output()
        .expect("the job starts");
    assert!(output.ended.success(), "{output:?}");
    let pid = number(&output.stdout);
    eventually("it is gone", || !lives(pid));
    // Without a sandbox it stays.
    let twin = unsandboxed(&["leave-behind", "quiet"])
        .output()
        .expect("the twin starts");
    let pid = number(&twin.stdout);
    assert!(lives(pid));
    let pid = rustix::process::Pid::from_raw(pid).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
}

/// As before Linux 6.9: `pidfd_send_signal` knows no flags.
fn by_number() {
    let sandbox = sandbox(policy());
    let flags = Test::new(3, u64::MAX, Is::NonZero).expect("one of six arguments");
    let filter = Filter::new(|call| {
        let allow = Verdict::Always(Action::Allow);
        if call == Syscall::PIDFD_SEND_SIGNAL {
            let unknown = Verdict::Always(Action::Errno(22));
            Verdict::If(flags, Box::new(unknown), Box::new(allow))
        } else {
            allow
        }
    });
    let program = filter.compile(Arch::NATIVE.expect("an architecture"));
    let program = program.expect("a filter");
    let start = || {
        rustix::thread::set_no_new_privs(true).expect("no_new_privs");
        install_filter(program.instructions(), Threads::Calling).expect("the filter");
        let mut command = job(&sandbox, &["leave-behind", "quiet"]);
        command.output().expect("the job starts")
    };
    let output = std::thread::scope(|scope| scope.spawn(start).join());
    let pid = number(&output.expect("no panic").stdout);
    eventually("it is gone", || !lives(pid));
}

fn holds_output() {
    let sandbox = sandbox(policy());
    let start = Instant::now();
    let output = job(&sandbox, &["leave-behind"])
        .output()
        .expect("it starts");
    assert!(start.elapsed() < Duration::from_secs(30), "it slept along");
    let pid = number(&output.stdout);
    eventually("it is gone", || !lives(pid));
}

fn floods_output() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["leave-flooding"]);
    command.may_leave_group(true).stdout(Stdio::piped());
    let start = Instant::now();
    let late = || start.elapsed() > Duration::from_secs(10);
    let ended = command.spawn().expect("it starts").stream(|_, _| {
        // So that there is always more.
        std::thread::sleep(Duration::from_millis(2));
        assert!(!late(), "it is read for ever");
    });
    assert!(ended.expect("its end").success());
}

/// Any process that closes a UNIX socket has the kernel look for such descriptors, and one on this machine may
/// do so at any time: therefore several jobs, most of which must leave nothing at once.
fn in_flight() {
    const JOBS: usize = 8;
    let sandbox = sandbox(policy());
    let leaves_nothing = |_: &usize| {
        let mut command = job(&sandbox, &["leave-in-flight"]);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        assert!(child.wait().expect("its end").success());
        (0..20).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            input.write_all(b"x").is_err()
        })
    };
    let clean = (0..JOBS).filter(leaves_nothing).count();
    assert!(clean > JOBS / 2, "{clean} of {JOBS} left nothing");
}

fn daemon() {
    for may_leave in [false, true] {
        let world = World::new();
        let sandbox = sandbox(policy().rw(world.inside()));
        let file = world.inside().join("pid");
        let path = file.display().to_string();
        // The job stays until the daemon has told its number.
        let mut child = job(&sandbox, &["daemon", &path])
            .may_leave_group(may_leave)
            .stdin(Stdio::null())
            .spawn()
            .expect("the job starts");
        if !may_leave {
            // The daemon's parents end at once, and it with them, if it lived long enough to tell.
            child.wait().expect("its end");
            std::thread::sleep(Duration::from_millis(200));
            if let Ok(text) = std::fs::read(&file)
                && !text.is_empty()
            {
                let pid = number(&text);
                eventually("the daemon is gone", || !lives(pid));
            }
            continue;
        }
        child.wait().expect("its end");
        eventually("the daemon has told its number", || {
            std::fs::read_to_string(&file).is_ok_and(|text| text.contains(' '))
        });
        let text = std::fs::read_to_string(&file).expect("a number");
        assert!(text.ends_with("own"), "it has a session of its own: {text}");
        let pid = number(text.as_bytes());
        // What the documentation says of it: it outlives the job.
        assert!(lives(pid));
        let pid = rustix::process::Pid::from_raw(pid).expect("a number");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
    }
}

fn leaves_group() {
    let sandbox = sandbox(policy());
    for act in ["own-session", "own-group"] {
        let code = |may: bool| {
            let mut command = job(&sandbox, &[act]);
            let ended = command.may_leave_group(may).status().expect("it starts");
            ended.code()
        };
        assert_eq!(code(false), Some(1), "{act}: EPERM");
        // The leader of a group gets EPERM for a session of its own in any case.
        let expected = if act == "own-session" {
            Some(1)
        } else {
            Some(0)
        };
        assert_eq!(code(true), expected, "{act}");
    }
    let in_child = |may: bool| {
        let mut command = job(&sandbox, &["leave-behind", "group", "quiet"]);
        command
            .may_leave_group(may)
            .output()
            .expect("it starts")
            .ended
    };
    assert!(!in_child(false).success());
    assert!(in_child(true).success());
}

fn bomb() {
    let world = World::new();
    let sandbox = sandbox(policy().rw(world.inside()));
    let path = world.inside().join("started").display().to_string();
    let mut command = job(&sandbox, &["bomb", &path]);
    let mut child = command
        .limits(Limits {
            wall: Some(Duration::from_millis(700)),
            ..Limits::default()
        })
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the job starts");
    let group = child.id();
    let ended = child.wait().expect("its end");
    assert_eq!(ended.limit, Some(Limit::Wall));
    eventually("nobody is left", || members(group) == 0);
    assert!(world.inside().join("started").exists());
}

/// How many live processes are in a group.
fn members(group: u32) -> usize {
    let processes = std::fs::read_dir("/proc").expect("/proc");
    let in_group = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        let pid: i32 = name.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let (state, _, own) = (fields.next()?, fields.next()?, fields.next()?);
        (own.parse() == Ok(group) && state != "Z" && state != "X").then_some(())
    };
    processes.filter_map(in_group).count()
}

/// A process that waits for any child takes the ends of jobs: their numbers are free from then on.
fn number_of_another() -> Outcome {
    let output = std::process::Command::new(this())
        .arg("reuse")
        .output()
        .expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(reason) = text.strip_prefix("absent: ") {
        return Outcome::Absent(reason.trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{said}");
    Outcome::Passed
}

pub fn reuse() -> ExitCode {
    use std::os::unix::process::CommandExt as _;

    const LAST: &str = "/proc/sys/kernel/ns_last_pid";

    let policy = policy().build().expect("a policy");
    let plan = ringfence::Plan::new(policy, ringfence::Kernel::probe());
    if plan.check().is_err() {
        println!("absent: this kernel restricts nothing");
        return ExitCode::SUCCESS;
    }
    let sandbox = plan.prepare().expect("a sandbox");
    for _ in 0..100 {
        let child = job(&sandbox, &["exit", "0"]).spawn().expect("it starts");
        let number = child.id();
        rustix::process::wait(WaitOptions::empty()).expect("its end");
        if let Err(error) = std::fs::write(LAST, (number - 1).to_string()) {
            println!("absent: only root may choose the number of a process: {error}");
            return ExitCode::SUCCESS;
        }
        let mut other = unsandboxed(&["sleep", "60"]);
        let mut other = other.process_group(0).spawn().expect("it starts");
        let same = other.id() == number;
        drop(child);
        std::thread::sleep(Duration::from_millis(50));
        let survived = lives(other.id().cast_signed());
        other.kill().expect("it is ours or gone");
        other.wait().expect("its end");
        if same {
            assert!(survived, "another process was killed");
            return ExitCode::SUCCESS;
        }
    }
    println!("absent: other processes took the number each time");
    ExitCode::SUCCESS
}

fn dropped() {
    let sandbox = sandbox(policy());
    let child = job(&sandbox, &["sleep", "60"]).spawn().expect("it starts");
    let pid = child.id().cast_signed();
    assert!(lives(pid));
    drop(child);
    assert!(
        !std::path::Path::new(&format!("/proc/{pid}")).exists(),
        "it was not taken"
    );
}

fn killed() {
    use std::os::unix::process::ExitStatusExt as _;

    let sandbox = sandbox(policy());
    let mut child = job(&sandbox, &["sleep", "60"]).spawn().expect("it starts");
    assert_eq!(child.try_wait().expect("it runs"), None);
    child.kill().expect("it is ours");
    let ended = child.wait().expect("its end");
    assert_eq!((ended.status.signal(), ended.limit), (Some(9), None));
    child.kill().expect("it has ended, which is no error");
    assert_eq!(child.try_wait().expect("its end"), Some(ended));
}
