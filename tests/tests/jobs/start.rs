//! How a job starts: what it gets, what it does not, and what is said if it cannot.

use std::ffi::OsStr;
use std::io::Read as _;
use std::os::fd::AsFd as _;

use ringfence::process::{SpawnError, StartStep, Stdio};
use ringfence::{Access, Class};
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;
use rustix::io::{FdFlags, fcntl_setfd};

use crate::scene::{job, policy, sandbox, test, this, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "start::what_no_line_allows_is_denied_to_the_job_and_not_to_its_starter",
            denied,
        ),
        test(
            "start::arguments_environment_and_directory_are_as_asked",
            as_asked,
        ),
        test("start::what_was_asked_for_can_be_read_back", read_back),
        test(
            "start::the_environment_of_the_starter_is_inherited_unless_cleared",
            inherited,
        ),
        test("start::input_goes_in_and_both_outputs_come_out", pipes),
        test(
            "start::the_exit_code_and_the_signal_are_the_jobs_own",
            status,
        ),
        test("start::no_descriptor_is_inherited", descriptors),
        test(
            "start::standard_descriptors_may_be_given_in_any_order",
            crossed,
        ),
        test(
            "start::signals_are_at_their_defaults_and_none_is_blocked",
            signals,
        ),
        test(
            "start::what_cannot_be_started_is_said_with_the_step",
            refused,
        ),
        test(
            "start::a_filter_that_denies_execve_is_refused_before",
            execve,
        ),
        test(
            "start::a_program_is_found_in_the_path_of_the_job",
            found_in_path,
        ),
    ]
}

fn denied() {
    let world = World::new();
    let sandbox = sandbox(policy().rw(world.inside()));
    let (inside, outside) = (world.inside().join("file"), world.outside().join("file"));
    let path = |path: &std::path::Path| path.display().to_string();
    let code = |act: &[&str]| job(&sandbox, act).status().expect("the job starts").code();
    assert_eq!(code(&["read", &path(&inside)]), Some(0));
    assert_eq!(code(&["write", &path(&inside)]), Some(0));
    assert_eq!(code(&["read", &path(&outside)]), Some(13));
    assert_eq!(code(&["write", &path(&outside)]), Some(13));
    let outside = path(&outside);
    for act in [["read", &outside], ["write", &outside]] {
        let twin = unsandboxed(&act).status().expect("the twin starts");
        assert_eq!(twin.code(), Some(0), "{act:?}");
        // This process shared its memory with the job and none of its restrictions.
        assert!(std::fs::read(&outside).is_ok());
    }
    let closed = sandbox
        .plan()
        .standing(Class::Port(ringfence::PortClass::BindTcp));
    if closed == ringfence::Standing::Landlock {
        assert_eq!(code(&["bind", "0"]), Some(13));
        let twin = unsandboxed(&["bind", "0"])
            .status()
            .expect("the twin starts");
        assert_eq!(twin.code(), Some(0));
    }
}

fn as_asked() {
    let world = World::new();
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["environment"]);
    let output = command
        .envs([("A", "1"), ("B", "2"), ("A", "3")])
        .env_remove("B")
        .output()
        .expect("the job starts");
    assert_eq!(output.stdout, b"A=3\n");
    let output = job(&sandbox, &["directory"])
        .current_dir(world.inside())
        .output()
        .expect("the job starts");
    let expected = format!("{}\n", world.inside().display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let output = job(&sandbox, &["say", "a b", "c\"d"])
        .output()
        .expect("it starts");
    assert_eq!(
        (&*output.stdout, &*output.stderr),
        (&b"a b"[..], &b"c\"d"[..])
    );
    let mut command = job(&sandbox, &["name"]);
    let output = command.arg0("-name").output().expect("it starts");
    assert_eq!(output.stdout, b"-name\n");
}

fn read_back() {
    let sandbox = sandbox(policy());
    let mut command = sandbox.command("tool");
    assert_eq!(command.get_current_dir(), None);
    command.args(["a", "b"]).current_dir("/srv");
    command.env("SET", "1").env("SET", "2").env_remove("GONE");
    assert_eq!(command.get_program(), "tool");
    assert!(command.get_args().eq(["a", "b"]));
    assert_eq!(command.get_current_dir(), Some("/srv".as_ref()));
    let variables: Vec<_> = command.get_envs().collect();
    let expected: [(&OsStr, Option<&OsStr>); 2] = [
        ("GONE".as_ref(), None),
        ("SET".as_ref(), Some("2".as_ref())),
    ];
    assert_eq!(variables, expected);
    command.env_clear();
    assert_eq!(command.get_envs().len(), 0);
}

fn inherited() {
    let sandbox = sandbox(policy());
    let mut command = sandbox.command(this());
    let output = command
        .args(["probe", "environment"])
        .env("RINGFENCE_JOB", "x")
        .output()
        .expect("the job starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("RINGFENCE_JOB=x\n"));
    for (name, value) in std::env::vars_os() {
        let line = format!("{}={}\n", name.display(), value.display());
        assert!(text.contains(&line), "{line}");
    }
}

fn pipes() {
    let sandbox = sandbox(policy());
    let mut child = job(&sandbox, &["cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the job starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            use std::io::Write as _;
            input
                .write_all(&vec![b'x'; 1 << 20])
                .expect("the job reads");
        });
        let mut text = Vec::new();
        output.read_to_end(&mut text).expect("the job writes");
        assert_eq!(text.len(), 1 << 20);
    });
    assert!(child.wait().expect("its end").success());
    assert!(child.wait().expect("the same again").success());
}

fn status() {
    use std::os::unix::process::ExitStatusExt as _;

    let sandbox = sandbox(policy());
    let status = |act: &[&str]| job(&sandbox, act).status().expect("the job starts").status;
    assert_eq!(status(&["exit", "0"]).code(), Some(0));
    assert_eq!(status(&["exit", "42"]).code(), Some(42));
    assert_eq!(status(&["exit", "255"]).code(), Some(255));
    assert_eq!(status(&["abort"]).signal(), Some(6));
}

fn descriptors() {
    let leaked = std::fs::File::open("/dev/null").expect("a file");
    fcntl_setfd(&leaked, FdFlags::empty()).expect("a descriptor that is inherited");
    let sandbox = sandbox(policy());
    let output = job(&sandbox, &["descriptors"]).output().expect("it starts");
    assert_eq!(output.stdout, b"0\n1\n2\n");
    let twin = unsandboxed(&["descriptors"])
        .output()
        .expect("the twin starts");
    assert!(String::from_utf8_lossy(&twin.stdout).lines().count() > 3);
    drop(leaked);
}

/// A process whose descriptors 1 and 2 were closed gets pipes with these numbers: each must not
/// overwrite another before that is in its place.
fn crossed() {
    let sandbox = sandbox(policy());
    let (out_reader, out_writer) = std::io::pipe().expect("a pipe");
    let (err_reader, err_writer) = std::io::pipe().expect("a pipe");
    let ended = job(&sandbox, &["say", "out", "err"])
        .stdout(out_writer.as_fd().try_clone_to_owned().expect("a copy"))
        .stderr(err_writer.as_fd().try_clone_to_owned().expect("a copy"))
        .status()
        .expect("the job starts");
    assert!(ended.success());
    drop((out_writer, err_writer));
    for (mut reader, expected) in [(out_reader, "out"), (err_reader, "err")] {
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .expect("what the job wrote");
        assert_eq!(text, expected);
    }
    // The two exchanged: the job's output is our error, and the other way round.
    let ended = job(&sandbox, &["say", "", ""])
        .stdout(
            std::io::stderr()
                .as_fd()
                .try_clone_to_owned()
                .expect("a copy"),
        )
        .stderr(
            std::io::stdout()
                .as_fd()
                .try_clone_to_owned()
                .expect("a copy"),
        )
        .status()
        .expect("the job starts");
    assert!(ended.success());
}

fn signals() {
    // Rust ignores SIGPIPE, which std's own children do not inherit either.
    let sandbox = sandbox(policy().allow(Access::READ, "/proc"));
    for field in ["SigBlk", "SigIgn", "SigCgt"] {
        let mut command = job(&sandbox, &["status", field]);
        let output = command.output().expect("the job starts");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let bits = u64::from_str_radix(&text, 16).expect("a mask");
        // What a Rust program does itself: it ignores SIGPIPE and catches SIGSEGV and SIGBUS.
        let own: u64 = 1 << 12 | 1 << 10 | 1 << 6;
        assert_eq!(bits & !own, 0, "{field}: {text}");
    }
}

fn refused() {
    let sandbox = sandbox(policy());
    let error = |command: &mut ringfence::process::Command<'_>| command.spawn().unwrap_err();
    assert!(matches!(
        error(&mut sandbox.command("no-such-program")),
        SpawnError::Program(_)
    ));
    let missing = error(&mut sandbox.command("/no/such/program"));
    assert!(
        matches!(
            missing,
            SpawnError::Step {
                step: StartStep::Execute,
                ..
            }
        ),
        "{missing:?}"
    );
    assert_eq!(missing.raw_os_error(), Some(2));
    assert_eq!(
        missing.to_string(),
        "cannot start /no/such/program: it could not be executed"
    );
    let outside = error(&mut sandbox.command("/etc/passwd"));
    assert_eq!(outside.raw_os_error(), Some(13));
    let directory = error(job(&sandbox, &["exit", "0"]).current_dir("/no/such/place"));
    assert!(
        matches!(directory, SpawnError::Directory(..)),
        "{directory:?}"
    );
    let nul = error(job(&sandbox, &["exit", "0"]).arg("a\0b"));
    assert!(matches!(nul, SpawnError::Nul(_)), "{nul:?}");
}

fn execve() {
    let denying = policy().deny_syscall(ringfence::Syscall::EXECVE, ringfence::Action::EPERM);
    let sandbox = sandbox(denying);
    let error = job(&sandbox, &["exit", "0"]).spawn().unwrap_err();
    assert!(matches!(error, SpawnError::Execve), "{error:?}");
}

fn found_in_path() {
    let sandbox = sandbox(policy());
    let (directory, name) = (this(), this());
    let directory = directory.parent().expect("its directory");
    let name = name.file_name().expect("its name");
    let ended = sandbox
        .command(name)
        .env_clear()
        .env("PATH", format!("/nowhere:{}", directory.display()))
        .args(["probe", "exit", "7"])
        .status()
        .expect("it is found");
    assert_eq!(ended.code(), Some(7));
}
