//! One policy for many sandboxes that differ in a line: what they share is looked up once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::kernel::Kernel;
use crate::landlock::{self, Rule};
use crate::plan::Plan;
use crate::policy::{InvalidLine, Policy, PolicyBuilder};
use crate::process::Programs;
use crate::sandbox::{PrepareError, Sandbox};
use crate::seccomp::FilterBasis;

/// What many sandboxes share: a policy whose paths were opened and whose filter was compiled once.
///
/// A sandbox made from it opens its own lines alone, and has a ruleset of its own: what one allows, no
/// other does. Paths of the template stand for what was there when it was made, though they be renamed
/// or replaced since; patterns and exceptions likewise. Each rule of it holds a descriptor open.
///
/// ```no_run
/// use ringfence::{Kernel, Policy, Template};
///
/// let policy = Policy::builder().ro("/usr").ro("/lib").ro("/lib64").build()?;
/// let template = Template::new(policy, Kernel::probe())?;
/// for job in ["/srv/jobs/1", "/srv/jobs/2"] {
///     let sandbox = template.with_rw(job)?;
///     let ended = sandbox.command("/usr/bin/make").current_dir(job).status()?;
///     println!("{ended}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Template {
    policy: Policy,
    base: Sandbox,
    rules: Vec<Rule>,
    /// Filters by what they hang on; a line of a request may change that, in a handful of ways.
    filters: Mutex<Vec<(FilterBasis, Option<Arc<Programs>>)>>,
}

/// Why a template makes no sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A line means nothing.
    #[error(transparent)]
    Line(#[from] InvalidLine),
    /// More than paths and ports is added.
    #[error(
        "cannot add anything but lines about paths and ports to a template; the rest is for the policy that it is made of"
    )]
    NotALine,
    /// The sandbox cannot be made.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

impl Template {
    /// Opens what the policy names, and compiles its filter.
    ///
    /// # Errors
    /// As [`Plan::prepare`].
    pub fn new(policy: Policy, kernel: Kernel) -> Result<Self, PrepareError> {
        let plan = Plan::new(policy.clone(), kernel);
        let basis = plan.filter_basis();
        let (base, rules) = plan.prepare_keeping_rules()?;
        let filters = Mutex::new(vec![(basis, base.shared_filter())]);
        Ok(Self {
            policy,
            base,
            rules,
            filters,
        })
    }

    /// The sandbox of the policy as it is.
    pub fn sandbox(&self) -> &Sandbox {
        &self.base
    }

    /// A sandbox that may also read, execute, write, create, remove and rename at `path` and beneath it.
    ///
    /// # Errors
    /// As [`Template::with`].
    pub fn with_rw(&self, path: impl Into<PathBuf>) -> Result<Sandbox, TemplateError> {
        self.with(Policy::builder().rw(path))
    }

    /// A sandbox that may also read and execute at `path` and beneath it.
    ///
    /// # Errors
    /// As [`Template::with`].
    pub fn with_ro(&self, path: impl Into<PathBuf>) -> Result<Sandbox, TemplateError> {
        self.with(Policy::builder().ro(path))
    }

    /// A sandbox with more lines about paths and ports.
    ///
    /// # Errors
    /// [`TemplateError`]: a line that means nothing, or that cannot be allowed.
    pub fn with(&self, more: PolicyBuilder) -> Result<Sandbox, TemplateError> {
        let lines = more.lines();
        let rest = PolicyBuilder::from(lines.clone()).without_paths_and_ports();
        if *rest.lines() != Policy::default() {
            return Err(TemplateError::NotALine);
        }
        let policy = PolicyBuilder::from(self.policy.clone())
            .merge(more)
            .build()?;
        let mut plan = Plan::new(policy, *self.base.plan().kernel());
        plan.check().map_err(PrepareError::from)?;
        let ruleset = if plan.makes_domain() {
            plan.found.clone_from(&self.base.plan().found);
            Some(landlock::ruleset_with(&mut plan, &self.rules)?)
        } else {
            None
        };
        let filter = self.filter(&plan)?;
        Ok(Sandbox::from_parts(plan, ruleset, filter))
    }

    fn filter(&self, plan: &Plan) -> Result<Option<Arc<Programs>>, PrepareError> {
        let basis = plan.filter_basis();
        // What a thread left behind that panicked is whole: it is only ever added to.
        let mut filters = self.filters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = filters.iter().find(|(known, _)| *known == basis) {
            return Ok(known.clone());
        }
        let filter = plan.programs()?;
        filters.push((basis, filter.clone()));
        Ok(filter)
    }
}
