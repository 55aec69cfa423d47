//! Threads that wait in many ways while the process is restricted.

use std::io::{PipeReader, PipeWriter, Read};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags};

use crate::attempt::{Attempts, FREE, attempts};
use crate::scene::Scene;

/// How a thread waits.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    /// For a message, in a futex.
    Message,
    /// For a message, with every signal blocked that the C library lets it block.
    Masked,
    /// In `nanosleep`.
    Sleep,
    /// In `poll`, without a limit.
    Poll,
    /// In `read` of a pipe.
    Read,
    /// Never in the kernel.
    Spin,
    /// Never at rest: allocates and frees.
    Allocate,
    /// For a mutex.
    Lock,
}

pub const ALL: [Wait; 8] = [
    Wait::Message,
    Wait::Masked,
    Wait::Sleep,
    Wait::Poll,
    Wait::Read,
    Wait::Spin,
    Wait::Allocate,
    Wait::Lock,
];

/// Sleeps; less if a signal comes. std's `sleep` sleeps the rest then, which the kernel says 50 µs too long, a
/// timer's slack: under signals that come faster than that it never ends.
pub fn nap(time: Duration) {
    let time = time.try_into().expect("a short time");
    let _ = rustix::thread::nanosleep(&time);
}

/// Threads that were free when they started to wait.
pub struct Crew {
    members: Vec<JoinHandle<Attempts>>,
    over: Arc<AtomicBool>,
    /// Closing these ends what waits for them.
    senders: Vec<mpsc::Sender<()>>,
    /// One for all: a thousand would be more descriptors than a process may have.
    reader: Arc<PipeReader>,
    pipe: PipeWriter,
}

impl Crew {
    /// Starts a thread for each way of waiting. Each has tried everything, and succeeded.
    pub fn new(scene: &Scene, waits: impl IntoIterator<Item = Wait>) -> Self {
        let (reader, pipe) = std::io::pipe().expect("a pipe");
        let mut crew = Self {
            members: Vec::new(),
            over: Arc::new(AtomicBool::new(false)),
            senders: Vec::new(),
            reader: Arc::new(reader),
            pipe,
        };
        let (ready, is_ready) = mpsc::channel();
        for wait in waits {
            crew.add(scene, wait, ready.clone());
        }
        drop(ready);
        for _ in &crew.members {
            is_ready.recv().expect("every thread gets that far");
        }
        crew
    }

    fn add(&mut self, scene: &Scene, wait: Wait, ready: mpsc::Sender<()>) {
        let (sender, message) = mpsc::channel();
        self.senders.push(sender);
        let reader = self.reader.clone();
        let (scene, over) = (scene.clone(), self.over.clone());
        let lock = Arc::new(Mutex::new(()));
        let member = move || {
            assert_eq!(attempts(&scene), FREE, "the twin");
            if matches!(wait, Wait::Masked) {
                SigSet::all().thread_block().expect("a mask");
            }
            ready.send(()).expect("the crew waits for it");
            while !over.load(SeqCst) {
                match wait {
                    Wait::Message | Wait::Masked => drop(message.recv()),
                    Wait::Sleep => nap(Duration::from_millis(50)),
                    Wait::Poll => {
                        let mut fds = [PollFd::new(&*reader, PollFlags::IN)];
                        let _ = rustix::event::poll(&mut fds, None);
                    }
                    Wait::Read => drop((&*reader).read(&mut [0])),
                    Wait::Spin => std::hint::spin_loop(),
                    Wait::Allocate => {
                        for size in [16, 4096, 200_000] {
                            std::hint::black_box(vec![1u8; size]);
                        }
                    }
                    Wait::Lock => {
                        let _guard = lock.lock().expect("nobody panics");
                        std::hint::black_box(Box::new(1));
                    }
                }
            }
            attempts(&scene)
        };
        self.members.push(std::thread::spawn(member));
    }

    /// Has each thread try everything again.
    pub fn attempts(self) -> Vec<Attempts> {
        self.over.store(true, SeqCst);
        drop((self.senders, self.pipe));
        let members = self.members.into_iter();
        members
            .map(|member| member.join().expect("no thread panics"))
            .collect()
    }

    /// Every thread is now as expected, and so is the calling one.
    pub fn assert_all(self, scene: &Scene, expected: Attempts) {
        assert_eq!(attempts(scene), expected, "the calling thread");
        for (number, found) in self.attempts().into_iter().enumerate() {
            assert_eq!(found, expected, "thread {number}");
        }
    }
}
