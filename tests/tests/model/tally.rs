//! What acts came to, by their kind: a test in which nothing was decided proves nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

/// How one act ended.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Allowed,
    Denied,
    /// It fails without a sandbox too, or the machine had no room for it.
    Inconclusive,
}

/// All acts so far.
pub struct Tally {
    started: Instant,
    kinds: BTreeMap<String, [u32; 3]>,
    pub sandboxes: u32,
    pub refusals: u32,
}

impl Tally {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            kinds: BTreeMap::new(),
            sandboxes: 0,
            refusals: 0,
        }
    }

    pub fn count(&mut self, kind: String, end: End) {
        self.kinds.entry(kind).or_default()[end as usize] += 1;
    }

    /// How many ended so.
    fn sum(&self, end: End) -> u32 {
        self.kinds.values().map(|ends| ends[end as usize]).sum()
    }

    pub fn acts(&self) -> u32 {
        self.kinds.values().flatten().sum()
    }

    /// Fails if too little was decided to mean anything.
    pub fn require_meaning(&self) {
        let (acts, parts) = (self.acts(), 10);
        assert!(self.sum(End::Allowed) > acts / parts, "{self}");
        assert!(self.sum(End::Denied) > acts / parts, "{self}");
        assert!(self.sum(End::Inconclusive) < acts / parts, "{self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.started.elapsed().as_secs_f64();
        let acts = self.acts();
        writeln!(
            f,
            "{acts} acts of {} kinds in {} sandboxes: {} allowed, {} denied, {} inconclusive; \
             {seconds:.1} s, {:.0} acts a second",
            self.kinds.len(),
            self.sandboxes,
            self.sum(End::Allowed),
            self.sum(End::Denied),
            self.sum(End::Inconclusive),
            f64::from(acts) / seconds,
        )?;
        let never = |of: &dyn Fn(&[u32; 3]) -> bool| {
            let kinds: Vec<_> = self.kinds.iter().filter(|(_, ends)| of(ends)).collect();
            let names: Vec<_> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
            names.join(" ")
        };
        writeln!(f, "  never denied: {}", never(&|ends| ends[1] == 0))?;
        write!(
            f,
            "  never decided: {}",
            never(&|ends| ends[0] == 0 && ends[1] == 0)
        )
    }
}
