//! The one error object: a code for programs, a sentence for people.

use std::any::Any;
use std::error::Error as StdError;
#[cfg(test)]
use std::ffi::CStr;
use std::ffi::{CString, c_char, c_int};
use std::io;
use std::ptr;

use ringfence::process::{CgroupError, ConfineError, SpawnError};
use ringfence::{
    EnforceError, InvalidLine, InvalidPorts, PrepareError, Refused, TemplateError, UnknownClass,
    UnknownWord, with_causes,
};
use ringfence_manifest::Faults;

use crate::border::quietly;

/// What kind of failure an error is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No error.
    None = 0,
    /// An argument cannot be used: NULL, no UTF-8, a word that is unknown, a handle that is spent.
    Argument = 1,
    /// A line of the policy means nothing or contradicts another, or a manifest cannot be used.
    Policy = 2,
    /// This kernel cannot enforce the policy; the sentence names the line and the kernel that could.
    Kernel = 3,
    /// The path of a line cannot be allowed: it is missing, closed to this user, or the like.
    Path = 4,
    /// The sandbox cannot be made for another reason.
    Prepare = 5,
    /// The process was not restricted.
    Enforce = 6,
    /// The process is restricted by Landlock, and its filter could not be installed. End it.
    EnforcedInPart = 7,
    /// There is no such program.
    NotFound = 8,
    /// The program may not be executed.
    NotExecutable = 9,
    /// A program could not be started for another reason. Nothing of it is left.
    Spawn = 10,
    /// The end of a program cannot be told.
    Wait = 11,
    /// A system call failed; `ringfence_error_errno` says how.
    System = 12,
    /// A fault of this library.
    Internal = 13,
    /// A confined function was ended by a signal that says of a fault: a bad access, an abort, a forbidden
    /// call.
    Crashed = 14,
    /// Somebody killed a confined function: the kernel, where memory ran out.
    Killed = 15,
    /// A confined function used up what it may, or its reply is too long.
    Limit = 16,
    /// A confined function ended without a reply.
    NoReply = 17,
}

/// Why something failed.
#[derive(Debug)]
pub struct Error {
    code: Code,
    errno: c_int,
    message: CString,
}

impl Error {
    pub fn new(code: Code, error: &(dyn StdError + 'static)) -> Self {
        Self {
            errno: errno(error),
            ..Self::said(code, with_causes(error))
        }
    }

    fn said(code: Code, message: String) -> Self {
        Self {
            code,
            errno: 0,
            message: c_string(message),
        }
    }

    pub fn argument(message: String) -> Self {
        Self::said(Code::Argument, message)
    }

    pub fn null(what: &str) -> Self {
        Self::argument(format!("{what} is NULL"))
    }

    pub fn system(what: &str, error: &io::Error) -> Self {
        Self {
            errno: errno(error),
            ..Self::said(Code::System, format!("{what}: {error}"))
        }
    }

    pub fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("without a message");
        Self::said(
            Code::Internal,
            format!("this is a fault of ringfence, please report it: {text}"),
        )
    }

    /// The same error once more, for who asks again.
    pub fn again(&self) -> Self {
        Self {
            code: self.code,
            errno: self.errno,
            message: self.message.clone(),
        }
    }

    #[cfg(test)]
    pub fn code(&self) -> Code {
        self.code
    }

    #[cfg(test)]
    pub fn message(&self) -> &CStr {
        &self.message
    }
}

/// Text as C has it. A NUL in it, which nobody wrote on purpose, is shown as what it is.
pub fn c_string(text: String) -> CString {
    CString::new(text).unwrap_or_else(|error| {
        let bytes = error.into_vec();
        let shown = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
        CString::new(shown).unwrap_or_default()
    })
}

/// What the kernel said, wherever in the causes that is.
fn errno(error: &(dyn StdError + 'static)) -> c_int {
    let mut next = Some(error);
    while let Some(error) = next {
        let said = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::raw_os_error);
        if let Some(errno) = said {
            return errno;
        }
        next = error.source();
    }
    0
}

impl From<InvalidLine> for Error {
    fn from(error: InvalidLine) -> Self {
        Self::new(Code::Policy, &error)
    }
}

impl From<Faults> for Error {
    fn from(error: Faults) -> Self {
        Self::new(Code::Policy, &error)
    }
}

impl From<InvalidPorts> for Error {
    fn from(error: InvalidPorts) -> Self {
        Self::new(Code::Argument, &error)
    }
}

impl From<UnknownWord> for Error {
    fn from(error: UnknownWord) -> Self {
        Self::new(Code::Argument, &error)
    }
}

impl From<UnknownClass> for Error {
    fn from(error: UnknownClass) -> Self {
        Self::new(Code::Argument, &error)
    }
}

impl From<Refused> for Error {
    fn from(error: Refused) -> Self {
        let code = if error.is_contradiction() {
            Code::Policy
        } else {
            Code::Kernel
        };
        Self::new(code, &error)
    }
}

impl From<PrepareError> for Error {
    fn from(error: PrepareError) -> Self {
        let code = match &error {
            PrepareError::Refused(refused) if refused.is_contradiction() => Code::Policy,
            PrepareError::Refused(_) | PrepareError::OtherKernel { .. } => Code::Kernel,
            PrepareError::Path(_) | PrepareError::NotADirectory { .. } => Code::Path,
            _ => Code::Prepare,
        };
        Self::new(code, &error)
    }
}

impl From<TemplateError> for Error {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::Line(error) => error.into(),
            TemplateError::Prepare(error) => error.into(),
            error => Self::new(Code::Argument, &error),
        }
    }
}

impl From<EnforceError> for Error {
    fn from(error: EnforceError) -> Self {
        let code = if error.landlock_holds() {
            Code::EnforcedInPart
        } else {
            Code::Enforce
        };
        Self::new(code, &error)
    }
}

impl From<CgroupError> for Error {
    fn from(error: CgroupError) -> Self {
        Self::new(Code::Spawn, &error)
    }
}

impl From<SpawnError> for Error {
    fn from(error: SpawnError) -> Self {
        let code = match &error {
            _ if error.is_not_found() => Code::NotFound,
            _ if error.is_not_executable() => Code::NotExecutable,
            SpawnError::Nul(_) => Code::Argument,
            SpawnError::Wait(_) => Code::Wait,
            _ => Code::Spawn,
        };
        Self::new(code, &error)
    }
}

impl From<ConfineError> for Error {
    fn from(error: ConfineError) -> Self {
        let code = match error {
            ConfineError::Prepare(error) => return error.into(),
            ConfineError::Start(error) => return error.into(),
            ConfineError::Crashed(_) => Code::Crashed,
            ConfineError::Killed => Code::Killed,
            ConfineError::Limit(_) | ConfineError::TooLong(_) => Code::Limit,
            ConfineError::Panicked(_) => Code::Internal,
            _ => Code::NoReply,
        };
        Self::new(code, &error)
    }
}

/// What kind of failure it is; `RINGFENCE_CODE_NONE` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_error_code(error: Option<&Error>) -> Code {
    error.map_or(Code::None, |error| error.code)
}

/// The sentence: what failed, why, and what to do. It has more lines where there is more than one reason, as
/// with the faults of a manifest. It belongs to the error and lives as long; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_error_message(error: Option<&Error>) -> *const c_char {
    error.map_or(ptr::null(), |error| error.message.as_ptr())
}

/// What the kernel said, as in `errno`; 0 if it was not asked, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_error_errno(error: Option<&Error>) -> c_int {
    error.map_or(0, |error| error.errno)
}

/// Frees an error. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_error_free(error: Option<Box<Error>>) {
    quietly((), || drop(error));
}
