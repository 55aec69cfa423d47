//! What a virtual machine and its host tell each other: how far the guest is, over the serial console, and what is to
//! be run, on the kernel's command line.
//!
//! The guest writes its lines between the output of the tests, the host finds them there.
#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

const MARK: &str = "RINGFENCE-VM";

/// Names the tests to run besides those that all kernels run. On the kernel's command line, which hands process 1 what it
/// does not know itself as its environment.
pub const ALSO: &str = "ALSO";

/// One step of the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The kernel is up; its release as uname gives it.
    Up(String),
    /// A run starts: these tests as this user.
    Begin(String),
    /// The run ended with this exit code (128 + signal, as in a shell).
    End(String, i32),
    /// Everything was run; power goes off.
    Off,
    /// The guest itself could not do its part.
    Broken(String),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(release) => write!(f, "{MARK} up {release}"),
            Self::Begin(run) => write!(f, "{MARK} begin {run}"),
            Self::End(run, exit) => write!(f, "{MARK} end {run} exit={exit}"),
            Self::Off => write!(f, "{MARK} off"),
            Self::Broken(reason) => write!(f, "{MARK} broken {reason}"),
        }
    }
}

/// The line is not one of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnEvent;

impl FromStr for Event {
    type Err = NotAnEvent;

    fn from_str(line: &str) -> Result<Self, NotAnEvent> {
        let said = line
            .trim()
            .strip_prefix(MARK)
            .ok_or(NotAnEvent)?
            .trim_start();
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        match word {
            "up" => Ok(Self::Up(rest.into())),
            "begin" => Ok(Self::Begin(rest.into())),
            "end" => {
                let (run, exit) = rest.split_once(" exit=").ok_or(NotAnEvent)?;
                Ok(Self::End(run.into(), exit.parse().map_err(|_| NotAnEvent)?))
            }
            "off" => Ok(Self::Off),
            "broken" => Ok(Self::Broken(rest.into())),
            _ => Err(NotAnEvent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_reads_what_the_guest_writes() {
        for event in [
            Event::Up("6.12.95+deb12-cloud-amd64".into()),
            Event::Begin("kernel as root".into()),
            Event::End("kernel as nobody".into(), 101),
            Event::Off,
            Event::Broken("/proc could not be mounted: EPERM".into()),
        ] {
            assert_eq!(format!("{event}\r").parse(), Ok(event));
        }
    }

    #[test]
    fn other_lines_are_no_events() {
        assert_eq!("test result: ok.".parse::<Event>(), Err(NotAnEvent));
        assert_eq!("RINGFENCE-VM end root".parse::<Event>(), Err(NotAnEvent));
    }
}
