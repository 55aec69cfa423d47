//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};

/// What the command line says.
pub struct Options {
    /// Where requests come in.
    pub listen: SocketAddr,
    /// Beneath it each job gets a directory.
    pub state: PathBuf,
    /// The manifest of the jobs.
    pub policy: PathBuf,
    /// How many jobs run at once.
    pub jobs: usize,
    /// How many requests wait for one of them to end.
    pub queue: usize,
    /// The most bytes that a job may write to its output.
    pub output: u64,
    /// The most bytes of a request.
    pub body: usize,
    /// How long running jobs may go on once the server is told to end.
    pub grace: Duration,
}

impl Options {
    /// Those of this process, which ends here if they are wrong or if help was asked for.
    pub fn read() -> Self {
        let matches = command().get_matches();
        match Self::from_matches(&matches) {
            Some(options) => options,
            // Each has a default or is required, so that clap has said what is wrong before.
            None => std::process::exit(2),
        }
    }

    fn from_matches(matches: &ArgMatches) -> Option<Self> {
        let number = |name| matches.get_one::<u32>(name).copied();
        let count = |name| usize::try_from(number(name)?).ok();
        Some(Self {
            listen: *matches.get_one("listen")?,
            state: matches.get_one::<PathBuf>("state")?.clone(),
            policy: matches.get_one::<PathBuf>("policy")?.clone(),
            jobs: match number("jobs") {
                Some(_) => count("jobs")?,
                None => std::thread::available_parallelism().map_or(1, usize::from),
            },
            queue: count("queue")?,
            output: number("output")?.into(),
            body: count("body")?,
            grace: Duration::from_secs(number("grace")?.into()),
        })
    }
}

fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("code-runner")
        .about("Runs code of strangers, each request in a sandbox of its own.")
        .version(env!("CARGO_PKG_VERSION"))
        .arg(
            option("listen", "ADDRESS", "Where requests come in")
                .value_parser(value_parser!(SocketAddr))
                .default_value("127.0.0.1:8080"),
        )
        .arg(
            option(
                "state",
                "DIR",
                "A directory of the server's own, where jobs get theirs",
            )
            .value_parser(value_parser!(PathBuf))
            .required(true),
        )
        .arg(
            option(
                "policy",
                "FILE",
                "The manifest that says what jobs may do and use up",
            )
            .value_parser(value_parser!(PathBuf))
            .required(true),
        )
        .arg(
            option(
                "jobs",
                "N",
                "How many jobs run at once [default: one for each processor]",
            )
            .value_parser(value_parser!(u32).range(1..=10_000)),
        )
        .arg(
            option(
                "queue",
                "N",
                "How many requests wait for a job to end; further ones get 503",
            )
            .value_parser(value_parser!(u32).range(..=100_000))
            .default_value("64"),
        )
        .arg(
            option(
                "output",
                "BYTES",
                "The most that a job may write to its output",
            )
            .value_parser(value_parser!(u32))
            .default_value("1048576"),
        )
        .arg(
            option(
                "body",
                "BYTES",
                "The most of a request; larger ones get 413",
            )
            .value_parser(value_parser!(u32))
            .default_value("1048576"),
        )
        .arg(
            option(
                "grace",
                "SECONDS",
                "How long jobs may go on after SIGTERM or SIGINT",
            )
            .value_parser(value_parser!(u32))
            .default_value("10"),
        )
}
