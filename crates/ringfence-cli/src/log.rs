//! The line on start: the kernel, what is enforced by what, and what is not.

use std::fmt::Write as _;

use ringfence::{Class, Plan, PlanReport, Row, Standing};
use serde::Serialize;

use crate::invocation::LogFormat;
use crate::ui;

/// Writes the line, if it was asked for or something is not enforced.
pub(crate) fn start(program: &str, format: Option<LogFormat>, plan: &Plan) {
    match format {
        // What best effort gave up is said whatever the format.
        Some(LogFormat::Off) => {
            for refusal in plan.unenforced() {
                ui::note(program, &format!("not enforced: {refusal}"));
            }
        }
        Some(LogFormat::Text) => ui::note(program, &text(&plan.report())),
        Some(LogFormat::Json) => match serde_json::to_string(&Line::of(program, &plan.report())) {
            Ok(line) => ui::message(&ui::printable_json(&line)),
            Err(error) => ui::note(program, &format!("cannot write the line on start: {error}")),
        },
        None => {
            let lost = lost(plan);
            let newer = plan.kernel().reported_abi() > plan.kernel().abi().number().into();
            if !lost.is_empty() || newer {
                let kernel = plan.kernel();
                ui::note(program, &format!("{kernel}: {lost} (--log off hides this)"));
            }
        }
    }
}

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    program: &'a str,
    abi: u8,
    reported_abi: u32,
    errata: Option<u32>,
    availability: &'a str,
    landlock: Vec<&'a str>,
    seccomp: Vec<&'a str>,
    unrestricted: Vec<&'a str>,
    open: Vec<&'a str>,
    unenforced: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn of(program: &'a str, report: &'a PlanReport) -> Self {
        let denied = |by| items(&report.denied, by).collect();
        Self {
            program,
            abi: report.kernel.abi,
            reported_abi: report.kernel.reported_abi,
            errata: report.kernel.errata,
            availability: &report.kernel.landlock,
            landlock: denied("landlock"),
            seccomp: denied("seccomp"),
            unrestricted: denied("unrestricted"),
            open: denied("open"),
            unenforced: items(&report.lines, "unenforced").collect(),
        }
    }
}

fn items<'r>(rows: &'r [Row], by: &'r str) -> impl Iterator<Item = &'r str> {
    rows.iter()
        .filter(move |row| row.by == by)
        .map(|row| row.item.as_str())
}

fn text(report: &PlanReport) -> String {
    let kernel = &report.kernel;
    let mut text = kernel.to_string();
    let lists = [
        ("landlock", &report.denied),
        ("seccomp", &report.denied),
        ("unrestricted", &report.denied),
        ("open", &report.denied),
        ("unenforced", &report.lines),
    ];
    for (by, rows) in lists {
        let items: Vec<_> = items(rows, by).collect();
        if !items.is_empty() {
            let _ = write!(text, "; {by}: {}", items.join(", "));
        }
    }
    text
}

/// What a newer kernel would enforce of this policy and this one does not.
///
/// Made without the report, which words every line: this runs on each start.
fn lost(plan: &Plan) -> String {
    let mut lost: Vec<String> = plan
        .unenforced()
        .map(|refusal| format!("not enforced: {refusal}"))
        .collect();
    let open: Vec<_> = Class::ALL
        .into_iter()
        .filter_map(|class| match plan.standing(class) {
            Standing::Open(Some(abi)) => Some(format!("{} (ABI {})", class.name(), abi.number())),
            _ => None,
        })
        .collect();
    if !open.is_empty() {
        lost.push(format!("open until a newer kernel: {}", open.join(", ")));
    }
    lost.join("; ")
}
