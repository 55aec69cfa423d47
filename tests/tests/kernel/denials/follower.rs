//! A `ringfence denials --follow` that a test listens to.

use std::io::{self, BufRead as _, BufReader, PipeWriter, Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ringfence_tests::executable;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A `ringfence denials --follow`, and what it has shown.
pub struct Follower {
    child: Child,
    lines: Receiver<String>,
    said: Receiver<String>,
    shown: Vec<Value>,
}

impl Follower {
    pub fn start() -> Self {
        let (ours, theirs) = io::pipe().expect("a pipe");
        let follower = Self::started(theirs, lines_of(ours));
        // It says what it reads once it has joined.
        let first = follower.said.recv().expect("its first line");
        assert!(first.contains("netlink"), "{first}");
        follower
    }

    /// One that stands still at its first line, which it says once it has joined, until something was done.
    pub fn start_while(something: impl FnOnce()) -> Self {
        let (ours, mut theirs) = io::pipe().expect("a pipe");
        let size = fcntl_setpipe_size(&theirs, 4096).expect("a small pipe");
        theirs.write_all(&vec![b'\n'; size]).expect("it is empty");
        let mut follower = Self::started(theirs, mpsc::channel().1);
        let deadline = Instant::now() + Duration::from_secs(60);
        while follower.socket().is_none() {
            assert!(Instant::now() < deadline, "it has not joined");
            std::thread::sleep(Duration::from_millis(10));
        }
        something();
        follower.said = lines_of(ours);
        follower
    }

    fn started(stderr: PipeWriter, said: Receiver<String>) -> Self {
        let mut child = Command::new(executable("ringfence"))
            .args(["denials", "--follow", "--source=netlink", "--json"])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("ringfence starts");
        let lines = lines_of(child.stdout.take().expect("a pipe"));
        Self {
            child,
            lines,
            said,
            shown: Vec::new(),
        }
    }

    /// What the kernel says of its socket in the group: the family, the process, the groups, and in the ninth column
    /// how often something was dropped.
    fn socket(&self) -> Option<Vec<String>> {
        const AUDIT: &str = "9";
        const NO_GROUP: &str = "00000000";
        let sockets = std::fs::read_to_string("/proc/net/netlink").expect("a list");
        let pid = self.child.id().to_string();
        let columns = |socket: &str| socket.split_ascii_whitespace().map(str::to_owned).collect();
        sockets.lines().map(columns).find(|columns: &Vec<_>| {
            matches!(&columns[..], [_, family, process, groups, ..]
                if family == AUDIT && *process == pid && groups != NO_GROUP)
        })
    }

    /// Lets it stand still.
    pub fn stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).expect("it runs");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).expect("it stands still");
    }

    /// Whether the kernel has dropped records for it.
    pub fn has_overflowed(&self) -> bool {
        let socket = self.socket();
        let dropped = socket.and_then(|columns| columns.into_iter().nth(8));
        dropped.is_some_and(|dropped| dropped != "0")
    }

    /// A line with this text that it has said, or says before the deadline.
    pub fn says(&self, text: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.said.recv_timeout(left).ok()?;
            if line.contains(text) {
                return Some(line);
            }
        }
    }

    /// The denials of the process with this number that are shown by now, or come before the deadline.
    pub fn of(&mut self, pid: u32, patience: Duration) -> Vec<Value> {
        let deadline = Instant::now() + patience;
        loop {
            let is_of = |line: &&Value| {
                let pids = line["made-by"]["pids"].as_array();
                pids.is_some_and(|pids| pids.contains(&pid.into()))
            };
            let found: Vec<_> = self.shown.iter().filter(is_of).cloned().collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if !found.is_empty() || left.is_zero() {
                return found;
            }
            if let Ok(line) = self.lines.recv_timeout(left) {
                self.shown.push(serde_json::from_str(&line).expect("JSON"));
            }
        }
    }

    /// All that it has shown.
    pub fn shown(&self) -> &[Value] {
        &self.shown
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    pub fn ends_with(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
        self.child.wait().expect("it ends").code()
    }

    /// The same, and what it says of domains.
    pub fn end(mut self) -> Value {
        assert_eq!(self.ends_with(), Some(0));
        let last = self.lines.iter().last().expect("a summary");
        serde_json::from_str(&last).expect("JSON")
    }
}

/// The lines of a pipe, as they come.
fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        // Whoever does not listen any more has seen enough.
        let mut lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.send(line))
    });
    lines
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
