//! Plays a scenario, and holds what the plans say against what the kernel does.

use std::io;
use std::thread;

use ringfence::{Kernel, Plan, PrepareError, Sandbox};
use rustix::io::Errno;

use crate::act::Act;
use crate::ask::{self, Verdict};
use crate::outside::{Outside, Scene};
use crate::policy::Sketch;
use crate::scenario::Scenario;
use crate::tally::{End, Tally};
use crate::worker::Worker;
use crate::world::{Snapshot, World};

/// Where scenarios are played, one after the other.
pub struct Harness {
    kernel: Kernel,
    stage: Stage,
    pub tally: Tally,
    /// Whether the last scenario ended in the middle of an act.
    broken: bool,
}

/// The trees and what is outside of them.
struct Stage {
    outside: Outside,
    world: World,
    real: Scene,
    twin: Scene,
}

impl Stage {
    fn new() -> io::Result<Self> {
        let world = World::new()?;
        let outside = Outside::new(&world.around())?;
        Ok(Self {
            real: outside.scene(&world.real.top, false),
            twin: outside.scene(&world.twin.top, true),
            outside,
            world,
        })
    }

    fn drain(&self) {
        self.outside.drain();
        self.world.real.drain();
        self.world.twin.drain();
    }
}

/// A thread in its sandboxes, with the plans of them.
struct Actor {
    plans: Vec<Plan>,
    worker: Worker,
}

impl Harness {
    pub fn new(kernel: Kernel) -> io::Result<Self> {
        Ok(Self {
            kernel,
            stage: Stage::new()?,
            tally: Tally::new(),
            broken: false,
        })
    }

    /// Plays a scenario to its end, or to the first disagreement. Threads take turns, but act at the
    /// same time where what they do does not meet.
    pub fn play(&mut self, scenario: &Scenario) -> Result<(), String> {
        if self.broken {
            self.stage = Stage::new().map_err(|error| error.to_string())?;
        }
        self.broken = true;
        let mut stacks = Vec::new();
        for sketches in &scenario.threads {
            let sandboxes: Result<Vec<_>, _> =
                sketches.iter().map(|sketch| self.prepare(sketch)).collect();
            stacks.push(sandboxes?);
        }
        thread::scope(|scope| {
            let actors: Result<Vec<_>, _> = stacks
                .into_iter()
                .map(|sandboxes| {
                    let plans = sandboxes.iter().map(|of| of.plan().clone()).collect();
                    let worker = Worker::start(scope, sandboxes, self.stage.real.clone())?;
                    Ok::<_, String>(Actor { plans, worker })
                })
                .collect();
            let actors = actors?;
            let mut acts = scenario.acts.iter().peekable();
            while let Some(&(thread, act)) = acts.next() {
                let goes_with =
                    |(other, next): &&(usize, Act)| *other != thread && act.goes_with(*next);
                let meanwhile = acts.next_if(goes_with).copied();
                let turns: Vec<_> = [Some((thread, act)), meanwhile]
                    .into_iter()
                    .flatten()
                    .map(|(thread, act)| (act, &actors[thread]))
                    .collect();
                let attempts: Result<Vec<_>, String> = turns
                    .iter()
                    .map(|(act, actor)| self.begin(*act, actor))
                    .collect();
                for (attempt, (act, actor)) in attempts?.into_iter().zip(turns) {
                    let end = self
                        .end(attempt, actor)
                        .map_err(|why| format!("{act:?}: {why}"))?;
                    self.tally.count(act.name(), end);
                }
            }
            Ok::<_, String>(())
        })?;
        self.broken = false;
        Ok(())
    }

    /// Makes a sandbox. What this kernel cannot enforce has to be refused before it is left out.
    fn prepare(&mut self, sketch: &Sketch) -> Result<Sandbox, String> {
        let around = self.stage.world.around();
        let builder = sketch.builder(&self.stage.real, &around, &self.kernel);
        let plan = |builder: ringfence::PolicyBuilder| {
            let policy = builder.build().map_err(|error| error.to_string())?;
            Ok::<_, String>(Plan::new(policy, self.kernel))
        };
        let strict = plan(builder.clone())?;
        self.tally.sandboxes += 1;
        if strict.check().is_ok() {
            return strict.prepare().map_err(|error| error.to_string());
        }
        let refused = strict.prepare();
        if !matches!(refused, Err(PrepareError::Refused(_))) {
            return Err(format!("{sketch:?} should be refused: {refused:?}"));
        }
        self.tally.refusals += 1;
        plan(builder.best_effort())?
            .prepare()
            .map_err(|error| error.to_string())
    }

    /// Sets the stage, does the twin, and hands the act to its thread.
    fn begin(&self, act: Act, actor: &Actor) -> Result<Attempt, String> {
        let Stage {
            real, twin, world, ..
        } = &self.stage;
        let staged = act.stage(real).and_then(|()| act.stage(twin));
        let before = act.touches_tree().then(|| world.real.snapshot());
        let before = before.transpose().map_err(broke)?;
        let conclusive = staged.and_then(|()| act.perform(twin)).is_ok();
        if conclusive {
            actor.worker.begin(act);
        }
        Ok(Attempt {
            act,
            before,
            conclusive,
        })
    }

    /// Waits for the act, compares, and clears the stage.
    fn end(&self, attempt: Attempt, actor: &Actor) -> Result<End, String> {
        let Stage { real, twin, .. } = &self.stage;
        let act = attempt.act;
        if !attempt.conclusive {
            act.undo(real, false).map_err(broke)?;
            act.undo(twin, false).map_err(broke)?;
            return Ok(End::Inconclusive);
        }
        let outcome = actor.worker.outcome();
        let end = judge(act, &actor.plans, real, &outcome)?;
        if let Some(before) = attempt.before {
            self.compare_effect(act, &actor.plans, before, end)
                .map_err(|why| format!("the kernel did {}, but {why}", told(&outcome)))?;
        }
        act.undo(real, outcome.is_ok()).map_err(broke)?;
        act.undo(twin, true).map_err(broke)?;
        if act.reaches_socket() {
            self.stage.drain();
        }
        Ok(end)
    }

    /// Whether the tree is as the twin's where the act was allowed, and else as it was.
    fn compare_effect(
        &self,
        act: Act,
        plans: &[Plan],
        before: Snapshot,
        end: End,
    ) -> Result<(), String> {
        let Stage { real, world, .. } = &self.stage;
        let after = world.real.snapshot().map_err(broke)?;
        let happened =
            matches!(end, End::Allowed) || ask::happens_although_denied(act, plans, real);
        let expected = if happened {
            world.twin.snapshot().map_err(broke)?
        } else {
            before
        };
        if after == expected {
            Ok(())
        } else {
            let differences = expected.differences(&after);
            Err(format!("it should have had another effect: {differences}"))
        }
    }
}

/// An act that is being tried.
struct Attempt {
    act: Act,
    /// The tree before it, if the act may change it.
    before: Option<Snapshot>,
    /// Whether its twin succeeded; else it is not tried.
    conclusive: bool,
}

fn broke(error: impl std::fmt::Display) -> String {
    format!("the test itself failed: {error}")
}

fn told(outcome: &io::Result<()>) -> String {
    match outcome {
        Ok(()) => "it".to_owned(),
        Err(error) => format!("not: {error}"),
    }
}

/// Whether what the kernel did is what the plans say.
fn judge(act: Act, plans: &[Plan], scene: &Scene, outcome: &io::Result<()>) -> Result<End, String> {
    let verdict = ask::verdict(act, plans, scene);
    let errno = outcome
        .as_ref()
        .err()
        .map(|error| Errno::from_io_error(error).unwrap_or(Errno::IO));
    match (&verdict, errno) {
        (Verdict::Allowed | Verdict::Either(_), None) => Ok(End::Allowed),
        (Verdict::Denied(errnos) | Verdict::Either(errnos), Some(errno))
            if errnos.contains(&errno) =>
        {
            Ok(End::Denied)
        }
        // Another program has just taken the port.
        (Verdict::Allowed | Verdict::Either(_), Some(Errno::ADDRINUSE)) => Ok(End::Inconclusive),
        _ => Err(format!(
            "the plan says {verdict}, the kernel did {}",
            told(outcome)
        )),
    }
}
