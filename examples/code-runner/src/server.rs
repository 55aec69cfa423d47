//! Requests and answers, and the way from a signal to the end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{JsonRejection, StringRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ringfence::process::ConfineError;
use ringfence::with_causes;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::job::{self, JobError, Request};
use crate::options::Options;
use crate::queue::Refused;
use crate::runner::Runner;

/// For jobs that were killed, and then for clients to read what is left.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// Why there is no answer of a job; the sentence is the body.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("The request is larger than this server takes.")]
    TooLarge,
    // A page in a browser can send such a request to any address, but not with this header.
    #[error("Say `content-type: application/json`.")]
    NotJson,
    #[error("The request cannot be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("The server could not start the job; its log says why.")]
    Job,
    #[error("The text could not be made into a page: {0}.")]
    Page(ConfineError),
    #[error("There is nothing here. Try POST /run, POST /render, GET /metrics, GET /health.")]
    NoSuchPlace,
    #[error("This takes another method. Try POST /run, POST /render, GET /metrics, GET /health.")]
    NoSuchMethod,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Job | Self::Page(ConfineError::Prepare(_) | ConfineError::Start(_)) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Page(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoSuchPlace => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
        };
        let mut response = (status, format!("{self}\n")).into_response();
        if let Self::Refused(_) = self {
            let second = header::HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, second);
        }
        response
    }
}

impl From<JsonRejection> for Fault {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::NotJson,
            _ => Self::Unreadable(rejection.body_text()),
        }
    }
}

/// SIGTERM and SIGINT.
pub struct Signals(Signal, Signal);

impl Signals {
    /// From now on they are waited for and end nothing by themselves.
    pub fn new() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self(terminate, signal(SignalKind::interrupt())?))
    }

    async fn next(&mut self) {
        let Self(terminate, interrupt) = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Answers until a signal comes. Then nobody else comes in, and those who run may go on for the grace
/// time, or until a second signal.
pub async fn serve(
    listener: TcpListener,
    runner: Arc<Runner>,
    options: &Options,
    mut signals: Signals,
) {
    let ending = CancellationToken::new();
    let server = axum::serve(listener, router(Arc::clone(&runner), options.body))
        .with_graceful_shutdown(ending.clone().cancelled_owned());
    let server = tokio::spawn(server.into_future());
    signals.next().await;
    runner.queue.close();
    ending.cancel();
    runner.tasks.close();
    tokio::select! {
        () = runner.tasks.wait() => {}
        () = tokio::time::sleep(options.grace) => {}
        () = signals.next() => {}
    }
    runner.kill.cancel();
    // Nobody waits longer for a client that does not read.
    let _ = timeout(LAST_MOMENT, runner.tasks.wait()).await;
    let _ = timeout(LAST_MOMENT, server).await;
}

fn router(runner: Arc<Runner>, body: usize) -> Router {
    Router::new()
        .route("/run", post(run))
        .route("/render", post(render))
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .fallback(async || Fault::NoSuchPlace)
        .method_not_allowed_fallback(async || Fault::NoSuchMethod)
        .layer(DefaultBodyLimit::max(body))
        .with_state(runner)
}

async fn run(
    State(runner): State<Arc<Runner>>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Response, Fault> {
    let Json(request) = request?;
    let entered = runner.queue.enter().await;
    let slot = entered.inspect_err(|_| runner.metrics.refused.inc())?;
    let (lines, answer) = mpsc::unbounded_channel();
    let (started, start) = oneshot::channel();
    let job = job::run(Arc::clone(&runner), request, slot, started, lines);
    runner.tasks.spawn(job);
    start
        .await
        .unwrap_or(Err(JobError::Lost))
        .map_err(|error| {
            eprintln!("code-runner: {}", with_causes(&error));
            Fault::Job
        })?;
    let lines = UnboundedReceiverStream::new(answer).map(Ok::<_, Infallible>);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(lines)).into_response())
}

async fn render(
    State(runner): State<Arc<Runner>>,
    text: Result<String, StringRejection>,
) -> Result<Response, Fault> {
    let text = text.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        _ => Fault::Unreadable(rejection.body_text()),
    })?;
    let entered = runner.queue.enter().await;
    let slot = entered.inspect_err(|_| runner.metrics.refused.inc())?;
    let renderer = Arc::clone(&runner);
    let page = runner.tasks.spawn_blocking(move || {
        let page = renderer.renderer.render(&text);
        drop(slot);
        page
    });
    match page.await {
        // A copy that was broken into answers what it likes: no script of it runs as one of this server's.
        Ok(Ok(page)) => {
            let inert = [(header::CONTENT_SECURITY_POLICY, "sandbox")];
            Ok((inert, Html(page)).into_response())
        }
        Ok(Err(error)) => {
            eprintln!("code-runner: {}", with_causes(&error));
            Err(Fault::Page(error))
        }
        Err(_) => Err(Fault::Job),
    }
}

async fn metrics(State(runner): State<Arc<Runner>>) -> Result<Response, Fault> {
    let text = runner.metrics.text(&runner.queue).map_err(|error| {
        eprintln!("code-runner: {}", with_causes(&error));
        Fault::Job
    })?;
    let kind = [(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)];
    Ok((kind, text).into_response())
}

async fn health() -> &'static str {
    "ok\n"
}
