//! Verdict → rules of an OCI profile, exactly.
//!
//! A rule has one comparison for each argument at most, and there is no order among rules. So a
//! verdict is cut along single bits into parts that do not meet, each with one answer: a rule for
//! each. Arguments are cut one after the other, so that the parts of the first are the same in all
//! rules or do not meet either; libseccomp, which makes a tree of the rules, is exact with no others.

use ringfence::{Action, Is, Test, Verdict};

/// What is known of one argument in a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Known {
    /// Nothing.
    #[default]
    Nothing,
    /// These bits have these values.
    Bits { mask: u64, value: u64 },
    /// The whole of it is anything but this.
    Unequal(u64),
}

/// A part of the arguments, and what is answered there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) arguments: [Known; 6],
    pub(super) action: Action,
}

/// Cuts a verdict into parts.
pub(super) fn parts(verdict: &Verdict) -> Vec<Part> {
    let mut parts = Vec::new();
    cut(verdict, [Known::Nothing; 6], &mut parts);
    parts
}

fn cut(verdict: &Verdict, arguments: [Known; 6], parts: &mut Vec<Part>) {
    if let Verdict::Always(action) = *verdict {
        parts.push(Part { arguments, action });
        return;
    }
    let mut tests = tests(verdict);
    let Some(argument) = tests.iter().map(|test| test.argument()).min() else {
        return;
    };
    tests.retain(|test| test.argument() == argument);
    let Some(known) = arguments.into_iter().nth(usize::from(argument)) else {
        return;
    };
    let halves = halves(known, &tests, verdict);
    let [one, other] = halves.map(|known| {
        let settled = |test: Test| {
            (test.argument() == argument)
                .then(|| known.settles(test))
                .flatten()
        };
        simplified(verdict, &settled)
    });
    if one == other {
        // Two values that are answered the same, and differ in this bit alone.
        return cut(&one, arguments, parts);
    }
    for (half, verdict) in halves.into_iter().zip([one, other]) {
        let mut arguments = arguments;
        if let Some(place) = arguments.get_mut(usize::from(argument)) {
            *place = half;
        }
        cut(&verdict, arguments, parts);
    }
}

/// The two halves of what is known of an argument, between which these tests of it tell.
fn halves(known: Known, tests: &[Test], verdict: &Verdict) -> [Known; 2] {
    if let (Known::Nothing, Some(value)) = (known, one_word(tests)) {
        return [
            Known::Bits {
                mask: u64::MAX,
                value,
            },
            Known::Unequal(value),
        ];
    }
    let (mask, value) = match known {
        Known::Bits { mask, value } => (mask, value),
        _ => (0, 0),
    };
    let with = |bit: u64, set: u64| Known::Bits {
        mask: mask | bit,
        value: value | set,
    };
    let undecided = tests.iter().fold(0, |bits, test| bits | test.mask()) & !mask;
    let bits = (0..64)
        .map(|bit| 1_u64 << bit)
        .filter(|bit| undecided & bit != 0);
    // Bits that settle all tests of the argument on one side come first, from the lowest on, which
    // libseccomp makes the shortest programs of; else what leaves the fewest tests.
    let best = bits.min_by_key(|&bit| {
        let [unset, set] = [with(bit, 0), with(bit, bit)].map(|known| left(verdict, tests, known));
        let both = unset.0.min(set.0) > 0;
        (both, unset.1 + set.1, if both { !bit } else { bit })
    });
    let bit = best.unwrap_or_default();
    [with(bit, 0), with(bit, bit)]
}

/// How many tests are left: of the same argument, and of all.
fn left(verdict: &Verdict, of: &[Test], known: Known) -> (usize, usize) {
    let same = |test: &Test| {
        of.first()
            .is_some_and(|first| first.argument() == test.argument())
    };
    let settled = |test: Test| same(&test).then(|| known.settles(test)).flatten();
    let all = tests(&simplified(verdict, &settled));
    (all.iter().filter(|test| same(test)).count(), all.len())
}

/// The value, if all that is asked is whether the whole argument is this one.
fn one_word(tests: &[Test]) -> Option<u64> {
    let value = |test: &Test| match test.is() {
        _ if test.mask() != u64::MAX => None,
        Is::Exactly(value) | Is::Not(value) => Some(value),
        Is::NonZero => Some(0),
    };
    let first = value(tests.first()?)?;
    tests
        .iter()
        .all(|test| value(test) == Some(first))
        .then_some(first)
}

impl Known {
    /// Whether a test of the argument holds, if that is clear.
    fn settles(self, test: Test) -> Option<bool> {
        let (value, same) = match test.is() {
            Is::Exactly(value) => (value, true),
            Is::Not(value) => (value, false),
            Is::NonZero => (0, false),
        };
        // No bits under the mask are so.
        if value & !test.mask() != 0 {
            return Some(!same);
        }
        match self {
            Self::Nothing if test.mask() == 0 => Some(same),
            Self::Nothing => None,
            Self::Unequal(other) => (test.mask() == u64::MAX && value == other).then_some(!same),
            Self::Bits { mask, value: known } => {
                let seen = mask & test.mask();
                if (known ^ value) & seen != 0 {
                    Some(!same)
                } else {
                    (seen == test.mask()).then_some(same)
                }
            }
        }
    }
}

/// A verdict without the tests that are settled.
fn simplified(verdict: &Verdict, settled: &impl Fn(Test) -> Option<bool>) -> Verdict {
    let Verdict::If(test, then, otherwise) = verdict else {
        return verdict.clone();
    };
    match settled(*test) {
        Some(true) => simplified(then, settled),
        Some(false) => simplified(otherwise, settled),
        None => {
            let then = simplified(then, settled);
            let otherwise = simplified(otherwise, settled);
            if then == otherwise {
                then
            } else {
                Verdict::If(*test, Box::new(then), Box::new(otherwise))
            }
        }
    }
}

fn tests(verdict: &Verdict) -> Vec<Test> {
    match verdict {
        Verdict::Always(_) => Vec::new(),
        Verdict::If(test, then, otherwise) => {
            let mut all = vec![*test];
            for branch in [then, otherwise] {
                for test in tests(branch) {
                    if !all.contains(&test) {
                        all.push(test);
                    }
                }
            }
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = u64> {
        prop_oneof![
            Just(0),
            Just(u64::MAX),
            Just(0xffff_ffff),
            (0..64_u32).prop_map(|bit| 1 << bit),
            0..8_u64,
            0..0x300_u64,
        ]
    }

    fn test() -> impl Strategy<Value = Test> {
        let is = prop_oneof![
            word().prop_map(Is::Exactly),
            word().prop_map(Is::Not),
            Just(Is::NonZero),
        ];
        (0..3_u8, word(), is).prop_map(|(argument, mask, is)| {
            Test::new(argument, mask, is).expect("one of six arguments")
        })
    }

    fn verdict() -> impl Strategy<Value = Verdict> {
        let action = prop_oneof![
            Just(Action::Allow),
            Just(Action::Kill),
            (1..4_u16).prop_map(Action::Errno),
        ];
        let leaf = action.prop_map(Verdict::Always);
        leaf.prop_recursive(3, 8, 2, |verdict| {
            (test(), verdict.clone(), verdict).prop_map(|(test, then, otherwise)| {
                Verdict::If(test, Box::new(then), Box::new(otherwise))
            })
        })
    }

    fn holds(known: Known, argument: u64) -> bool {
        match known {
            Known::Nothing => true,
            Known::Bits { mask, value } => argument & mask == value,
            Known::Unequal(value) => argument != value,
        }
    }

    /// Whether some argument fits both; "anything but" meets all but its own value.
    fn meet(one: Known, other: Known) -> bool {
        match (one, other) {
            (Known::Bits { mask, value }, Known::Bits { mask: m, value: v }) => {
                (value ^ v) & mask & m == 0
            }
            (
                Known::Unequal(not),
                Known::Bits {
                    mask: u64::MAX,
                    value,
                },
            )
            | (
                Known::Bits {
                    mask: u64::MAX,
                    value,
                },
                Known::Unequal(not),
            ) => value != not,
            _ => true,
        }
    }

    proptest! {
        #[test]
        fn every_argument_is_in_one_part_with_the_answer_of_the_verdict(
            verdict in verdict(),
            words in proptest::collection::vec(word(), 3),
            any in any::<[u64; 3]>(),
        ) {
            let parts = parts(&verdict);
            let near = |nth: usize| [words[nth], any[nth], words[nth] ^ 1, words[nth] | any[nth] << 32];
            for (first, second, third) in each(near(0), near(1), near(2)) {
                let arguments = [first, second, third, 0, 0, 0];
                let of: Vec<_> = parts
                    .iter()
                    .filter(|part| (0..6).all(|nth| holds(part.arguments[nth], arguments[nth])))
                    .collect();
                prop_assert_eq!(of.len(), 1);
                prop_assert_eq!(of[0].action, verdict.decide(arguments));
            }
        }

        /// What libseccomp needs, which looks at the arguments one after the other and never goes
        /// back.
        #[test]
        fn parts_do_not_meet_in_the_first_argument_that_tells_them_apart(verdict in verdict()) {
            let parts = parts(&verdict);
            for (nth, one) in parts.iter().enumerate() {
                for other in &parts[nth + 1..] {
                    let differs = (0..6).find(|&at| one.arguments[at] != other.arguments[at]);
                    let at = differs.expect("two parts differ");
                    prop_assert!(!meet(one.arguments[at], other.arguments[at]), "{:?} {:?}", one, other);
                }
            }
        }
    }

    fn each(
        one: [u64; 4],
        two: [u64; 4],
        three: [u64; 4],
    ) -> impl Iterator<Item = (u64, u64, u64)> {
        one.into_iter().flat_map(move |one| {
            two.into_iter()
                .flat_map(move |two| three.into_iter().map(move |three| (one, two, three)))
        })
    }
}
