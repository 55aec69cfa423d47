//! Reads a machine's console: how far it came and what the tests counted.

use vm_init::Event;

use crate::counts::Counts;
use crate::failures::{Failure, Failures};

/// What a console tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    pub release: Option<String>,
    /// As the tests print it: a number, or why there is none.
    pub abi: Option<String>,
    /// How often a sandbox was refused as the plan says, in all runs.
    pub refused: u32,
    pub runs: Vec<Run>,
    pub broken: Option<String>,
    pub powered_off: bool,
}

/// Tests of one name, as one user.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub what: String,
    /// None if the run never came to its end.
    pub exit: Option<i32>,
    pub counts: Option<Counts>,
}

/// Whether the kernel came as far as process 1.
pub fn is_up(console: &str) -> bool {
    console
        .lines()
        .any(|line| matches!(line.parse(), Ok(Event::Up(_))))
}

/// Whether the kernel itself came to an end.
pub fn panicked(console: &str) -> bool {
    console
        .lines()
        .any(|line| line.contains("Kernel panic - not syncing"))
}

/// The tests that failed on this kernel, each with the run it failed in.
pub fn failures(kernel: &str, console: &str) -> Vec<Failure> {
    let mut run = kernel.to_owned();
    let mut failures = Failures::default();
    for line in console.lines() {
        match line.parse() {
            Ok(Event::Begin(what)) => run = format!("{what} on {kernel}"),
            _ => failures.line(&run, line),
        }
    }
    failures.end()
}

impl Transcript {
    pub fn read(console: &str) -> Self {
        let mut transcript = Self::default();
        for line in console.lines() {
            if let Ok(event) = line.parse() {
                transcript.note(event);
            } else if let Some(abi) = line.trim().strip_prefix("landlock abi:") {
                transcript.abi = Some(abi.trim().into());
            } else if let Some(refused) = line.trim().strip_prefix("refusals proved:") {
                transcript.refused += refused.trim().parse().unwrap_or(0);
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
            Event::Begin(what) => self.runs.push(Run {
                what,
                exit: None,
                counts: None,
            }),
            Event::End(what, exit) => {
                for run in self.runs.iter_mut().filter(|run| run.what == what) {
                    run.exit = Some(exit);
                }
            }
            Event::Off => self.powered_off = true,
            Event::Broken(reason) => self.broken = Some(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_console_is_read() {
        let console = "SeaBIOS\r\n\
            RINGFENCE-VM up 6.12.95\r\n\
            RINGFENCE-VM begin kernel as root\r\nlandlock abi: 6\r\n\
            test result: ok. 2 passed; 0 failed; 1 ignored;\r\n\
            refusals proved: 7\r\n\
            RINGFENCE-VM end kernel as root exit=0\r\n\
            RINGFENCE-VM begin kernel as nobody\r\n\
            RINGFENCE-VM end kernel as nobody exit=139\r\n\
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
                refused: 7,
                runs: vec![
                    Run {
                        what: "kernel as root".into(),
                        exit: Some(0),
                        counts
                    },
                    Run {
                        what: "kernel as nobody".into(),
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
    fn failed_tests_are_named_with_their_run() {
        let console = "RINGFENCE-VM begin escapes as root\r\n---- escapes::chmod ----\r\n";
        let [failure] = &*failures("7.1", console) else {
            panic!("one failed");
        };
        assert_eq!(
            failure.to_string(),
            "escapes::chmod failed in escapes as root on 7.1\n"
        );
    }

    #[test]
    fn a_panic_leaves_a_run_without_end() {
        let console = "RINGFENCE-VM begin kernel as root\nKernel panic - not syncing\n";
        let transcript = Transcript::read(console);
        assert_eq!(transcript.runs[0].exit, None);
        assert!(!transcript.powered_off);
        assert!(panicked(console) && !panicked("RINGFENCE-VM begin kernel as root\n"));
    }
}
