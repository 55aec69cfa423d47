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
    cut(verdict.clone(), [Known::Nothing; 6], &mut parts);
    parts
}

fn cut(verdict: Verdict, arguments: [Known; 6], parts: &mut Vec<Part>) {
    if let Verdict::Always(action) = verdict {
        parts.push(Part { arguments, action });
        return;
    }
    let mut tests = tests(&verdict);
    let Some(argument) = tests.iter().map(|test| test.argument()).min() else {
        return;
    };
    tests.retain(|test| test.argument() == argument);
    let Some(known) = arguments.into_iter().nth(usize::from(argument)) else {
        return;
    };
    let halves = halves(known, &tests, &verdict);
    let [one, other] = halves.map(|known| {
        let settled = |test: Test| {
            (test.argument() == argument)
                .then(|| known.settles(test))
                .flatten()
        };
        simplified(&verdict, &settled)
    });
    if one == other {
        // Two values that are answered the same, and differ in this bit alone.
        return cut(one, arguments, parts);
    }
    for (half, verdict) in halves.into_iter().zip([one, other]) {
        let mut arguments = arguments;
        if let Some(place) = arguments.get_mut(usize::from(argument)) {
            *place = half;
        }
        cut(verdict, arguments, parts);
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
    let bits = (0..64).rev().map(|bit| 1_u64 << bit).filter(|bit| undecided & bit != 0);
    let best = bits.min_by_key(|&bit| {
        let [unset, set] = [with(bit, 0), with(bit, bit)].map(|known| left(verdict, tests, known));
        (unset.0.min(set.0) > 0, unset.1 + set.1)
    });
    let bit = best.unwrap_or_default();
    [with(bit, 0), with(bit, bit)]
}

/// How many tests are left: of the same argument, and of all.
fn left(verdict: &Verdict, of: &[Test], known: Known) -> (usize, usize) {
    let same = |test: &Test| of.first().is_some_and(|first| first.argument() == test.argument());
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
            Self::Unequal(other) => {
                (test.mask() == u64::MAX && value == other).then_some(!same)
            }
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
