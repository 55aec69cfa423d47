//! Whether an access would be allowed, and by what.

use ringfence::{Allowance, Decision, Entry, FileKind, Mechanism, Request};

use crate::border::{Out, Text, answer, given};
use crate::error::Error;
use crate::plan::Plan;
use crate::policy::{access, port, port_class};

/// The answer to a question.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is none: an error says why.
    None = 0,
    /// Allowed by lines of the policy.
    Allowed = 1,
    /// Allowed, since the policy leaves it alone as a whole.
    Unrestricted = 2,
    /// Allowed, since this kernel cannot deny it.
    Open = 3,
    /// Denied by Landlock.
    DeniedByLandlock = 4,
    /// Denied by the filter of system calls.
    DeniedBySeccomp = 5,
    /// Denied by Landlock, since what is moved would gain rights; it may be copied.
    Widens = 6,
}

/// What is moved or replaced, as far as the kernel's questions differ by it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Nothing.
    None = 0,
    /// A regular file.
    Regular = 1,
    /// A directory.
    Directory = 2,
    /// A symbolic link.
    Symlink = 3,
    /// A UNIX socket.
    Socket = 4,
    /// A named pipe.
    Fifo = 5,
    /// A character device.
    CharDevice = 6,
    /// A block device.
    BlockDevice = 7,
}

const FILES: [(File, Option<FileKind>); 8] = [
    (File::None, None),
    (File::Regular, Some(FileKind::Regular)),
    (File::Directory, Some(FileKind::Directory)),
    (File::Symlink, Some(FileKind::Symlink)),
    (File::Socket, Some(FileKind::Socket)),
    (File::Fifo, Some(FileKind::Fifo)),
    (File::CharDevice, Some(FileKind::CharDevice)),
    (File::BlockDevice, Some(FileKind::BlockDevice)),
];

/// A number from C as what it stands for: C may pass any.
fn kind(number: u32) -> Result<Option<FileKind>, Error> {
    FILES
        .into_iter()
        .find(|(file, _)| *file as u32 == number)
        .map(|(_, kind)| kind)
        .ok_or_else(|| Error::argument(format!("{number} is none of ringfence_file")))
}

fn entry<'t>(path: &'t Text, number: u32, what: &str) -> Result<Entry<'t>, Error> {
    Ok(Entry {
        path: path.path(what)?,
        kind: kind(number)?
            .ok_or_else(|| Error::argument(format!("{what} has to be something")))?,
    })
}

fn decide<'t>(
    plan: Option<&Plan>,
    place: Out<'_, Answer>,
    request: impl FnOnce() -> Result<Request<'t>, Error>,
) -> Option<Box<Error>> {
    answer(place, Answer::None, || {
        let decision = given(plan, "the plan")?.plan.decide(request()?);
        Ok(match decision {
            Decision::Allowed(Allowance::Unrestricted) => Answer::Unrestricted,
            Decision::Allowed(Allowance::Open(_)) => Answer::Open,
            Decision::Allowed(_) => Answer::Allowed,
            Decision::Widens { .. } => Answer::Widens,
            Decision::Denied {
                by: Mechanism::Seccomp,
                ..
            } => Answer::DeniedBySeccomp,
            _ => Answer::DeniedByLandlock,
        })
    })
}

/// Whether `words` would all be allowed on what is at `path`, which is absolute and without symlinks, as the
/// kernel sees it. To create or remove an entry, name its own path. The answer speaks of this sandbox alone:
/// file modes, an outer sandbox or another security module may deny what it allows.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_path(
    plan: Option<&Plan>,
    words: Text,
    path: Text,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        let rights = access(&words)?.rights();
        Ok(Request::Path(rights, path.path("the path")?))
    })
}

/// Whether a port may be used as `word` says: `connect-tcp`, `bind-tcp`, `connect-udp` or `bind-udp`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_port(
    plan: Option<&Plan>,
    word: Text,
    number: u32,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        Ok(Request::Port(port_class(&word)?, port(number)?))
    })
}

/// Whether acts of a class are allowed, where no line about a path or a port allows them; by its name in
/// `ringfence plan`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_class(
    plan: Option<&Plan>,
    name: Text,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        Ok(Request::Class(name.utf8("the class")?.parse()?))
    })
}

/// Whether `from`, of the kind `file`, may be renamed to `to`, where something of the kind `over` is already
/// (`RINGFENCE_FILE_NONE`: nothing). Kinds are values of `ringfence_file`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_rename(
    plan: Option<&Plan>,
    from: Text,
    file: u32,
    to: Text,
    over: u32,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        Ok(Request::Rename {
            from: entry(&from, file, "what is renamed")?,
            to: to.path("the new path")?,
            over: kind(over)?,
        })
    })
}

/// Whether two entries may be exchanged (`RENAME_EXCHANGE`).
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_exchange(
    plan: Option<&Plan>,
    one: Text,
    file: u32,
    other: Text,
    other_file: u32,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        Ok(Request::Exchange(
            entry(&one, file, "the one entry")?,
            entry(&other, other_file, "the other entry")?,
        ))
    })
}

/// Whether a hard link to `from`, of the kind `file`, may be made at `to`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_decide_link(
    plan: Option<&Plan>,
    from: Text,
    file: u32,
    to: Text,
    answer: Out<'_, Answer>,
) -> Option<Box<Error>> {
    decide(plan, answer, || {
        Ok(Request::Link {
            from: entry(&from, file, "what is linked")?,
            to: to.path("the further path")?,
        })
    })
}

/// Whether an answer means that the access is allowed, for whatever reason.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_answer_is_allowed(answer: u32) -> bool {
    let allowed = [Answer::Allowed, Answer::Unrestricted, Answer::Open];
    allowed.iter().any(|known| *known as u32 == answer)
}
