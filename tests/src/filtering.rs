//! A job under a filter of its own, which whoever watches it must not make weaker.

use ringfence::{Arch, Syscall};

// `linux/seccomp.h`.
/// A signal instead of the call.
pub const TRAP: u32 = 0x0003_0000;
/// A tracer is asked, and where there is none the call fails with ENOSYS. The lower half is data.
pub const TRACE: u32 = 0x7ff0_0000;

/// A filter of its own answers some calls, and a handler for the signal of a trap is there. Each call is made
/// with arguments that are none, and what came of it is told.
const SCRIPT: &str = r"
import ctypes, os, signal, struct, sys
signal.signal(signal.SIGSYS, lambda *_: print('caught', flush=True))
libc = ctypes.CDLL(None, use_errno=True)
answer, calls = int(sys.argv[1], 0), [int(number) for number in sys.argv[2:]]
steps = [(0x20, 0, 0, 0)]
for number in calls:
    steps += [(0x15, 0, 1, number), (6, 0, 0, answer)]
steps += [(6, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code)))
# No new privileges, without which only root may take a filter.
assert libc.prctl(38, 1, 0, 0, 0) == 0, ctypes.get_errno()
assert libc.prctl(22, 2, program) == 0, ctypes.get_errno()
for number in calls:
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
    print(number, result, ctypes.get_errno(), flush=True)
try:
    os.chmod('in', 0o700); print('done')
except OSError as error:
    print(error.errno)
";

/// The command that takes a filter which answers these calls so, makes each, and tells what came of it. It needs
/// python3, and a folder `in`.
///
/// # Panics
/// Where a call has no number.
pub fn job(answer: u32, calls: &[Syscall]) -> Vec<String> {
    let words = ["python3".into(), "-c".into(), SCRIPT.into()];
    let calls = calls.iter().map(|call| number(*call).to_string());
    let answer = answer.to_string();
    words.into_iter().chain([answer]).chain(calls).collect()
}

/// The number of a call here.
///
/// # Panics
/// Where it has none.
pub fn number(call: Syscall) -> u32 {
    let number = Arch::NATIVE.and_then(|arch| call.number(arch));
    number.expect("every machine has it")
}
