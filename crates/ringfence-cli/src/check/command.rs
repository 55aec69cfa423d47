//! The lint about a policy that does not let its own command start.

use ringfence::{AccessFs, Request};
use ringfence_manifest::Finding;

use super::{Subject, finding};
use crate::command::{Command, Environment};
use crate::deps;
use crate::invocation::Invocation;

pub(super) fn denied(subject: &Subject<'_>) -> Vec<Finding> {
    let manifest = subject.manifest;
    if manifest.command.is_empty() || !subject.is_looked_up {
        return Vec::new();
    }
    let mut invocation = Invocation::default();
    invocation.start_as(manifest);
    let environment = Environment::of(&invocation);
    let command = match Command::new(&invocation, &environment) {
        Ok(command) => command,
        Err(error) => return vec![finding(None, error.to_string())],
    };
    let get = |name| environment.get(name);
    let (path, library_path, preload) = (get("PATH"), get("LD_LIBRARY_PATH"), get("LD_PRELOAD"));
    let closure = deps::closure(
        &command.program,
        &deps::Environment {
            path: path.as_deref(),
            library_path: library_path.as_deref(),
            preload: preload.as_deref(),
            directory: invocation.chdir.as_deref(),
        },
    );
    let files = match closure {
        Ok(closure) => closure.files,
        Err(error) => return vec![finding(None, crate::ui::with_causes(&error))],
    };
    if manifest.dependencies.of_command {
        return Vec::new();
    }
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
                "the command cannot start: no line allows to {} {} ({})",
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
