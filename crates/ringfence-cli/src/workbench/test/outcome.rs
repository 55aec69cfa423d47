//! An expectation held against what happened, in the sandbox and without it.

use std::ffi::OsString;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use ringfence::{Class, Plan, PortClass, Request, Standing as Enforced};
use ringfence_manifest::{Act, Expected, Readiness};
use rustix::io::Errno;

use super::act;
use super::output::Standing;

/// How long one act may take: connecting to an address that drops packets would take minutes.
const PATIENCE: Duration = Duration::from_secs(5);

/// SIGSYS, by which a program that was executed is stopped.
const STOPPED: i32 = 31;

pub(super) type Found = (Standing, String);

pub(super) struct Prober<'a> {
    pub(super) matches: &'a ArgMatches,
    pub(super) command: &'a [OsString],
    pub(super) plan: &'a Plan,
}

/// How an act went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    Done,
    Failed(Errno),
    Trouble(&'static str),
}

/// What an act needs to be there; taken away with it.
#[derive(Default)]
struct Scene {
    words: Vec<String>,
    made: Vec<PathBuf>,
    tcp: Option<TcpListener>,
    unix: Option<UnixListener>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for path in &self.made {
            // What the act took away, or never made, is not there.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Prober<'_> {
    /// Whether an act is allowed, or denied.
    pub(super) fn prove(&self, act: &Act, allowed: bool) -> Found {
        match act {
            Act::Path(access, path) => {
                let words: Vec<_> = access.words().map(|word| word.name).collect();
                let several = words.len() > 1;
                let mut notes = Vec::new();
                for word in words {
                    if several && word == "execute" && !is_program(path) {
                        continue;
                    }
                    let scene = || on_path(word, path);
                    let (standing, detail) = self.compare(&scene, allowed);
                    if standing != Standing::Holds {
                        let prefix = if several {
                            format!("{word}: ")
                        } else {
                            String::new()
                        };
                        return (standing, prefix + &detail);
                    }
                    if !detail.is_empty() && !notes.contains(&detail) {
                        notes.push(detail);
                    }
                }
                (Standing::Holds, notes.join("; "))
            }
            Act::Port {
                class,
                port,
                address,
            } => self.compare(&|| Ok(on_port(*class, *port, *address)), allowed),
            Act::Class(class) if is_tried(*class) => self.compare(&|| on_class(*class), allowed),
            Act::Class(class) => {
                let decided = self.plan.decide(Request::Class(*class)).is_allowed();
                let by = match self.plan.standing(*class) {
                    Enforced::Landlock => "denied by Landlock",
                    Enforced::Seccomp => "denied by the filter",
                    _ => "allowed",
                };
                by_plan(decided == allowed, by)
            }
            Act::Syscall(call) => {
                let filter = self.plan.filter();
                let denied = filter.is_some_and(|filter| filter.verdict(*call).denies());
                let by = if denied {
                    "denied by the filter"
                } else {
                    "allowed"
                };
                by_plan(denied != allowed, by)
            }
            _ => (Standing::Untried, "not known to this version".to_owned()),
        }
    }

    fn compare(&self, scene: &dyn Fn() -> Result<Scene, String>, allowed: bool) -> Found {
        let (inside, free) = match (self.run(scene, false), self.run(scene, true)) {
            (Ok(inside), Ok(free)) => (inside, free),
            (Err(sentence), _) | (_, Err(sentence)) => return (Standing::Fails, sentence),
        };
        let fails = |sentence: String| (Standing::Fails, sentence);
        match (inside, free) {
            (Went::Trouble(why), _) | (_, Went::Trouble(why)) => fails(why.to_owned()),
            (Went::Failed(_), Went::Failed(Errno::NOENT)) => fails(
                "nothing is there, so nothing is proved; correct the path, or create it".to_owned(),
            ),
            (Went::Done, _) if allowed => (Standing::Holds, String::new()),
            (Went::Done, _) => fails("the sandbox allows it".to_owned()),
            (Went::Failed(inside), Went::Failed(free)) if allowed => fails(format!(
                "denied ({}), but also without the sandbox: {}",
                reason(inside),
                reason(free)
            )),
            (Went::Failed(inside), Went::Done) if allowed => {
                fails(format!("the sandbox denies it: {}", reason(inside)))
            }
            (Went::Failed(inside), Went::Failed(free)) => (
                Standing::Holds,
                format!(
                    "denied ({}), but also without the sandbox: {}",
                    reason(inside),
                    reason(free)
                ),
            ),
            (Went::Failed(inside), Went::Done) => (Standing::Holds, reason(inside)),
        }
    }

    /// Does an act in a process of its own.
    fn run(&self, scene: &dyn Fn() -> Result<Scene, String>, free: bool) -> Result<Went, String> {
        let scene = scene()?;
        let mut probe = Command::new("/proc/self/exe");
        probe.arg("probe");
        manifest_arguments(self.matches, &mut probe);
        if free {
            probe.arg("--free");
        }
        for word in self.command {
            let mut argument = OsString::from("--program=");
            argument.push(word);
            probe.arg(argument);
        }
        probe.arg("--").args(&scene.words);
        probe
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let cannot = |error| format!("cannot start a process to try it in: {error}");
        let mut probe = probe.spawn().map_err(cannot)?;
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = probe.try_wait().map_err(cannot)? {
                break status;
            }
            if Instant::now() > end {
                let _ = probe.kill();
                let _ = probe.wait();
                return Ok(Went::Failed(Errno::TIMEDOUT));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let executes = scene.words[0] == "execute";
        Ok(match (status.code(), status.signal()) {
            (Some(0), _) => Went::Done,
            (_, Some(STOPPED)) if executes => Went::Done,
            (_, Some(STOPPED)) => Went::Failed(Errno::PERM),
            (Some(code), _) if code < i32::from(act::POLICY) => {
                Went::Failed(Errno::from_raw_os_error(code))
            }
            (Some(code), _) if code == i32::from(act::POLICY) => {
                Went::Trouble("the sandbox could not be made ready in the process that tries it")
            }
            (Some(code), _) if code == i32::from(act::ENFORCE) => {
                Went::Trouble("the sandbox could not be enforced; is another one around it?")
            }
            _ => Went::Trouble("the process that tries it ended in an unexpected way"),
        })
    }
}

/// The manifest and the values of its variables, as arguments of another process.
pub(super) fn manifest_arguments(matches: &ArgMatches, command: &mut Command) {
    if let Some(file) = matches.get_one::<PathBuf>("file") {
        command.arg(file);
    }
    for value in matches.get_many::<OsString>("set").into_iter().flatten() {
        command.arg("--set").arg(value);
    }
}

/// The kernel's words for an error, without its number.
fn reason(error: Errno) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

fn by_plan(agrees: bool, by: &str) -> Found {
    if agrees {
        (
            Standing::Untried,
            format!("cannot be tried; the plan says: {by}"),
        )
    } else {
        (
            Standing::Fails,
            format!("the plan says: {by} (it was not tried)"),
        )
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// A name that nobody else has, in a directory.
fn fresh(directory: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    directory.join(format!(".ringfence-test-{}-{number}", std::process::id()))
}

fn on_path(word: &str, path: &Path) -> Result<Scene, String> {
    let mut scene = Scene::default();
    let is_directory = path.is_dir();
    let directory = if is_directory {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let mut temporary = |made: bool| {
        let path = fresh(directory);
        if made {
            File::create_new(&path).map_err(|error| {
                format!(
                    "cannot make a file in {} to try it on: {error}",
                    directory.display()
                )
            })?;
        }
        scene.made.push(path.clone());
        Ok::<_, String>(path)
    };
    let about = match word {
        "write" if is_directory => vec![temporary(true)?],
        "create" | "make-device" => vec![temporary(false)?],
        "remove" => vec![temporary(true)?],
        "rename" => vec![temporary(true)?, temporary(false)?],
        _ => vec![path.to_owned()],
    };
    scene.words.push(word.to_owned());
    for path in about {
        let path = path.into_os_string().into_string();
        scene
            .words
            .push(path.map_err(|path| format!("{} is no UTF-8", path.display()))?);
    }
    Ok(scene)
}

fn on_port(class: PortClass, port: u16, address: Option<IpAddr>) -> Scene {
    let at = SocketAddr::new(address.unwrap_or(Ipv4Addr::LOCALHOST.into()), port);
    let mut scene = Scene::default();
    scene.words = vec![class.name().to_owned(), at.to_string()];
    // A port that is taken answers too.
    if class == PortClass::ConnectTcp && port != 0 && at.ip().is_loopback() {
        scene.tcp = TcpListener::bind(at).ok();
    }
    scene
}

/// Whether a process can try the class without harm and without unsafe code.
fn is_tried(class: Class) -> bool {
    [
        Class::AbstractUnix,
        Class::Metadata,
        Class::TcpFastOpen,
        Class::Signal,
        Class::Ptrace,
        Class::Debug,
        Class::Netlink,
        Class::OtherSockets,
        Class::OtherStreams,
        Class::ListenUnbound,
        Class::Namespaces,
        Class::Notifications,
        Class::Mount,
        Class::SharedIpc,
        Class::Stat,
        Class::OtherProcesses,
        Class::Scheduling,
    ]
    .contains(&class)
}

fn on_class(class: Class) -> Result<Scene, String> {
    let mut scene = Scene::default();
    scene.words.push(class.name().to_owned());
    match class {
        Class::AbstractUnix => {
            let name = fresh(Path::new("")).display().to_string();
            let listener = UnixAddr::from_abstract_name(&name)
                .and_then(|address| UnixListener::bind_addr(&address));
            scene.unix = Some(listener.map_err(|error| format!("cannot listen: {error}"))?);
            scene.words.push(name);
        }
        Class::Metadata => {
            let path = fresh(&std::env::temp_dir());
            File::create_new(&path)
                .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
            scene.words.push(path.display().to_string());
            scene.made.push(path);
        }
        Class::TcpFastOpen => {
            let cannot = |error| format!("cannot listen: {error}");
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot)?;
            scene
                .words
                .push(listener.local_addr().map_err(cannot)?.to_string());
            scene.tcp = Some(listener);
        }
        _ => {}
    }
    Ok(scene)
}

/// An expectation in one line.
pub(super) fn said(expected: &Expected) -> String {
    match expected {
        Expected::Allowed(act) => format!("allow {}", said_act(act)),
        Expected::Denied(act) => format!("deny {}", said_act(act)),
        Expected::Ready { at, within } => {
            let at = match at {
                Readiness::Tcp(port) => format!("tcp {port}"),
                Readiness::Unix(path) => format!("unix {}", path.display()),
                Readiness::File(path) => format!("file {}", path.display()),
                _ => String::new(),
            };
            format!("ready {at} within {within:?}")
        }
        Expected::Exits { code, within } => format!("exits {code} within {within:?}"),
        _ => String::new(),
    }
}

fn said_act(act: &Act) -> String {
    match act {
        Act::Path(access, path) => format!("{access} {}", path.display()),
        Act::Port {
            class,
            port,
            address: None,
        } => format!("{} {port}", class.name()),
        Act::Port {
            class,
            port,
            address: Some(address),
        } => {
            format!("{} {port} at {address}", class.name())
        }
        Act::Class(class) => class.name().to_owned(),
        Act::Syscall(call) => format!("syscall {call}"),
        _ => String::new(),
    }
}
