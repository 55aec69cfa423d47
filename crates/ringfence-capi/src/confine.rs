//! Functions of the program that run in restricted copies of it.

use std::ffi::{c_int, c_void};

use ringfence::process::{ConfineError, Limits};

use crate::border::{Bytes, OutHandle, attempt, borrowed, caught, given, handle, quietly};
use crate::child::Ended;
use crate::error::Error;
use crate::limits;
use crate::output::Output;
use crate::sandbox::Sandbox;

/// How many bytes a reply may have if nothing is said.
const LONGEST: u64 = 64 << 20;

/// What stands around a reply in the answer that has it: the number of the function, and the reply's length.
const AROUND: u64 = 5 + 10;

const STANDARD_ERROR: c_int = 2;

/// What a confined function says to the process that it is a copy of.
#[derive(Default)]
pub struct Reply(Vec<u8>);

/// A function that runs in a restricted copy of this process. What it returns is 0 or whatever number the
/// program wants to have told; what it replies goes to `reply`, which is there until it returns. It may not
/// be left by `longjmp` or an exception.
pub type Function = Option<extern "C" fn(data: *mut c_void, reply: Option<&mut Reply>) -> c_int>;

/// How functions run in restricted copies of this process: what they may use up and keep open. What cannot
/// be used is remembered, and running one gives it as an error.
#[derive(Default)]
pub struct Confined {
    limits: Limits,
    /// How many bytes a reply may have, if that was said.
    longest: Option<u64>,
    keep: Vec<c_int>,
    /// The first thing that could not be used.
    fault: Option<Error>,
}

/// Changes it, or remembers why it cannot.
fn change(confined: Option<&mut Confined>, act: impl FnOnce(&mut Confined) -> Result<(), Error>) {
    let Some(confined) = confined else { return };
    if let Err(error) = caught(|| act(confined)) {
        confined.fault.get_or_insert(error);
    }
}

/// Nothing is limited yet but the reply, to 64 MiB. Free it with `ringfence_confined_free`. Never NULL, but
/// for a fault of this library.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_confined_new() -> Option<Box<Confined>> {
    quietly(None, || Some(Box::default()))
}

/// Sets a limit, as `ringfence_command_limit`; that of output is for programs, see
/// `ringfence_confined_longest_reply`. Memory counts what this process has mapped as well.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_confined_limit(
    confined: Option<&mut Confined>,
    limit: u32,
    value: u64,
) {
    change(confined, |confined| {
        limits::set(&mut confined.limits, limit, value)
    });
}

/// How many bytes a reply may have: what an honest one needs.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_confined_longest_reply(confined: Option<&mut Confined>, bytes: u64) {
    change(confined, |confined| {
        confined.longest = Some(bytes);
        Ok(())
    });
}

/// Leaves the copy a descriptor above 2, by the number that it has here; it has to be open when the function
/// is run.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_confined_keep(confined: Option<&mut Confined>, fd: c_int) {
    change(confined, |confined| {
        if fd <= STANDARD_ERROR {
            return Err(Error::argument(format!(
                "{fd} is no descriptor above {STANDARD_ERROR}, and the copy has its own of those"
            )));
        }
        confined.keep.push(fd);
        Ok(())
    });
}

/// Runs `function` in a copy of this process that the sandbox restricts, with `data` as its first argument,
/// and waits for it: for code that reads what strangers wrote. What it replied is what
/// `ringfence_output_stdout` gives, and what it returned `ringfence_output_ended`; both are as trustworthy as
/// what it has read. Free the output with `ringfence_output_free`.
///
/// The copy is made by fork. It has all of this process's memory, which it can read and cannot send anywhere
/// but into its reply and to standard error. What it changes, and what it leaves in the buffers of stdio, is
/// gone with it. Its standard input and output are `/dev/null`, and other descriptors are closed.
/// Only the calling thread goes on in it: a lock that another thread held stays locked, so set a limit of
/// time.
///
/// Where there is no reply the code of the error tells why: RINGFENCE_CODE_CRASHED, RINGFENCE_CODE_KILLED,
/// RINGFENCE_CODE_LIMIT, RINGFENCE_CODE_NO_REPLY (as when it calls `exit`).
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_confined_run(
    confined: Option<&Confined>,
    sandbox: Option<&Sandbox>,
    function: Function,
    data: *mut c_void,
    output: OutHandle<'_, Output>,
) -> Option<Box<Error>> {
    handle(output, || {
        let function = given(function, "the function")?;
        let confined = given(confined, "how the function runs")?;
        if let Some(fault) = &confined.fault {
            return Err(fault.again());
        }
        let sandbox = given(sandbox, "the sandbox")?.get()?;
        let mut running = sandbox.confined().limits(confined.limits);
        let longest = confined.longest.unwrap_or(LONGEST);
        running = running.longest_answer(longest.saturating_add(AROUND));
        for &fd in &confined.keep {
            if let Some(fd) = borrowed(fd, confined) {
                running = running.keep(fd);
            }
        }
        let answer: Result<(c_int, Vec<u8>), _> = running.run(|| {
            let mut reply = Reply::default();
            let code = function(data, Some(&mut reply));
            (code, reply.0)
        });
        let (code, stdout) = match answer {
            Ok((_, reply)) if reply.len() as u64 > longest => Err(ConfineError::TooLong(longest)),
            Err(ConfineError::TooLong(_)) => Err(ConfineError::TooLong(longest)),
            answer => answer,
        }?;
        Ok(Output {
            ended: Ended {
                code,
                ..Ended::unknown()
            },
            stdout,
            stderr: Vec::new(),
            truncated: false,
        })
    })
}

/// Adds `length` bytes to a reply. NULL is fine for none.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_reply_write(
    reply: Option<&mut Reply>,
    bytes: Bytes,
    length: usize,
) -> Option<Box<Error>> {
    attempt(|| {
        let reply = given(reply, "the reply")?;
        reply.0.extend_from_slice(bytes.slice(length, "the bytes")?);
        Ok(())
    })
}

/// Frees it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_confined_free(confined: Option<Box<Confined>>) {
    quietly((), || drop(confined));
}
