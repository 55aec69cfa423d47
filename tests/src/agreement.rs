//! What C, Python and Rust must agree on: policies and questions about them, as data that each of them reads.
//!
//! `tests/data/agreement/policies.json` has each policy as calls of the builder, as a manifest, and with the
//! kernel that it is planned for; `questions.json` has what is asked of them, and the library's answers.
//! `cargo test -p ringfence-tests --test capi -- write-agreement` writes both anew.

use std::path::{Path, PathBuf};

use ringfence::{
    Access, Allowance, Class, Decision, Entry, FileKind, Kernel, Mechanism, PathLine, Plan, Policy,
    PolicyBuilder, PortClass, PortLine, Ports, Request, Source, SyscallEffect, SyscallLine,
    denying_action,
};
use serde::{Deserialize, Serialize};

mod generate;

pub use generate::{policies, questions};

/// A policy, said twice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Agreed {
    /// The Landlock ABI that it is planned for.
    pub abi: u32,
    /// Calls of the builder: the name of each with hyphens, and its arguments.
    pub lines: Vec<Vec<String>>,
    /// The same as a manifest.
    pub yaml: String,
}

/// A question about one of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Asked {
    /// The index of the policy.
    pub policy: usize,
    /// `path` with words and a path, `port` with a word and a number, `class` with a name, `rename`, `exchange`
    /// or `link` with paths and kinds of files.
    pub ask: Vec<String>,
    /// What the library says.
    pub answer: String,
}

/// The kinds of files, by their names in questions.
pub const KINDS: [(&str, FileKind); 7] = [
    ("regular", FileKind::Regular),
    ("directory", FileKind::Directory),
    ("symlink", FileKind::Symlink),
    ("socket", FileKind::Socket),
    ("fifo", FileKind::Fifo),
    ("char-device", FileKind::CharDevice),
    ("block-device", FileKind::BlockDevice),
];

/// The file with the policies.
pub fn policies_file() -> PathBuf {
    data("policies.json")
}

/// The file with the questions.
pub fn questions_file() -> PathBuf {
    data("questions.json")
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/agreement")
        .join(name)
}

impl Agreed {
    /// The policy of its lines.
    ///
    /// # Panics
    /// If a line means nothing.
    pub fn policy(&self) -> Policy {
        built(&self.lines).expect("every line means something")
    }

    /// The plan of its lines.
    pub fn plan(&self) -> Plan {
        Plan::new(self.policy(), Kernel::with_abi(self.abi))
    }
}

/// The policy of some lines.
fn built(lines: &[Vec<String>]) -> Option<Policy> {
    let mut policy = Policy::builder();
    for line in lines {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        policy = add(policy, &words)?;
    }
    policy.build().ok()
}

fn add(policy: PolicyBuilder, line: &[&str]) -> Option<PolicyBuilder> {
    let ports = |class, text: &str| {
        let lines = Ports::list(text).ok()?.into_iter();
        Some(lines.fold(policy.clone(), |policy, ports| {
            policy.port_line(PortLine {
                class,
                ports,
                source: Source::Api,
            })
        }))
    };
    let calls = |text: &str, read: &dyn Fn(&str) -> Result<SyscallLine, String>| {
        text.split(',').try_fold(policy.clone(), |policy, call| {
            Some(policy.syscall_line(read(call).ok()?))
        })
    };
    let access = |words: &str| words.parse::<Access>().ok();
    Some(match *line {
        ["ro", path] => policy.ro(path),
        ["rw", path] => policy.rw(path),
        ["connect-unix", path] => policy.connect_unix(path),
        ["allow", words, path] => policy.allow(access(words)?, path),
        ["allow-if-present", words, path] => policy.allow_if_present(access(words)?, path),
        ["allow-matching", words, path] => policy.allow_matching(access(words)?, path),
        ["allow-except", words, path, ref except @ ..] => policy.path_line(PathLine {
            except: except.iter().map(Into::into).collect(),
            ..PathLine::new(access(words)?, path)
        }),
        ["connect-tcp", text] => ports(PortClass::ConnectTcp, text)?,
        ["bind-tcp", text] => ports(PortClass::BindTcp, text)?,
        ["connect-udp", text] => ports(PortClass::ConnectUdp, text)?,
        ["bind-udp", text] => ports(PortClass::BindUdp, text)?,
        ["allow-class", name] => policy.allow_class(name.parse().ok()?),
        ["deny-class", name] => policy.deny_class(name.parse().ok()?),
        ["allow-syscalls", text] => {
            calls(text, &|call| SyscallLine::new(call, SyscallEffect::Allow))?
        }
        ["deny-syscalls", text] => calls(text, &SyscallLine::denial)?,
        ["only-syscalls", text] => {
            calls(text, &|call| SyscallLine::new(call, SyscallEffect::Only))?
        }
        ["other-syscalls", answer] => policy.other_syscalls(denying_action(answer).ok()?),
        ["unrestricted-fs"] => policy.unrestricted_fs(),
        ["unrestricted-net"] => policy.unrestricted_net(),
        ["unrestricted-ipc"] => policy.unrestricted_ipc(),
        ["unrestricted-syscalls"] => policy.unrestricted_syscalls(),
        ["best-effort"] => policy.best_effort(),
        ["require-complete"] => policy.require_complete(),
        ["minimum-abi", number] => policy.minimum_abi(number.parse().ok()?),
        _ => return None,
    })
}

/// What the library says to a question.
///
/// # Panics
/// If nobody can know what is asked.
pub fn answer(plan: &Plan, ask: &[String]) -> &'static str {
    let words: Vec<&str> = ask.iter().map(String::as_str).collect();
    let request = request(&words).unwrap_or_else(|| panic!("{ask:?} is no question"));
    match plan.decide(request) {
        Decision::Allowed(Allowance::Unrestricted) => "unrestricted",
        Decision::Allowed(Allowance::Open(_)) => "open",
        Decision::Allowed(_) => "allowed",
        Decision::Denied {
            by: Mechanism::Seccomp,
            ..
        } => "denied-by-seccomp",
        Decision::Widens { .. } => "widens",
        _ => "denied-by-landlock",
    }
}

fn request<'a>(ask: &[&'a str]) -> Option<Request<'a>> {
    let kind = |name: &str| {
        let known = KINDS.iter().find(|(known, _)| *known == name);
        known.map(|(_, kind)| *kind)
    };
    let entry = |path, name| {
        Some(Entry {
            path: Path::new(path),
            kind: kind(name)?,
        })
    };
    Some(match *ask {
        ["path", words, path] => {
            Request::Path(words.parse::<Access>().ok()?.rights(), Path::new(path))
        }
        ["port", word, port] => match Class::named(word)? {
            Class::Port(class) => Request::Port(class, port.parse().ok()?),
            _ => return None,
        },
        ["class", name] => Request::Class(Class::named(name)?),
        ["rename", from, what, to, over] => Request::Rename {
            from: entry(from, what)?,
            to: Path::new(to),
            over: kind(over),
        },
        ["exchange", one, what, other, kind] => {
            Request::Exchange(entry(one, what)?, entry(other, kind)?)
        }
        ["link", from, what, to] => Request::Link {
            from: entry(from, what)?,
            to: Path::new(to),
        },
        _ => return None,
    })
}
