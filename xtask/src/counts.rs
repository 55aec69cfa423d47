//! What tests count: the closing line of each test executable, added up.

use std::fmt;
use std::iter::Sum;

/// The closing line of a test executable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    pub ignored: u32,
}

impl Counts {
    /// Reads `test result: ok. 41 passed; 0 failed; 3 ignored; …`.
    pub fn read(line: &str) -> Option<Self> {
        let (_, result) = line.split_once("test result:")?;
        let count = |what: &str| -> Option<u32> {
            let (before, _) = result.split_once(what)?;
            before.split_whitespace().next_back()?.parse().ok()
        };
        Some(Self {
            passed: count(" passed")?,
            failed: count(" failed")?,
            ignored: count(" ignored")?,
        })
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, run| Self {
            passed: sum.passed + run.passed,
            failed: sum.failed + run.failed,
            ignored: sum.ignored + run.ignored,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_read_whatever_its_colour() {
        let plain = "test result: ok. 41 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 1.20s\r";
        assert_eq!(
            Counts::read(plain),
            Some(Counts {
                passed: 41,
                failed: 0,
                ignored: 3
            })
        );
        let coloured =
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 40 passed; 1 failed; 3 ignored; 0 measured";
        assert_eq!(
            Counts::read(coloured),
            Some(Counts {
                passed: 40,
                failed: 1,
                ignored: 3
            })
        );
        assert_eq!(Counts::read("test reading_is_denied ... ok"), None);
    }
}
