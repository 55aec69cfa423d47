//! One random case: sandboxes, and acts in them.

use std::fmt;

use proptest::prelude::*;

use crate::act::{Act, act};
use crate::policy::{Sketch, sketch};

/// As many acts at most in the same sandboxes.
const ACTS: usize = 100;

/// How many threads have sandboxes, and how many of them at most one inside the other.
#[derive(Clone, Copy)]
pub struct Shape {
    pub threads: usize,
    pub layers: usize,
}

/// Threads in sandboxes, and what they do in turns.
#[derive(Clone)]
pub struct Scenario {
    /// For each thread its sandboxes, the outermost first.
    pub threads: Vec<Vec<Sketch>>,
    /// Which thread does what.
    pub acts: Vec<(usize, Act)>,
}

pub fn scenario(shape: Shape) -> impl Strategy<Value = Scenario> {
    let layers = prop::collection::vec(sketch(), 1..=shape.layers);
    let threads = prop::collection::vec(layers, shape.threads);
    let acts = prop::collection::vec((0..shape.threads, act()), 1..=ACTS);
    (threads, acts).prop_map(|(threads, acts)| Scenario { threads, acts })
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, layers) in self.threads.iter().enumerate() {
            for sketch in layers {
                writeln!(f, "\n  thread {number} in a sandbox: {sketch:?}")?;
            }
        }
        for (thread, act) in &self.acts {
            writeln!(f, "  thread {thread}: {act:?}")?;
        }
        Ok(())
    }
}
