//! A plan as rows that a person or a machine can read.

use std::fmt;

use crate::access::AccessFs;
use crate::class::Class;
use crate::kernel::{Abi, Kernel};
use crate::plan::{Found, PathPlan, Plan, PortPlan, Standing};
use crate::policy::SyscallEffect;
use crate::sandbox::PrepareError;
use crate::shown::{Shown, with_causes};

mod calls;

pub use calls::CallRow;

/// A plan as plain data: what tables, JSON and other languages show of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlanReport {
    /// The kernel that the plan is for.
    pub kernel: KernelReport,
    /// Whether the sandbox would start.
    pub starts: bool,
    /// Why it would not, a sentence each.
    pub refusals: Vec<String>,
    /// What becomes of each line of the policy.
    pub lines: Vec<Row>,
    /// What denies each class of acts that no line allows.
    pub denied: Vec<Row>,
}

/// A kernel as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KernelReport {
    /// The ABI in use, 0 for none.
    pub abi: u8,
    /// The ABI as the kernel reports it.
    pub reported_abi: u32,
    /// `available`, or why Landlock is not.
    pub landlock: String,
    /// The faults that are fixed, as the kernel's bits; none if the kernel does not tell.
    pub errata: Option<u32>,
    /// Whether the running kernel said so; else all known faults are assumed to be fixed.
    pub probed: bool,
}

/// One line or class, and what enforces it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Row {
    /// The line as written, or the name of the class.
    pub item: String,
    /// `landlock`, `seccomp`, `unrestricted` (the policy leaves it alone), `open` (nothing denies it
    /// here; the note says why), `unenforced` (a line that this kernel cannot enforce), `skipped` (an optional path that is not there) or
    /// `redundant` (other lines cover it).
    pub by: &'static str,
    /// More about it, as a phrase; empty where there is nothing to say.
    pub note: String,
    /// The first ABI that would enforce it, where this kernel's does not.
    pub needs_abi: Option<u8>,
    /// The first Linux release with that ABI.
    pub needs_kernel: Option<&'static str>,
}

impl Plan {
    /// The plan as plain data. Prints as an aligned table.
    ///
    /// ```
    /// use ringfence::{Kernel, Plan, Policy};
    ///
    /// let policy = Policy::builder().connect_tcp(443).build()?;
    /// let report = Plan::new(policy, Kernel::with_abi(3)).report();
    /// assert!(!report.starts);
    /// assert_eq!(report.lines[0].needs_abi, Some(4));
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    pub fn report(&self) -> PlanReport {
        let refusals: Vec<String> = match self.check() {
            Ok(()) => Vec::new(),
            Err(refused) => refused.refusals.iter().map(ToString::to_string).collect(),
        };
        let paths = self.paths().map(|path| path_row(&path, self));
        let ports = self.ports.iter().map(port_row);
        PlanReport {
            kernel: self.kernel().report(),
            starts: refusals.is_empty(),
            refusals,
            lines: paths
                .chain(ports)
                .chain(self.class_rows())
                .chain(self.syscall_rows())
                .collect(),
            denied: Class::ALL.map(|class| class_row(class, self)).into(),
        }
    }
}

impl Plan {
    fn class_rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.classes.iter().map(|line| {
            let mut row = class_row(line.class, self);
            row.item = line.to_string();
            if row.by == "open" {
                row.by = "unenforced";
            }
            row
        })
    }

    fn syscall_rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.syscalls.lines.iter().map(|line| {
            let (by, note) = match line.effect {
                _ if !self.filters() => ("unenforced", "there is no filter"),
                SyscallEffect::Allow => ("unrestricted", ""),
                SyscallEffect::Deny(_) => ("seccomp", ""),
                SyscallEffect::Only => ("seccomp", "all calls that are not listed are denied"),
            };
            Row {
                item: line.to_string(),
                by,
                note: note.to_owned(),
                needs_abi: None,
                needs_kernel: None,
            }
        })
    }
}

impl PlanReport {
    /// The same where something else than the kernel stops the start as well.
    #[must_use]
    pub fn stopped_by(mut self, trouble: &PrepareError) -> Self {
        self.starts = false;
        self.refusals.push(with_causes(trouble));
        self
    }

    /// As JSON, indented and with a line feed at its end: what `ringfence plan --json` prints.
    ///
    /// ```
    /// use ringfence::{Kernel, Plan, Policy};
    ///
    /// let policy = Policy::builder().ro("/usr").build()?;
    /// let json = Plan::new(policy, Kernel::with_abi(4)).report().to_json();
    /// assert!(json.starts_with("{\n  \"kernel\": {\n    \"abi\": 4,"));
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them are always written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Kernel {
    /// The kernel as plain data.
    pub fn report(&self) -> KernelReport {
        KernelReport {
            abi: self.abi().number(),
            reported_abi: self.reported_abi(),
            landlock: self.availability().to_string(),
            errata: self.errata().map(|errata| errata.bits()),
            probed: self.is_probed(),
        }
    }
}

impl Row {
    /// The first ABI that would enforce it, as a value.
    fn needs(&self) -> Option<Abi> {
        self.needs_abi.map(|number| Abi::new(number.into()))
    }
}

fn path_row(path: &PathPlan<'_>, plan: &Plan) -> Row {
    let mut notes = Vec::new();
    match path.found {
        Found::At(place) => notes.push(format!("at {}", Shown(place))),
        Found::CoveredAt(place) if **place != *path.line.path => {
            notes.push(format!("at {}", Shown(place)));
        }
        _ => {}
    }
    if let Some(note) = path.expansion() {
        notes.push(note);
    }
    if !path.unenforced.is_empty() {
        notes.push(format!("{} is open everywhere", path.unenforced));
    }
    let partly_open = match (plan.standing(Class::Read), plan.standing(Class::Truncate)) {
        (Standing::Unrestricted, _) | (_, Standing::Seccomp) => AccessFs::empty(),
        _ => path.partly_open(),
    };
    for class in Class::of_rights(partly_open) {
        notes.push(format!("{} is open everywhere", class.name()));
    }
    if !path.withheld.is_empty() {
        notes.push(format!(
            "{} is always denied before {}",
            path.withheld,
            Abi::new(2)
        ));
    }
    let by = match path.found {
        _ if plan.standing(Class::Read) == Standing::Unrestricted => "unrestricted",
        Found::Missing => "skipped",
        Found::CoveredAt(_) => "redundant",
        _ if !path.unenforced.is_empty() => "unenforced",
        _ => "landlock",
    };
    let partly_since = Class::of_rights(partly_open).filter_map(Class::since).max();
    let needs = path.needs().max(partly_since);
    Row {
        item: path.line.to_string(),
        by,
        note: notes.join("; "),
        needs_abi: needs.map(Abi::number),
        needs_kernel: needs.map(Abi::first_kernel),
    }
}

fn port_row(port: &PortPlan) -> Row {
    let ephemeral = port.line.class.binds()
        && port.standing == Standing::Landlock
        && port.line.ports.contains(0);
    let (by, note, needs) = match port.standing {
        Standing::Landlock if ephemeral => ("landlock", "0 is a port of the kernel's choice", None),
        Standing::Landlock => ("landlock", "", None),
        Standing::Seccomp => ("seccomp", "", None),
        Standing::Unrestricted => ("unrestricted", "", None),
        Standing::Open(since) => ("unenforced", "every port is open", since),
    };
    Row {
        item: port.line.to_string(),
        by,
        note: note.to_owned(),
        needs_abi: needs.map(Abi::number),
        needs_kernel: needs.map(Abi::first_kernel),
    }
}

fn class_row(class: Class, plan: &Plan) -> Row {
    let (by, needs) = match plan.standing(class) {
        Standing::Landlock => ("landlock", None),
        Standing::Seccomp => ("seccomp", None),
        Standing::Unrestricted => ("unrestricted", None),
        Standing::Open(since) => ("open", since),
    };
    let note = match (plan.open_because(class), plan.closed_whole(class)) {
        ("", "") => class.summary().to_owned(),
        (reason, how) => format!("{}: {reason}{how}", class.summary()),
    };
    Row {
        item: class.name().to_owned(),
        by,
        note,
        needs_abi: needs.map(Abi::number),
        needs_kernel: needs.map(Abi::first_kernel),
    }
}

impl fmt::Display for KernelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.abi == 0 {
            return write!(f, "Landlock is {}", self.landlock);
        }
        let abi = Abi::new(self.reported_abi);
        let (number, first) = (abi.number(), abi.first_kernel());
        write!(f, "Landlock ABI {number}, first in Linux {first}, errata ")?;
        match self.errata {
            Some(errata) if self.probed => write!(f, "{errata:#x}")?,
            Some(_) => f.write_str("assumed fixed")?,
            None => f.write_str("unknown")?,
        }
        if self.reported_abi > u32::from(self.abi) {
            let reported = self.reported_abi;
            write!(
                f,
                "; the kernel reports ABI {reported}, newer than any known here"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for PlanReport {
    /// An aligned table: the kernel, each line, each denied class, and the verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.kernel)?;
        table(f, "LINE", &self.lines)?;
        table(f, "DENIED UNLESS ALLOWED ABOVE", &self.denied)?;
        if self.starts {
            return Ok(());
        }
        writeln!(f, "\nThis sandbox does not start:")?;
        for refusal in &self.refusals {
            writeln!(f, "  {refusal}")?;
        }
        Ok(())
    }
}

fn table(f: &mut fmt::Formatter<'_>, title: &str, rows: &[Row]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let width = |text: &str| text.chars().count();
    let item_width = rows
        .iter()
        .map(|row| width(&row.item))
        .chain([width(title)])
        .max()
        .unwrap_or(0);
    let by_width = rows.iter().map(|row| width(row.by)).max().unwrap_or(0);
    let by_width = by_width.max(width("BY"));
    writeln!(f, "\n{title:item_width$}  {:by_width$}  NOTE", "BY")?;
    for row in rows {
        let needs = match row.needs() {
            Some(abi) if row.note.is_empty() => format!("needs {abi}"),
            Some(abi) => format!("; needs {abi}"),
            None => String::new(),
        };
        let line = format!(
            "{:item_width$}  {:by_width$}  {}{needs}",
            row.item, row.by, row.note
        );
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}
