//! Reads a machine's console: how far it came and what the tests counted.

use std::iter::Sum;

use vm_init::Event;

/// What a console tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    pub release: Option<String>,
    /// As the tests print it: a number, or why there is none.
    pub abi: Option<String>,
    pub runs: Vec<Run>,
    pub broken: Option<String>,
    pub powered_off: bool,
}

/// The tests as one user.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub user: String,
    /// None if the run never came to its end.
    pub exit: Option<i32>,
    pub counts: Option<Counts>,
}

/// The closing line of a test executable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    pub ignored: u32,
}

/// Whether the kernel came as far as process 1.
pub fn is_up(console: &str) -> bool {
    console
        .lines()
        .any(|line| matches!(line.parse(), Ok(Event::Up(_))))
}

impl Transcript {
    pub fn read(console: &str) -> Self {
        let mut transcript = Self::default();
        for line in console.lines() {
            if let Ok(event) = line.parse() {
                transcript.note(event);
            } else if let Some(abi) = line.trim().strip_prefix("landlock abi:") {
                transcript.abi = Some(abi.trim().into());
            } else if let (Some(run), Some(counts)) =
                (transcript.runs.last_mut(), Counts::read(line))
            {
                run.counts = Some(counts);
            }
        }
        transcript
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Up(release) => self.release = Some(release),
            Event::Begin(user) => self.runs.push(Run {
                user,
                exit: None,
                counts: None,
            }),
            Event::End(user, exit) => {
                for run in self.runs.iter_mut().filter(|run| run.user == user) {
                    run.exit = Some(exit);
                }
            }
            Event::Off => self.powered_off = true,
            Event::Broken(reason) => self.broken = Some(reason),
        }
    }
}

impl Counts {
    /// Reads `test result: ok. 41 passed; 0 failed; 3 ignored; …`.
    fn read(line: &str) -> Option<Self> {
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

    #[test]
    fn a_whole_console_is_read() {
        let console = "SeaBIOS\r\n\
            RINGFENCE-VM up 6.12.95\r\n\
            RINGFENCE-VM begin root\r\nlandlock abi: 6\r\n\
            test result: ok. 2 passed; 0 failed; 1 ignored;\r\n\
            RINGFENCE-VM end root exit=0\r\n\
            RINGFENCE-VM begin nobody\r\n\
            RINGFENCE-VM end nobody exit=139\r\n\
            RINGFENCE-VM off\r\n";
        let counts = Some(Counts {
            passed: 2,
            failed: 0,
            ignored: 1,
        });
        assert_eq!(
            Transcript::read(console),
            Transcript {
                release: Some("6.12.95".into()),
                abi: Some("6".into()),
                runs: vec![
                    Run {
                        user: "root".into(),
                        exit: Some(0),
                        counts
                    },
                    Run {
                        user: "nobody".into(),
                        exit: Some(139),
                        counts: None
                    },
                ],
                broken: None,
                powered_off: true,
            }
        );
    }

    #[test]
    fn a_panic_leaves_a_run_without_end() {
        let console = "RINGFENCE-VM begin root\nKernel panic - not syncing\n";
        let transcript = Transcript::read(console);
        assert_eq!(transcript.runs[0].exit, None);
        assert!(!transcript.powered_off);
    }
}
