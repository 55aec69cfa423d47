//! Lines about classes of acts: what the program did that a sandbox with the lines so far would deny.

use ringfence::{Access, Action, Class, ClassLine, Plan, PolicyBuilder, Request, Syscall};

use super::{Setting, counted, described};
use crate::observation::{Count, Observation, Seen};
use crate::sensitive::Concern;

/// Classes that many programs use for work of their own. About all others a person decides.
const HARMLESS: &[Class] = &[
    Class::Metadata,
    Class::Notifications,
    Class::Scheduling,
    Class::SharedIpc,
    Class::ListenUnbound,
    Class::Netlink,
];

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;

pub(super) fn add(
    mut policy: PolicyBuilder,
    observation: &Observation,
    setting: &Setting<'_>,
    questions: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> PolicyBuilder {
    policy = seen_otherwise(policy, observation, setting, questions, notes);
    for ((call, arguments), count) in &observation.calls {
        if *call == Syscall::SOCKET
            && [AF_UNIX, AF_INET, AF_INET6].contains(&(arguments[0] & 0xffff))
        {
            // What such a socket was used for is seen elsewhere.
            continue;
        }
        if passes(&policy, setting, *call, *arguments) {
            continue;
        }
        let is_denied = |class: &Class| {
            class.calls().any(|of| of == *call) && setting.is_denied_by_name(*class)
        };
        if let Some(class) = Class::ALL.into_iter().find(is_denied) {
            questions.push(denied_by_name(class, count, call.name()));
            continue;
        }
        let lifts = |class: &Class| {
            class.calls().any(|of| of == *call)
                && passes(
                    &with(policy.clone(), *class, ""),
                    setting,
                    *call,
                    *arguments,
                )
        };
        match Class::ALL.into_iter().find(lifts) {
            Some(class) if HARMLESS.contains(&class) => {
                let text = format!("{} {}", counted(count), call.name());
                // A manifest has no descriptions of classes.
                notes.push(format!("{} is allowed for {text}", class.name()));
                policy = with(policy, class, &text);
            }
            Some(class) => {
                let question = question(class, count, &format!(" ({})", call.name()));
                if !questions.contains(&question) {
                    questions.push(question);
                }
            }
            None => notes.push(format!(
                "{}: {} was used, which no line for a class allows",
                counted(count),
                call.name()
            )),
        }
    }
    policy
}

/// UNIX sockets, by path where the kernel can tell and else as a class; signals.
fn seen_otherwise(
    mut policy: PolicyBuilder,
    observation: &Observation,
    setting: &Setting<'_>,
    questions: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> PolicyBuilder {
    for class in [Class::ConnectUnix, Class::AbstractUnix, Class::Signal] {
        let Some(count) = observation.classes.get(&class) else {
            continue;
        };
        if is_allowed(&policy, setting, class) {
            continue;
        }
        if setting.is_denied_by_name(class) {
            questions.push(denied_by_name(class, count, "a socket or signal"));
        } else if let (Class::ConnectUnix, Some(concern)) = (class, worst(observation, setting)) {
            // To allow all would allow what was asked about.
            let by = format!(
                " (this kernel cannot tell UNIX sockets apart by their paths, and {} is among them)",
                concern.place.display()
            );
            questions.push(question(class, count, &by));
        } else if class == Class::ConnectUnix {
            notes.push(
                "this kernel cannot tell UNIX sockets apart by their paths, so that all are allowed, those of a \
                 container engine, of agents and of the session too if the user may use them"
                    .to_owned(),
            );
            policy = with(policy, class, &counted(count));
        } else {
            questions.push(question(class, count, ""));
        }
    }
    policy
}

/// A sensitive socket that was reached.
fn worst(observation: &Observation, setting: &Setting<'_>) -> Option<Concern> {
    let words = |seen: &Seen| seen.words() & Access::CONNECT_UNIX;
    let mut reached = observation.paths.iter();
    reached.find_map(|(path, seen)| setting.sensitive.concern(words(seen).rights(), path))
}

/// Takes out words that this kernel cannot enforce and would refuse to start with: what they stand for is
/// open there, or denied as a class.
pub(super) fn without_unenforceable(policy: PolicyBuilder, setting: &Setting<'_>) -> PolicyBuilder {
    let Ok(built) = policy.clone().build() else {
        return policy;
    };
    let plan = Plan::new(built, setting.kernel);
    let unenforced: Vec<_> = plan.paths().map(|path| path.unenforced).collect();
    let lines: Vec<_> = policy.lines().paths().to_vec();
    let lines = lines
        .into_iter()
        .zip(unenforced)
        .filter_map(|(mut line, lost)| {
            line.access -= lost;
            (!line.access.is_empty()).then_some(line)
        });
    policy.with_paths(lines)
}

fn with(policy: PolicyBuilder, class: Class, text: &str) -> PolicyBuilder {
    let known = policy
        .lines()
        .classes()
        .iter()
        .any(|line| line.class == class);
    if known {
        return policy;
    }
    policy.class_line(ClassLine {
        class,
        allow: true,
        source: described(text),
    })
}

fn denied_by_name(class: Class, count: &Count, by: &str) -> String {
    let by = format!(" ({by}), which the policy denies by name");
    question(class, count, &by)
}

fn question(class: Class, count: &Count, by: &str) -> String {
    format!(
        "allow {}{by}, for {}: {}",
        class.name(),
        counted(count),
        class.summary()
    )
}

fn passes(
    policy: &PolicyBuilder,
    setting: &Setting<'_>,
    call: Syscall,
    arguments: [u64; 6],
) -> bool {
    let Some(plan) = setting.plan(policy) else {
        return false;
    };
    plan.filter()
        .is_none_or(|filter| filter.verdict(call).decide(arguments) == Action::Allow)
}

/// Whether the whole class may be used under the lines so far.
fn is_allowed(policy: &PolicyBuilder, setting: &Setting<'_>, class: Class) -> bool {
    let Some(plan) = setting.plan(policy) else {
        return false;
    };
    // Where paths can be told apart their lines have been written.
    let by_path =
        class == Class::ConnectUnix && plan.standing(class) == ringfence::Standing::Landlock;
    by_path || plan.decide(Request::Class(class)).is_allowed() && plan.unenforced().next().is_none()
}
