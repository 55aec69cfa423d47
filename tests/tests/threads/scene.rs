//! Where a case runs: its process, the files and ports that it tries.

use std::ffi::{OsStr, OsString};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::JoinHandle;

use ringfence::{
    Abi, Access, EnforceError, Errata, Kernel, Plan, Policy, PolicyBuilder, Ports, PrepareError,
    Sandbox,
};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::World;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The exit code of a case that found that the kernel cannot enforce its policy.
const REFUSED: u8 = 77;

/// The exit code of a case that this machine cannot try.
const SKIPPED: u8 = 78;

/// A statement, and what proves it.
pub struct Case {
    pub name: &'static str,
    /// How often: a case that depends on who comes first runs many times.
    pub rounds: usize,
    /// Whether the policy needs Landlock of the kernel.
    pub needs_landlock: bool,
    pub run: fn(&Scene),
}

impl Case {
    pub fn new(name: &'static str, run: fn(&Scene)) -> Self {
        Self {
            name,
            rounds: 1,
            needs_landlock: true,
            run,
        }
    }

    pub fn rounds(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    /// For a case whose policy any kernel can enforce.
    pub fn without_landlock(self) -> Self {
        Self {
            needs_landlock: false,
            ..self
        }
    }

    pub fn into_test(self) -> Test {
        let name = self.name;
        Test::may_skip(name, move || self.prove())
    }

    fn prove(self) -> Outcome {
        let expected = if self.needs_landlock && !kernel_can() {
            REFUSED
        } else {
            0
        };
        // A virtual machine without a processor of its own takes minutes for what takes seconds here.
        let is_virtual = std::env::var_os("RINGFENCE_RUNNER").is_some();
        let rounds = self.rounds.min(if is_virtual { 2 } else { usize::MAX });
        for round in 0..rounds {
            let world = World::new();
            let listeners = [Listener::new(), Listener::new()];
            let program = std::env::current_exe().expect("a test knows its own path");
            let output = Command::new(program)
                .args(["case", self.name])
                .arg(world.path())
                .args(
                    listeners
                        .each_ref()
                        .map(|listener| listener.port.to_string()),
                )
                .output()
                .expect("the case starts");
            let code = output.status.code();
            if code == Some(SKIPPED.into()) {
                return Outcome::Skipped(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            assert_eq!(
                code,
                Some(expected.into()),
                "round {round}: {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Outcome::Passed
    }
}

/// A port of this process where somebody answers as long as this lives. Each case has its own: a thousand
/// threads that connect at once leave others waiting for minutes.
struct Listener {
    port: u16,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let over = Arc::new(AtomicBool::new(false));
        let is_over = over.clone();
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                drop(connection);
                if is_over.load(SeqCst) {
                    return;
                }
            }
        });
        Self {
            port,
            over,
            thread: Some(thread),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether this kernel has what restricting all threads takes.
fn kernel_can() -> bool {
    let kernel = Kernel::probe();
    let signals = (6..8).contains(&kernel.abi().number());
    let fixed = kernel
        .errata()
        .unwrap_or_default()
        .contains(Errata::THREAD_SIGNALS);
    kernel.abi() != Abi::NONE && (fixed || !signals)
}

/// Whether the watchdog runs: a filter of a case may forbid what starting a thread takes.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// The child's side: runs the case that is named.
pub fn run_case(cases: Vec<Case>, arguments: &[OsString]) -> ExitCode {
    let [name, path, open, closed] = arguments else {
        return ExitCode::FAILURE;
    };
    let port = |text: &OsStr| text.to_str().and_then(|text| text.parse().ok());
    let case = cases.into_iter().find(|case| name == case.name);
    let (Some(case), Some(open_port), Some(closed_port)) = (case, port(open), port(closed)) else {
        return ExitCode::FAILURE;
    };
    // A thousand threads that open a file each need more than is usual.
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, most).expect("a limit within the hard one");
    // A thread that never ends is a fault, not a test that never ends.
    std::thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(|| {
            WATCHED.store(true, SeqCst);
            std::thread::sleep(std::time::Duration::from_secs(120));
            eprintln!("the case hangs");
            std::process::abort();
        })
        .expect("a thread");
    while !WATCHED.load(SeqCst) {
        std::thread::yield_now();
    }
    (case.run)(&Scene {
        path: path.into(),
        open_port,
        closed_port,
    });
    ExitCode::SUCCESS
}

/// What a case may try.
#[derive(Clone, Debug)]
pub struct Scene {
    path: PathBuf,
    pub open_port: u16,
    pub closed_port: u16,
}

impl Scene {
    /// A file that the sandbox allows to read.
    pub fn inside(&self) -> PathBuf {
        self.path.join("inside/file")
    }

    /// A file that it does not.
    pub fn outside(&self) -> PathBuf {
        self.path.join("outside/file")
    }

    /// The policy of most cases.
    pub fn policy(&self) -> PolicyBuilder {
        let ports = if Kernel::probe().abi() < Abi::new(4) {
            Ports::Any
        } else {
            Ports::from(self.open_port)
        };
        Policy::builder()
            .allow(Access::READ, self.path.join("inside"))
            .allow(Access::READ, "/proc")
            .connect_tcp(ports)
    }

    /// The sandbox of most cases; ends the process if the kernel has not got it.
    pub fn sandbox(&self) -> Sandbox {
        prepare(self.policy())
    }

    /// Restricts the process; ends it if the kernel cannot do that at all.
    pub fn enforce(&self) {
        enforce(self.sandbox());
    }
}

/// Restricts the process; ends it if the kernel cannot do that at all.
pub fn enforce(sandbox: Sandbox) {
    match sandbox.enforce() {
        Ok(_) => {}
        Err(EnforceError::SignalsBetweenThreads) => exit(REFUSED),
        Err(error) => panic!("{error}: {error:?}"),
    }
}

/// Makes a policy ready; ends the process if the kernel cannot enforce it.
pub fn prepare(policy: PolicyBuilder) -> Sandbox {
    let policy = policy.build().expect("a policy");
    match Plan::new(policy, Kernel::probe()).prepare() {
        Ok(sandbox) => sandbox,
        Err(PrepareError::Refused(_)) => exit(REFUSED),
        Err(error) => panic!("{error}"),
    }
}

/// Ends the process as its child ended, if that found that the kernel cannot enforce its policy.
pub fn refused_if(code: Option<i32>) {
    if code == Some(REFUSED.into()) {
        exit(REFUSED);
    }
}

/// Ends a case that this machine cannot try.
pub fn skip(why: &str) -> ! {
    eprint!("{why}");
    exit(SKIPPED)
}

fn exit(code: u8) -> ! {
    std::process::exit(code.into())
}
