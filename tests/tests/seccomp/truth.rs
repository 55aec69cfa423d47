//! The running kernel does with a compiled filter what the model says.
//!
//! Each call is made in a thread under the sandbox and in a free one. Where the model denies it, it
//! fails with the model's error; where the model lets it pass, it ends as in the free thread.

use std::num::NonZeroU32;
use std::thread;

use ringfence::{Abi, Action, Class, Filter, Kernel, Plan, Policy, PolicyBuilder, Syscall};
use ringfence_tests::trial::{Outcome, Test};
use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType};

pub fn tests() -> Vec<Test> {
    policies()
        .into_iter()
        .map(|(name, policy)| Test::may_skip(format!("truth::{name}"), move || agree(&policy)))
        .collect()
}

fn policies() -> [(&'static str, PolicyBuilder); 4] {
    let tool = || Policy::builder().ro("/usr").best_effort();
    [
        ("a_tool_without_network", tool()),
        ("a_client", tool().connect_tcp(443)),
        (
            "a_server_that_watches_files",
            tool()
                .bind_tcp(8080)
                .connect_udp(53)
                .rw("/tmp")
                .allow_class(Class::Notifications)
                .allow_class(Class::OtherSockets),
        ),
        (
            "lines_about_calls",
            tool()
                .deny_syscall(Syscall::GETCWD, Action::Errno(71))
                .allow_syscall(Syscall::SOCKET)
                .allow_syscall(Syscall::INOTIFY_INIT1),
        ),
    ]
}

/// A call that does no harm, with the arguments that the filter looks at.
struct Sample {
    call: Syscall,
    arguments: [u64; 3],
    make: Box<dyn Fn() -> Result<(), Errno> + Send>,
}

fn sample(
    call: Syscall,
    arguments: [u64; 3],
    make: impl Fn() -> Result<(), Errno> + Send + 'static,
) -> Sample {
    Sample {
        call,
        arguments,
        make: Box::new(make),
    }
}

fn agree(policy: &PolicyBuilder) -> Outcome {
    let plan = || {
        Plan::new(
            policy.clone().build().expect("a valid policy"),
            Kernel::probe(),
        )
    };
    if plan().kernel().abi() == Abi::NONE {
        return Outcome::Skipped("this kernel has no Landlock, so nothing is enforced".to_owned());
    }
    let Some(filter) = plan().filter() else {
        return Outcome::Skipped("this kernel has no filters of system calls".to_owned());
    };
    let results = |sandbox: Option<Plan>| -> Vec<Result<(), Errno>> {
        let made = thread::spawn(move || {
            if let Some(plan) = sandbox {
                let ready = plan.prepare().expect("a sandbox");
                ready.enforce_this_thread().expect("the kernel takes it");
            }
            samples().iter().map(|sample| (sample.make)()).collect()
        });
        made.join().expect("no panic")
    };
    let (free, filtered) = (results(None), results(Some(plan())));
    let (mut denied, mut passed) = (0, 0);
    for ((sample, free), filtered) in samples().iter().zip(free).zip(filtered) {
        let shown = format!("{} {:?}", sample.call, sample.arguments);
        match decide(&filter, sample) {
            Action::Allow => {
                assert_eq!(filtered, free, "{shown} passes");
                passed += 1;
            }
            Action::Errno(number) => {
                let errno = Errno::from_raw_os_error(number.into());
                assert_eq!(filtered, Err(errno), "{shown} is denied");
                denied += 1;
            }
            Action::Kill => panic!("{shown}: no sample is to end the program"),
        }
    }
    assert!(denied > 2 && passed > 2, "{denied} denied, {passed} passed");
    Outcome::Passed
}

fn decide(filter: &Filter, sample: &Sample) -> Action {
    let [a, b, c] = sample.arguments;
    filter.verdict(sample.call).decide([a, b, c, 0, 0, 0])
}

fn samples() -> Vec<Sample> {
    const CLOEXEC: u64 = 0o2_000_000;
    let mut samples = Vec::new();
    for family in [1, 2, 10, 16, 17, 38, 40] {
        for kind in [1, 2, 3, 5] {
            for protocol in [0, 1, 6, 17, 132, 262] {
                let arguments = [family.into(), u64::from(kind) | CLOEXEC, protocol.into()];
                samples.push(sample(Syscall::SOCKET, arguments, move || {
                    let kind = SocketType::from_raw(kind);
                    let protocol = NonZeroU32::new(protocol).map(Protocol::from_raw);
                    let family = AddressFamily::from_raw(family);
                    rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol).map(drop)
                }));
            }
        }
    }
    for kind in [1, 2, 5] {
        let arguments = [1, u64::from(kind) | CLOEXEC, 0];
        samples.push(sample(Syscall::SOCKETPAIR, arguments, move || {
            let kind = SocketType::from_raw(kind);
            let family = AddressFamily::UNIX;
            rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None).map(drop)
        }));
    }
    samples.push(sample(Syscall::INOTIFY_INIT1, [0; 3], || {
        rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::empty()).map(drop)
    }));
    samples.push(sample(Syscall::GETCWD, [0; 3], || {
        rustix::process::getcwd(Vec::new()).map(drop)
    }));
    samples.push(sample(Syscall::FCHMODAT, [0; 3], || {
        let missing = "/nonexistent/ringfence";
        rustix::fs::chmod(missing, rustix::fs::Mode::RUSR)
    }));
    for flags in [0x0400, 0x0400_0000] {
        // CLONE_FILES, which a thread may take back; CLONE_NEWUTS.
        samples.push(sample(Syscall::UNSHARE, [flags, 0, 0], move || {
            let bits = i32::try_from(flags).expect("a flag");
            let flags = nix::sched::CloneFlags::from_bits_truncate(bits);
            let errno = |errno: nix::errno::Errno| Errno::from_raw_os_error(errno as i32);
            nix::sched::unshare(flags).map_err(errno)
        }));
    }
    samples
}
