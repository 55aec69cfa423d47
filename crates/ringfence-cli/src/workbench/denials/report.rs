//! What is shown of denials: each act once, who did it, and what would allow it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ringfence::{Kernel, Policy};
use ringfence_observe::audit::{Act, Denial, Log, Maker, Process, Tally};
use ringfence_observe::{Answer, Sensitive};
use serde_json::{Value, json};

use super::filter::Filter;
use super::since::{iso, shown};
use super::source::Place;
use crate::ui;
use crate::workbench::{NAME, print_json, why};

/// Domains that are named for one act.
const MOST_DOMAINS: usize = 4;

/// How denials are shown.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) policy: Policy,
    pub(super) kernel: Kernel,
    pub(super) is_running: bool,
    pub(super) sensitive: Sensitive,
    pub(super) filter: Filter,
    pub(super) json: bool,
    pub(super) place: Place,
}

/// Denials of one act in domains of one maker.
struct Shown<'l> {
    act: &'l Act,
    maker: Option<&'l Maker>,
    domains: BTreeSet<u64>,
    pids: BTreeSet<u32>,
    processes: BTreeSet<&'l Process>,
    times: u64,
    /// Milliseconds since 1970.
    first: u64,
    last: u64,
}

impl Report {
    /// Shows everything, and gives the exit code.
    pub(super) fn all(&self, log: &Log) -> u8 {
        let all = self.shown(log, log.denials());
        let printed = if self.json {
            let denials: Vec<_> = all.iter().map(|shown| self.as_json(shown)).collect();
            let mut whole = summary_as_json(log);
            whole["source"] = json!(self.place.to_string());
            whole["denials"] = json!(denials);
            print_json(&whole)
        } else if all.is_empty() {
            ui::print(&format!("no denials in {}\n", self.place))
        } else {
            let texts: Vec<_> = all.iter().map(|shown| self.text(shown)).collect();
            ui::print(&texts.join("\n"))
        };
        Self::remarks(log);
        printed.max(code(log.tally()))
    }

    /// Shows the denials from this one on, as they come.
    pub(super) fn fresh(&self, log: &Log, from: usize) {
        let fresh = log.denials().get(from..).unwrap_or_default();
        for shown in self.shown(log, fresh) {
            // Whoever does not read any more cannot be told.
            let _ = if self.json {
                ui::print_json(&format!("{}\n", self.as_json(&shown)))
            } else {
                ui::print(&format!("{}\n", self.text(&shown)))
            };
        }
    }

    /// Shows what can only be said at the end, and gives the exit code.
    pub(super) fn end(&self, log: &Log) -> u8 {
        if self.json {
            let _ = ui::print_json(&format!("{}\n", summary_as_json(log)));
        } else {
            let again: Vec<_> = self
                .shown(log, log.denials())
                .into_iter()
                .filter(|shown| shown.times > 1)
                .map(|shown| format!("{} times: {}\n", shown.times, shown.act))
                .collect();
            let _ = ui::print(&again.concat());
        }
        Self::remarks(log);
        code(log.tally())
    }

    /// What was asked for, alike ones together, in the order in which they came.
    fn shown<'l>(&self, log: &'l Log, denials: &'l [Denial]) -> Vec<Shown<'l>> {
        let mut all: Vec<Shown<'l>> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for denial in denials {
            let domain = log.domain_of(denial);
            if !self.filter.takes(denial, domain) {
                continue;
            }
            let maker = domain.and_then(|domain| domain.maker.as_ref());
            let program = maker.map(|maker| (&maker.exe, &maker.comm, maker.uid));
            let place = *places.entry((&denial.act, program)).or_insert(all.len());
            if place == all.len() {
                all.push(Shown {
                    act: &denial.act,
                    maker,
                    domains: BTreeSet::new(),
                    pids: BTreeSet::new(),
                    processes: BTreeSet::new(),
                    times: 0,
                    first: denial.first.millis,
                    last: denial.last.millis,
                });
            }
            if let Some(shown) = all.get_mut(place) {
                shown.domains.insert(denial.domain);
                shown.pids.extend(maker.map(|maker| maker.pid));
                shown.processes.extend(&denial.processes);
                shown.times += denial.times;
                shown.first = shown.first.min(denial.first.millis);
                shown.last = shown.last.max(denial.last.millis);
            }
        }
        all
    }

    fn answers(&self, act: &Act) -> Vec<Answer> {
        let questions = act.questions().into_iter();
        questions
            .map(|question| {
                question.answer_as_it_happened(
                    &self.policy,
                    self.kernel,
                    self.is_running,
                    &self.sensitive,
                )
            })
            .collect()
    }

    fn text(&self, shown: &Shown<'_>) -> String {
        let mut text = format!("denied: {}\n", shown.act);
        let blockers: Vec<_> = shown.act.blockers.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "  {}, {}", blockers.join(","), when(shown));
        let _ = writeln!(text, "  {}", by(shown));
        for process in &shown.processes {
            let _ = writeln!(
                text,
                "  done by {} (pid {}, {})",
                plain(&process.comm),
                process.pid,
                plain(&process.exe)
            );
        }
        let answers = self.answers(shown.act);
        if self.place.is_of_this_kernel() && shown.act.path().is_some_and(|path| !path.exists()) {
            text.push_str(
                "  it is not there any more, or not here: a line names what is there when the sandbox is made, so \
                 name the directory that it was in\n",
            );
        }
        if answers.is_empty() {
            text.push_str("  no line of a policy names that\n");
        }
        for answer in &answers {
            if answer.is_allowed {
                let _ = writeln!(text, "  {}", self.allowed(answer));
            } else {
                for line in why::ways(answer).lines() {
                    let indent = if line.is_empty() { "" } else { "  " };
                    let _ = writeln!(text, "{indent}{line}");
                }
            }
        }
        text
    }

    /// What to make of a denial that the policy allows.
    fn allowed(&self, answer: &Answer) -> String {
        let by = answer.by.first().map(|line| format!(" by `{line}`"));
        if self.policy == Policy::default() {
            return format!("nothing to add: {}", answer.reason);
        }
        format!(
            "this policy allows it{}: another layer denied it, or the policy was another one then",
            by.unwrap_or_default()
        )
    }

    fn as_json(&self, shown: &Shown<'_>) -> Value {
        let process = |process: &&Process| json!({"pid": process.pid, "comm": plain(&process.comm), "exe": plain(&process.exe)});
        let hex = |domain: &u64| format!("{domain:x}");
        json!({
            "denied": shown.act.to_string(),
            "blockers": shown.act.blockers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "path": shown.act.path().map(|path| path.to_string_lossy()),
            "times": shown.times,
            "first": iso(shown.first),
            "last": iso(shown.last),
            "domains": shown.domains.iter().map(hex).collect::<Vec<_>>(),
            "made-by": shown.maker.map(|maker| json!({
                "pids": shown.pids,
                "uid": maker.uid,
                "exe": plain(&maker.exe),
                "comm": plain(&maker.comm),
            })),
            "done-by": shown.processes.iter().map(process).collect::<Vec<_>>(),
            "answers": self.answers(shown.act).iter().map(why::as_json).collect::<Vec<_>>(),
        })
    }

    /// Says that records are missing.
    pub(super) fn lost() {
        ui::note(
            NAME,
            "records were lost: they came faster than they were written or read",
        );
    }

    /// What was not read or not shown; to standard error, since it is none of the denials.
    fn remarks(log: &Log) {
        let tally = log.tally();
        let say = |text: String| ui::note(NAME, &text);
        for (why, times) in &tally.unreadable {
            say(format!("{times} records could not be understood: {why}"));
        }
        if tally.doubtful > 0 {
            say(format!(
                "{} lines speak of Landlock's records where the kernel writes none: left out, anybody may have \
                 written them",
                tally.doubtful
            ));
        }
        if tally.lost > 0 {
            Self::lost();
        }
        let left_out = tally.left_out + tally.domains_left_out;
        if left_out > 0 {
            say(format!(
                "{left_out} records are counted and not shown: there are too many"
            ));
        }
        let unread: u64 = log
            .domains()
            .filter_map(|(_, domain)| Some(domain.denials?.saturating_sub(domain.read)))
            .sum();
        if unread > 0 {
            say(format!(
                "{unread} more denials of these domains are not among the records: they were not to be recorded, \
                 came too fast, or stand elsewhere"
            ));
        }
    }
}

fn summary_as_json(log: &Log) -> Value {
    let tally = log.tally();
    let unreadable = tally.unreadable.iter();
    let unreadable = unreadable.map(|(why, times)| json!({"why": why.to_string(), "times": times}));
    let domains = log.domains().map(|(id, domain)| {
        json!({
            "domain": format!("{id:x}"),
            "made-by": domain.maker.as_ref().map(|maker| json!({
                "pid": maker.pid,
                "uid": maker.uid,
                "exe": plain(&maker.exe),
                "comm": plain(&maker.comm),
            })),
            "read": domain.read,
            "denials": domain.denials,
        })
    });
    json!({
        "records": tally.records,
        "not-understood": unreadable.collect::<Vec<_>>(),
        "doubtful": tally.doubtful,
        "lost": tally.lost,
        "left-out": tally.left_out + tally.domains_left_out,
        "domains": domains.collect::<Vec<_>>(),
    })
}

fn when(shown_: &Shown<'_>) -> String {
    let (first, last) = (shown(shown_.first), shown(shown_.last));
    if shown_.times == 1 {
        first
    } else {
        format!("{} times, {first} to {last}", shown_.times)
    }
}

/// In which domains, and who made them.
fn by(shown: &Shown<'_>) -> String {
    let named = shown.domains.iter().take(MOST_DOMAINS);
    let named: Vec<_> = named.map(|domain| format!("{domain:x}")).collect();
    let more = shown.domains.len() - named.len();
    let domains = match (named.len(), more) {
        (1, 0) => format!("domain {}", named.concat()),
        (_, 0) => format!("domains {}", named.join(", ")),
        _ => format!("domains {} and {more} more", named.join(", ")),
    };
    let Some(maker) = shown.maker else {
        return format!("{domains}; who made it is not among the records");
    };
    let pids: Vec<_> = shown
        .pids
        .iter()
        .take(MOST_DOMAINS)
        .map(ToString::to_string)
        .collect();
    format!(
        "{domains}, made by {} (pid {}, uid {}, {})",
        plain(&maker.comm),
        pids.join(", "),
        maker.uid,
        plain(&maker.exe)
    )
}

/// A name that may be anything, on one line.
fn plain(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "unknown".to_owned();
    }
    String::from_utf8_lossy(bytes).replace('\n', "\\n")
}

/// 1 if something is missing that was there.
fn code(tally: &Tally) -> u8 {
    u8::from(
        !tally.unreadable.is_empty()
            || tally.lost > 0
            || tally.left_out + tally.domains_left_out > 0,
    )
}
