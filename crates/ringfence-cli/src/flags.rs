//! Every flag of the wrapper and of `ringfence run` and `plan`, defined once.

use std::ffi::OsString;
use std::path::PathBuf;

use ringfence::{Access, PortClass, SyscallEffect, SyscallLine};

use crate::invocation::Invocation;
use effect::{
    env, except, fs, include, keep_fd, log, min_abi, other_syscalls, policy, set, variable,
};

mod effect;

/// The heading under which help shows a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The file that the flags add to.
    Manifest,
    /// What may be done with files.
    Paths,
    /// Which ports may be used.
    Network,
    /// Which classes of acts and which system calls may be used.
    Syscalls,
    /// What is left alone, and what to do on a kernel that cannot.
    Strictness,
    /// How the command is started; no part of the policy.
    Start,
}

impl Group {
    /// All of them, in the order of help.
    pub const ALL: [Self; 6] = [
        Self::Manifest,
        Self::Paths,
        Self::Network,
        Self::Syscalls,
        Self::Strictness,
        Self::Start,
    ];

    /// The heading itself.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Manifest => "Manifest",
            Self::Paths => "Paths",
            Self::Network => "Network",
            Self::Syscalls => "Classes of acts, system calls",
            Self::Strictness => "Strictness",
            Self::Start => "Start of the command",
        }
    }
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its name, without the dashes.
    pub name: &'static str,
    /// A letter for it, if it is used by hand often.
    pub short: Option<char>,
    /// What its value is called in help; none if it takes no value.
    pub value: Option<&'static str>,
    /// Its heading in help.
    pub group: Group,
    /// What it does, in one or two sentences.
    pub help: &'static str,
    /// Puts it into effect. The value is empty for a flag that takes none.
    pub(crate) set: fn(&mut Invocation, OsString) -> Result<(), String>,
}

impl Flag {
    /// The flag with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FLAGS.iter().find(|flag| flag.name == name)
    }

    /// The flag with this letter.
    pub fn lettered(letter: char) -> Option<&'static Self> {
        FLAGS.iter().find(|flag| flag.short == Some(letter))
    }

    /// The name that a user meant by an unknown one.
    pub fn similar(name: &str) -> Option<&'static str> {
        ringfence::closest(name, FLAGS.iter().map(|flag| flag.name))
    }
}

const fn flag(
    group: Group,
    name: &'static str,
    value: Option<&'static str>,
    help: &'static str,
    set: fn(&mut Invocation, OsString) -> Result<(), String>,
) -> Flag {
    Flag {
        name,
        short: None,
        value,
        group,
        help,
        set,
    }
}

/// Every flag, in the order of help.
pub const FLAGS: &[Flag] = &[
    flag(
        Group::Manifest,
        "policy",
        Some("FILE"),
        "Read the policy from a manifest (YAML, JSON, TOML); the other flags add to it. It may also \
         say the command, its environment and its limits.",
        policy,
    ),
    flag(
        Group::Manifest,
        "set",
        Some("NAME=VALUE"),
        "Give a variable of the manifest, ${NAME}, a value. Without this it is the environment's.",
        |to, value| variable(to, &value),
    ),
    flag(
        Group::Manifest,
        "include",
        Some("FRAGMENT"),
        "Add what is built in for programs of a kind: base, which nearly every program needs, build, dns, \
         git, java, node, python, shell, terminal, tls, users; give it once for each.",
        |to, value| include(to, &value),
    ),
    flag(
        Group::Paths,
        "ro",
        Some("PATH"),
        "Allow to read and execute PATH and all beneath it.",
        |to, path| to.path(Access::RO, path),
    ),
    flag(
        Group::Paths,
        "rw",
        Some("PATH"),
        "Allow also to write, create, remove and rename there.",
        |to, path| to.path(Access::RW, path),
    ),
    flag(
        Group::Paths,
        "fs",
        Some("WORD[,WORD]=PATH"),
        "Allow any mix of words: read, execute, write, create, remove, rename, ioctl, \
         make-device, connect-unix; ro and rw stand for their words.",
        |to, value| fs(to, &value),
    ),
    flag(
        Group::Paths,
        "connect-unix",
        Some("PATH"),
        "Allow to connect to UNIX sockets at PATH or beneath it (ABI 9).",
        |to, path| to.path(Access::CONNECT_UNIX, path),
    ),
    flag(
        Group::Paths,
        "optional",
        None,
        "The path flag that follows may name a path that does not exist.",
        |to, _| to.next_is_optional(),
    ),
    flag(
        Group::Paths,
        "glob",
        None,
        "The path flag that follows names a pattern: *, ?, [a-z], and ** for directories. It stands \
         for what matches when the sandbox is made.",
        |to, _| to.next_is_pattern(),
    ),
    flag(
        Group::Paths,
        "except",
        Some("NAME"),
        "The path flag that follows does not allow NAME beneath its path; give it once for each. \
         What is created later beside NAME is not allowed either.",
        except,
    ),
    flag(
        Group::Network,
        "connect-tcp",
        Some("PORTS"),
        "Allow TCP connections to these ports, at any address: 443, 80,443, 8000-8010, or any \
         to leave this class alone.",
        |to, ports| to.ports(PortClass::ConnectTcp, &ports),
    ),
    flag(
        Group::Network,
        "bind-tcp",
        Some("PORTS"),
        "Allow to bind TCP sockets to these ports; 0 is a port of the kernel's choice.",
        |to, ports| to.ports(PortClass::BindTcp, &ports),
    ),
    flag(
        Group::Network,
        "connect-udp",
        Some("PORTS"),
        "Allow to send datagrams to these ports, and with it to bind a port of the kernel's \
         choice (ABI 10).",
        |to, ports| to.ports(PortClass::ConnectUdp, &ports),
    ),
    flag(
        Group::Network,
        "bind-udp",
        Some("PORTS"),
        "Allow to bind UDP sockets to these ports; 0 is a port of the kernel's choice (ABI 10).",
        |to, ports| to.ports(PortClass::BindUdp, &ports),
    ),
    flag(
        Group::Syscalls,
        "allow",
        Some("CLASS[,CLASS]"),
        "Leave a class of acts alone, by its name in `ringfence plan`: metadata, debug, namespaces, \
         netlink, shared-ipc, notifications, io-uring, terminal, connect-unix, ...",
        |to, classes| to.classes(true, &classes),
    ),
    flag(
        Group::Syscalls,
        "deny",
        Some("CLASS[,CLASS]"),
        "Demand that a class is denied, and refuse to start where it cannot be. Needed for metadata \
         (chmod, chown, utime, setxattr) where a line lets the program create files.",
        |to, classes| to.classes(false, &classes),
    ),
    flag(
        Group::Syscalls,
        "allow-syscalls",
        Some("CALLS"),
        "Let these system calls pass, names or @groups with commas between, also where the filter \
         would look at them or deny them by itself.",
        |to, calls| {
            to.syscalls(&calls, |calls| {
                SyscallLine::new(calls, SyscallEffect::Allow)
            })
        },
    ),
    flag(
        Group::Syscalls,
        "deny-syscalls",
        Some("CALLS"),
        "Deny these system calls with EPERM, or as written behind a colon: ptrace:ENOSYS, \
         @mount:EACCES, bpf:kill.",
        |to, calls| to.syscalls(&calls, SyscallLine::denial),
    ),
    flag(
        Group::Syscalls,
        "only-syscalls",
        Some("CALLS"),
        "Allow these system calls and no other.",
        |to, calls| to.syscalls(&calls, |calls| SyscallLine::new(calls, SyscallEffect::Only)),
    ),
    flag(
        Group::Syscalls,
        "other-syscalls",
        Some("ERROR|kill"),
        "What a call is answered that --only-syscalls does not list; EPERM without this.",
        |to, answer| other_syscalls(to, &answer),
    ),
    flag(
        Group::Strictness,
        "unrestricted-fs",
        None,
        "Leave paths alone, UNIX sockets by path included.",
        |to, _| to.change(ringfence::PolicyBuilder::unrestricted_fs),
    ),
    flag(
        Group::Strictness,
        "unrestricted-net",
        None,
        "Leave TCP and UDP ports alone.",
        |to, _| to.change(ringfence::PolicyBuilder::unrestricted_net),
    ),
    flag(
        Group::Strictness,
        "unrestricted-ipc",
        None,
        "Leave abstract UNIX sockets and signals alone.",
        |to, _| to.change(ringfence::PolicyBuilder::unrestricted_ipc),
    ),
    flag(
        Group::Strictness,
        "unrestricted-syscalls",
        None,
        "Install no filter of system calls: what Landlock leaves open is open.",
        |to, _| to.change(ringfence::PolicyBuilder::unrestricted_syscalls),
    ),
    flag(
        Group::Strictness,
        "require-complete",
        None,
        "Refuse to start while any class of acts is open that --allow does not name, best effort \
         or not.",
        |to, _| to.change(ringfence::PolicyBuilder::require_complete),
    ),
    flag(
        Group::Strictness,
        "min-abi",
        Some("N"),
        "Refuse to start on a kernel whose Landlock ABI is below N, best effort or not.",
        |to, value| min_abi(to, &value),
    ),
    flag(
        Group::Strictness,
        "audit",
        None,
        "Have the kernel record what Landlock denies, for `ringfence denials` to show (ABI 7, where \
         audit is on).",
        |to, _| to.change(ringfence::PolicyBuilder::audit),
    ),
    flag(
        Group::Strictness,
        "best-effort",
        None,
        "Start although this kernel cannot enforce some line, and print what is lost.",
        |to, _| to.change(ringfence::PolicyBuilder::best_effort),
    ),
    flag(
        Group::Start,
        "with-deps",
        None,
        "Allow, as ro, what the command needs to start: its file, its interpreter, its loader \
         and its shared libraries. The file itself says which: use it for programs that you trust. \
         Shown by --verbose.",
        |to, _| set(&mut to.with_deps, true),
    ),
    flag(
        Group::Start,
        "with-deps-of",
        Some("PROGRAM"),
        "The same for a program that the command will start; give it once for each. Modules of an \
         interpreter and libraries loaded later (dlopen) are not found by either flag.",
        |to, program| {
            to.deps_of.push(program.into());
            Ok(())
        },
    ),
    flag(
        Group::Start,
        "env",
        Some("NAME[=VALUE]"),
        "Set a variable of the command's environment; without a value, keep it from this one.",
        |to, value| env(to, &value),
    ),
    flag(
        Group::Start,
        "clear-env",
        None,
        "Start from an empty environment; only --env adds to it.",
        |to, _| set(&mut to.clear_env, true),
    ),
    flag(
        Group::Start,
        "chdir",
        Some("DIR"),
        "Start the command in DIR. Paths of the policy are taken from where the wrapper started.",
        |to, path| set(&mut to.chdir, Some(PathBuf::from(path))),
    ),
    flag(
        Group::Start,
        "keep-fd",
        Some("N"),
        "Let the command inherit descriptor N; all others above 2 are closed.",
        |to, value| keep_fd(to, &value),
    ),
    flag(
        Group::Start,
        "log",
        Some("text|json|off"),
        "Write one line on start: the kernel, what is enforced by what, what is not. Without this \
         flag a short one names what a newer kernel would enforce and this one does not, if \
         anything.",
        |to, value| log(to, &value),
    ),
    Flag {
        short: Some('v'),
        ..flag(
            Group::Start,
            "verbose",
            None,
            "Show what --with-deps added and what became of each path.",
            |to, _| set(&mut to.verbose, true),
        )
    },
];
