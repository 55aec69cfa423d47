//! The example of a server that forks: what its children see, and that no client holds it up.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ringfence_tests::trial::Test;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use tempfile::TempDir;

use crate::library::{Linked, Program, compile, example, test_of_sandboxes};

pub fn tests() -> Vec<Test> {
    vec![
        test_of_sandboxes(
            "a_child_that_answers_a_request_sees_one_customer_alone",
            one_customer,
        ),
        test_of_sandboxes("a_slow_client_holds_up_nobody_and_is_let_go", slow_client),
        test_of_sandboxes(
            "clients_that_break_off_and_lack_of_descriptors_do_not_end_the_server",
            trouble,
        ),
        test_of_sandboxes("a_server_that_is_ended_finishes_what_it_began", graceful),
    ]
}

struct Server {
    process: Child,
    address: String,
    root: TempDir,
    _program: Program,
}

impl Server {
    fn new(flags: &[&str]) -> Self {
        let program = compile("gcc", &example("fork-server.c"), flags, Linked::Shared);
        let root = TempDir::new().expect("a directory");
        for customer in ["one", "two"] {
            let directory = root.path().join(customer);
            fs::create_dir(&directory).expect("a directory");
            fs::write(directory.join("file"), customer).expect("a file");
        }
        let mut command = program.command();
        command.arg(root.path()).arg("0");
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the program starts");
        let stdout = process.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        Self {
            address: address.expect("an address").to_owned(),
            process,
            root,
            _program: program,
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        writeln!(stream, "{request}").expect("it reads");
        stream.shutdown(Shutdown::Write).expect("it goes on");
        rest(&mut stream)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Its children, those included that have ended and nobody waited for.
    fn children(&self) -> usize {
        let parent = self.process.id().to_string();
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        processes
            .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
            .filter(|stat| {
                let behind_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
                behind_name.split(' ').nth(1) == Some(&parent)
            })
            .count()
    }

    fn ends_well(mut self) {
        kill_process(self.pid(), Signal::TERM).expect("it lives");
        assert!(self.process.wait().expect("an end").success());
    }
}

fn rest(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Waits for what comes soon or never.
fn soon(what: &str, mut has_come: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !has_come() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        sleep(Duration::from_millis(20));
    }
}

fn one_customer() {
    let server = Server::new(&[]);
    assert_eq!(server.ask("one file"), "one");
    assert_eq!(server.ask("two file"), "two");
    assert_eq!(server.ask("one ../two/file"), "error: Permission denied\n");
    assert_eq!(
        server.ask("one /etc/passwd"),
        "error: No such file or directory\n"
    );
    assert_eq!(server.ask("../one file"), "error: write CUSTOMER FILE\n");
    assert_eq!(server.ask("three file"), "error: no such customer\n");
    // The twin: it is the sandbox that closes it.
    let twin = fs::read_to_string(server.root.path().join("one/../two/file"));
    assert_eq!(twin.expect("it is there"), "two");
    // Nothing is left of whoever answered.
    soon("children are waited for", || server.children() == 0);
    server.ends_well();
}

fn slow_client() {
    let server = Server::new(&["-DSECONDS=2"]);
    let mut slow: Vec<TcpStream> = (0..8).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"one fi").expect("it is taken");
    }
    soon("each has a child", || server.children() == slow.len());
    assert_eq!(server.ask("one file"), "one");
    for stream in &mut slow {
        assert_eq!(rest(stream), "");
    }
    soon("children are waited for", || server.children() == 0);
    assert_eq!(server.ask("two file"), "two");
    server.ends_well();
}

fn trouble() {
    let server = Server::new(&[]);
    for _ in 0..100 {
        // With bytes unread at its end, or here, the connection is reset.
        let mut stream = server.connect();
        let _ = stream.write_all(b"one file\n");
    }
    assert_eq!(server.ask("one file"), "one");

    let pid = Some(server.pid());
    // Its maximum stays, so that the old limit can be set again by whoever set it.
    let few = Rlimit {
        current: Some(3),
        ..getrlimit(Resource::Nofile)
    };
    let usual = prlimit(pid, Resource::Nofile, few).expect("the old limit");
    let mut waiting = server.connect();
    writeln!(waiting, "two file").expect("the kernel takes it");
    sleep(Duration::from_millis(500));
    prlimit(pid, Resource::Nofile, usual).expect("the new limit");
    assert_eq!(rest(&mut waiting), "two");
    server.ends_well();
}

fn graceful() {
    let mut server = Server::new(&[]);
    let mut begun = server.connect();
    begun.write_all(b"one fi").expect("it is taken");
    soon("it has a child", || server.children() == 1);
    kill_process(server.pid(), Signal::TERM).expect("it lives");
    soon("it takes no more", || {
        TcpStream::connect(&server.address).is_err()
    });
    let is_there = server.process.try_wait().expect("a process").is_none();
    assert!(is_there, "it waits for the one that it answers");
    begun.write_all(b"le\n").expect("it is read");
    assert_eq!(rest(&mut begun), "one");
    assert!(server.process.wait().expect("an end").success());
}
