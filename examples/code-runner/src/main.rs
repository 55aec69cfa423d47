//! A server that runs code of strangers, each request in a sandbox of its own.
//!
//! ```text
//! POST /run ─► Queue ─► Workspace ─► Template::with_rw ─► Child ─► answer
//! server.rs    a slot   a fresh      the sandbox of       job.rs   lines of JSON,
//!              or 503   directory    this request                  as they come
//!
//! POST /render ─► Queue ─► Confined ─► a page
//!                          render.rs   of HTML
//! ```

#![forbid(unsafe_code)]

mod answer;
mod job;
mod metrics;
mod options;
mod policy;
mod queue;
mod remove;
mod render;
mod runner;
mod server;
mod workspace;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use ringfence::with_causes;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::options::Options;
use crate::runner::Runner;

/// Threads for blocking calls beside one for each job.
const SPARE_THREADS: usize = 4;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Policy(#[from] policy::PolicyError),
    #[error("cannot make the sandbox of the renderer")]
    Renderer(#[from] ringfence::PrepareError),
    #[error(transparent)]
    State(#[from] workspace::StateError),
    #[error("cannot set up the metrics")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot start the threads of the server")]
    Runtime(#[source] io::Error),
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    #[error(
        "cannot listen on {0}: take another address by --listen, or allow the port where the server is sandboxed itself"
    )]
    Listen(SocketAddr, #[source] io::Error),
    #[error("cannot keep jobs from writing core dumps")]
    CoreDumps(#[source] io::Error),
}

fn main() -> ExitCode {
    match start(&Options::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("code-runner: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn start(options: &Options) -> Result<(), StartError> {
    // Jobs inherit it: what handles dumps may run outside of any sandbox.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(|errno| StartError::CoreDumps(errno.into()))?;
    let runner = Arc::new(Runner::new(options)?);
    let runtime = Builder::new_multi_thread()
        .max_blocking_threads(options.jobs + SPARE_THREADS)
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let signals = server::Signals::new().map_err(StartError::Signals)?;
        let failed = |error| StartError::Listen(options.listen, error);
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        println!("listening on http://{address}");
        server::serve(listener, runner, options, signals).await;
        Ok(())
    })
}
