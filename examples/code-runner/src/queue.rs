//! Who may run now, who waits, and who is turned away.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A bounded number of jobs that run, and a bounded number that wait for them.
pub struct Queue {
    /// To run or to wait.
    places: Arc<Semaphore>,
    /// To run. The longest waiting is first.
    slots: Arc<Semaphore>,
    jobs: usize,
    waiting: usize,
}

/// The right to run, until it is dropped.
pub struct Slot {
    _slot: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// Why a request may neither run nor wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("Too many requests wait already. Try again in a second.")]
    Full,
    #[error("The server is about to end. Try again in a moment.")]
    Closed,
}

impl Queue {
    /// For so many jobs at once, and so many waiting.
    pub fn new(jobs: usize, waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(jobs + waiting)),
            slots: Arc::new(Semaphore::new(jobs)),
            jobs,
            waiting,
        }
    }

    /// Waits for a slot, if there is room to wait. Dropped, it leaves the queue.
    pub async fn enter(&self) -> Result<Slot, Refused> {
        if self.slots.is_closed() {
            return Err(Refused::Closed);
        }
        let places = Arc::clone(&self.places);
        let place = places.try_acquire_owned().map_err(|_| Refused::Full)?;
        let slots = Arc::clone(&self.slots);
        let slot = slots.acquire_owned().await.map_err(|_| Refused::Closed)?;
        Ok(Slot {
            _slot: slot,
            _place: place,
        })
    }

    /// Turns away all who wait and who come; those who run go on.
    pub fn close(&self) {
        self.slots.close();
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.jobs.saturating_sub(self.slots.available_permits())
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        let inside = (self.jobs + self.waiting).saturating_sub(self.places.available_permits());
        inside.saturating_sub(self.running())
    }
}
