//! Servers of tests: started, awaited, and gone with their test.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ringfence_tests::ports::{free_port, has_listener};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::scene::Skip;

const LIMIT: Duration = Duration::from_secs(30);

/// A process that serves until it is dropped.
pub struct Server {
    child: Child,
    log: File,
}

impl Server {
    /// Starts a server and waits until it is ready.
    pub fn start(command: &mut Command, ready: impl Fn() -> bool) -> Self {
        let log = tempfile::tempfile().expect("a temporary file");
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.try_clone().expect("a second descriptor"))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut server = Self { child, log };
        let awaited = within(LIMIT, || {
            ready().then_some(Ok(())).or_else(|| server.ended())
        });
        match awaited {
            Some(Ok(())) => server,
            Some(Err(status)) => panic!("{command:?} ended: {status}\n{}", server.said()),
            None => panic!("{command:?} is not ready in time\n{}", server.said()),
        }
    }

    fn ended(&mut self) -> Option<Result<(), ExitStatus>> {
        let status = self.child.try_wait().expect("a child has a status");
        status.map(Err)
    }

    fn said(&mut self) -> String {
        let mut text = String::new();
        self.log.rewind().expect("a file can be read again");
        let _ = self.log.read_to_string(&mut text);
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let process = Pid::from_child(&self.child);
        // PostgreSQL and nginx end their workers and remove what they share on this signal.
        let _ = kill_process(process, Signal::INT);
        within(LIMIT, || self.child.try_wait().ok().flatten());
        let _ = kill_process_group(process, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Asks again and again until there is an answer.
fn within<T>(limit: Duration, mut question: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        let answer = question();
        if answer.is_some() {
            return answer;
        }
        thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Whether something listens at this port of loopback.
pub fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A listener on loopback at a port of the kernel's choice, and the port.
pub fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    (listener, port)
}

/// Different ports that nobody has.
pub fn free_ports<const N: usize>() -> [u16; N] {
    [(); N].map(|()| free_port())
}

/// Ports that a test does not choose: its turn to use them, if they can be had.
pub fn fixed_ports(ports: &[u16]) -> Result<MutexGuard<'static, ()>, Skip> {
    static TURN: Mutex<()> = Mutex::new(());

    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for port in ports {
        if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)) {
            return Err(Skip(match error.kind() {
                ErrorKind::AddrInUse => format!("port {port} is already taken on this machine"),
                ErrorKind::PermissionDenied => format!(
                    "binding port {port} needs root, or sysctl \
                     net.ipv4.ip_unprivileged_port_start={port}"
                ),
                _ => format!("port {port} cannot be bound: {error}"),
            }));
        }
        // A program that another test starts at this moment has the socket until it has been executed.
        while has_listener(*port) {
            thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(turn)
}
