//! Arguments at which a verdict may turn.

use ringfence::{Is, Test, Verdict};

/// For each way through the verdict, arguments that lead there; the same with each bit of each
/// argument that it looks at turned; and with `random` in what it does not look at.
pub fn arguments(verdict: &Verdict, random: [u64; 6]) -> Vec<[u64; 6]> {
    let mut asked = vec![[0; 6], [u64::MAX; 6], random];
    let mut ways = Vec::new();
    collect(verdict, &mut Vec::new(), &mut ways);
    for way in ways {
        let mut led = [0; 6];
        let mut looked_at = [0; 6];
        for (test, value) in &way {
            let argument = usize::from(test.argument());
            led[argument] = led[argument] & !test.mask() | value & test.mask();
            looked_at[argument] |= test.mask();
        }
        let garbage: [u64; 6] = std::array::from_fn(|argument| {
            led[argument] ^ (random[argument] & !looked_at[argument])
        });
        asked.extend([led, garbage]);
        for argument in (0..6).filter(|&argument| looked_at[argument] != 0) {
            for bit in 0..64 {
                let mut turned = led;
                turned[argument] ^= 1 << bit;
                asked.push(turned);
            }
        }
    }
    asked
}

/// The tests on each way to an answer, and what of the argument makes them go that way, where it
/// takes one value.
type Way = Vec<(Test, u64)>;

fn collect(verdict: &Verdict, way: &mut Way, ways: &mut Vec<Way>) {
    match verdict {
        Verdict::Always(_) => ways.push(way.clone()),
        Verdict::If(test, then, otherwise) => {
            let (met, unmet) = match test.is() {
                Is::Exactly(value) => (Some(value), None),
                Is::Not(value) => (Some(!value), Some(value)),
                Is::NonZero => (Some(test.mask() & test.mask().wrapping_neg()), Some(0)),
            };
            for (value, verdict) in [(met, then), (unmet, otherwise)] {
                let before = way.len();
                way.extend(value.map(|value| (*test, value)));
                collect(verdict, way, ways);
                way.truncate(before);
            }
        }
    }
}
