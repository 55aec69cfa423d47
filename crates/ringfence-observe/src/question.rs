//! One access, asked of a policy: allowed by which line, or which line would allow it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ringfence::{
    Access, AccessFs, Allowance, Class, ClassLine, Decision, Kernel, Mechanism, PathLine, Plan,
    Policy, PolicyBuilder, PortClass, PortLine, Ports, Request, Source, WORDS, closest,
};

use crate::proposal::Line;
pub use crate::proposal::Proposal;
use crate::sensitive::{Sensitive, resolved};

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

/// A question that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswerable(String);

impl std::fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unanswerable {}

impl Question {
    /// Reads a question: words for paths or the name of a class, and what it is about.
    ///
    /// # Errors
    /// [`Unanswerable`] if the words are unknown, or what they are about is missing or no port.
    ///
    /// ```
    /// use ringfence_observe::Question;
    ///
    /// assert!(Question::read("connect-tcp", Some("443".as_ref())).is_ok());
    /// assert!(Question::read("connect-tcp", Some("/etc".as_ref())).is_err());
    /// ```
    pub fn read(access: &str, about: Option<&OsStr>) -> Result<Self, Unanswerable> {
        let class = Class::named(access);
        let rights = match (access.parse::<Access>(), class) {
            (Ok(words), _) => Some(words.rights()),
            // The one class of paths that has no word of its own.
            (_, Some(Class::Truncate)) => Some(AccessFs::TRUNCATE),
            (_, Some(_)) => None,
            _ => return Err(unknown(access)),
        };
        let asked = match (rights, class) {
            (Some(rights), _) => {
                let path = about.ok_or_else(|| {
                    Unanswerable(format!(
                        "`{access}` is asked about a path; write it behind the word"
                    ))
                })?;
                Asked::Path(rights, seen(rights, Path::new(path)))
            }
            (None, Some(Class::Port(class))) => Asked::Port(class, port(access, about)?),
            (None, Some(class)) if about.is_none() => Asked::Class(class),
            _ => {
                return Err(Unanswerable(format!(
                    "`{access}` is a class of acts that has neither path nor port; leave out what follows it"
                )));
            }
        };
        let about = match &asked {
            Asked::Path(_, path) => format!(" {}", path.display()),
            Asked::Port(_, port) => format!(" {port}"),
            Asked::Class(_) => String::new(),
        };
        Ok(Self {
            asked,
            text: format!("{access}{about}"),
        })
    }

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

fn unknown(access: &str) -> Unanswerable {
    if access.contains('/') {
        return Unanswerable(format!(
            "`{access}` is a path; write what is done with it before it, as in `read {access}`"
        ));
    }
    let names = || {
        let is_word = |name: &&str| WORDS.iter().any(|word| word.name == *name);
        let classes = Class::ALL.iter().map(|class| class.name());
        let words = WORDS.iter().map(|word| word.name);
        words.chain(classes.filter(move |name| !is_word(name)))
    };
    // The first of several words that is none.
    let wrong = access
        .split(',')
        .find(|name| names().all(|known| known != *name))
        .unwrap_or(access);
    Unanswerable(match closest(wrong, names()) {
        Some(similar) => format!("unknown word `{wrong}`; did you mean `{similar}`?"),
        None if wrong == access => format!(
            "unknown word `{wrong}`; the words and classes are {}",
            names().collect::<Vec<_>>().join(", ")
        ),
        None => format!("unknown word `{wrong}`"),
    })
}

fn port(access: &str, about: Option<&OsStr>) -> Result<u16, Unanswerable> {
    about
        .and_then(OsStr::to_str)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            Unanswerable(format!(
                "`{access}` is asked about a port; write a number from 0 to 65535 behind it"
            ))
        })
}

/// A path as the kernel sees it: entries are made and removed by their own names, everything else is
/// asked where symlinks lead to.
fn seen(rights: AccessFs, path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if AccessFs::OF_PARENT.contains(rights) => {
            resolved(parent).join(name)
        }
        _ => resolved(&path),
    }
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
