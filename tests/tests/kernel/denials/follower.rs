//! A `ringfence denials --follow` that a test listens to.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ringfence_tests::executable;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A `ringfence denials --follow`, and what it has shown.
pub struct Follower {
    child: Child,
    lines: Receiver<String>,
    shown: Vec<Value>,
}

impl Follower {
    pub fn start() -> Self {
        let mut child = Command::new(executable("ringfence"))
            .args(["denials", "--follow", "--source=netlink", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ringfence starts");
        // It says what it reads once it has joined.
        let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut first = String::new();
        said.read_line(&mut first).expect("its first line");
        assert!(first.contains("netlink"), "{first}");
        let shown = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Whoever does not listen any more has seen enough.
            let mut lines = shown.lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        Self {
            child,
            lines,
            shown: Vec::new(),
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

    /// Ends it as Ctrl-C does, and gives what it says of domains.
    pub fn end(mut self) -> Value {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("it runs");
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{status:?}");
        let last = self.lines.iter().last().expect("a summary");
        serde_json::from_str(&last).expect("JSON")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
