//! Every program answers every call as its filter says.

use std::collections::HashSet;

use super::grid;
use super::{filters, tests_of};
use crate::seccomp::program::answer;
use crate::seccomp::{Action, Arch, CallData, Filter, Program, Syscall, Verdict};

/// Asks the program about one call.
fn assert_answers(
    program: &Program,
    (audit, number): (u32, u32),
    arguments: [u64; 6],
    expected: Action,
) {
    let call = CallData {
        number,
        audit,
        instruction_pointer: 0x7fff_1234_5678_9abc,
        arguments,
    };
    assert_eq!(program.run(&call), Some(answer(expected)), "{call:x?}");
}

/// Asks about every number under every architecture, and each verdict about the arguments at which
/// it may turn: in many combinations, in fewer if it is one of those `seen` before.
pub(super) fn assert_compiles_to_itself(filter: &Filter, arch: Arch, seen: &mut HashSet<Verdict>) {
    let program = filter.compile(arch).expect("short enough");
    for number in grid::numbers() {
        for audit in grid::AUDITS {
            for arguments in [[0; 6], [u64::MAX; 6], [number.into(); 6]] {
                let expected = filter.decide(arch, audit, number, arguments);
                assert_answers(&program, (audit, number), arguments, expected);
            }
        }
    }
    let mut ask = |verdict: &Verdict, number| {
        if matches!(verdict, Verdict::Always(_)) {
            return;
        }
        let most = if seen.insert(verdict.clone()) {
            4_000
        } else {
            100
        };
        for arguments in grid::arguments(verdict, most) {
            let expected = verdict.decide(arguments);
            assert_answers(&program, (arch.audit(), number), arguments, expected);
        }
    };
    for call in Syscall::all() {
        if let Some(number) = call.number(arch) {
            ask(filter.verdict(call), number);
        }
    }
    ask(&filter.unknown, 600);
    if arch == Arch::X86_64 {
        ask(&filter.x32, 0x4000_0001);
    }
}

#[test]
fn every_policy_on_every_abi_compiles_to_what_its_filter_says() {
    let filters = filters();
    assert!(filters.len() > 30, "{} filters", filters.len());
    for arch in Arch::ALL {
        let mut seen = HashSet::new();
        for filter in &filters {
            assert_compiles_to_itself(filter, arch, &mut seen);
        }
    }
}

#[test]
fn the_grid_of_arguments_reaches_both_ways_out_of_every_test() {
    let filters = filters();
    let verdicts: HashSet<&Verdict> = filters
        .iter()
        .flat_map(|filter| Syscall::all().map(|call| filter.verdict(call)))
        .collect();
    for verdict in verdicts {
        let arguments = grid::arguments(verdict, 10_000);
        for test in tests_of(verdict) {
            let met = arguments.iter().filter(|arguments| test.holds(**arguments));
            let met = met.count();
            assert!(met > 0 && met < arguments.len(), "{test:?}");
        }
    }
}

#[test]
fn a_wrong_instruction_would_be_seen() {
    let filter = Filter::permissive();
    let program = filter.compile(Arch::X86_64).expect("short enough");
    let mut instructions = program.instructions().to_vec();
    let last = instructions.len() - 2;
    instructions[last].operand ^= 1;
    let broken = Program::new(instructions).expect("as short");
    let seen = std::panic::catch_unwind(|| {
        for number in grid::numbers() {
            let audit = Arch::X86_64.audit();
            let expected = filter.decide(Arch::X86_64, audit, number, [0; 6]);
            assert_answers(&broken, (audit, number), [0; 6], expected);
        }
    });
    assert!(seen.is_err());
}
