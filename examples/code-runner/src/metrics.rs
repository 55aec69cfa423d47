//! What `GET /metrics` shows, in the text form of Prometheus.

use std::time::Duration;

use prometheus::{
    Error, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use ringfence::process::Ended;

use crate::queue::Queue;

/// Upper bounds of the histogram, in seconds.
const BUCKETS: [f64; 12] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Counters of jobs.
pub struct Metrics {
    registry: Registry,
    /// Jobs whose program was started.
    pub started: IntCounter,
    ended: IntCounterVec,
    /// Requests that neither ran nor waited.
    pub refused: IntCounter,
    running: IntGauge,
    queued: IntGauge,
    seconds: Histogram,
}

/// How a job ended, as far as metrics tell.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// By itself, or by a limit.
    Ended(Ended),
    /// The server killed it: its client went away, or the server was told to end.
    Killed(Ended),
    /// The kernel would not say.
    Lost,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let seconds = HistogramOpts::new("code_runner_job_seconds", "Time from start to end.");
        let metrics = Self {
            started: IntCounter::new("code_runner_jobs_started_total", "Jobs that were started.")?,
            ended: IntCounterVec::new(
                Opts::new("code_runner_jobs_ended_total", "Jobs that ended, and how."),
                &["outcome", "limit"],
            )?,
            refused: IntCounter::new(
                "code_runner_requests_refused_total",
                "Requests that were turned away: too many waited, or the server was about to end.",
            )?,
            running: IntGauge::new("code_runner_jobs_running", "Jobs that run.")?,
            queued: IntGauge::new("code_runner_requests_queued", "Requests that wait.")?,
            seconds: Histogram::with_opts(seconds.buckets(BUCKETS.to_vec()))?,
            registry,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.started.clone()))?;
        registry.register(Box::new(metrics.ended.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.running.clone()))?;
        registry.register(Box::new(metrics.queued.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        Ok(metrics)
    }

    /// Counts the end of a job.
    pub fn ended(&self, outcome: Outcome, time: Duration) {
        let (outcome, limit) = match outcome {
            Outcome::Ended(ended) => match ended.limit {
                Some(limit) => ("limit", limit.name()),
                None if ended.success() => ("success", ""),
                None if ended.code().is_some() => ("failure", ""),
                None => ("signal", ""),
            },
            Outcome::Killed(_) => ("killed", ""),
            Outcome::Lost => ("lost", ""),
        };
        self.ended.with_label_values(&[outcome, limit]).inc();
        self.seconds.observe(time.as_secs_f64());
    }

    /// The text.
    pub fn text(&self, queue: &Queue) -> Result<String, Error> {
        let gauge = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.running.set(gauge(queue.running()));
        self.queued.set(gauge(queue.queued()));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
