//! One access, asked of a policy: allowed by which line, or which line would allow it.

use std::path::{Path, PathBuf};

use ringfence::{
    Access, AccessFs, Allowance, Class, ClassLine, Decision, Kernel, Mechanism, PathLine, Plan,
    Policy, PolicyBuilder, PortClass, PortLine, Ports, Request, Source, WORDS,
};

use crate::proposal::Line;
pub use crate::proposal::Proposal;
use crate::sensitive::{Sensitive, resolved};
pub use read::Unanswerable;

mod read;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Rights at a path, which is absolute and without symlinks.
    Path(AccessFs, PathBuf),
    /// A port, bound or connected to.
    Port(PortClass, u16),
    /// An act that has neither.
    Class(Class),
}

/// A question as a person asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked about.
    pub asked: Asked,
    /// The question in the policy's words.
    pub text: String,
}

impl Question {
    fn request(&self) -> Request<'_> {
        match &self.asked {
            Asked::Path(rights, path) => Request::Path(*rights, path),
            Asked::Port(class, port) => Request::Port(*class, *port),
            Asked::Class(class) => Request::Class(*class),
        }
    }

    /// What a policy says on a kernel. If it is the running one, its paths are looked up as a start would.
    pub fn answer(
        &self,
        policy: &Policy,
        kernel: Kernel,
        is_running: bool,
        sensitive: &Sensitive,
    ) -> Answer {
        self.answered(policy, kernel, is_running, sensitive, Path::exists)
    }

    /// The same for an access that has happened: its path was there then, whatever is there now, so that
    /// lines name it and not the directory that is left of it.
    pub fn answer_as_it_happened(
        &self,
        policy: &Policy,
        kernel: Kernel,
        is_running: bool,
        sensitive: &Sensitive,
    ) -> Answer {
        self.answered(policy, kernel, is_running, sensitive, |_| true)
    }

    fn answered(
        &self,
        policy: &Policy,
        kernel: Kernel,
        is_running: bool,
        sensitive: &Sensitive,
        exists: fn(&Path) -> bool,
    ) -> Answer {
        let plan = looked_up(policy, kernel, is_running);
        let refused = plan.check().err().map(|refused| refused.to_string());
        let (by, reason, proposals) = match plan.decide(self.request()) {
            Decision::Allowed(allowance) => (lines(&allowance), because(&allowance), None),
            Decision::Denied { by, missing } => {
                let reason = self.denied_by(&plan, by);
                let proposals = self.proposals(missing, by, exists);
                (Vec::new(), reason, Some(proposals))
            }
            _ => (
                Vec::new(),
                "what is moved would gain rights; it may be copied".to_owned(),
                Some(Vec::new()),
            ),
        };
        let is_allowed = proposals.is_none();
        let proposals = proposals.unwrap_or_default().into_iter();
        let mut impossible = Vec::new();
        let proposals = proposals.filter_map(|line| {
            self.tried(policy, kernel, is_running, &line)
                .map_err(|why| impossible.push(why))
                .ok()?;
            Some(Proposal::new(&line, sensitive))
        });
        Answer {
            question: self.text.clone(),
            is_allowed,
            by,
            reason,
            proposals: proposals.collect(),
            impossible,
            refused,
        }
    }

    fn denied_by(&self, plan: &Plan, by: Mechanism) -> String {
        let class = match &self.asked {
            Asked::Path(rights, _) => Class::ALL
                .into_iter()
                .find(|class| word_of(*class).is_some_and(|word| word.rights.intersects(*rights))),
            Asked::Port(class, _) => Some(Class::Port(*class)),
            Asked::Class(class) => Some(*class),
        };
        match by {
            Mechanism::Seccomp => {
                let whole = class.map_or("", |class| plan.closed_whole(class));
                let separator = if whole.is_empty() { "" } else { ": " };
                format!("denied by the filter of system calls{separator}{whole}")
            }
            _ if matches!(self.asked, Asked::Class(_)) => "denied by Landlock".to_owned(),
            _ => "denied by Landlock: no line allows it".to_owned(),
        }
    }

    /// Lines each of which would allow what is asked, the narrowest first; together where one is about an
    /// entry and the other about its directory.
    fn proposals(&self, missing: AccessFs, by: Mechanism, exists: fn(&Path) -> bool) -> Vec<Line> {
        let class = |class| {
            Line::Class(ClassLine {
                class,
                allow: true,
                source: Source::Flag,
            })
        };
        let ports = |class, ports| {
            Line::Port(PortLine {
                class,
                ports,
                source: Source::Flag,
            })
        };
        match &self.asked {
            Asked::Path(rights, path) => {
                let missing = if missing.is_empty() { *rights } else { missing };
                let mut lines = vec![Line::Paths(path_lines(missing, path, exists))];
                if by == Mechanism::Seccomp && rights.contains(AccessFs::RESOLVE_UNIX) {
                    lines.push(class(Class::ConnectUnix));
                }
                lines
            }
            Asked::Port(of, port) => {
                let mut lines = vec![ports(*of, Ports::from(*port))];
                if by == Mechanism::Seccomp {
                    lines.push(ports(*of, Ports::Any));
                }
                lines
            }
            Asked::Class(of) => vec![class(*of)],
        }
    }

    /// Whether the policy with this line would start where it did before, and allow what is asked.
    fn tried(
        &self,
        policy: &Policy,
        kernel: Kernel,
        is_running: bool,
        line: &Line,
    ) -> Result<(), String> {
        let wider = line
            .add(PolicyBuilder::from(policy.clone()))
            .build()
            .map_err(|error| error.to_string())?;
        let before: Vec<_> = Plan::new(policy.clone(), kernel).unenforced().collect();
        let plan = looked_up(&wider, kernel, is_running);
        if let Some(refusal) = plan.unenforced().find(|refusal| !before.contains(refusal)) {
            return Err(refusal.to_string());
        }
        if plan.decide(self.request()).is_allowed() {
            Ok(())
        } else {
            Err(format!("`{line}` would not be enough here"))
        }
    }
}

/// What a policy says of an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked, with the path as the kernel sees it.
    pub question: String,
    /// Whether it is allowed, as far as the policy is concerned.
    pub is_allowed: bool,
    /// The lines that allow it.
    pub by: Vec<String>,
    /// Why it is allowed without a line, or by what it is denied.
    pub reason: String,
    /// What could be added; each allows it by itself.
    pub proposals: Vec<Proposal>,
    /// Why what would be obvious cannot be added.
    pub impossible: Vec<String>,
    /// Why the policy does not start on that kernel at all, if it does not.
    pub refused: Option<String>,
}

/// The plan with its paths as they are on this machine, even for a kernel that is not running here.
pub(crate) fn looked_up(policy: &Policy, kernel: Kernel, is_running: bool) -> Plan {
    let plan = Plan::new(policy.clone(), kernel);
    if is_running && let Ok(sandbox) = plan.clone().prepare() {
        return sandbox.plan().clone();
    }
    let paths = policy.paths().iter().map(|line| PathLine {
        path: if line.pattern {
            line.path.clone()
        } else {
            resolved(&line.path)
        },
        ..line.clone()
    });
    let resolved = PolicyBuilder::from(policy.clone()).with_paths(paths);
    resolved
        .build()
        .map_or(plan, |policy| Plan::new(policy, kernel))
}

fn lines(allowance: &Allowance<'_>) -> Vec<String> {
    let described = |line: &dyn std::fmt::Display, source: &Source| {
        let description = source
            .origin()
            .and_then(|origin| origin.description.as_deref());
        description.map_or_else(|| line.to_string(), |text| format!("{line} ({text})"))
    };
    match allowance {
        Allowance::Paths(paths) => paths
            .iter()
            .map(|path| described(path.line, &path.line.source))
            .collect(),
        Allowance::Port(port) => vec![described(&port.line, &port.line.source)],
        _ => Vec::new(),
    }
}

fn because(allowance: &Allowance<'_>) -> String {
    match allowance {
        Allowance::Unrestricted => "the policy leaves it alone".to_owned(),
        Allowance::Open(Some(abi)) => format!("this kernel cannot deny it; that needs {abi}"),
        Allowance::Open(None) => "no kernel can deny it so far".to_owned(),
        _ => String::new(),
    }
}

fn word_of(class: Class) -> Option<&'static ringfence::Word> {
    WORDS.iter().find(|word| word.name == class.name())
}

/// The words, none of them a mix, that have any of these rights.
pub(crate) fn words(rights: AccessFs) -> Access {
    WORDS
        .iter()
        .filter(|word| word.access.bits().is_power_of_two() && word.rights.intersects(rights))
        .map(|word| word.access)
        .collect()
}

/// The lines that give rights at a path: of entries to their directory, else to what is there, or to the
/// directory where it would come to be.
fn path_lines(rights: AccessFs, path: &Path, exists: fn(&Path) -> bool) -> Vec<PathLine> {
    let existing = |path: &Path| {
        let existing = path.ancestors().find(|path| exists(path));
        existing.unwrap_or(Path::new("/")).to_owned()
    };
    let parent = path.parent().unwrap_or(path);
    let of_parent = (words(rights & AccessFs::OF_PARENT), existing(parent));
    let of_object = (words(rights - AccessFs::OF_PARENT), existing(path));
    let parts = if of_parent.1 == of_object.1 {
        vec![(of_parent.0 | of_object.0, of_parent.1)]
    } else {
        vec![of_object, of_parent]
    };
    let parts = parts.into_iter().filter(|(access, _)| !access.is_empty());
    parts
        .map(|(access, path)| PathLine {
            source: Source::Flag,
            ..PathLine::new(access, path)
        })
        .collect()
}

#[cfg(test)]
mod tests;
