//! What this kernel cannot enforce stops the start, before anything is executed.

use ringfence::{Abi, Access, Kernel, PolicyBuilder, PortClass};
use ringfence_tests::executable;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{Sandbox, stderr, stdout};

use crate::expect::assert_refused;
use crate::world::{World, probe};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "refusals::every_line_starts_or_is_refused_as_planned",
            every_line,
        ),
        Test::new("refusals::nothing_is_executed", nothing_executed),
        Test::may_skip(
            "refusals::best_effort_runs_and_prints_what_is_lost",
            best_effort,
        ),
        Test::new(
            "refusals::the_minimum_abi_holds_even_for_best_effort",
            minimum_abi,
        ),
        Test::new(
            "refusals::the_message_says_why_there_is_no_landlock",
            why_not,
        ),
    ]
}

/// One sandbox for each kind of line that some kernel cannot enforce.
fn kinds() -> Vec<(Sandbox, &'static str, Abi)> {
    let base = Sandbox::for_probe;
    vec![
        (base().allow(Access::READ, "/"), "--fs read=/", Abi::new(1)),
        (
            base().ports(PortClass::ConnectTcp, 443),
            "--connect-tcp 443",
            Abi::new(4),
        ),
        (
            base().ports(PortClass::BindTcp, 8000..=8010),
            "--bind-tcp 8000-8010",
            Abi::new(4),
        ),
        (
            base().allow(Access::IOCTL, "/dev/null"),
            "--fs ioctl=/dev/null",
            Abi::new(5),
        ),
        (
            base().allow(Access::CONNECT_UNIX, "/"),
            "--connect-unix /",
            Abi::new(9),
        ),
        (
            base().ports(PortClass::ConnectUdp, 53),
            "--connect-udp 53",
            Abi::new(10),
        ),
        (
            base().ports(PortClass::BindUdp, 53),
            "--bind-udp 53",
            Abi::new(10),
        ),
    ]
}

fn every_line() {
    for (sandbox, line, since) in kinds() {
        let output = sandbox.run(probe(&["stat", "/"]));
        let message = stderr(&output);
        if Kernel::probe().abi() >= since {
            assert_eq!(output.status.code(), Some(0), "{line}: {message}");
        } else {
            assert_refused(&output);
            let expected = format!("needs {since}");
            assert!(
                message.contains(line) && message.contains(&expected),
                "{message}"
            );
        }
    }
}

/// A sandbox that no kernel of today starts: the library does not know an ABI beyond the newest,
/// so only kernels below the newest are asked here.
fn beyond_this_kernel(world: &World) -> Option<Sandbox> {
    let abi = Kernel::probe().abi();
    let line = kinds().into_iter().find(|(.., since)| *since > abi)?;
    Some(line.0.allow(Access::RW, world.inside()))
}

fn nothing_executed() {
    let world = World::new();
    let sandbox = Sandbox::for_probe()
        .allow(Access::RW, world.inside())
        .flags(["--min-abi", "4000000000"]);
    let file = world.inside().join("file");
    assert_refused(&sandbox.run(probe(&["unlink".into(), file.clone()])));
    assert!(file.exists());
}

fn best_effort() -> Outcome {
    let world = World::new();
    let Some(sandbox) = beyond_this_kernel(&world) else {
        return Outcome::Skipped("this kernel can enforce every line there is".to_owned());
    };
    let file = world.inside().join("file");
    let output = sandbox
        .switch("--best-effort", PolicyBuilder::best_effort)
        .run(probe(&["unlink".into(), file.clone()]));
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{message}");
    assert!(!file.exists());
    assert!(message.contains("not enforced: `--"), "{message}");
    Outcome::Passed
}

fn minimum_abi() {
    let abi = Kernel::probe().abi();
    for minimum in Abi::all() {
        let output = Sandbox::for_probe()
            .switch("--best-effort", PolicyBuilder::best_effort)
            .flags(["--min-abi", &minimum.number().to_string()])
            .run(probe(&["stat", "/"]));
        if abi >= minimum {
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        } else {
            assert_refused(&output);
            assert!(stderr(&output).contains(&format!("at least ABI {}", minimum.number())));
        }
    }
}

fn why_not() {
    let doctor = std::process::Command::new(executable("ringfence"))
        .arg("doctor")
        .output()
        .expect("ringfence starts");
    let told = stdout(&doctor);
    let why = Kernel::probe().availability().to_string();
    let refusal = stderr(&Sandbox::for_probe().run(probe(&["stat", "/"])));
    if Kernel::probe().abi() == Abi::NONE {
        assert!(told.contains(&why), "{told}");
        assert!(refusal.contains(&why), "{refusal}");
    } else {
        assert!(
            told.contains(&format!("ABI {}", Kernel::probe().abi().number())),
            "{told}"
        );
    }
    // Where the kernel's list of modules can be seen, it has the last word on the reason.
    if let Ok(modules) = std::fs::read_to_string("/sys/kernel/security/lsm") {
        let listed = modules.trim().split(',').any(|module| module == "landlock");
        assert_eq!(listed, Kernel::probe().abi() > Abi::NONE, "{modules}");
    }
}
