//! A terminal of its own for a program that draws on one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

const LIMIT: Duration = Duration::from_secs(30);

/// A program at a terminal.
pub struct Terminal {
    program: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    name: String,
}

impl Terminal {
    /// Starts a program at a new terminal. The program has to take it as its controlling terminal
    /// by itself, if it wants that.
    ///
    /// # Panics
    /// If there is no terminal, or the program does not start.
    pub fn start(command: &mut Command) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a new terminal");
        grantpt(&controller).expect("our own terminal");
        unlockpt(&controller).expect("our own terminal");
        let name = ptsname(&controller, Vec::new()).expect("a terminal has a name");
        let name = name.into_string().expect("a plain name");
        let terminal = OpenOptions::new().read(true).write(true).open(&name);
        let terminal = terminal.expect("an unlocked terminal");
        let [input, output] = [(); 2].map(|()| terminal.try_clone().expect("a second descriptor"));
        let program = command
            .stdin(input)
            .stdout(output)
            .stderr(terminal)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        // The command keeps the terminal's descriptors until it is dropped or given others.
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());

        let keyboard = File::from(controller);
        let mut drawn = keyboard.try_clone().expect("a second descriptor");
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = drawn.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            program,
            keyboard,
            screen,
            shown: Vec::new(),
            name,
        }
    }

    /// Types on the keyboard.
    ///
    /// # Panics
    /// If the terminal takes no input.
    pub fn types(&mut self, keys: &str) {
        self.shown.clear();
        let typed = self.keyboard.write_all(keys.as_bytes());
        typed.expect("the terminal takes input");
    }

    /// Waits until the program has drawn this text since the last keys.
    ///
    /// # Panics
    /// If it does not in half a minute.
    pub fn shows(&mut self, text: &str) {
        let end = Instant::now() + LIMIT;
        while !self.screen_text().contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.extend(bytes),
                Err(why) => panic!("no {text:?} ({why}) in {:?}", self.screen_text()),
            }
        }
    }

    /// Waits for the program's end.
    ///
    /// # Panics
    /// If it does not end in half a minute.
    pub fn ends(mut self) -> ExitStatus {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.program.try_wait().expect("a child has a status") {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the program does not end: {:?}", self.screen_text());
    }

    /// The path of the terminal.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was drawn since the last keys.
    pub fn screen_text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
