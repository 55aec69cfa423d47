//! An expectation held against what happened, in the sandbox and without it.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use ringfence::{Action, Plan, Request, Standing as Enforced, Syscall, Verdict};
use ringfence_manifest::{Act, Expected, Readiness};
use rustix::io::Errno;

use super::act;
use super::output::Standing;
use super::scene::{NOTHING, Scene, is_tried, on_class, on_path, on_port};

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
            Act::Syscall(call) => self.call(*call, allowed),
            _ => (Standing::Untried, "not known to this version".to_owned()),
        }
    }

    /// Whether a call is let in, as far as a call without meaning can tell.
    fn call(&self, call: Syscall, allowed: bool) -> Found {
        let filter = self.plan.filter();
        let verdict = filter.as_ref().map(|filter| filter.verdict(call));
        let answer = match verdict {
            None => Some(Action::Allow),
            Some(Verdict::Always(action)) => Some(*action),
            // It hangs on arguments, and those of the attempt mean nothing.
            Some(_) => None,
        };
        let denied = verdict.is_some_and(Verdict::denies);
        let by = if denied {
            "denied by the filter"
        } else {
            "allowed"
        };
        let Some(answer) = answer else {
            return by_plan(denied != allowed, by);
        };
        let scene = || {
            let mut scene = Scene::default();
            scene.words = vec!["syscall".to_owned(), call.name().to_owned()];
            Ok(scene)
        };
        let (inside, free) = match (self.run(&scene, false), self.run(&scene, true)) {
            (Ok(inside), Ok(free)) => (inside, free),
            (Err(found), _) | (_, Err(found)) => return found,
        };
        let is_denied = match (inside, free) {
            (Went::Trouble(_), _) | (_, Went::Trouble(_) | Went::Failed(Errno::OPNOTSUPP)) => None,
            // The kernel itself says the same: nothing tells who did.
            (Went::Failed(inside), Went::Failed(free)) if inside == free => {
                let answers = [Action::Errno(errno(inside)), Action::Kill];
                (!answers.contains(&answer)).then_some(false)
            }
            (inside, free) => Some(inside != free),
        };
        match is_denied {
            None => by_plan(denied != allowed, by),
            Some(is_denied) if is_denied == allowed => {
                let said = if is_denied { "denies it" } else { "allows it" };
                (Standing::Fails, format!("the sandbox {said}"))
            }
            Some(_) => match inside {
                Went::Failed(errno) if !allowed => (Standing::Holds, reason(errno)),
                _ => (Standing::Holds, String::new()),
            },
        }
    }

    fn compare(&self, scene: &dyn Fn() -> Result<Scene, Found>, allowed: bool) -> Found {
        let (inside, free) = match (self.run(scene, false), self.run(scene, true)) {
            (Ok(inside), Ok(free)) => (inside, free),
            (Err(found), _) | (_, Err(found)) => return found,
        };
        let fails = |sentence: String| (Standing::Fails, sentence);
        match (inside, free) {
            (Went::Trouble(why), _) | (_, Went::Trouble(why)) => {
                (Standing::Untried, format!("cannot be tried: {why}"))
            }
            (Went::Failed(_), Went::Failed(Errno::NOENT)) => fails(NOTHING.to_owned()),
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
    fn run(&self, scene: &dyn Fn() -> Result<Scene, Found>, free: bool) -> Result<Went, Found> {
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
        let cannot = |error| {
            let sentence = format!("cannot start a process to try it in: {error}");
            (Standing::Fails, sentence)
        };
        let mut probe = probe.spawn().map_err(cannot)?;
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = probe.try_wait().map_err(cannot)? {
                break status;
            }
            if Instant::now() > end {
                let _ = probe.kill();
                let _ = probe.wait();
                // A sandbox denies at once; what waits for an answer from afar has got past it.
                return Ok(match scene.words[0].as_str() {
                    "connect-tcp" | "connect-udp" => Went::Done,
                    _ => Went::Failed(Errno::TIMEDOUT),
                });
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let executes = scene.words[0] == "execute";
        Ok(match (status.code(), status.signal()) {
            (Some(0), _) => Went::Done,
            (_, Some(STOPPED)) if executes && (free || !self.kills_execve()) => Went::Done,
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
            (Some(_), _) => Went::Trouble("the calls that the policy allows do not suffice for it"),
            _ => Went::Trouble("the process that tries it ended in an unexpected way"),
        })
    }

    /// Whether the sandbox itself ends a process that executes anything.
    fn kills_execve(&self) -> bool {
        self.plan.filter().is_some_and(|filter| {
            let verdict = filter.verdict(Syscall::EXECVE);
            verdict.decide([0; 6]) == Action::Kill
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

fn errno(error: Errno) -> u16 {
    u16::try_from(error.raw_os_error()).unwrap_or_default()
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
