//! Calls worth asking a filter about: every number, and the arguments at which a verdict may turn.

use std::collections::BTreeSet;

use super::tests_of;
use crate::seccomp::{Arch, Is, Verdict};

/// The architectures' own audit values, those of 32-bit programs beside them, and none.
pub(super) const AUDITS: [u32; 6] = [
    Arch::X86_64.audit(),
    Arch::Aarch64.audit(),
    Arch::Riscv64.audit(),
    0x4000_0003, // i386
    0x4000_0028, // ARM
    0,
];

/// Every number that a table may have, those of x32, and the edges of the number's own range.
pub(super) fn numbers() -> impl Iterator<Item = u32> {
    const X32: u32 = 0x4000_0000;
    let edges = [
        X32 - 1,
        X32,
        X32 + 1,
        X32 + 520,
        X32 + 600,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX - 1,
        u32::MAX,
    ];
    (0..=600).chain([1023, 1024, 65_535, 65_536]).chain(edges)
}

/// Arguments at which the verdict may turn: each value that a test of it names, its neighbours and
/// its complement under the test's mask, and single bits. Of their combinations some `most`.
pub(super) fn arguments(verdict: &Verdict, most: usize) -> Vec<[u64; 6]> {
    const GARBAGE: u64 = 0xdead_beef_0000_0000;
    const FLIPPED: usize = 8;
    let mut turning: [BTreeSet<u64>; 6] = Default::default();
    for test in tests_of(verdict) {
        let lowest = test.mask() & test.mask().wrapping_neg();
        let values = &mut turning[usize::from(test.argument())];
        let (Is::Exactly(value) | Is::Not(value)) = test.is() else {
            values.extend([test.mask(), lowest, !test.mask()]);
            continue;
        };
        values.extend([value, value | !test.mask(), value ^ (lowest)]);
        values.extend([
            value.wrapping_add(1),
            value.wrapping_sub(1),
            value ^ GARBAGE,
        ]);
    }
    let mut product = vec![[0; 6], [u64::MAX; 6]];
    for (argument, values) in turning.iter().enumerate() {
        if values.is_empty() {
            continue;
        }
        let values = values.iter().copied().chain([0, u64::MAX]);
        product = values
            .flat_map(|value| {
                product
                    .iter()
                    .map(move |arguments| with(*arguments, argument, value))
            })
            .collect();
        // A part that shares no rhythm with the values.
        if product.len() > most {
            let step = product.len().div_ceil(most) | 1;
            product = product.into_iter().step_by(step).collect();
        }
    }
    // One bit flipped in some arguments that meet some of the tests.
    let some = product.iter().step_by(product.len().div_ceil(FLIPPED));
    let flipped: Vec<_> = some
        .flat_map(|arguments| {
            let looked_at = (0..6).filter(|&argument| !turning[argument].is_empty());
            looked_at.flat_map(move |argument| {
                let flip =
                    move |bit| with(*arguments, argument, arguments[argument] ^ (1_u64 << bit));
                (0..64).map(flip)
            })
        })
        .collect();
    [product, flipped].concat()
}

fn with(mut arguments: [u64; 6], argument: usize, value: u64) -> [u64; 6] {
    arguments[argument] = value;
    arguments
}
