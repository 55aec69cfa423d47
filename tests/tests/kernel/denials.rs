//! What Landlock denies is recorded, and `ringfence denials` shows each act with the line that allows it.
//!
//! Records need ABI 7, audit that is on, and a reader with CAP_AUDIT_READ: root in the virtual machines. The
//! sandboxes here have no filter of system calls, which would deny some acts before Landlock is asked.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use ringfence::{Abi, Access, Kernel, PolicyBuilder};
use ringfence_tests::executable;
use ringfence_tests::ports::free_port;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{Sandbox, stderr};
use rustix::io::Errno;
use serde_json::Value;

use crate::classes::Victim;
use crate::ports::{listener, receiver};
use crate::world::{World, is_root, probe, unsandboxed};

mod cases;
mod follower;

use cases::{Case, audited, bare, case, in_sandbox, of_files};
use follower::Follower;

/// How long a record may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a line is added before an act has to pass.
const MOST_LINES: usize = 4;

pub fn tests() -> Vec<Test> {
    vec![
        Test::may_skip(
            "denials::each_act_is_recorded_with_the_line_that_allows_it",
            || on_record(among_others(each_act)),
        ),
        Test::may_skip("denials::what_is_denied_once_it_listens_is_shown", || {
            on_record(among_others(from_the_first))
        }),
        Test::may_skip("denials::what_is_allowed_leaves_no_record", || {
            on_record(among_others(allowed))
        }),
        Test::may_skip(
            "denials::of_programs_that_are_executed_nothing_is_recorded_without_audit",
            || on_record(among_others(without_audit)),
        ),
        Test::may_skip(
            "denials::that_records_were_lost_is_said_while_others_come",
            || on_record(alone(lost)),
        ),
        Test::may_skip("denials::the_kernels_log_has_them_too", || {
            on_record(among_others(kernel_log))
        }),
        Test::new(
            "denials::audit_is_refused_by_a_kernel_that_cannot_unless_by_best_effort",
            refused,
        ),
    ]
}

/// Held by each test here, and by one that floods the kernel with records for itself: those of others would be lost.
static CALM: RwLock<()> = RwLock::new(());

fn alone(test: fn()) -> impl FnOnce() {
    move || {
        let _alone = CALM.write().unwrap_or_else(PoisonError::into_inner);
        test();
    }
}

fn among_others(test: fn()) -> impl FnOnce() {
    move || {
        let _others = CALM.read().unwrap_or_else(PoisonError::into_inner);
        test();
    }
}

/// Runs a test where there can be records.
fn on_record(test: impl FnOnce()) -> Outcome {
    let kernel = Kernel::probe();
    if kernel.abi() < Abi::RECORDS {
        return Outcome::Absent(format!("{kernel} records no denials"));
    }
    if !is_root() {
        return Outcome::Absent("the kernel's records are for root to read".to_owned());
    }
    match ringfence_observe::audit::is_audit_on() {
        Ok(true) => {}
        Ok(false) => return Outcome::Absent("audit is off in this kernel".to_owned()),
        Err(error) => return Outcome::Absent(format!("audit cannot be asked: {error}")),
    }
    test();
    Outcome::Passed
}

/// Tries an act in a sandbox with more flags, and gives its number and exit code.
fn tried(sandbox: &Sandbox, more: &[String], act: &[PathBuf]) -> (u32, Option<i32>) {
    let line = probe(act);
    let mut command = sandbox.command(&line);
    // Flags stand before the command: the wrapper takes them in any order.
    let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut with_more = Command::new(command.get_program());
    with_more.args(more).args(words);
    command = with_more;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("landlock-runner starts");
    let pid = child.id();
    let mut said = String::new();
    let mut errors = child.stderr.take().expect("a pipe");
    errors.read_to_string(&mut said).expect("a text");
    let status = child.wait().expect("it ends");
    assert_ne!(status.code(), Some(125), "{said}");
    (pid, status.code())
}

fn each_act() {
    let kernel = Kernel::probe().abi();
    let world = World::new();
    let zone = world.outside();
    let mut cases = of_files(&zone);
    let (_tcp, connected) = listener();
    let (_udp, received) = receiver();
    let (bound, udp) = (free_port(), free_port());
    let port = |act: &str, port: u16| case(&[act, &port.to_string()], format!("{act} {port}"));
    cases.push(port("connect-tcp", connected));
    cases.push(port("bind-tcp", bound));
    let victim = Victim::start();
    let name = format!("ringfence-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _abstract = UnixListener::bind_addr(&address).expect("an abstract socket");
    cases.push(Case {
        errno: Errno::PERM,
        ..case(
            &["connect-abstract", &name],
            format!("abstract-unix @{name}"),
        )
    });
    let of_victim = |act: &str, word: &str| {
        let [act, pid] = victim.stage_words(act);
        // The process is named by the first fifteen letters of its program.
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("it runs");
        case(&[&act, &pid], format!("{word} pid {pid} ({})", comm.trim()))
    };
    cases.push(Case {
        has_line: false,
        ..in_sandbox(audited(), of_victim("trace", "ptrace"))
    });
    let socket = zone.join("socket");
    let _socket = UnixListener::bind(&socket).expect("a socket");
    if kernel >= Abi::new(9) {
        let socket = socket.display().to_string();
        cases.push(case(
            &["connect-unix", &socket],
            format!("connect-unix {socket}"),
        ));
    }
    if kernel >= Abi::new(10) {
        cases.push(port("bind-udp", udp));
        let port = received.to_string();
        let denied = format!("connect-udp {port}");
        cases.push(in_sandbox(
            audited().ports(ringfence::PortClass::BindUdp, 0),
            case(&["connect-udp", &port], denied),
        ));
    }
    // Last, since it ends the victim.
    cases.push(Case {
        errno: Errno::PERM,
        ..of_victim("signal", "signal")
    });

    let mut follower = Follower::start();
    let mut domains = BTreeMap::new();
    for case in &cases {
        let pid = denied_then_allowed(&mut follower, case);
        domains.insert(pid, &case.denied);
    }
    let summary = follower.end();
    assert_eq!(summary["lost"], 0, "{summary}");
    assert_eq!(
        summary["not-understood"],
        serde_json::json!([]),
        "{summary}"
    );
    // Of each domain as many denials were read as there were.
    for domain in summary["domains"].as_array().expect("a list") {
        let pid = domain["made-by"]["pid"]
            .as_u64()
            .and_then(|pid| u32::try_from(pid).ok());
        if pid.is_some_and(|pid| domains.contains_key(&pid)) && !domain["denials"].is_null() {
            assert_eq!(domain["denials"], domain["read"], "{domain}");
        }
    }
}

/// The act is denied, and allowed with the lines that are shown for it; gives the number of the first try.
fn denied_then_allowed(follower: &mut Follower, case: &Case) -> u32 {
    let mut flags: Vec<String> = Vec::new();
    let mut first = None;
    for _ in 0..MOST_LINES {
        let (pid, code) = tried(&case.sandbox, &flags, &case.act);
        if first.is_some() && code == Some(case.passes) {
            assert!(follower.of(pid, Duration::from_millis(300)).is_empty());
            break;
        }
        assert_eq!(code, Some(case.errno.raw_os_error()), "{:?}", case.act);
        let records = follower.of(pid, PATIENCE);
        assert!(
            !records.is_empty(),
            "no record of {:?} by {pid}: {:#?}",
            case.act,
            follower.shown()
        );
        let said: Vec<_> = records
            .iter()
            .filter_map(|record| record["denied"].as_str())
            .collect();
        if first.is_none() {
            assert!(
                said.iter().any(|said| said.starts_with(&case.denied)),
                "{:?}: {records:#?}",
                case.denied
            );
            first = Some(pid);
        }
        let lines = records.iter().flat_map(|record| {
            let answers = record["answers"].as_array().into_iter().flatten();
            answers.filter_map(|answer| answer["add"][0]["flags"].as_str())
        });
        let lines: Vec<_> = lines
            .flat_map(|line| line.split(' ').map(str::to_owned))
            .collect();
        assert_eq!(!lines.is_empty(), case.has_line, "{records:#?}");
        if !case.has_line {
            break;
        }
        flags.extend(lines);
    }
    if case.has_line {
        let (_, code) = tried(&case.sandbox, &flags, &case.act);
        // What was made or removed a moment ago cannot be again.
        let again =
            [Errno::EXIST, Errno::NOENT, Errno::SRCH].map(|errno| Some(errno.raw_os_error()));
        assert!(
            code == Some(case.passes) || again.contains(&code),
            "{:?} with {flags:?}: {code:?}",
            case.act
        );
    }
    first.expect("it was tried")
}

fn from_the_first() {
    let world = World::new();
    let act = [PathBuf::from("read"), world.outside().join("file")];
    let mut denied = 0;
    let mut follower = Follower::start_while(|| (denied, _) = tried(&audited(), &[], &act));
    assert!(!follower.of(denied, PATIENCE).is_empty());
}

fn allowed() {
    let world = World::new();
    let file = world.inside().join("file");
    let act = [PathBuf::from("read"), file.clone()];
    assert!(unsandboxed(&act).status.success());
    let mut follower = Follower::start();
    let (allowed, code) = tried(&audited().allow(Access::READ, &file), &[], &act);
    assert_eq!(code, Some(0));
    // What comes behind it has come: so would have what came before.
    let (denied, _) = tried(&audited(), &[], &act);
    assert!(!follower.of(denied, PATIENCE).is_empty());
    assert!(follower.of(allowed, Duration::ZERO).is_empty());
}

fn without_audit() {
    let world = World::new();
    let act = [PathBuf::from("read"), world.outside().join("file")];
    let mut follower = Follower::start();
    let (silent, code) = tried(&bare(), &[], &act);
    assert_eq!(code, Some(Errno::ACCESS.raw_os_error()));
    let (recorded, _) = tried(&audited(), &[], &act);
    assert!(!follower.of(recorded, PATIENCE).is_empty());
    assert!(follower.of(silent, Duration::ZERO).is_empty());
}

fn lost() {
    let world = World::new();
    let act = |act: &str| [PathBuf::from(act), world.outside().join("file")];
    let mut follower = Follower::start();
    // More than the kernel holds for one who does not read.
    follower.stop();
    let deadline = Instant::now() + 6 * PATIENCE;
    while !follower.has_overflowed() {
        assert!(
            Instant::now() < deadline,
            "the kernel holds any number of records"
        );
        tried(&audited(), &[], &act("flood"));
    }
    follower.go_on();
    let said = follower.says("records were lost", PATIENCE);
    assert!(said.is_some(), "nothing is said of lost records");
    // And goes on, once it has read what waits: until then the kernel drops all for it.
    let deadline = Instant::now() + 6 * PATIENCE;
    loop {
        let (pid, _) = tried(&audited(), &[], &act("read"));
        if !follower.of(pid, Duration::from_secs(2)).is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{:#?}", follower.shown());
    }
    assert_eq!(follower.ends_with(), Some(1));
}

fn kernel_log() {
    let world = World::new();
    let file = world.outside().join("a file");
    std::fs::write(&file, "x").expect("a file");
    let act = [PathBuf::from("read"), file.clone()];
    // The kernel prints ten lines in five seconds and leaves out others.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (pid, _) = tried(&audited(), &[], &act);
        let output = Command::new(executable("ringfence"))
            .args([
                "denials",
                "--source=kernel-log",
                "--json",
                "--pid",
                &pid.to_string(),
            ])
            .output()
            .expect("ringfence starts");
        let shown: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
        let denials = shown["denials"].as_array().expect("a list");
        if let [denial] = &denials[..] {
            assert_eq!(denial["path"], file.display().to_string());
            assert_eq!(denial["made-by"]["comm"], "landlock-runner");
            return;
        }
        assert!(Instant::now() < deadline, "{shown:#}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn refused() {
    let sandbox = Sandbox::for_probe().switch("--audit", PolicyBuilder::audit);
    let act = probe(&["stat", "/"]);
    let without = Sandbox::for_probe();
    if without.plan().check().is_err() {
        return;
    }
    assert!(without.run(&act).status.success());
    let output = sandbox.run(&act);
    if Kernel::probe().abi() >= Abi::RECORDS {
        assert!(output.status.success(), "{}", stderr(&output));
        return;
    }
    assert_eq!(output.status.code(), Some(125));
    let said = stderr(&output);
    assert!(
        said.contains("`audit`: recording denials needs ABI 7 (Linux 6.15)"),
        "{said}"
    );
    let output = sandbox
        .switch("--best-effort", PolicyBuilder::best_effort)
        .run(&act);
    assert!(output.status.success() && stderr(&output).contains("`audit`"));
}
