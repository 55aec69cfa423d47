//! Every class of the plan, tried in a sandbox that allows nothing of it: what the plan calls
//! denied is denied, and what it calls open really is. Under the filter, and by Landlock alone.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use ringfence::{Access, Class, PortClass, Request};
use ringfence_tests::ports::free_port;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::expect::{Verdict, assert_verdict, verdict};
use crate::ports::{listener, receiver};
use crate::world::{World, copy_of_probe, is_root, probe, unsandboxed};

/// Classes whose acts are told from the plan by other means than one probe.
const NOT_TRIED_HERE: [(Class, &str); 9] = [
    (
        Class::MountAttributes,
        "no safe wrapper; the escapes try it",
    ),
    (Class::Terminal, "no safe wrapper; the escapes try it"),
    (Class::Rename, "files.rs tries it with two trees"),
    (Class::MakeDevice, "files.rs tries it as root"),
    (
        Class::IndirectExecute,
        "no act of its own: an allowed interpreter that reads",
    ),
    (Class::Addresses, "a statement about what a rule can name"),
    (Class::KernelInterfaces, "many calls; the escapes try them"),
    (Class::NewerCalls, "no safe wrapper; the escapes try it"),
    (Class::ForeignCalls, "no safe wrapper; the escapes try it"),
];

/// Classes whose check stable kernels have got as a fix, without an erratum that tells: the plan
/// goes by the ABI, and calls open what some kernel denies. Never the other way round.
const CLOSED_BY_STABLE_UPDATES: [Class; 1] = [Class::TcpFastOpen];

pub fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for bare in [false, true] {
        let suffix = if bare { "_by_landlock_alone" } else { "" };
        for class in Class::ALL {
            if NOT_TRIED_HERE.iter().any(|(known, _)| *known == class) {
                continue;
            }
            tests.push(Test::may_skip(
                format!("classes::{}_is_as_the_plan_says{suffix}", class.name()),
                move || try_staged(class, bare, |world| stage(class, world)),
            ));
        }
        for act in ["chown", "utime", "setxattr"] {
            tests.push(Test::may_skip(
                format!("classes::{act}_is_metadata_too{suffix}"),
                move || {
                    try_staged(Class::Metadata, bare, |world| {
                        Ok(Stage::new(&[
                            PathBuf::from(act),
                            world.outside().join("file"),
                        ]))
                    })
                },
            ));
        }
    }
    tests.push(Test::new(
        "classes::unrestricted_ipc_leaves_signals_and_abstract_sockets_alone",
        unrestricted_ipc,
    ));
    tests.push(Test::new(
        "classes::unrestricted_fs_leaves_paths_alone",
        unrestricted_fs,
    ));
    tests
}

/// What an act needs outside of the sandbox for as long as it is tried.
#[derive(Default)]
struct Stage {
    act: Vec<PathBuf>,
    /// How the kernel words this denial.
    errno: Option<Errno>,
    /// More than nothing, where the act needs it to get as far as the class on trial.
    also: Option<(Access, PathBuf)>,
    held: Vec<Box<dyn std::any::Any>>,
}

impl Stage {
    fn new(act: &[impl AsRef<Path>]) -> Self {
        Self {
            act: act.iter().map(|word| word.as_ref().to_owned()).collect(),
            ..Self::default()
        }
    }

    fn holding(mut self, held: impl std::any::Any) -> Self {
        self.held.push(Box::new(held));
        self
    }

    fn denied_by(self, errno: Errno) -> Self {
        Self {
            errno: Some(errno),
            ..self
        }
    }

    fn with(self, access: Access, path: PathBuf) -> Self {
        Self {
            also: Some((access, path)),
            ..self
        }
    }
}

fn try_staged(class: Class, bare: bool, stage: impl Fn(&World) -> Result<Stage, ()>) -> Outcome {
    let (world, twin) = (World::new(), World::new());
    let Ok(for_twin) = stage(&twin) else {
        return Outcome::Skipped("this kernel or user cannot do it to begin with".to_owned());
    };
    let twin = unsandboxed(&for_twin.act);
    if !twin.status.success() {
        let errno = Errno::from_raw_os_error(twin.status.code().unwrap_or(0));
        return Outcome::Skipped(format!("it fails without a sandbox too: {errno}"));
    }
    let Ok(stage) = stage(&world) else {
        return Outcome::Skipped("it could be staged only once".to_owned());
    };
    let mut sandbox = Sandbox::for_probe();
    if let Some((access, path)) = &stage.also {
        sandbox = sandbox.allow(*access, path);
    }
    if bare {
        sandbox = sandbox.switch(
            "--unrestricted-syscalls",
            ringfence::PolicyBuilder::unrestricted_syscalls,
        );
    }
    let errno = stage.errno.unwrap_or(Errno::ACCESS);
    let mut expected = verdict(&sandbox, Request::Class(class), errno);
    if !bare && matches!(expected, Verdict::Denied(_)) {
        // Both may deny it, and the filter comes first.
        expected = Verdict::Filtered;
    }
    let may_be_closed = CLOSED_BY_STABLE_UPDATES.contains(&class);
    if may_be_closed
        && expected == Verdict::Allowed
        && !sandbox.run(probe(&stage.act)).status.success()
    {
        expected = Verdict::Denied(errno);
    }
    assert_verdict(&sandbox, &stage.act, expected);
    Outcome::Passed
}

fn stage(class: Class, world: &World) -> Result<Stage, ()> {
    let zone = world.outside();
    let file = zone.join("file");
    let on = |act: &str, name: &str| Stage::new(&[PathBuf::from(act), zone.join(name)]);
    let to = |act: &str, port: u16| Stage::new(&[act, &port.to_string()]);
    Ok(match class {
        Class::Read => on("read", "file"),
        Class::Execute => {
            copy_of_probe(&zone.join("program"));
            on("execute", "program")
        }
        Class::Write => on("write", "file"),
        Class::Truncate => on("truncate", "file").with(Access::READ, file),
        Class::Create => on("mkdir", "new"),
        Class::Remove => on("unlink", "file"),
        Class::Ioctl => Stage::new(&["ioctl", "/dev/ptmx"])
            .with(Access::READ | Access::WRITE, "/dev/ptmx".into()),
        Class::ConnectUnix => {
            let path = zone.join("socket");
            let socket = UnixListener::bind(&path).map_err(drop)?;
            on("connect-unix", "socket").holding(socket)
        }
        Class::Port(PortClass::ConnectTcp) => {
            let (socket, port) = listener();
            to("connect-tcp", port).holding(socket)
        }
        Class::Port(PortClass::BindTcp) => to("bind-tcp", free_port()),
        Class::Port(PortClass::ConnectUdp) => {
            let (socket, port) = receiver();
            to("connect-udp", port).holding(socket)
        }
        Class::Port(PortClass::BindUdp) => to("bind-udp", free_port()),
        Class::AbstractUnix => {
            let name = format!("ringfence-{}", world.path().display());
            let address = SocketAddr::from_abstract_name(&name).map_err(drop)?;
            let socket = UnixListener::bind_addr(&address).map_err(drop)?;
            Stage::new(&["connect-abstract", &name])
                .holding(socket)
                .denied_by(Errno::PERM)
        }
        Class::Signal => {
            let victim = Victim::start();
            victim
                .stage("signal")
                .denied_by(Errno::PERM)
                .holding(victim)
        }
        Class::Ptrace => {
            let victim = Victim::start();
            victim
                .stage("ptrace")
                .denied_by(Errno::PERM)
                .holding(victim)
        }
        Class::Mount if is_root() => on("mount", "empty").denied_by(Errno::PERM),
        Class::TcpFastOpen => {
            let (socket, port) = listener();
            to("fast-open", port).holding(socket)
        }
        Class::ListenUnbound => Stage::new(&["listen-unbound"]),
        Class::OtherStreams => {
            let socket = mptcp_listener()?;
            let port = socket.local_addr().map_err(drop)?.port();
            to("connect-mptcp", port).holding(socket)
        }
        Class::OtherSockets => Stage::new(&["raw-socket"]),
        Class::Netlink => Stage::new(&["netlink"]),
        Class::Debug => Stage::new(&["trace-me"]),
        Class::Metadata => on("chmod", "file"),
        Class::Stat => on("stat", "file"),
        Class::MessageQueues => Queue::new(world).stage("open-queue"),
        Class::SharedIpc => Queue::new(world).stage("unlink-queue"),
        Class::OtherProcesses => {
            let victim = Victim::start();
            victim.stage("limit").holding(victim)
        }
        Class::Scheduling => {
            let victim = Victim::start();
            victim.stage("slow").holding(victim)
        }
        Class::Notifications => on("watch", "empty"),
        Class::IoUring => Stage::new(&["io-uring"]),
        Class::Namespaces => Stage::new(&["user-namespace"]),
        _ => return Err(()),
    })
}

/// A POSIX message queue made outside, removed at the end.
struct Queue(String);

impl Queue {
    fn new(world: &World) -> Self {
        use nix::mqueue::{MQ_OFlag, MqAttr, mq_open};

        let name = format!("/{}", world.path().display().to_string().replace('/', "-"));
        let attributes = MqAttr::new(0, 1, 8, 0);
        let mode = nix::sys::stat::Mode::all();
        mq_open(name.as_str(), MQ_OFlag::O_CREAT, mode, Some(&attributes)).expect("a queue");
        Self(name)
    }

    fn stage(self, act: &str) -> Stage {
        Stage::new(&[act, &self.0]).holding(self)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // A probe may have removed it.
        let _ = nix::mqueue::mq_unlink(self.0.as_str());
    }
}

/// A listener that a plain TCP or an MPTCP socket can connect to.
fn mptcp_listener() -> Result<std::net::TcpListener, ()> {
    use rustix::net::{AddressFamily, SocketType, ipproto};

    let protocol = Some(ipproto::MPTCP);
    rustix::net::socket(AddressFamily::INET, SocketType::STREAM, protocol).map_err(drop)?;
    Ok(listener().0)
}

/// A process outside of every sandbox, killed at the end.
pub struct Victim(Child);

impl Victim {
    pub fn start() -> Self {
        let line = probe(&["sleep"]);
        Self(
            Command::new(&line[0])
                .args(&line[1..])
                .stdin(std::process::Stdio::piped())
                .spawn()
                .expect("the probe starts"),
        )
    }

    pub fn stage_words(&self, act: &str) -> [String; 2] {
        [act.to_owned(), self.0.id().to_string()]
    }

    fn stage(&self, act: &str) -> Stage {
        Stage::new(&self.stage_words(act))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It may be gone already, by the signal of a probe.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn unrestricted_ipc() {
    let sandbox = Sandbox::for_probe().switch(
        "--unrestricted-ipc",
        ringfence::PolicyBuilder::unrestricted_ipc,
    );
    let victim = Victim::start();
    let expected = verdict(&sandbox, Request::Class(Class::Signal), Errno::PERM);
    assert!(matches!(expected, Verdict::Allowed | Verdict::Refused));
    assert_verdict(&sandbox, &victim.stage_words("signal"), expected);
}

fn unrestricted_fs() {
    let world = World::new();
    let file = world.outside().join("file");
    let sandbox = Sandbox::empty().switch(
        "--unrestricted-fs",
        ringfence::PolicyBuilder::unrestricted_fs,
    );
    let expected = verdict(&sandbox, Request::Class(Class::Read), Errno::ACCESS);
    assert_verdict(&sandbox, &[Path::new("read"), &file], expected);
}
