//! What must come of a technique: the plan's own word, and the few places where it is not exact.

use ringfence::{Class, Plan, Request, Standing};
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::attempt::Came;
use crate::catalog::Technique;
use crate::stage::Stage;

/// Classes whose check stable kernels have got as a fix, without an erratum that tells: the plan
/// goes by the ABI, and calls open what some kernel denies. Never the other way round.
const CLOSED_BY_STABLE_UPDATES: [&str; 1] = ["tcp-fast-open"];

/// Reads that newer kernels allow to whoever has CAP_PERFMON, without asking Landlock, although they
/// ask it of anybody else. No ABI and no erratum tells; a policy for root that allows to read `/proc`
/// shows the environment and the memory maps of processes outside.
const PASSED_BY_PERFMON: [&str; 2] = ["proc-environ", "process-madvise"];

/// How a sandbox says no. A technique that fails in another way has not been denied, but missed
/// its aim.
const DENIALS: [Errno; 8] = [
    Errno::PERM,
    Errno::ACCESS,
    Errno::NOSYS,
    Errno::XDEV,
    Errno::AFNOSUPPORT,
    Errno::PROTONOSUPPORT,
    Errno::NOPROTOOPT,
    Errno::BADF,
];

/// What Landlock takes for malformed, and denies as such: an address of another family than the
/// socket's.
const MALFORMED: [&str; 1] = ["udp-send-other-family"];

/// What the plan says of a technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Denied, by Landlock.
    Landlock,
    /// Denied, by the filter.
    Seccomp,
    /// Denied on every kernel, by what is done before the program starts.
    Always,
    /// Not denied.
    Open,
}

impl Word {
    pub fn name(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Always => "always",
            Self::Open => "open",
        }
    }
}

/// Asks the plan of this sandbox. A technique is denied if any of its classes is; the first counts.
pub fn word(technique: &Technique, sandbox: &Sandbox, stage: &Stage) -> Word {
    let plan = sandbox.plan();
    technique
        .classes
        .iter()
        .map(|class| of_class(class, &plan, stage))
        .find(|&word| word != Word::Open)
        .unwrap_or(Word::Open)
}

fn of_class(text: &str, plan: &Plan, stage: &Stage) -> Word {
    let (name, only_by) = split(text);
    let word = match name {
        "privileges" | "descriptors" => Word::Always,
        // Any filter at all.
        "filter"
            if Class::ALL
                .iter()
                .any(|&class| standing(plan, class) == Word::Seccomp) =>
        {
            Word::Seccomp
        }
        // Nothing outside of the sandbox is touched, or what it was given as input.
        "filter" | "own-process" | "input" => Word::Open,
        name => named(name).map_or(Word::Open, |class| decided(plan, class, stage)),
    };
    if only_by.is_empty() || only_by == word.name() {
        word
    } else {
        Word::Open
    }
}

/// The name of a class, and the mechanism by which alone it closes the technique, if there is one.
pub fn split(text: &str) -> (&str, &str) {
    text.split_once('@').unwrap_or((text, ""))
}

/// The class of this name; none for what is no class of the plan.
pub fn named(name: &str) -> Option<Class> {
    let class = Class::ALL.into_iter().find(|class| class.name() == name);
    assert!(
        class.is_some()
            || [
                "privileges",
                "descriptors",
                "filter",
                "own-process",
                "input"
            ]
            .contains(&name),
        "no class is called {name}"
    );
    class
}

/// A class of ports is denied but for the ports of its lines, and no technique tries one of those.
fn decided(plan: &Plan, class: Class, stage: &Stage) -> Word {
    if let Class::Port(port) = class {
        let forbidden = stage.ports.bind();
        if plan.decide(Request::Port(port, forbidden)).is_allowed() {
            return Word::Open;
        }
    }
    standing(plan, class)
}

fn standing(plan: &Plan, class: Class) -> Word {
    match plan.standing(class) {
        Standing::Landlock => Word::Landlock,
        Standing::Seccomp => Word::Seccomp,
        _ => Word::Open,
    }
}

/// Whether what came is what the plan says.
pub fn holds(word: Word, technique: &Technique, came: &Came) -> bool {
    let denied = match came {
        Came::Denied(Errno::INVAL) => MALFORMED.contains(&technique.name.as_str()),
        Came::Denied(errno) => DENIALS.contains(errno),
        Came::Ended | Came::Silence => true,
        _ => false,
    };
    match word {
        Word::Open if *came == Came::Got => true,
        Word::Open => {
            denied
                && technique
                    .classes
                    .iter()
                    .any(|class| CLOSED_BY_STABLE_UPDATES.contains(&class.as_str()))
        }
        Word::Landlock if *came == Came::Got => {
            is_root() && PASSED_BY_PERFMON.contains(&technique.name.as_str())
        }
        _ => denied,
    }
}
