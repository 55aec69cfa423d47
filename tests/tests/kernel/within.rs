//! A program that restricts itself through the library.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc;

use ringfence::{Abi, Access, EnforceError, Errata, Kernel, Plan, Policy};
use ringfence_tests::trial::Test;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use crate::world::{World, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "within::a_plan_for_another_kernel_is_not_prepared",
            other_kernel,
        ),
        Test::new("within::a_single_thread_restricts_itself", || {
            alone("restrict");
        }),
        Test::new("within::a_thread_may_restrict_itself_alone", || {
            alone("restrict-thread");
        }),
        Test::new(
            "within::with_other_threads_it_is_all_of_them_or_a_refusal",
            with_threads,
        ),
    ]
}

/// The acts of this file, tried in a process of their own.
pub fn attempt(act: &str, arguments: &[OsString]) -> io::Result<()> {
    let first = arguments
        .first()
        .map_or(OsStr::new(""), OsString::as_os_str);
    match act {
        "restrict" => {
            sandbox()?.enforce().map_err(io::Error::other)?;
            fs::read(first).map(drop)
        }
        "restrict-thread" => {
            sandbox()?.enforce_this_thread().map_err(io::Error::other)?;
            fs::read(first).map(drop)
        }
        "restrict-threads" => restrict_threads(Path::new(first)),
        "exit" => Err(errno(first)),
        "signal-self" => {
            let own = rustix::process::getpid();
            Ok(rustix::process::kill_process(
                own,
                rustix::process::Signal::USR1,
            )?)
        }
        "environment" => {
            for (name, value) in std::env::vars() {
                println!("{name}={value}");
            }
            Ok(())
        }
        "directory" => {
            println!("{}", std::env::current_dir()?.display());
            Ok(())
        }
        act => Err(io::Error::other(format!("there is no act {act}"))),
    }
}

fn errno(number: &OsStr) -> io::Error {
    let number = number.to_str().and_then(|text| text.parse().ok());
    io::Error::from_raw_os_error(number.unwrap_or_default())
}

fn sandbox() -> io::Result<ringfence::Sandbox> {
    let policy = Policy::builder()
        .allow(Access::READ, "/proc")
        .build()
        .map_err(io::Error::other)?;
    Plan::new(policy, Kernel::probe())
        .prepare()
        .map_err(io::Error::other)
}

/// With a second thread: either both are denied by both mechanisms, or the call is refused and both
/// are free.
fn restrict_threads(path: &Path) -> io::Result<()> {
    let (ask, asked) = mpsc::channel::<()>();
    let file = path.to_owned();
    let other = std::thread::spawn(move || {
        // The main thread has tried to restrict the process before it asks.
        let _ = asked.recv();
        denials(&file)
    });
    let enforced = sandbox()?.enforce();
    let _ = ask.send(());
    let theirs = other
        .join()
        .map_err(|_| io::Error::other("the thread panicked"))?;
    let all = [Err(Errno::ACCESS), Err(Errno::AFNOSUPPORT)];
    match (enforced, [denials(path), theirs]) {
        (Ok(_), both) if both == [all, all] => Err(Errno::ACCESS.into()),
        (Err(EnforceError::SignalsBetweenThreads), both) if both == [[Ok(()); 2]; 2] => Ok(()),
        (_, both) => Err(io::Error::other(format!(
            "not both are as they should be: {both:?}"
        ))),
    }
}

/// What Landlock and the filter say to the calling thread.
fn denials(path: &Path) -> [Result<(), Errno>; 2] {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let flags = rustix::fs::OFlags::RDONLY;
    [
        rustix::fs::open(path, flags, rustix::fs::Mode::empty()).map(drop),
        rustix::net::socket(family, kind, None).map(drop),
    ]
}

fn other_kernel() {
    let running = Kernel::probe().reported_abi();
    for abi in (1..=11).filter(|&abi| abi != running) {
        let policy = Policy::builder()
            .unrestricted_fs()
            .build()
            .expect("a policy");
        let plan = Plan::new(policy, Kernel::with_abi(abi));
        let starts = plan.check().is_ok();
        match plan.prepare() {
            Err(ringfence::PrepareError::OtherKernel { .. }) => assert!(starts),
            Err(ringfence::PrepareError::Refused(_)) => assert!(!starts),
            other => panic!("{other:?}"),
        }
    }
}

fn alone(act: &str) {
    let world = World::new();
    let file = world.outside().join("file");
    let output = unsandboxed(&[Path::new(act), &file]);
    let expected = match Kernel::probe().abi() {
        // Nothing can be prepared: a failure without an errno.
        Abi::NONE => 99,
        _ => Errno::ACCESS.raw_os_error(),
    };
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
}

fn with_threads() {
    let world = World::new();
    let file = world.outside().join("file");
    let output = unsandboxed(&[Path::new("restrict-threads"), &file]);
    let kernel = Kernel::probe();
    let fixed = kernel.errata().unwrap_or_default();
    let expected = match kernel.abi().number() {
        0 => 99,
        // The policy scopes signals, and threads restricted one by one could not send each other any.
        6 | 7 if !fixed.contains(Errata::THREAD_SIGNALS) => 0,
        _ => Errno::ACCESS.raw_os_error(),
    };
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
}
