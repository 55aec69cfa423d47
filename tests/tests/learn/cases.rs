//! Real programs with a real job each, learned and run again.

use std::net::TcpListener;

use ringfence::{Kernel, Plan, PortClass, Request};
use ringfence_tests::install::{Skip, need_found};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{done, stderr, stdout, text};

use crate::scene::{Scene, User, directories_of_programs};
use crate::{record, watching};

mod documents;
mod servers;
mod toolchains;
mod tools;

/// A program and its job, in a folder that a script has prepared.
pub struct Case {
    pub name: &'static str,
    /// What has to be installed, and Debian's package for it.
    pub needs: &'static [(&'static str, &'static str)],
    pub before: &'static str,
    pub job: &'static [&'static str],
    /// Prints what the job has left.
    pub shows: &'static str,
}

/// All programs.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        tools::CASES,
        toolchains::CASES,
        documents::CASES,
        servers::CASES,
    ]
    .into_iter()
    .flatten()
}

pub fn tests() -> Vec<Test> {
    all().map(test).chain(all().map(with_calls)).collect()
}

/// The closed loop for a case.
pub fn test(case: &'static Case) -> Test {
    let name = format!(
        "learn::{}_runs_unchanged_under_what_was_learned_and_nothing_else_is_allowed",
        case.name
    );
    watching(name, || case.close())
}

/// The same with the list of system calls.
fn with_calls(case: &'static Case) -> Test {
    let name = format!("learn::{}_needs_no_call_beyond_its_list", case.name);
    watching(name, || case.close_with_calls())
}

impl Case {
    /// A place for the job, if its programs are there.
    pub fn scene(&self) -> Result<Scene, Skip> {
        for (program, package) in self.needs {
            need_found(program, package, || {
                let mut paths = directories_of_programs().map(|place| place.join(program));
                paths.find(|path| path.exists())
            })?;
        }
        // Its server does not run as root.
        let user = if self.name.starts_with("postgresql") {
            User::Ordinary
        } else {
            User::Same
        };
        Ok(Scene::of(user))
    }

    fn close(&self) -> Result<(), Skip> {
        let scene = self.scene()?;
        scene.begin(self.before);
        let plain = scene.succeeds(self.job);
        let effect = self.effect(&scene);

        scene.begin(self.before);
        let watched = scene.learn(self.job);
        let said = String::from_utf8_lossy(&watched.stderr);
        assert!(watched.status.success(), "{}: {said}", self.name);
        assert_eq!(stdout(&watched), stdout(&plain), "the output under watch");
        assert_eq!(self.effect(&scene), effect, "the effect under watch");
        assert_eq!(said.contains("decide"), self.asks(), "{said}");

        scene.begin(self.before);
        let policy = scene.policy();
        let confined = scene
            .confined(&[], self.job)
            .output()
            .expect("landlock-runner starts");
        let said = String::from_utf8_lossy(&confined.stderr);
        assert!(confined.status.success(), "{}: {said}\n{policy}", self.name);
        assert_eq!(stdout(&confined), stdout(&plain), "{policy}");
        assert_eq!(confined.stderr, plain.stderr, "{said}\n{policy}");
        assert_eq!(self.effect(&scene), effect, "{policy}");
        self.note("lines", lines(&stderr(&watched)));
        self.note("fragments", fragments(&policy));
        self.note("passes", "yes");
        let denied = canaries(&scene);
        self.note("canaries", denied);
        Ok(())
    }

    fn close_with_calls(&self) -> Result<(), Skip> {
        let scene = self.scene()?;
        scene.begin(self.before);
        let plain = scene.succeeds(self.job);
        scene.begin(self.before);
        let watched = scene.learn_with(&["--syscalls"], self.job);
        assert!(watched.status.success(), "{}", stderr(&watched));
        assert_eq!(stdout(&watched), stdout(&plain), "the output under watch");

        scene.begin(self.before);
        let policy = scene.policy();
        let confined = scene.confined(&[], self.job).output();
        let confined = confined.expect("landlock-runner starts");
        let said = stderr(&confined);
        assert!(confined.status.success(), "{said}\n{policy}");
        assert_eq!(stdout(&confined), stdout(&plain), "{said}\n{policy}");
        self.note("calls", "yes");
        Ok(())
    }

    /// Writes a fact down for the table of programs.
    pub fn note(&self, fact: &str, value: &str) {
        if all().any(|program| program.name == self.name) {
            record::note(self.name, fact, value);
        }
    }

    /// Whether it looks at something sensitive that it does without: pip lists what is in /etc and at home.
    pub fn asks(&self) -> bool {
        self.name.starts_with("pip")
    }

    fn effect(&self, scene: &Scene) -> String {
        stdout(&scene.succeeds(&["sh", "-ec", self.shows]))
    }
}

/// How many lines there are, as the message at the end says.
fn lines(said: &str) -> &str {
    let before = said
        .split_once(" lines in ")
        .map_or("", |(before, _)| before);
    before.rsplit(' ').next().unwrap_or_default()
}

fn fragments(policy: &str) -> &str {
    let line = policy
        .lines()
        .find_map(|line| line.strip_prefix("include: ["));
    line.unwrap_or_default().trim_end_matches(']')
}

/// A file outside cannot be read, nothing written beside the job's own, and no other port reached; which of
/// them were tried.
fn canaries(scene: &Scene) -> &'static str {
    let tools = &["--with-deps"];
    scene.denies(tools, &["/usr/bin/cat", &text(&scene.path("canary"))]);
    let write = format!("echo x > {}", text(&scene.path("beside")));
    scene.denies(tools, &["/usr/bin/bash", "-c", &write]);
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let connect = format!("exec 3<> /dev/tcp/127.0.0.1/{port}");
    let of_port = Request::Port(PortClass::ConnectTcp, port);
    let plan = Plan::new(scene.manifest().policy, Kernel::probe());
    // It is, where the program connects to ports that the kernel chose for it.
    let is_learned = plan.decide(of_port).is_allowed();
    if !is_learned {
        scene.denies(tools, &["/usr/bin/bash", "-c", &connect]);
    }
    done(scene.command("bash").args(["-c", &connect]));
    if is_learned {
        "file, write"
    } else {
        "file, write, port"
    }
}
