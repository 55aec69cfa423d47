//! The lint about a policy that does not let its own command start.

use ringfence::{AccessFs, Request};
use ringfence_manifest::Finding;

use super::{Subject, finding};
use crate::command::{Command, Environment};
use crate::{deps, run};

/// What comes of it that a file is denied. The loader does without its own files where the libraries are in
/// places that it knows.
fn consequence(reason: &deps::Reason) -> &'static str {
    match reason {
        deps::Reason::LoaderCache | deps::Reason::LoaderConfiguration => {
            "the command may not find its libraries"
        }
        deps::Reason::Preload => "the command starts without a library",
        _ => "the command cannot start",
    }
}

pub(super) fn denied(subject: &Subject<'_>) -> Vec<Finding> {
    let invocation = subject.invocation;
    if !subject.is_looked_up {
        return Vec::new();
    }
    if let Some(trouble) = subject.trouble {
        return vec![finding(None, trouble)];
    }
    if invocation.command.is_empty() {
        return Vec::new();
    }
    let environment = Environment::of(invocation);
    let command = match Command::new(invocation, &environment) {
        Ok(command) => command,
        Err(error) => return vec![finding(None, error.to_string())],
    };
    let closure = run::closure(invocation, &command.program, &environment);
    let files = match closure {
        Ok(closure) => closure.files,
        Err(error) => return vec![finding(None, crate::ui::with_causes(&error))],
    };
    let needed = |file: &deps::Dependency| {
        if file.reason.is_executed() {
            AccessFs::READ_FILE | AccessFs::EXECUTE
        } else {
            AccessFs::READ_FILE
        }
    };
    files
        .into_iter()
        .filter(|file| {
            let place = file
                .path
                .canonicalize()
                .unwrap_or_else(|_| file.path.clone());
            !subject
                .plan
                .decide(Request::Path(needed(file), &place))
                .is_allowed()
        })
        .map(|file| {
            let message = format!(
                "{}: no line allows to {} {} ({})",
                consequence(&file.reason),
                if file.reason.is_executed() {
                    "read and execute"
                } else {
                    "read"
                },
                file.path.display(),
                file.reason
            );
            finding(None, message)
                .help("add it under `ro`, include `base`, or say `with-deps: true`")
        })
        .collect()
}
