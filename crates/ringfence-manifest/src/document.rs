//! One file, every key of it read: the table of keys is the definition of the format.

use std::collections::HashSet;
use std::path::PathBuf;

use ringfence::{Access, Action, Class, PolicyBuilder, PortClass};

use crate::finding::Place;
use crate::manifest::{Dependencies, Expectation, Limits, LintSwitch};
use crate::reader::{Key, Reader};
use crate::shape::{Row, Shape};
use crate::tree::{Node, Value};

mod calls;
mod expectations;
mod paths;
mod ports;
mod start;

pub(crate) use start::Variable;

/// What one file says.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) description: Option<String>,
    pub(crate) includes: Vec<(String, Place)>,
    pub(crate) policy: PolicyBuilder,
    /// The classes that lines have named, and whether to leave them alone. Once says it all.
    classes: HashSet<(Class, bool)>,
    /// The same of system calls.
    calls: HashSet<String>,
    /// What calls are answered that are on no list.
    pub(crate) others: Option<(Action, Place)>,
    pub(crate) command: Vec<String>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) dependencies: Dependencies,
    pub(crate) clear_environment: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) limits: Limits,
    pub(crate) lints: Vec<LintSwitch>,
    pub(crate) expectations: Vec<Expectation>,
}

impl Document {
    fn change(&mut self, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.policy = change(std::mem::take(&mut self.policy));
    }
}

/// The one version of the format.
const VERSION: i64 = 1;

const PARTS: [&str; 4] = ["fs", "net", "ipc", "syscalls"];

/// Every key of a manifest.
static KEYS: [Key<Document>; 27] = [
    Key::<Document>::new(
        "version",
        Shape::Version,
        "The version of this format: 1.",
        |reader, _, node| match node.value {
            Value::Number(VERSION) => {}
            Value::Number(_) | Value::OtherNumber(_) => reader.fault(
                "version",
                &node.bytes,
                "this version of the format is not known here",
                "write `version: 1`, or use a newer ringfence",
            ),
            _ => reader.misshapen(node, "the number 1"),
        },
    )
    .required(),
    Key::<Document>::new(
        "description",
        Shape::Text,
        "What the program is, for readers.",
        |reader, to, node| to.description = reader.raw(node, "a text").map(str::to_owned),
    ),
    Key::<Document>::new(
        "include",
        Shape::OneOrList(&Shape::Text),
        "Built-in fragments (base, tls, dns, ...) and files relative to this one; what they allow is \
         allowed too.",
        |reader, to, node| {
            for item in reader.one_or_list(node, "the name of a fragment or file") {
                if let Some(name) = reader.text(item, "the name of a fragment or file") {
                    to.includes.push((name, reader.place(&item.bytes)));
                }
            }
        },
    ),
    Key::<Document>::new(
        "command",
        Shape::OneOrList(&Shape::Scalar),
        "The command that is run when the command line names none: the program and its arguments.",
        start::command,
    )
    .main_only(),
    Key::<Document>::new(
        "directory",
        Shape::Path,
        "Where the command starts.",
        |reader, to, node| to.directory = reader.literal_path(node),
    )
    .main_only(),
    Key::<Document>::new(
        "ro",
        Shape::OneOrList(&paths::ENTRY),
        "Allow to read and execute these paths and all beneath them.",
        |reader, to, node| paths::read(reader, to, node, Some(Access::RO)),
    ),
    Key::<Document>::new(
        "rw",
        Shape::OneOrList(&paths::ENTRY),
        "Allow also to write, create, remove and rename there.",
        |reader, to, node| paths::read(reader, to, node, Some(Access::RW)),
    ),
    Key::<Document>::new(
        "fs",
        Shape::OneOrList(&paths::WORDED_ENTRY),
        "Allow any mix of words on these paths and all beneath them.",
        |reader, to, node| paths::read(reader, to, node, None),
    ),
    Key::<Document>::new(
        "connect-unix",
        Shape::OneOrList(&paths::ENTRY),
        "Allow to connect to UNIX sockets at these paths or beneath them (ABI 9).",
        |reader, to, node| paths::read(reader, to, node, Some(Access::CONNECT_UNIX)),
    ),
    Key::<Document>::new(
        "connect-tcp",
        Shape::OneOrList(&ports::ENTRY),
        "Allow TCP connections to these ports, at any address; `any` leaves this class alone (ABI 4).",
        |reader, to, node| ports::read(reader, to, node, PortClass::ConnectTcp),
    ),
    Key::<Document>::new(
        "bind-tcp",
        Shape::OneOrList(&ports::ENTRY),
        "Allow to bind TCP sockets to these ports; 0 is a port of the kernel's choice (ABI 4).",
        |reader, to, node| ports::read(reader, to, node, PortClass::BindTcp),
    ),
    Key::<Document>::new(
        "connect-udp",
        Shape::OneOrList(&ports::ENTRY),
        "Allow to send datagrams to these ports, at any address (ABI 10).",
        |reader, to, node| ports::read(reader, to, node, PortClass::ConnectUdp),
    ),
    Key::<Document>::new(
        "bind-udp",
        Shape::OneOrList(&ports::ENTRY),
        "Allow to bind UDP sockets to these ports; 0 is a port of the kernel's choice (ABI 10).",
        |reader, to, node| ports::read(reader, to, node, PortClass::BindUdp),
    ),
    Key::<Document>::new(
        "allow",
        Shape::OneOrList(&calls::CLASS),
        "Leave these classes of acts alone, by their names in `ringfence plan`.",
        |reader, to, node| calls::classes(reader, to, node, true),
    ),
    Key::<Document>::new(
        "deny",
        Shape::OneOrList(&calls::CLASS),
        "Demand that these classes of acts are denied, and refuse to start where they cannot be.",
        |reader, to, node| calls::classes(reader, to, node, false),
    ),
    Key::<Document>::new(
        "syscalls",
        Shape::Map(|| rows(&calls::KEYS)),
        "What happens to single system calls.",
        |reader, to, node| reader.object(node, "syscalls", &calls::KEYS, to),
    ),
    Key::<Document>::new(
        "unrestricted",
        Shape::OneOrList(&Shape::Word(|| PARTS.map(str::to_owned).into())),
        "Parts that are left alone as a whole: fs, net, ipc, syscalls.",
        unrestricted,
    )
    .main_only(),
    Key::<Document>::new(
        "best-effort",
        Shape::Switch,
        "Start although the kernel cannot enforce some line, and print what is lost.",
        |reader, to, node| {
            if reader.switch(node) == Some(true) {
                to.change(PolicyBuilder::best_effort);
            }
        },
    )
    .main_only(),
    Key::<Document>::new(
        "require-complete",
        Shape::Switch,
        "Refuse to start while any class of acts is open that `allow` does not name.",
        |reader, to, node| {
            if reader.switch(node) == Some(true) {
                to.change(PolicyBuilder::require_complete);
            }
        },
    ),
    Key::<Document>::new(
        "audit",
        Shape::Switch,
        "Have the kernel record what Landlock denies, for `ringfence denials` to show (ABI 7, where audit is on).",
        |reader, to, node| {
            if reader.switch(node) == Some(true) {
                to.change(PolicyBuilder::audit);
            }
        },
    ),
    Key::<Document>::new(
        "minimum-abi",
        Shape::Number(u32::MAX as i64),
        "Refuse to start on a kernel whose Landlock ABI is lower, best effort or not.",
        |reader, to, node| {
            if let Some(Ok(abi)) = reader.number(node, u32::MAX.into()).map(u32::try_from) {
                to.change(|policy| policy.minimum_abi(abi));
            }
        },
    ),
    Key::<Document>::new(
        "with-deps",
        Shape::Switch,
        "Allow what the command needs to start: its file, its interpreter, its loader, its libraries.",
        |reader, to, node| to.dependencies.of_command = reader.switch(node) == Some(true),
    )
    .main_only(),
    Key::<Document>::new(
        "with-deps-of",
        Shape::OneOrList(&Shape::Path),
        "The same for programs that the command will start.",
        |reader, to, node| {
            for item in reader.one_or_list(node, "the path of a program") {
                to.dependencies.of.extend(reader.literal_path(item));
            }
        },
    ),
    Key::<Document>::new(
        "environment",
        Shape::Map(|| rows(&start::ENVIRONMENT)),
        "The variables of the command's environment.",
        |reader, to, node| reader.object(node, "environment", &start::ENVIRONMENT, to),
    ),
    Key::<Document>::new(
        "limits",
        Shape::Map(|| rows(&start::LIMITS)),
        "What the command may use up.",
        |reader, to, node| reader.object(node, "limits", &start::LIMITS, &mut to.limits),
    )
    .main_only(),
    Key::<Document>::new(
        "lints",
        Shape::Map(|| rows(&start::LINTS)),
        "Which lints of `ringfence check` are switched off.",
        |reader, to, node| reader.object(node, "lints", &start::LINTS, to),
    )
    .main_only(),
    Key::<Document>::new(
        "expect",
        Shape::List(&expectations::ENTRY),
        "What `ringfence test` proves in the real sandbox.",
        expectations::read,
    ),
];

/// Reads the tree of one file.
pub(crate) fn read(reader: &mut Reader<'_>, tree: &Node) -> Document {
    let mut document = Document::default();
    reader.object(tree, "the manifest", &KEYS, &mut document);
    document
}

/// The form of a whole manifest.
pub(crate) fn shape() -> Shape {
    Shape::Map(|| rows(&KEYS))
}

fn rows<T>(keys: &[Key<T>]) -> Vec<Row> {
    keys.iter().map(|key| key.row).collect()
}

fn unrestricted(reader: &mut Reader<'_>, to: &mut Document, node: &Node) {
    for item in reader.one_or_list(node, "a part: fs, net, ipc or syscalls") {
        let Some(part) = reader.raw(item, "a part: fs, net, ipc or syscalls") else {
            continue;
        };
        match part {
            "fs" => to.change(PolicyBuilder::unrestricted_fs),
            "net" => to.change(PolicyBuilder::unrestricted_net),
            "ipc" => to.change(PolicyBuilder::unrestricted_ipc),
            "syscalls" => to.change(PolicyBuilder::unrestricted_syscalls),
            _ => {
                let help = match ringfence::closest(part, PARTS) {
                    Some(similar) => format!("did you mean `{similar}`?"),
                    None => format!("the parts are {}", PARTS.join(", ")),
                };
                reader.fault(
                    "unknown-part",
                    &item.bytes,
                    format!("unknown part `{part}`"),
                    help,
                );
            }
        }
    }
}
