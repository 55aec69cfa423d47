//! A process outside of every sandbox, which says what reaches it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The victim, ended when dropped.
pub struct Victim {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Victim {
    /// Starts it, as leader of a process group of its own.
    pub fn start(
        program: &Path,
        variables: &[(&'static str, OsString)],
        user: Option<u32>,
    ) -> Self {
        let mut command = Command::new(program);
        command
            .arg("victim")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0);
        if let Some(id) = user {
            command.uid(id).gid(id);
        }
        let mut process = command.spawn().expect("the victim starts");
        let mut said = BufReader::new(process.stdout.take().expect("the output is a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("the victim speaks");
        assert_eq!(line, "ready\n");
        Self { process, said }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it, and tells whether a signal had come.
    pub fn was_signalled(&mut self) -> bool {
        drop(self.process.stdin.take());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).is_ok() && rest.contains("signal 10")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It removes what it shares with others when its input ends.
        drop(self.process.stdin.take());
        let mut rest = String::new();
        let _ = self.said.read_to_string(&mut rest);
        let _ = self.process.wait();
    }
}
