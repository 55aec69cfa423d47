//! A job from its request to its end.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringfence::TemplateError;
use ringfence::process::tokio::{Child, Event, Events};
use ringfence::process::{SpawnError, Stdio};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use crate::answer::{Line, Texts};
use crate::metrics::Outcome;
use crate::queue::Slot;
use crate::runner::Runner;
use crate::workspace::Workspace;

/// The body of `POST /run`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    language: Language,
    code: String,
    #[serde(default)]
    stdin: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    Python,
    Sh,
}

impl Language {
    /// The interpreter, its options, and the name of the file that it runs.
    fn command(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            // Apart from variables and directories of a user; output comes as it is written.
            Self::Python => ("python3", &["-I", "-u"], "main.py"),
            Self::Sh => ("sh", &[], "main.sh"),
        }
    }
}

/// Why a job was not started.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("cannot make the directory of the job")]
    Workspace(#[source] io::Error),
    #[error("cannot write down the code of the job")]
    Code(#[source] io::Error),
    #[error(transparent)]
    Sandbox(#[from] TemplateError),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("the job was lost while it started")]
    Lost,
}

/// A job that runs, and its directory: in this order they are dropped.
struct Running {
    begin: Instant,
    child: Child,
    workspace: Workspace,
}

/// Lines of the answer. Their sum is bounded by the limit of output, so that a client that reads
/// slowly holds up no job.
pub type Lines = mpsc::UnboundedSender<String>;

/// Runs a job to its end; `started` hears first whether it runs. The end comes after the directory is
/// removed. Whoever drops the other end of `lines` ends the job.
pub async fn run(
    runner: Arc<Runner>,
    request: Request,
    slot: Slot,
    started: oneshot::Sender<Result<(), JobError>>,
    lines: Lines,
) {
    let starting = {
        let runner = Arc::clone(&runner);
        // The start looks up paths, and waits until the program runs.
        spawn_blocking(move || start(&runner, request)).await
    };
    let running = match starting.unwrap_or(Err(JobError::Lost)) {
        Ok(running) => running,
        Err(error) => {
            // Nobody listens if the client is gone.
            let _ = started.send(Err(error));
            return;
        }
    };
    let Running {
        begin,
        child,
        workspace,
    } = running;
    runner.metrics.started.inc();
    let _ = started.send(Ok(()));
    let outcome = follow(child.events(), &lines, &runner).await;
    let time = begin.elapsed();
    runner.metrics.ended(outcome, time);
    // If the thread is lost, so is the answer; there is nothing to do about it here.
    let _ = spawn_blocking(move || drop(workspace)).await;
    drop(slot);
    let _ = lines.send(last_line(outcome, time));
}

/// Makes the directory and starts the interpreter in it. Blocks.
fn start(runner: &Runner, request: Request) -> Result<Running, JobError> {
    let workspace = runner.state.create().map_err(JobError::Workspace)?;
    let directory = workspace.path();
    let sandbox = runner.policy.template.with_rw(directory)?;
    let (interpreter, options, file) = request.language.command();
    File::create_new(directory.join(file))
        .and_then(|mut file| file.write_all(request.code.as_bytes()))
        .map_err(JobError::Code)?;
    let stdin = match request.stdin {
        Some(_) => Stdio::piped(),
        None => Stdio::null(),
    };
    let begin = Instant::now();
    let mut child = sandbox
        .command(interpreter)
        .args(options)
        .arg(file)
        .env_clear()
        .envs(runner.policy.environment.iter().cloned())
        .env("HOME", directory)
        .env("TMPDIR", directory)
        .current_dir(directory)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .limits(runner.policy.limits)
        .spawn_async()?;
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), request.stdin) {
        // It ends with the job at the latest, which may leave some of it unread.
        tokio::spawn(async move { pipe.write_all(text.as_bytes()).await });
    }
    Ok(Running {
        begin,
        child,
        workspace,
    })
}

/// Passes on what a job writes until its end. When this returns, nothing of it runs any more.
async fn follow(mut events: Events, lines: &Lines, runner: &Runner) -> Outcome {
    let mut texts = Texts::default();
    let mut is_killed = false;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = lines.closed(), if !is_killed => {
                is_killed = true;
                // It fails only if the job has ended.
                let _ = events.kill();
                continue;
            }
            () = runner.kill.cancelled(), if !is_killed => {
                is_killed = true;
                let _ = events.kill();
                continue;
            }
        };
        let send = |line| {
            // A client that is gone is noticed above.
            let _ = lines.send(line);
        };
        match event {
            Ok(Some(Event::Output(stream, bytes))) => {
                texts.line(stream, &bytes).into_iter().for_each(send);
            }
            Ok(Some(Event::Ended(ended))) => {
                texts.rest().for_each(send);
                return if is_killed {
                    Outcome::Killed(ended)
                } else {
                    Outcome::Ended(ended)
                };
            }
            Ok(_) | Err(_) => return Outcome::Lost,
        }
    }
}

fn last_line(outcome: Outcome, time: Duration) -> String {
    match outcome {
        Outcome::Ended(ended) | Outcome::Killed(ended) => Line::end(ended, time),
        Outcome::Lost => Line::Error("The end of the job was lost."),
    }
    .write()
}
