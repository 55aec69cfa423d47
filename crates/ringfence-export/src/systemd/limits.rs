//! `limits:` → directives, and what the wrapper is left with.

use std::time::Duration;

use ringfence_manifest::Manifest;

use super::Directive;
use crate::exported::ExportError;
use crate::line::Line;

/// systemd counts times in microseconds, of which this many milliseconds fit.
const MOST_MILLIS: u128 = u64::MAX as u128 / 1000 - 1;

/// systemd starts a unit with such a number all the same, and without the limit.
pub(super) fn check(manifest: &Manifest) -> Result<(), ExportError> {
    let ignored = |line: &Line<'_>| match line {
        Line::Memory(number) | Line::Processes(number) => [0, u64::MAX].contains(number),
        Line::Wall(time) => time.as_millis() > MOST_MILLIS,
        _ => false,
    };
    match Line::all(manifest).iter().find(|line| ignored(line)) {
        Some(line) => Err(ExportError::line(
            line,
            "systemd ignores 0 here, and numbers beyond what it counts to; write one between",
        )),
        None => Ok(()),
    }
}

/// The manifest without the limits that the wrapper refuses, if it has any of them.
pub(super) fn without_refused(manifest: &Manifest) -> Option<Manifest> {
    let limits = &manifest.limits;
    if limits.wall.is_none() && limits.processes.is_none() {
        return None;
    }
    let mut copy = manifest.clone();
    copy.limits.wall = None;
    copy.limits.processes = None;
    Some(copy)
}

/// What systemd does of them.
pub(super) fn directives(manifest: &Manifest) -> Vec<Directive> {
    let limits = &manifest.limits;
    let seconds = |time: Duration| time.as_millis().div_ceil(1000);
    // `open-files` is left to the wrapper, which itself opens a descriptor for each line about a path.
    [
        limits.memory.map(|bytes| {
            Directive::new(
                format!("MemoryMax={bytes}"),
                "limits memory: for all processes of the unit together",
            )
        }),
        limits.cpu.map(|time| {
            Directive::new(
                format!("LimitCPU={}", seconds(time)),
                "limits cpu: for each process",
            )
        }),
        limits.file_size.map(|bytes| {
            Directive::new(
                format!("LimitFSIZE={bytes}"),
                "limits file-size: for each process",
            )
        }),
        limits.processes.map(|count| {
            Directive::new(
                format!("TasksMax={count}"),
                "limits processes: processes and threads of the unit",
            )
        }),
        limits.wall.map(|time| {
            Directive::new(
                format!("RuntimeMaxSec={}ms", time.as_millis().max(1)),
                "limits wall",
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
