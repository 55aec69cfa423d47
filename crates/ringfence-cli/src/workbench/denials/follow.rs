//! Showing denials as they come, each once all is there that is said of it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use ringfence_observe::audit::{Denial, Log};

use super::DenialsError;
use super::report::Report;
use super::source::{Read, Source};

/// How long nothing has to come before what came is shown, since the records of an event come one by one;
/// and how long to wait for that at most.
const QUIET: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait for the record of who made a domain. The kernel writes it behind that of its first denial,
/// for which a busy machine may take its time, and never again.
const FOR_MAKER: Duration = Duration::from_secs(5);

/// Shows what comes until the source ends or somebody ends it.
pub(super) fn follow(
    source: &mut Source,
    log: &mut Log,
    report: &Report,
) -> Result<u8, DenialsError> {
    let ends = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    ends.thread_block().map_err(DenialsError::Signals)?;
    let signals = SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK);
    let signals = signals.map_err(DenialsError::Signals)?;
    let mut fresh = Fresh::default();
    let mut lost = 0;
    loop {
        let timeout = fresh.since.map_or(Duration::from_millis(250), |_| QUIET);
        let woken = source.wait(&signals, timeout)?;
        if woken.by_signal {
            break;
        }
        let read = if woken.readable {
            source.read(log)?
        } else {
            Read::Nothing
        };
        if log.tally().lost > lost {
            lost = log.tally().lost;
            Report::lost();
        }
        if fresh.is_due(log, read, Instant::now()) {
            report.fresh(log, fresh.shown);
            fresh.shown = log.denials().len();
        }
        if read == Read::End {
            break;
        }
    }
    log.end_of_text();
    report.fresh(log, fresh.shown);
    Ok(report.end(log))
}

/// What has come and is not shown.
#[derive(Debug, Default)]
struct Fresh {
    /// How many denials were shown.
    shown: usize,
    /// Since when others wait for it.
    since: Option<Instant>,
    /// Domains whose makers did not come: they were made before.
    given_up: HashSet<u64>,
}

impl Fresh {
    /// Whether it is time to show what came, which is all shown then.
    fn is_due(&mut self, log: &Log, read: Read, now: Instant) -> bool {
        let fresh = log.denials().get(self.shown..).unwrap_or_default();
        if fresh.is_empty() {
            return false;
        }
        let waited = now.duration_since(*self.since.get_or_insert(now));
        let is_quiet = read != Read::More || waited > PATIENCE;
        let is_nameless = |denial: &&Denial| {
            let maker = log.domain_of(denial).map(|domain| &domain.maker);
            !matches!(maker, Some(Some(_)))
        };
        let nameless: Vec<_> = fresh
            .iter()
            .filter(is_nameless)
            .map(|denial| denial.domain)
            .collect();
        let is_missed = |domain: &u64| !self.given_up.contains(domain);
        if !is_quiet || waited < QUIET || waited < FOR_MAKER && nameless.iter().any(is_missed) {
            return false;
        }
        self.since = None;
        self.given_up.extend(nameless);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &[u8] = b"type=LANDLOCK_ACCESS msg=audit(1.000:1): domain=1 blockers=net.bind_tcp saddr=::1 src=80\n";
    const MADE: &[u8] = b"type=LANDLOCK_DOMAIN msg=audit(1.000:1): domain=1 status=allocated mode=enforcing pid=7 uid=0 exe=\"/bin/a\" comm=\"a\"\n";
    const AGAIN: &[u8] = b"type=LANDLOCK_ACCESS msg=audit(2.000:2): domain=1 blockers=net.bind_tcp saddr=::1 src=81\n";

    /// When it is due, in milliseconds after it came, if nothing more comes.
    fn due_after(fresh: &mut Fresh, log: &Log) -> u128 {
        let start = Instant::now();
        let mut times = (0..200).map(|step| QUIET / 2 * step);
        let due = times.find(|&time| fresh.is_due(log, Read::Nothing, start + time));
        fresh.shown = log.denials().len();
        due.expect("some time").as_millis()
    }

    #[test]
    fn a_denial_waits_for_who_made_its_domain_and_not_for_ever() {
        let mut log = Log::default();
        let mut fresh = Fresh::default();
        log.text(DENIED);
        assert_eq!(log.denials().len(), 1);
        assert_eq!(due_after(&mut fresh, &log), FOR_MAKER.as_millis());
        // Who was waited for in vain is not waited for again.
        log.text(AGAIN);
        assert_eq!(log.denials().len(), 2);
        assert_eq!(due_after(&mut fresh, &log), QUIET.as_millis());

        let mut log = Log::default();
        let mut fresh = Fresh::default();
        let start = Instant::now();
        log.text(DENIED);
        assert!(!fresh.is_due(&log, Read::Nothing, start));
        let late = start + 2 * PATIENCE;
        assert!(!fresh.is_due(&log, Read::Nothing, late));
        log.text(MADE);
        assert!(fresh.is_due(&log, Read::Nothing, late));
    }

    #[test]
    fn what_comes_without_end_is_shown_from_time_to_time() {
        let mut log = Log::default();
        let mut fresh = Fresh::default();
        let start = Instant::now();
        log.text(&[DENIED, MADE].concat());
        assert!(!fresh.is_due(&log, Read::More, start));
        assert!(!fresh.is_due(&log, Read::More, start + PATIENCE));
        assert!(fresh.is_due(&log, Read::More, start + 2 * PATIENCE));
    }
}
