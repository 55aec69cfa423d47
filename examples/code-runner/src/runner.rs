//! What requests share.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::StartError;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::policy::JobPolicy;
use crate::queue::Queue;
use crate::render::Renderer;
use crate::workspace::State;

/// What requests share.
pub struct Runner {
    /// What jobs may do.
    pub policy: JobPolicy,
    /// Makes pages of Markdown.
    pub renderer: Renderer,
    /// Where they do it.
    pub state: State,
    /// Which of them may run.
    pub queue: Queue,
    /// What became of them.
    pub metrics: Metrics,
    /// Those that run.
    pub tasks: TaskTracker,
    /// Ends all of them.
    pub kill: CancellationToken,
}

impl Runner {
    /// Everything that can fail before the first request does so here.
    pub fn new(options: &Options) -> Result<Self, StartError> {
        let policy = JobPolicy::read(&options.policy, options.output)?;
        let state = State::open(&options.state)?;
        policy.require_closed(state.path())?;
        Ok(Self {
            policy,
            renderer: Renderer::new()?,
            state,
            queue: Queue::new(options.jobs, options.queue),
            metrics: Metrics::new()?,
            tasks: TaskTracker::new(),
            kill: CancellationToken::new(),
        })
    }
}
