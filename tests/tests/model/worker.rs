//! Threads in sandboxes: each restricts itself, then does acts one by one.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;

use ringfence::Sandbox;

use crate::act::Act;
use crate::outside::Scene;

/// A thread in its sandboxes; it ends when this is dropped.
pub struct Worker {
    acts: Sender<Act>,
    outcomes: Receiver<io::Result<()>>,
}

impl Worker {
    /// Starts one, in these sandboxes one inside the other.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        sandboxes: Vec<Sandbox>,
        scene: Scene,
    ) -> Result<Self, String> {
        let (acts, to_do) = channel::<Act>();
        let (done, outcomes) = channel();
        let (ready, started) = channel();
        scope.spawn(move || {
            let enforced = sandboxes
                .into_iter()
                .try_for_each(|sandbox| sandbox.enforce_this_thread().map(drop));
            let _ = ready.send(enforced.map_err(|error| error.to_string()));
            for act in to_do {
                if done.send(act.perform(&scene)).is_err() {
                    break;
                }
            }
        });
        started.recv().map_err(|error| error.to_string())??;
        Ok(Self { acts, outcomes })
    }

    /// Hands it an act; [`Self::outcome`] waits for what becomes of it.
    pub fn begin(&self, act: Act) {
        self.acts.send(act).expect("the worker waits for acts");
    }

    pub fn outcome(&self) -> io::Result<()> {
        self.outcomes
            .recv()
            .expect("the worker answers for each act")
    }
}
