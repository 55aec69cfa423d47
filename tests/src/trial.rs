//! Trials: tests that can say at run time that this machine cannot run them.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// How a test ended, if it did not fail by panicking.
pub enum Outcome {
    /// All that it claims holds.
    Passed,
    /// This machine lacks something; the reason is shown.
    Skipped(String),
    /// This kernel has not got what is tried, so that nothing can be installed for it; the reason
    /// is shown, and it is never a failure.
    Absent(String),
}

/// A test: a statement as its name, and the function that tries it.
pub struct Test {
    name: String,
    run: Box<dyn FnOnce() -> Outcome + Send>,
}

impl Test {
    /// A test that runs everywhere.
    pub fn new(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Self {
        Self::may_skip(name, || {
            run();
            Outcome::Passed
        })
    }

    /// A test that may find that this machine cannot run it.
    pub fn may_skip(
        name: impl Into<String>,
        run: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }

    fn trial(self) -> Trial {
        let strict = std::env::var_os("RINGFENCE_REQUIRE").is_some_and(|value| value == "all");
        let name = self.name.clone();
        Trial::ignorable_test(self.name, move || match without_panic(self.run)? {
            Outcome::Passed => Ok(libtest_mimic::Completion::Completed),
            Outcome::Skipped(reason) if strict => Err(Failed::from(format!("skipped: {reason}"))),
            Outcome::Skipped(reason) | Outcome::Absent(reason) => {
                eprintln!("skipped {name}: {reason}");
                Ok(libtest_mimic::Completion::ignored_with(reason))
            }
        })
    }
}

thread_local! {
    /// What this thread said when it panicked.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a test; a panic becomes its failure, which unlike a payload says where.
fn without_panic(run: Box<dyn FnOnce() -> Outcome + Send>) -> Result<Outcome, Failed> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
        let said = PANIC.take();
        Failed::from(said.unwrap_or_else(|| "it ended by a panic of another thread".to_owned()))
    })
}

/// Runs tests as `cargo test` would, and prints its closing line.
pub fn main(tests: Vec<Test>) -> ExitCode {
    run(&Arguments::from_args(), tests)
}

/// The same with so many tests at a time, if the command line does not say how many.
pub fn main_at_once(threads: usize, tests: Vec<Test>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(threads);
    run(&arguments, tests)
}

/// How many tests keep the processors busy if each uses one for a quarter of its time, and else
/// waits: for servers, for the network, for programs to start.
pub fn waiting() -> usize {
    4 * std::thread::available_parallelism().map_or(1, usize::from)
}

fn run(arguments: &Arguments, tests: Vec<Test>) -> ExitCode {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        PANIC.set(Some(panic.to_string()));
        usual(panic);
    }));
    libtest_mimic::run(arguments, tests.into_iter().map(Test::trial).collect()).exit_code()
}
