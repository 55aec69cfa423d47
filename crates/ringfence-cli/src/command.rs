//! The command: finding its file, its environment, and what to say if it cannot be executed.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use ringfence::process::{NotRunnable, find_program};
use ringfence::{AccessFs, Decision, Plan, Request};
use ringfence_sys::CStrings;
use rustix::fs::{Access, AtFlags, CWD};
use rustix::io::Errno;

use crate::invocation::Invocation;

/// A command made ready to execute.
pub(crate) struct Command {
    /// The file, as `execve` will get it.
    pub(crate) program: PathBuf,
    arguments: CStrings,
    environment: Option<CStrings>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(
        "cannot find the command `{}`{}{}",
        name.display(),
        if *searched { " in PATH" } else { "" },
        words_apart(name)
    )]
    NotFound { name: OsString, searched: bool },
    #[error("cannot execute {}: {why}", program.display())]
    NotExecutable { program: PathBuf, why: String },
    #[error("cannot execute the command: its arguments or environment hold a NUL byte")]
    Nul,
}

/// What to do if a program is looked for whose name is a whole line of a shell.
fn words_apart(name: &OsStr) -> String {
    let Some(text) = name.to_str().filter(|text| text.trim().contains(' ')) else {
        return String::new();
    };
    let words: Vec<_> = text.split_whitespace().collect();
    format!(
        "; its arguments are words of their own: `-- {}`, or `command: [{}]` in a manifest",
        words.join(" "),
        words.join(", ")
    )
}

impl CommandError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } => 127,
            Self::NotExecutable { .. } | Self::Nul => 126,
        }
    }
}

/// The environment that the command will get.
pub(crate) enum Environment {
    /// This process's own, byte for byte.
    Inherited,
    /// These variables.
    Changed(Vec<(OsString, OsString)>),
}

impl Environment {
    pub(crate) fn of(invocation: &Invocation) -> Self {
        if !invocation.clear_env && invocation.env.is_empty() {
            return Self::Inherited;
        }
        let mut variables: Vec<(OsString, OsString)> = if invocation.clear_env {
            Vec::new()
        } else {
            std::env::vars_os().collect()
        };
        for (name, value) in &invocation.env {
            let Some(value) = value.clone().or_else(|| std::env::var_os(name)) else {
                continue;
            };
            // An environment may name a variable twice; the old ones all go.
            variables.retain(|(known, _)| known != name);
            variables.push((name.clone(), value));
        }
        Self::Changed(variables)
    }

    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        match self {
            Self::Inherited => std::env::var_os(name),
            Self::Changed(variables) => variables
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone()),
        }
    }

    /// As `execve` takes it.
    fn c_strings(&self) -> Result<Option<CStrings>, CommandError> {
        match self {
            Self::Inherited => Ok(None),
            Self::Changed(variables) => variables
                .iter()
                .map(|(name, value)| {
                    let mut variable = name.clone();
                    variable.push("=");
                    variable.push(value);
                    c_string(variable)
                })
                .collect::<Result<CStrings, _>>()
                .map(Some),
        }
    }
}

impl Command {
    /// Finds the program and lays out its arguments.
    pub(crate) fn new(
        invocation: &Invocation,
        environment: &Environment,
    ) -> Result<Self, CommandError> {
        let name = invocation
            .command
            .first()
            .map_or(OsStr::new(""), OsString::as_os_str);
        let directory = invocation.chdir.as_deref().unwrap_or(Path::new(""));
        let arguments = invocation.command.iter().cloned().map(c_string);
        Ok(Self {
            program: find(name, environment, directory)?,
            arguments: arguments.collect::<Result<CStrings, _>>()?,
            environment: environment.c_strings()?,
        })
    }

    /// Fails if there is no such file, before anyone looks into it.
    pub(crate) fn require_file(&self, invocation: &Invocation) -> Result<(), CommandError> {
        let directory = invocation.chdir.as_deref().unwrap_or(Path::new(""));
        match std::fs::metadata(directory.join(&self.program)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(CommandError::NotFound {
                name: self.program.clone().into(),
                searched: false,
            }),
            _ => Ok(()),
        }
    }

    /// Its parts, as `execve` takes them.
    #[cfg(feature = "workbench")]
    pub(crate) fn parts(&self) -> Result<(CString, &CStrings, Option<&CStrings>), CommandError> {
        let program = c_string(self.program.clone().into_os_string())?;
        Ok((program, &self.arguments, self.environment.as_ref()))
    }

    /// Becomes the command. Returns only if the kernel refused, and says why in the plan's terms.
    pub(crate) fn execute(&self, plan: &Plan) -> CommandError {
        let program = match c_string(self.program.clone().into_os_string()) {
            Ok(program) => program,
            Err(error) => return error,
        };
        match ringfence_sys::execve(&program, &self.arguments, self.environment.as_ref()) {
            Ok(never) => match never {},
            Err(error) => self.explain(&error, plan),
        }
    }

    fn explain(&self, error: &io::Error, plan: &Plan) -> CommandError {
        let metadata = std::fs::metadata(&self.program);
        let why = match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) if metadata.is_ok() => {
                "its `#!` interpreter or its loader does not exist".to_owned()
            }
            Some(Errno::NOENT | Errno::NOTDIR) => {
                return CommandError::NotFound {
                    name: self.program.clone().into(),
                    searched: false,
                };
            }
            Some(Errno::ACCESS) if metadata.is_ok_and(|metadata| metadata.is_dir()) => {
                "it is a directory".to_owned()
            }
            Some(Errno::ACCESS) => self.explain_denial(plan),
            Some(Errno::NOEXEC) => "it is neither a program of this machine nor a script that \
                                    begins with `#!` and its interpreter"
                .to_owned(),
            _ => error.to_string(),
        };
        CommandError::NotExecutable {
            program: self.program.clone(),
            why,
        }
    }

    /// Tells the sandbox's denial from the file mode's.
    fn explain_denial(&self, plan: &Plan) -> String {
        let resolved =
            std::fs::canonicalize(&self.program).unwrap_or_else(|_| self.program.clone());
        // The kernel opens a program for reading, so it asks for that right too.
        let rights = AccessFs::EXECUTE | AccessFs::READ_FILE;
        let request = Request::Path(rights, &resolved);
        if let Decision::Denied { .. } = plan.decide(request) {
            return format!(
                "the policy does not allow it; add `--ro {}`, or `--with-deps` for its loader and \
                 libraries too",
                resolved.display()
            );
        }
        match rustix::fs::accessat(CWD, &resolved, Access::EXEC_OK, AtFlags::EACCESS) {
            Ok(()) => "the policy allows the file, but not its `#!` interpreter or its loader; \
                       add `--with-deps`, or `--ro` for them"
                .to_owned(),
            Err(_) => {
                "its mode does not permit it (chmod +x), or it is on a noexec mount".to_owned()
            }
        }
    }
}

/// Finds a program as `execvp` does: a name with a slash as it is, any other in PATH.
/// Relative results are relative to `directory`, where the command will start.
fn find(
    name: &OsStr,
    environment: &Environment,
    directory: &Path,
) -> Result<PathBuf, CommandError> {
    find_program(name, environment.get("PATH").as_deref(), directory).map_err(|error| match error {
        NotRunnable::NotExecutable(program) => CommandError::NotExecutable {
            program,
            why: "its mode does not permit it (chmod +x), or it is on a noexec mount".to_owned(),
        },
        NotRunnable::NotFound { name, searched } => CommandError::NotFound { name, searched },
        _ => CommandError::NotFound {
            name: name.to_owned(),
            searched: false,
        },
    })
}

fn c_string(text: OsString) -> Result<CString, CommandError> {
    CString::new(text.into_vec()).map_err(|_| CommandError::Nul)
}
