//! `/proc/self/task`: the threads of this process, read without allocating.

use std::ffi::CStr;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::fs::OpenOptionsExt;

use super::Thread;
use super::raw::{self, Tid};
use crate::check;

/// Enough for what is read of a thread's files here.
const FILE_SIZE: usize = 4096;

/// `PF_IO_WORKER` and `PF_USER_WORKER` of the kernel's `linux/sched.h`.
const KERNEL_WORKER: u32 = 0x10 | 0x4000;

/// Directory entries are as long as their names, these some 24 bytes.
const ENTRIES_SIZE: usize = 8192;

/// Where the length of a directory entry is, and its name (`struct linux_dirent64`).
const ENTRY_LENGTH: usize = 16;
const ENTRY_NAME: usize = 19;

/// The directory, open.
#[derive(Debug)]
pub(super) struct Tasks {
    fd: libc::c_int,
}

/// What the status of a thread says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) thread: Thread,
    /// `R`, `S`, `D`, `T`, `t`, `Z`, `X`, …
    pub(super) state: u8,
    /// The signals that are sent to it and not yet delivered.
    pub(super) pending: u64,
    /// The signals that it blocks.
    pub(super) blocked: u64,
}

impl Tasks {
    /// Opens the directory; fails if what is mounted at `/proc` counts the threads of another PID
    /// namespace, whose numbers mean other threads to our system calls. Allocates.
    pub(super) fn open() -> io::Result<Self> {
        // The name in it may be any bytes.
        let status = std::fs::read("/proc/self/status")?;
        let status = String::from_utf8_lossy(&status);
        let ours = raw::getpid().to_string();
        // A kernel without such namespaces has the plain number only.
        let numbers = ["NSpid:", "Pid:"]
            .into_iter()
            .find_map(|name| status.lines().find_map(|line| line.strip_prefix(name)));
        if numbers.is_none_or(|numbers| !numbers.split_whitespace().eq([ours.as_str()])) {
            return Err(io::Error::other(
                "/proc belongs to another PID namespace than this process",
            ));
        }
        let directory = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECTORY | libc::O_CLOEXEC)
            .open("/proc/self/task")?;
        Ok(Self {
            fd: directory.into_raw_fd(),
        })
    }

    /// Calls `act` with each thread, until it returns false.
    pub(super) fn each(&self, mut act: impl FnMut(Tid) -> bool) -> io::Result<()> {
        // SAFETY: takes integers only; the descriptor is ours.
        let result = unsafe { libc::syscall(libc::SYS_lseek, self.fd, 0, libc::SEEK_SET) };
        check(result)?;
        let mut buffer = [0u8; ENTRIES_SIZE];
        loop {
            // SAFETY: the kernel writes at most as many bytes as the buffer has.
            let result = unsafe {
                libc::syscall(
                    libc::SYS_getdents64,
                    self.fd,
                    buffer.as_mut_ptr(),
                    buffer.len(),
                )
            };
            let read = usize::try_from(check(result)?).unwrap_or(0);
            let mut rest = buffer.get(..read).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            while let Some((entry, after)) = split_entry(rest) {
                if let Some(tid) = entry.get(ENTRY_NAME..).and_then(leading_number)
                    && !act(tid)
                {
                    return Ok(());
                }
                rest = after;
            }
        }
    }

    /// How many threads there are.
    pub(super) fn count(&self) -> io::Result<usize> {
        let mut count = 0;
        self.each(|_| {
            count += 1;
            true
        })?;
        Ok(count)
    }

    /// A thread's status. None if it is gone.
    pub(super) fn status(&self, tid: Tid) -> io::Result<Option<Status>> {
        let mut buffer = [0; FILE_SIZE];
        let text = self.read(tid, "status", &mut buffer)?;
        Ok(text.and_then(|text| parse(tid, text)))
    }

    /// Whether a thread is one of the kernel's own that works for this process, of io_uring say.
    pub(super) fn is_kernel_worker(&self, tid: Tid) -> bool {
        let mut buffer = [0; FILE_SIZE];
        let text = self.read(tid, "stat", &mut buffer);
        let flags = text.ok().flatten().and_then(flags);
        flags.is_some_and(|flags| flags & KERNEL_WORKER != 0)
    }

    /// Reads a file of a thread. None if the thread is gone.
    fn read<'b>(
        &self,
        tid: Tid,
        file: &str,
        buffer: &'b mut [u8; FILE_SIZE],
    ) -> io::Result<Option<&'b [u8]>> {
        let path = path(tid, file);
        let Ok(path) = CStr::from_bytes_until_nul(&path) else {
            return Ok(None);
        };
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        // SAFETY: `path` is null-terminated and lives across the call.
        let result = unsafe { libc::syscall(libc::SYS_openat, self.fd, path.as_ptr(), flags) };
        let fd = match check(result) {
            Ok(fd) => fd,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        // SAFETY: the kernel writes at most as many bytes as the buffer has.
        let result =
            unsafe { libc::syscall(libc::SYS_read, fd, buffer.as_mut_ptr(), buffer.len()) };
        let read = check(result);
        // SAFETY: opened just now, and nobody else's.
        unsafe { libc::syscall(libc::SYS_close, fd) };
        match read {
            Ok(read) => Ok(buffer.get(..usize::try_from(read).unwrap_or(0))),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        // SAFETY: opened by us, and nobody else's.
        unsafe { libc::syscall(libc::SYS_close, self.fd) };
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

/// The first entry of a buffer, and what follows it.
fn split_entry(buffer: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = buffer.get(ENTRY_LENGTH..ENTRY_LENGTH + 2)?;
    let length = usize::from(u16::from_ne_bytes(length.try_into().ok()?));
    // An entry of no length would never end.
    (length > ENTRY_NAME).then(|| buffer.split_at_checked(length))?
}

/// The number that a text begins with.
fn leading_number(text: &[u8]) -> Option<Tid> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

/// `TID/FILE` and a null byte.
fn path(tid: Tid, file: &str) -> [u8; 24] {
    use std::io::Write as _;
    let mut path = [0; 24];
    // A number has 11 characters at most: it fits, and what is not written is null.
    let _ = write!(path.as_mut_slice(), "{tid}/{file}");
    path
}

/// The flags of a thread: the ninth field of its `stat`, the seventh after its name.
fn flags(stat: &[u8]) -> Option<u32> {
    let name = stat.iter().rposition(|&byte| byte == b')')?;
    let field = stat.get(name..)?.split(|&byte| byte == b' ').nth(7)?;
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn parse(tid: Tid, text: &[u8]) -> Option<Status> {
    let field = |name: &[u8]| {
        text.split(|&byte| byte == b'\n')
            .find_map(|line| line.strip_prefix(name))
            .map(<[u8]>::trim_ascii)
    };
    let set = |name| {
        let digits = std::str::from_utf8(field(name)?).ok()?;
        u64::from_str_radix(digits, 16).ok()
    };
    Some(Status {
        thread: Thread::new(tid, field(b"Name:").unwrap_or_default()),
        state: *field(b"State:")?.first()?,
        pending: set(b"SigPnd:")?,
        blocked: set(b"SigBlk:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_this_thread_is_read() {
        let tasks = Tasks::open().unwrap();
        let status = tasks.status(raw::gettid()).unwrap().unwrap();
        assert_eq!(status.state, b'R');
        assert_eq!(status.thread.id(), raw::gettid().cast_unsigned());
        assert_eq!(status.pending, 0);
    }

    #[test]
    fn the_threads_of_a_process_are_found_whatever_it_is_called() {
        let name = std::fs::read("/proc/self/comm").unwrap();
        // The kernel keeps 15 bytes, and cuts a character in two.
        std::fs::write("/proc/self/comm", b"caf\xc3").unwrap();
        let tasks = Tasks::open();
        std::fs::write("/proc/self/comm", name).unwrap();
        assert!(tasks.unwrap().count().unwrap() > 1);
    }

    #[test]
    fn the_threads_are_listed_again_and_again() {
        let tasks = Tasks::open().unwrap();
        for _ in 0..3 {
            let mut found = false;
            tasks
                .each(|tid| {
                    found |= tid == raw::gettid();
                    true
                })
                .unwrap();
            assert!(found);
        }
        assert!(tasks.count().unwrap() > 1);
    }

    #[test]
    fn a_thread_that_is_gone_has_no_status() {
        let gone = std::thread::spawn(raw::gettid).join().unwrap();
        let tasks = Tasks::open().unwrap();
        while tasks.status(gone).unwrap().is_some() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn this_thread_is_none_of_the_kernel_s() {
        assert!(!Tasks::open().unwrap().is_kernel_worker(raw::gettid()));
        let stat = b"54 (iou-sqp-53 ) x) S 50 53 50 34817 54 4194384 0 0 0";
        assert_eq!(flags(stat), Some(0x40_0050));
        assert_ne!(0x40_0050 & KERNEL_WORKER, 0);
    }

    #[test]
    fn a_status_is_taken_apart() {
        let text = b"Name:\ta b\nState:\tS (sleeping)\nSigPnd:\t0000000100000000\nShdPnd:\t00\nSigBlk:\tffffffff00000000\n";
        let status = parse(7, text).unwrap();
        assert_eq!(status.thread.name(), "a b");
        assert_eq!(status.state, b'S');
        assert_eq!(status.pending, 1 << 32);
        assert_eq!(status.blocked, 0xffff_ffff_0000_0000);
        assert_eq!(parse(7, b"Name:\tx\n"), None);
    }
}
