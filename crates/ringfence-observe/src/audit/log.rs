//! All that was read, put together: each act once, how often, in which domain, by whom.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::act::Act;
use super::line::{self, Line};
use super::lines::Lines;
use super::netlink;
use super::record::{Event, Record, Unreadable};
use super::stamp::Stamp;

/// Bytes that are held of all acts, and how many domains. A log that has more is told to.
const MOST_BYTES: usize = 32 << 20;
const MOST_DOMAINS: usize = 100_000;
/// Events whose records may still come, since those of several are mixed.
const OPEN_EVENTS: usize = 256;
/// Programs that are named for one act.
const MOST_PROCESSES: usize = 8;

/// An act that was denied, as often as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The domain that denied it.
    pub domain: u64,
    /// What was denied.
    pub act: Act,
    /// How often.
    pub times: u64,
    /// When first.
    pub first: Stamp,
    /// When last.
    pub last: Stamp,
    /// Who did it, where audit records calls; not all of them if they are many.
    pub processes: BTreeSet<Process>,
}

/// A process, as the record of a call names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub comm: Vec<u8>,
    /// Its executable.
    pub exe: Vec<u8>,
}

/// What is known of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// Who made it, if that was recorded.
    pub maker: Option<Maker>,
    /// How many of its denials were read.
    pub read: u64,
    /// How many there were, recorded or not; known once it has ended.
    pub denials: Option<u64>,
}

/// The process that restricted itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Maker {
    /// Its number. A program that it then executes has the same.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// Its executable.
    pub exe: Vec<u8>,
    /// Its name.
    pub comm: Vec<u8>,
}

/// What was read and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records of Landlock's that were understood.
    pub records: u64,
    /// Those that were not, by the reason.
    pub unreadable: BTreeMap<Unreadable, u64>,
    /// Lines that speak of Landlock's records and are none of the kernel's.
    pub doubtful: u64,
    /// How often the kernel says that records were dropped.
    pub lost: u64,
    /// Denials that are counted and not shown, for they are too many.
    pub left_out: u64,
    /// Domains that are not kept, for they are too many.
    pub domains_left_out: u64,
    /// Records of calls, which say who did what was denied.
    pub calls: u64,
    /// Everything else.
    pub other: u64,
}

/// An event whose records may still come.
#[derive(Debug)]
struct Open {
    stamp: Stamp,
    /// The places of its denials.
    denials: Vec<usize>,
    process: Option<Process>,
}

/// Takes records of any form and keeps what they come to.
#[derive(Debug, Default)]
pub struct Log {
    denials: Vec<Denial>,
    places: HashMap<(u64, Act), usize>,
    domains: HashMap<u64, Domain>,
    /// The last events: which denials they had, and in which call.
    open: VecDeque<Open>,
    tally: Tally,
    bytes: usize,
    lines: Lines,
    since: u64,
}

impl Log {
    /// A log that leaves out what happened before a time, in milliseconds since 1970. What is said of
    /// domains counts whenever it was said.
    pub fn since(millis: u64) -> Self {
        Self {
            since: millis,
            ..Self::default()
        }
    }

    /// Takes text of audit.log, ausearch, the kernel's log or `journalctl -o json`, cut anywhere.
    pub fn text(&mut self, text: &[u8]) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.take(text, |line, too_long| self.line(line::read(line, too_long)));
        self.lines = lines;
    }

    /// Takes the end of a text.
    pub fn end_of_text(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line, too_long| self.line(line::read(line, too_long)));
    }

    /// Takes a message of the kernel's group of listeners.
    pub fn message(&mut self, message: &[u8]) {
        self.line(netlink::read(message));
    }

    /// Notes that records were lost on the way here.
    pub fn lost(&mut self) {
        self.tally.lost += 1;
    }

    fn line(&mut self, line: Line) {
        match line {
            Line::Record(record) => self.record(record),
            Line::Unreadable(why) => *self.tally.unreadable.entry(why).or_default() += 1,
            Line::Doubtful => self.tally.doubtful += 1,
            Line::Lost => self.tally.lost += 1,
            Line::Other => self.tally.other += 1,
        }
    }

    /// Takes a record.
    pub fn record(&mut self, record: Record) {
        let Record { stamp, event } = record;
        match event {
            Event::Denied { domain, act, .. } => {
                self.tally.records += 1;
                if let Some(domain) = self.domain(domain) {
                    domain.read += 1;
                }
                if stamp.millis >= self.since {
                    self.denied(stamp, domain, act);
                }
            }
            Event::Made {
                domain,
                pid,
                uid,
                exe,
                comm,
            } => {
                self.tally.records += 1;
                let maker = Maker {
                    pid,
                    uid,
                    exe: exe.unwrap_or_default(),
                    comm: comm.unwrap_or_default(),
                };
                let size = maker.exe.len() + maker.comm.len();
                if self.bytes + size > MOST_BYTES {
                    self.tally.domains_left_out += 1;
                } else if let Some(domain) = self.domain(domain)
                    && domain.maker.is_none()
                {
                    domain.maker = Some(maker);
                    self.bytes += size;
                }
            }
            Event::Ended { domain, denials } => {
                self.tally.records += 1;
                if let Some(domain) = self.domain(domain) {
                    domain.denials = Some(denials);
                }
            }
            Event::Called { pid, exe, comm, .. } => {
                self.tally.calls += 1;
                let process = Process {
                    pid,
                    comm: comm.unwrap_or_default(),
                    exe: exe.unwrap_or_default(),
                };
                self.called(stamp, process);
            }
        }
    }

    fn denied(&mut self, stamp: Stamp, domain: u64, act: Act) {
        let key = (domain, act);
        let place = match self.places.get(&key) {
            Some(&place) => place,
            None => {
                // Twice, for the place and for the denial, with what the tables take.
                let size = 2 * (size_of_val(&key) + key.1.held()) + 512;
                if self.bytes + size > MOST_BYTES {
                    self.tally.left_out += 1;
                    return;
                }
                self.bytes += size;
                let place = self.denials.len();
                self.denials.push(Denial {
                    domain,
                    act: key.1.clone(),
                    times: 0,
                    first: stamp,
                    last: stamp,
                    processes: BTreeSet::new(),
                });
                self.places.insert(key, place);
                place
            }
        };
        let mut event = self.open_event(stamp);
        if event.denials.len() < OPEN_EVENTS {
            event.denials.push(place);
        }
        if let Some(denial) = self.denials.get_mut(place) {
            denial.times += 1;
            denial.first = denial.first.min(stamp);
            denial.last = denial.last.max(stamp);
        }
        if let Some(process) = &event.process {
            self.done_by(place, process);
        }
        self.keep_open(event);
    }

    fn called(&mut self, stamp: Stamp, process: Process) {
        let mut event = self.open_event(stamp);
        for &place in &event.denials {
            self.done_by(place, &process);
        }
        event.process = Some(process);
        self.keep_open(event);
    }

    fn done_by(&mut self, place: usize, process: &Process) {
        let size = process.comm.len() + process.exe.len() + size_of::<Process>();
        if let Some(denial) = self.denials.get_mut(place)
            && denial.processes.len() < MOST_PROCESSES
            && self.bytes + size <= MOST_BYTES
            && denial.processes.insert(process.clone())
        {
            self.bytes += size;
        }
    }

    fn domain(&mut self, id: u64) -> Option<&mut Domain> {
        if self.domains.len() >= MOST_DOMAINS && !self.domains.contains_key(&id) {
            self.tally.domains_left_out += 1;
            return None;
        }
        Some(self.domains.entry(id).or_default())
    }

    /// The event of a record, taken out of the last ones if it is one of them.
    fn open_event(&mut self, stamp: Stamp) -> Open {
        let place = self.open.iter().rposition(|event| event.stamp == stamp);
        let known = place.and_then(|place| self.open.remove(place));
        known.unwrap_or(Open {
            stamp,
            denials: Vec::new(),
            process: None,
        })
    }

    fn keep_open(&mut self, event: Open) {
        if self.open.len() == OPEN_EVENTS {
            self.open.pop_front();
        }
        self.open.push_back(event);
    }

    /// What was denied, in the order in which it first was read.
    pub fn denials(&self) -> &[Denial] {
        &self.denials
    }

    /// A domain, by its number.
    pub fn domain_of(&self, denial: &Denial) -> Option<&Domain> {
        self.domains.get(&denial.domain)
    }

    /// Every domain that was read of.
    pub fn domains(&self) -> impl Iterator<Item = (u64, &Domain)> {
        self.domains.iter().map(|(id, domain)| (*id, domain))
    }

    /// What was read and what was not.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}
