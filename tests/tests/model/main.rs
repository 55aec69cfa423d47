//! The plan held against the kernel: random policies, random acts, and no disagreement.
//!
//! For each act the oracle is asked, a twin of the act is done without a sandbox in a tree of its
//! own, and a thread in the sandbox does it. What the plan denies has to fail without an effect,
//! what it allows has to have the twin's.
//!
//! - `RINGFENCE_SEED`: the seed of a run, which prints it; the same seed plays the same scenarios.
//! - `RINGFENCE_OPERATIONS`: how many acts, over all tests.
//!
//! `cargo xtask kernels` hands both on to the virtual machines.

#![forbid(unsafe_code)]

mod act;
mod ask;
mod harness;
mod outside;
mod perform;
mod policy;
mod program;
mod scenario;
mod stage;
mod tally;
mod worker;
mod world;

use std::cell::RefCell;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::strategy::Strategy as _;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use ringfence::Kernel;
use ringfence_tests::trial::{self, Test};

use harness::Harness;
use scenario::{Shape, scenario};

/// The argument that makes this program the process which acts in sandboxes try to reach.
const VICTIM: &str = "victim";

/// The tests, each with a share of the acts.
const TESTS: [(&str, Shape); 3] = [
    (
        "the_plan_is_right_in_one_sandbox",
        Shape {
            threads: 1,
            layers: 1,
        },
    ),
    (
        "the_plans_are_right_in_nested_sandboxes",
        Shape {
            threads: 1,
            layers: 3,
        },
    ),
    (
        "the_plans_are_right_in_two_threads_with_sandboxes_of_their_own",
        Shape {
            threads: 2,
            layers: 2,
        },
    ),
];

/// Natively, and in a virtual machine without an accelerator.
const OPERATIONS: u32 = 100_000;
const OPERATIONS_IN_VM: u32 = 10_000;

fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == VICTIM)
    {
        // Until whoever started it ends.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return ExitCode::SUCCESS;
    }
    // Modes are as acts ask for.
    rustix::process::umask(rustix::fs::Mode::empty());
    let kernel = Kernel::probe();
    println!("landlock abi: {}", kernel.reported_abi());
    let seed = number("RINGFENCE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("RINGFENCE_SEED={seed}");
    let in_vm = std::env::var_os("RINGFENCE_VM").is_some();
    let usual = if in_vm { OPERATIONS_IN_VM } else { OPERATIONS };
    let operations = number("RINGFENCE_OPERATIONS").unwrap_or(usual);

    let refusals = Arc::new(AtomicU32::new(0));
    let share = operations.div_ceil(u32::try_from(TESTS.len()).unwrap_or(u32::MAX));
    let tests = TESTS.into_iter().map(|(name, shape)| {
        let refusals = Arc::clone(&refusals);
        Test::new(format!("model::{name}"), move || {
            let refused = play(shape, kernel, seed, share);
            refusals.fetch_add(refused, Ordering::Relaxed);
        })
    });
    // All at once: on two processors the third would run on one of them alone.
    let code = trial::main_at_once(TESTS.len(), tests.collect());
    println!("refusals proved: {}", refusals.load(Ordering::Relaxed));
    code
}

/// Plays scenarios until so many acts were tried; gives the number of refusals that were due.
fn play(shape: Shape, kernel: Kernel, seed: u64, acts: u32) -> u32 {
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 5_000,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    });
    let harness = RefCell::new(Harness::new(kernel).expect("a place to play"));
    let strategy = scenario(shape);
    while harness.borrow().tally.acts() < acts {
        let case = strategy.new_tree(&mut runner).expect("a scenario");
        let played = runner.run_one(case, |scenario| {
            let played = harness.borrow_mut().play(&scenario);
            played.map_err(TestCaseError::fail)
        });
        match played {
            Ok(_) => {}
            Err(TestError::Fail(why, least)) => {
                panic!("RINGFENCE_SEED={seed}: {why}\nin the least such scenario: {least:?}")
            }
            Err(error) => panic!("RINGFENCE_SEED={seed}: {error}"),
        }
    }
    let tally = harness.into_inner().tally;
    println!("model: {tally}");
    if kernel.reported_abi() > 0 {
        tally.require_meaning();
    }
    tally.refusals
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let value = std::env::var(variable).ok()?;
    let number = value.parse().ok();
    assert!(number.is_some(), "{variable}={value} is no number");
    number
}
