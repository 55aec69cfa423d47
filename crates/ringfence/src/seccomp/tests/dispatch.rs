//! What it costs to answer a call whose arguments do not matter.

use ringfence_sys::seccomp::code::LOAD;

use super::filters;
use crate::seccomp::{Arch, CallData, Filter, Program, Syscall, Verdict};

/// What is loaded for a call, and how many instructions are executed.
fn traced(program: &Program, arch: Arch, number: u32) -> (Vec<u32>, usize) {
    let call = CallData {
        number,
        audit: arch.audit(),
        ..CallData::default()
    };
    let (mut loads, mut executed) = (Vec::new(), 0);
    let answer = program.trace(&call, |instruction| {
        executed += 1;
        if instruction.code == LOAD {
            loads.push(instruction.operand);
        }
    });
    answer.expect("an answer");
    (loads, executed)
}

fn constant(filter: &Filter, arch: Arch) -> impl Iterator<Item = u32> {
    Syscall::all()
        .filter(|&call| matches!(filter.verdict(call), Verdict::Always(_)))
        .filter_map(move |call| call.number(arch))
}

/// The kernel runs the program once for each number when it is installed, without arguments. What
/// it can answer then it keeps, and does not run the program for it again (Linux 5.11,
/// `seccomp_is_const_allow`).
#[test]
fn a_constant_answer_hangs_on_architecture_and_number_alone() {
    const NUMBER: u32 = 0;
    const AUDIT: u32 = 4;
    for filter in filters() {
        for arch in Arch::ALL {
            let program = filter.compile(arch).expect("short enough");
            for number in constant(&filter, arch) {
                let (loads, _) = traced(&program, arch, number);
                assert_eq!(loads, [AUDIT, NUMBER], "{number} on {arch}");
            }
        }
    }
}

#[test]
fn finding_a_call_takes_steps_of_the_logarithm_of_their_count() {
    for filter in filters() {
        for arch in Arch::ALL {
            let program = filter.compile(arch).expect("short enough");
            let intervals = filter.intervals(arch).len();
            let depth = intervals.next_power_of_two().ilog2() as usize;
            for number in constant(&filter, arch) {
                let (_, executed) = traced(&program, arch, number);
                // Two loads, one comparison and the answer; on each level of the tree a comparison
                // and, if it leads far, one jump.
                let most = 4 + 2 * depth;
                assert!(
                    executed <= most,
                    "{executed} of {most} for {intervals} intervals"
                );
            }
        }
    }
}

#[test]
fn neighbours_with_the_same_verdict_are_one_interval() {
    let filter = Filter::permissive();
    for arch in Arch::ALL {
        for pair in filter.intervals(arch).windows(2) {
            assert!(pair[0].0 < pair[1].0);
            assert_ne!(pair[0].1, pair[1].1);
        }
    }
    // 0 to 334 is all known but for a gap or two, then 387 to 423 are none's.
    assert!(filter.intervals(Arch::X86_64).len() < 10);
}
