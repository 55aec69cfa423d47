//! What acts reach for outside of the trees: listeners, a process, a device, a queue.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open, mq_unlink};
use ringfence_tests::ports::free_row;
use rustix::process::Pid;

/// How many ports are listened on, and how many are free to bind.
pub const PORTS: u16 = 3;

/// The device that acts open; a terminal, so that there is an ioctl to try.
const DEVICE: &str = "/dev/ptmx";

/// Where an act finds what it needs.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The top of the tree.
    pub top: PathBuf,
    /// Whether the tree is on the same mount as the root.
    pub on_root: bool,
    pub device: PathBuf,
    /// The first of [`PORTS`] ports that are listened on, TCP and UDP; as many after them are free.
    pub first_port: u16,
    /// An abstract UNIX socket.
    pub name: String,
    /// A message queue.
    pub queue: String,
    /// A process.
    pub victim: Pid,
}

impl Scene {
    /// Makes sure that the queue is there.
    pub fn stage_queue(&self) -> io::Result<()> {
        let attributes = MqAttr::new(0, 1, 8, 0);
        let mode = nix::sys::stat::Mode::all();
        let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_CLOEXEC;
        Ok(mq_close(mq_open(
            self.queue.as_str(),
            flags,
            mode,
            Some(&attributes),
        )?)?)
    }
}

/// All of it, for as long as acts are tried.
pub struct Outside {
    first_port: u16,
    streams: Vec<TcpListener>,
    _datagrams: Vec<UdpSocket>,
    name: String,
    abstract_socket: UnixListener,
    victim: Child,
    device: PathBuf,
    queues: Vec<String>,
}

impl Outside {
    pub fn new(around: &Path) -> io::Result<Self> {
        let (first_port, streams, datagrams) = listen()?;
        let name = around.display().to_string();
        let abstract_socket = UnixListener::bind_addr(&UnixAddr::from_abstract_name(&name)?)?;
        abstract_socket.set_nonblocking(true)?;
        let victim = Command::new(std::env::current_exe()?)
            .arg(crate::VICTIM)
            .stdin(Stdio::piped())
            .spawn()?;
        Ok(Self {
            first_port,
            streams,
            _datagrams: datagrams,
            queues: ["real", "twin"]
                .iter()
                .map(|of| format!("/{}-{of}", name.trim_start_matches('/').replace('/', "-")))
                .collect(),
            name,
            abstract_socket,
            victim,
            device: Path::new(DEVICE).canonicalize()?,
        })
    }

    /// The scene of one of the two trees.
    pub fn scene(&self, top: &Path, twin: bool) -> Scene {
        let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
        Scene {
            top: top.to_owned(),
            on_root: device(top) == device(Path::new("/")),
            device: self.device.clone(),
            first_port: self.first_port,
            name: self.name.clone(),
            queue: self.queues[usize::from(twin)].clone(),
            victim: Pid::from_child(&self.victim),
        }
    }

    /// Takes the connections that acts have made, so that no queue is ever full.
    pub fn drain(&self) {
        while self.abstract_socket.accept().is_ok() {}
        for socket in &self.streams {
            while socket.accept().is_ok() {}
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        for queue in &self.queues {
            // Not every kernel has queues, and an act may have removed it.
            let _ = mq_unlink(queue.as_str());
        }
    }
}

/// Listens on a row of ports, with as many free ones behind.
fn listen() -> io::Result<(u16, Vec<TcpListener>, Vec<UdpSocket>)> {
    let first = free_row(2 * PORTS);
    let at = |port| (Ipv4Addr::LOCALHOST, port);
    let ports = || first..first + PORTS;
    let streams = ports().map(|port| {
        let socket = TcpListener::bind(at(port))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    let streams = streams.collect::<io::Result<_>>()?;
    let datagrams = ports().map(|port| UdpSocket::bind(at(port)));
    let datagrams = datagrams.collect::<io::Result<_>>()?;
    Ok((first, streams, datagrams))
}
