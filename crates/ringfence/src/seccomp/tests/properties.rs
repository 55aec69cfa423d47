//! Filters that no policy would make: whatever the verdicts, the program answers as they do.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::model::assert_compiles_to_itself;
use super::valid::{fault, unreachable};
use super::{grid, tests_of};
use crate::seccomp::program::answer;
use crate::seccomp::{Action, Arch, CallData, Filter, Is, Syscall, Test, Verdict};

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Allow),
        Just(Action::Kill),
        (0..=4095_u16).prop_map(Action::Errno),
    ]
}

/// Words of which tests share some, so that they meet each other.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(0xffff_ffff),
        Just(0xffff_ffff_0000_0000),
        (0..64_u32).prop_map(|bit| 1 << bit),
        0..8_u64,
        any::<u64>(),
    ]
}

/// With values that the mask has no bit of too: such a test never holds.
fn test() -> impl Strategy<Value = Test> {
    let is = prop_oneof![
        word().prop_map(Is::Exactly),
        word().prop_map(Is::Not),
        Just(Is::NonZero),
    ];
    (0..6_u8, word(), is, any::<bool>()).prop_map(|(argument, mask, is, within)| {
        let is = match is {
            Is::Exactly(value) if within => Is::Exactly(value & mask),
            Is::Not(value) if within => Is::Not(value & mask),
            is => is,
        };
        Test::new(argument, mask, is).expect("one of six arguments")
    })
}

fn verdict(depth: u32) -> impl Strategy<Value = Verdict> {
    action()
        .prop_map(Verdict::Always)
        .prop_recursive(depth, 1 << depth, 2, |verdict| {
            (test(), verdict.clone(), verdict).prop_map(|(test, then, otherwise)| {
                Verdict::If(test, Box::new(then), Box::new(otherwise))
            })
        })
}

/// A filter in which some calls have their own verdicts, and others share one.
fn filter() -> impl Strategy<Value = Filter> {
    let own = vec((0..Syscall::COUNT, verdict(4)), 0..40);
    (action(), own, verdict(3), action(), verdict(3)).prop_map(
        |(usual, own, unknown, foreign, x32)| {
            let mut filter = Filter::new(|_| Verdict::Always(usual));
            for (index, verdict) in own {
                let call = Syscall::all().nth(index).expect("one of them");
                filter.set(call, verdict);
            }
            (filter.unknown, filter.foreign, filter.x32) = (unknown, foreign, x32);
            filter
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_filter_compiles_to_what_it_says(filter in filter(), arch in 0..3_usize) {
        let arch = Arch::ALL[arch];
        let program = filter.compile(arch).expect("short enough");
        prop_assert_eq!(fault(&program), None);
        assert_compiles_to_itself(&filter, arch, &mut HashSet::new());
    }

    /// Trees so deep that comparisons do not reach over them.
    #[test]
    fn a_deep_verdict_is_reached_from_far(
        tests in vec((test(), any::<bool>(), action()), 90..400),
        last in action(),
        arch in 0..3_usize,
        also in 0..400_u64,
    ) {
        let arch = Arch::ALL[arch];
        let deep = tests.iter().fold(Verdict::Always(last), |deep, &(test, then, action)| {
            let (then, otherwise) = if then {
                (deep, Verdict::Always(action))
            } else {
                (Verdict::Always(action), deep)
            };
            Verdict::If(test, Box::new(then), Box::new(otherwise))
        });
        let filter = Filter::new(|call| match call {
            Syscall::READ | Syscall::OPENAT => deep.clone(),
            _ => Verdict::Always(Action::Allow),
        });
        let program = filter.compile(arch).expect("short enough");
        prop_assume!(program.instructions().len() > 255);
        prop_assert_eq!(fault(&program), None);
        let some = grid::arguments(&deep, 1_000);
        let near = tests_of(&deep).into_iter().map(|test| [test.mask(); 6]);
        let asked = some.into_iter().chain(near).chain([[also; 6]]);
        for arguments in asked {
            for call in [Syscall::READ, Syscall::OPENAT] {
                let number = call.number(arch).expect("every architecture has it");
                let data = CallData { number, audit: arch.audit(), instruction_pointer: 0, arguments };
                prop_assert_eq!(program.run(&data), Some(answer(deep.decide(arguments))));
            }
        }
    }

    /// A constant verdict behind a test is reached by nothing else than that test.
    #[test]
    fn no_instruction_is_in_vain(first in test(), action in action()) {
        prop_assume!(first.mask() != 0);
        let verdict = Verdict::If(first, Box::new(Verdict::Always(action)), Box::new(Verdict::ALLOW));
        let filter = Filter::new(|_| verdict.clone());
        let program = filter.compile(Arch::X86_64).expect("short enough");
        prop_assert_eq!(unreachable(&program), [0; 0]);
    }
}
