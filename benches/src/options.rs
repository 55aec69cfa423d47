//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg;

pub(crate) const HELP: &str = "\
Measure landlock-runner beside the fewest system calls that a C program needs,
and beside the crate `landlock`, in one interleaved run.

Usage: ringfence-benches [--runner PATH] [--also NAME=PATH]... [--case TEXT]...
                         [--filter] [--quick] [--json] [--check]

  --runner PATH     the wrapper (target/static/landlock-runner)
  --also NAME=PATH  measure another program with the wrapper's interface too
  --case TEXT       only the cases whose name contains TEXT
  --filter          what the filter of system calls costs, at the start and in loops;
                    a case is a call then
  --quick           a tenth of the rounds: to see that it works, not to conclude
  --json            print JSON instead of tables
  --check           exit 1 if a target is missed
";

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub(crate) struct Options {
    pub(crate) runner: PathBuf,
    pub(crate) also: Vec<(String, PathBuf)>,
    pub(crate) cases: Vec<String>,
    pub(crate) filter: bool,
    pub(crate) quick: bool,
    pub(crate) json: bool,
    pub(crate) check: bool,
}

impl Options {
    /// `None` if help is asked for.
    pub(crate) fn parse() -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self {
            runner: "target/static/landlock-runner".into(),
            also: Vec::new(),
            cases: Vec::new(),
            filter: false,
            quick: false,
            json: false,
            check: false,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("runner") => options.runner = parser.value()?.into(),
                Arg::Long("also") => options.also.push(named(&parser.value()?)?),
                Arg::Long("case") => options.cases.push(text(parser.value()?)?),
                Arg::Long("filter") => options.filter = true,
                Arg::Long("quick") => options.quick = true,
                Arg::Long("json") => options.json = true,
                Arg::Long("check") => options.check = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(options))
    }

    /// Whether a case is to be measured.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|text| case.contains(&**text))
    }
}

fn text(value: OsString) -> Result<String, lexopt::Error> {
    value.into_string().map_err(Into::into)
}

fn named(value: &OsString) -> Result<(String, PathBuf), lexopt::Error> {
    text(value.clone())?
        .split_once('=')
        .map(|(name, path)| (name.to_owned(), path.into()))
        .ok_or_else(|| "--also takes a name, an equals sign and a path".into())
}
