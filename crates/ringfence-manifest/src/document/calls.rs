//! Lines about classes of acts and about system calls.

use ringfence::{
    Class, ClassLine, GROUPS, Syscall, SyscallEffect, SyscallLine, closest, denying_action,
};

use super::Document;
use crate::reader::{Key, MAIN_ONLY, Reader};
use crate::shape::Shape;
use crate::tree::Node;

/// The name of a class.
pub(super) const CLASS: Shape =
    Shape::Word(|| Class::ALL.map(|class| class.name().to_owned()).into());

const CALLS: Shape = Shape::Word(|| {
    let calls = Syscall::all().map(|call| call.name().to_owned());
    calls
        .chain(GROUPS.iter().map(|group| group.name.to_owned()))
        .collect()
});

const ANSWERED: Shape = Shape::Pattern("^@?[a-z0-9_-]+(:([A-Z0-9]+|kill))?$");

/// The keys of `syscalls`.
pub(super) static KEYS: [Key<Document>; 4] = [
    Key::<Document>::new(
        "allow",
        Shape::OneOrList(&CALLS),
        "Calls that pass, also where the filter would look at them or deny them by itself.",
        |reader, to, node| {
            syscalls(reader, to, node, |calls| {
                SyscallLine::new(calls, SyscallEffect::Allow)
            });
        },
    ),
    Key::<Document>::new(
        "deny",
        Shape::OneOrList(&ANSWERED),
        "Calls that fail with EPERM, or as written behind a colon: ptrace:ENOSYS, bpf:kill.",
        |reader, to, node| syscalls(reader, to, node, SyscallLine::denial),
    ),
    Key::<Document>::new(
        "only",
        Shape::OneOrList(&CALLS),
        "Calls besides which none is allowed.",
        |reader, to, node| {
            syscalls(reader, to, node, |calls| {
                SyscallLine::new(calls, SyscallEffect::Only)
            });
        },
    ),
    Key::<Document>::new(
        "others",
        Shape::Either(&[
            Shape::Pattern("^([A-Z][A-Z0-9]*|kill)$"),
            Shape::Number(4095),
        ]),
        "What calls are answered that `only` does not list; EPERM without this.",
        |reader, to, node| {
            let text = match node.value {
                crate::tree::Value::Number(number) => number.to_string(),
                _ => match reader.text(node, "the name of an error, or kill") {
                    Some(text) => text,
                    None => return,
                },
            };
            match denying_action(&text) {
                Ok(action) => to.others = Some((action, reader.place(&node.bytes))),
                Err(sentence) => reader.sentence("value", node, &sentence),
            }
        },
    ),
];

pub(super) fn classes(reader: &mut Reader<'_>, to: &mut Document, node: &Node, allow: bool) {
    for item in reader.one_or_list(node, "the name of a class, or a list of names") {
        let Some(name) = reader.text(item, "the name of a class") else {
            continue;
        };
        let Some(class) = class(reader, item, &name) else {
            continue;
        };
        if allow && reader.included && class.since().is_some() {
            let message =
                format!("an included file cannot leave {name} alone, which Landlock denies");
            reader.fault("main-only", &item.bytes, message, MAIN_ONLY);
            continue;
        }
        if !to.classes.insert((class, allow)) {
            continue;
        }
        let source = reader.source(&item.bytes, None);
        to.change(|policy| {
            policy.class_line(ClassLine {
                class,
                allow,
                source,
            })
        });
    }
}

/// The class of this name.
pub(super) fn class(reader: &mut Reader<'_>, node: &Node, name: &str) -> Option<Class> {
    let class = Class::named(name);
    if class.is_none() {
        let names = || Class::ALL.iter().map(|class| class.name());
        let help = match closest(name, names()) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!("the classes are {}", names().collect::<Vec<_>>().join(", ")),
        };
        reader.fault(
            "unknown-class",
            &node.bytes,
            format!("unknown class `{name}`"),
            help,
        );
    }
    class
}

fn syscalls(
    reader: &mut Reader<'_>,
    to: &mut Document,
    node: &Node,
    read: impl Fn(&str) -> Result<SyscallLine, String>,
) {
    for item in reader.one_or_list(
        node,
        "the name of a system call or group, or a list of names",
    ) {
        let Some(text) = reader.text(item, "the name of a system call or group") else {
            continue;
        };
        match read(&text) {
            Ok(line) if !to.calls.insert(line.to_string()) => {}
            Ok(line) => {
                if let Some(class) = opens(&line).filter(|_| reader.included) {
                    let message = format!(
                        "an included file cannot let {text} pass, which opens {} where Landlock \
                         does not deny it",
                        class.name()
                    );
                    reader.fault("main-only", &item.bytes, message, MAIN_ONLY);
                    continue;
                }
                let source = reader.source(&item.bytes, None);
                to.change(|policy| policy.syscall_line(SyscallLine { source, ..line }));
            }
            Err(sentence) => reader.sentence("unknown-call", item, &sentence),
        }
    }
}

/// The class that a line opens on kernels whose Landlock does not deny it yet, and that an included
/// file may not leave alone by name either.
fn opens(line: &SyscallLine) -> Option<Class> {
    let lifts = line.effect == SyscallEffect::Allow;
    Class::ALL
        .into_iter()
        .filter(|class| lifts && class.since().is_some())
        .find(|class| class.calls().any(|call| line.calls.contains(call)))
}
