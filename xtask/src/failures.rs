//! The tests that failed, with what each said: told again at the end, where a reader of a long log begins.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Lines that are kept of what a test said.
const MOST_LINES: usize = 30;

/// All of this process.
static NOTED: Mutex<Vec<Failure>> = Mutex::new(Vec::new());

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where: what was run, and as which user.
    run: String,
    test: String,
    said: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} failed in {}", self.test, self.run)?;
        self.said
            .iter()
            .try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// Finds them in what test executables print, line by line.
#[derive(Debug, Default)]
pub struct Failures {
    found: Vec<Failure>,
    /// Whether the last one still speaks.
    is_open: bool,
}

impl Failures {
    /// Takes the next line, of a run with this name.
    pub fn line(&mut self, run: &str, line: &str) {
        let line = line.trim_end();
        if let Some(test) = headed(line) {
            self.found.push(Failure {
                run: run.to_owned(),
                test: test.to_owned(),
                said: Vec::new(),
            });
            self.is_open = true;
        } else if line == "failures:" || line.starts_with("test result:") {
            self.is_open = false;
        } else if let Some(last) = self.found.last_mut()
            && self.is_open
            && !line.is_empty()
            && last.said.len() < MOST_LINES
        {
            last.said.push(line.to_owned());
        }
    }

    /// What was found, which [`told`] has from now on as well.
    pub fn end(self) -> Vec<Failure> {
        let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
        noted.extend(self.found.iter().cloned());
        self.found
    }
}

/// The test that what follows this line is of: `---- name ----`, and from the standard harness `---- name stdout ----`.
fn headed(line: &str) -> Option<&str> {
    let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
    Some(name.strip_suffix(" stdout").unwrap_or(name))
}

/// All failures so far; nothing if there are none.
pub fn told() -> String {
    let noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    noted.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_with_its_run_and_what_it_said() {
        let mut failures = Failures::default();
        let of_mimic = "test a ... ok\nfailures:\n\n---- ports::any ----\r\ntest panicked: left\n  right\n\n\
                        failures:\n    ports::any\n\ntest result: FAILED. 1 passed; 1 failed;\n";
        for line in of_mimic.lines() {
            failures.line("kernel as nobody", line);
        }
        for line in ["---- tests::b stdout ----", "no luck"] {
            failures.line("tests", line);
        }
        let shown: String = failures.end().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            "ports::any failed in kernel as nobody\n    test panicked: left\n      right\n\
             tests::b failed in tests\n    no luck\n"
        );
        assert!(told().contains("no luck"));
    }
}
