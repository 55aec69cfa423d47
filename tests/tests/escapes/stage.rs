//! What a technique finds outside: files, sockets, a victim, a queue; made anew for each try.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open, mq_unlink};
use ringfence_tests::world::{World, is_root, open_to_all};
use rustix::fs::{MemfdFlags, XattrFlags};
use rustix::io::FdFlags;
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::catalog::Technique;
use crate::ports::Ports;
use crate::victim::Victim;

/// What techniques send out.
const MESSAGE: &[u8] = b"escaped";
/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(2);

/// Everything that one try finds.
pub struct Stage {
    // Before the world, which could not be removed while something is mounted in it.
    _mounted: Option<Mounted>,
    world: World,
    pub ports: Ports,
    pub victim: Victim,
    streams: [UnixListener; 2],
    datagrams: [UnixDatagram; 2],
    packets: OwnedFd,
    _descriptor: File,
    variables: Vec<(&'static str, OsString)>,
    queue: String,
}

impl Stage {
    /// Sets everything up, or says what this machine lacks.
    pub fn new(technique: &Technique, program: &Path) -> Result<Self, String> {
        let world = World::new();
        let (inside, outside) = (world.inside(), world.outside());
        furnish(technique, &outside, program)?;
        let mounted = technique
            .needs("mounted")
            .then(|| Mounted::at(outside.join("mounted")))
            .transpose()?;

        let ports = Ports::new();
        let unique = world.path().display().to_string().replace('/', "-");
        let (name, datagram_name) = (format!("{unique}-stream"), format!("{unique}-datagram"));
        let abstract_address =
            |name: &String| SocketAddr::from_abstract_name(name).expect("a short name");
        let streams = [
            UnixListener::bind(outside.join("stream")),
            UnixListener::bind_addr(&abstract_address(&name)),
        ]
        .map(|socket| socket.expect("a listener"));
        let datagrams = [
            UnixDatagram::bind(outside.join("datagram")),
            UnixDatagram::bind_addr(&abstract_address(&datagram_name)),
        ]
        .map(|socket| socket.expect("a receiver"));
        let packets = packet_listener(&outside.join("packets"));
        for socket in ["stream", "datagram", "packets"] {
            open_to_all(&outside.join(socket));
        }
        let queue = format!("/{unique}");
        let mode = nix::sys::stat::Mode::all();
        let attributes = MqAttr::new(0, 4, 64, 0);
        let open = mq_open(queue.as_str(), MQ_OFlag::O_CREAT, mode, Some(&attributes))
            .map_err(|errno| format!("no POSIX queue can be made: {errno}"))?;
        mq_close(open).expect("an open queue");

        let descriptor = OpenOptions::new()
            .read(true)
            .write(true)
            .open(outside.join("file"))
            .expect("own file");
        rustix::io::fcntl_setfd(&descriptor, FdFlags::empty()).expect("an open descriptor");

        let number = |port: u16| OsString::from(port.to_string());
        let mut variables = vec![
            ("ESCAPE_INSIDE", inside.into()),
            ("ESCAPE_OUTSIDE", outside.into()),
            ("ESCAPE_TCP", number(ports.tcp)),
            ("ESCAPE_TCP_ALLOWED", number(ports.tcp_allowed)),
            ("ESCAPE_UDP", number(ports.udp)),
            ("ESCAPE_UDP_ALLOWED", number(ports.udp_allowed)),
            ("ESCAPE_BIND", number(ports.bind())),
            ("ESCAPE_BIND_ALLOWED", number(*ports.bind_allowed().start())),
            ("ESCAPE_ABSTRACT", name.into()),
            ("ESCAPE_ABSTRACT_DATAGRAM", datagram_name.into()),
            ("ESCAPE_QUEUE", queue.clone().into()),
            (
                "ESCAPE_DESCRIPTOR",
                descriptor.as_raw_fd().to_string().into(),
            ),
        ];
        let victim = Victim::start(program, &variables, None);
        variables.push(("ESCAPE_VICTIM", victim.id().to_string().into()));
        Ok(Self {
            _mounted: mounted,
            world,
            ports,
            victim,
            streams,
            datagrams,
            packets,
            _descriptor: descriptor,
            variables,
            queue,
        })
    }

    pub fn inside(&self) -> PathBuf {
        self.world.inside()
    }

    pub fn outside(&self) -> PathBuf {
        self.world.outside()
    }

    /// How the technique learns of all this.
    pub fn variables(&self) -> &[(&'static str, OsString)] {
        &self.variables
    }

    /// What the technique reads from, which it may turn into something else.
    pub fn input(technique: &Technique) -> Stdio {
        let socket = |family| {
            rustix::net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
                .expect("a socket")
        };
        if technique.needs("input-udp") {
            socket(AddressFamily::INET).into()
        } else if technique.needs("input-unix") {
            socket(AddressFamily::UNIX).into()
        } else if technique.needs("input-memory") {
            readable_memory().into()
        } else {
            Stdio::null()
        }
    }

    /// Whether what the technique says it has sent is really there.
    pub fn has_arrived(&mut self, at: &str) -> bool {
        match at {
            "tcp" => {
                let listener = &self.ports.listener;
                listener.set_nonblocking(true).expect("an open socket");
                eventually(|| read_from(listener.accept().map(|(peer, _)| peer)))
            }
            "udp" => {
                let receiver = &self.ports.receiver;
                receiver.set_nonblocking(true).expect("an open socket");
                eventually(|| datagram(|buffer| receiver.recv(buffer)))
            }
            "stream" => self.stream_arrived(0),
            "abstract" => self.stream_arrived(1),
            "datagram" => self.datagram_arrived(0),
            "abstract-datagram" => self.datagram_arrived(1),
            "packets" => rustix::net::accept(&self.packets)
                .is_ok_and(|peer| datagram(|buffer| Ok(rustix::io::read(&peer, buffer)?))),
            "victim" | "victim-or-silence" => {
                std::thread::sleep(Duration::from_millis(50));
                self.victim.was_signalled()
            }
            unknown => panic!("nothing is staged at {unknown}"),
        }
    }

    fn stream_arrived(&self, which: usize) -> bool {
        let listener = &self.streams[which];
        listener.set_nonblocking(true).expect("an open socket");
        eventually(|| read_from(listener.accept().map(|(peer, _)| peer)))
    }

    fn datagram_arrived(&self, which: usize) -> bool {
        let receiver = &self.datagrams[which];
        receiver.set_nonblocking(true).expect("an open socket");
        eventually(|| datagram(|buffer| receiver.recv(buffer)))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A technique may have removed the one, and left the other.
        let _ = mq_unlink(self.queue.as_str());
        let _ = mq_unlink(format!("/ringfence-made-{}", self.victim.id()).as_str());
    }
}

/// Puts files outside that only some techniques look for.
fn furnish(technique: &Technique, outside: &Path, program: &Path) -> Result<(), String> {
    let attributed = outside.join("attributed");
    fs::write(&attributed, "").expect("a file outside");
    // Not every file system has such attributes; the twin tells.
    let _ = rustix::fs::setxattr(&attributed, "user.ringfence", b"x", XattrFlags::empty());
    symlink("file", outside.join("link")).expect("a symlink outside");
    if technique.needs("program") {
        copy_program(program, &outside.join("program"));
    }
    if technique.needs("loader") {
        fs::copy("/bin/true", outside.join("dynamic"))
            .map_err(|error| format!("/bin/true cannot be copied: {error}"))?;
    }
    if technique.needs("set-user-id") {
        if !is_root() {
            return Err("only root can make a set-user-ID program of root's".to_owned());
        }
        let path = outside.join("set-user-id");
        copy_program(program, &path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).expect("own file");
    }
    Ok(())
}

fn copy_program(program: &Path, to: &Path) {
    fs::copy(program, to).expect("a copy of the program");
    // A process that another test forked meanwhile holds the copy open for writing until it
    // executes something; before that the copy cannot be executed (ETXTBSY).
    let busy = || {
        Command::new(to)
            .arg("yes")
            .status()
            .is_err_and(|error| error.kind() == ErrorKind::ExecutableFileBusy)
    };
    while busy() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file system that is there for one try.
struct Mounted(PathBuf);

impl Mounted {
    fn at(path: PathBuf) -> Result<Self, String> {
        fs::create_dir(&path).expect("a directory outside");
        rustix::mount::mount("none", &path, "tmpfs", MountFlags::empty(), None)
            .map_err(|errno| format!("nothing can be mounted: {errno}"))?;
        Ok(Self(path))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A technique may have unmounted it.
        let _ = rustix::mount::unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// A memory file of which this descriptor can only be read.
fn readable_memory() -> File {
    let file = rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC).expect("a memory file");
    let file = File::from(file);
    (&file).write_all(b"original").expect("an empty file");
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("an own descriptor")
}

fn packet_listener(path: &Path) -> OwnedFd {
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )
    .expect("a socket");
    let address = SocketAddrUnix::new(path).expect("a short path");
    rustix::net::bind(&socket, &address).expect("a free path");
    rustix::net::listen(&socket, 4).expect("a bound socket");
    socket
}

fn eventually(mut arrived: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if arrived() {
            return true;
        }
        if start.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The sender is gone by now, so that reading comes to an end.
fn read_from(accepted: std::io::Result<impl std::io::Read>) -> bool {
    let mut all = Vec::new();
    accepted.is_ok_and(|mut peer| {
        let _ = peer.read_to_end(&mut all);
        contains(&all)
    })
}

fn datagram(receive: impl FnOnce(&mut [u8]) -> std::io::Result<usize>) -> bool {
    let mut buffer = [0; 256];
    receive(&mut buffer).is_ok_and(|length| contains(&buffer[..length]))
}

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(MESSAGE.len()).any(|window| window == MESSAGE)
}
