//! A policy as a page that a person can look at: the paths as a tree, the ports, what denies the rest and
//! what stays open, for each kernel.
//!
//! One file without scripts and without anything from elsewhere; the kernels are tabs made of radio
//! buttons. It is well-formed XML too, so that a test needs no more than a parser of that.

use std::fmt::Write as _;

use ringfence::{Abi, Kernel, Plan, Policy, Row, Source};

mod text;
mod tree;

use text::escaped;

const STYLE: &str = include_str!("html/page.css");

/// A kernel that the page has a tab for.
struct Tab {
    name: String,
    plan: Plan,
    refusals: Vec<String>,
    /// How many lines are not enforced, which is no refusal with best effort.
    unenforced: usize,
}

impl Tab {
    fn new(name: String, plan: Plan) -> Self {
        let report = plan.report();
        let unenforced = report.lines.iter().filter(|row| row.by == "unenforced");
        Self {
            name,
            unenforced: unenforced.count(),
            refusals: report.refusals,
            plan,
        }
    }
}

/// The page. The plan comes first if it is for the running kernel, with its paths looked up and with the
/// trouble that this met; else the tab of its ABI is the one that is open at first.
pub(super) fn page(title: &str, policy: &Policy, plan: &Plan, trouble: Option<&str>) -> String {
    let mut tabs: Vec<_> = Abi::all()
        .map(|abi| {
            let name = match abi {
                Abi::NONE => "No Landlock".to_owned(),
                abi => format!("ABI {} · Linux {}", abi.number(), abi.first_kernel()),
            };
            let kernel = Kernel::with_abi(abi.number().into());
            Tab::new(name, Plan::new(policy.clone(), kernel))
        })
        .collect();
    let mut open = usize::from(plan.kernel().abi().number());
    if plan.kernel().is_probed() {
        let mut own = Tab::new("This kernel".to_owned(), plan.clone());
        own.refusals.extend(trouble.map(str::to_owned));
        tabs.insert(0, own);
        open = 0;
    }

    let title = escaped(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n\
         <title>{title}</title>\n<style>\n{STYLE}"
    );
    for number in 0..tabs.len() {
        let _ = writeln!(
            page,
            "main:has(#k{number}:checked) #p{number} {{ display: block; }}"
        );
    }
    let _ = writeln!(
        page,
        "</style>\n</head>\n<body>\n<header><h1>{title}</h1></header>\n<main>\n\
         <fieldset>\n<legend>On which kernel</legend>"
    );
    for (number, tab) in tabs.iter().enumerate() {
        let checked = if number == open {
            " checked=\"checked\""
        } else {
            ""
        };
        let (class, mark, verdict) = match (tab.refusals.is_empty(), tab.unenforced) {
            (false, _) => ("refused", '✗', "does not start"),
            (true, 0) => ("starts", '✓', "starts"),
            (true, _) => ("partly", '!', "starts without enforcing every line"),
        };
        let _ = writeln!(
            page,
            "<label class=\"{class}\"><input type=\"radio\" name=\"kernel\" id=\"k{number}\"{checked} /> \
             <span aria-hidden=\"true\">{mark}</span> {}<span class=\"spoken\">, {verdict}</span></label>",
            escaped(&tab.name)
        );
    }
    page.push_str("</fieldset>\n");
    for (number, tab) in tabs.iter().enumerate() {
        let _ = writeln!(
            page,
            "<section id=\"p{number}\" class=\"kernel\" aria-labelledby=\"h{number}\">\n<h2 id=\"h{number}\">{}</h2>",
            escaped(&tab.name)
        );
        kernel(&mut page, policy, tab);
        page.push_str("</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn kernel(page: &mut String, policy: &Policy, tab: &Tab) {
    let plan = &tab.plan;
    let report = plan.report();
    let _ = writeln!(page, "<p>{}.</p>", escaped(&report.kernel.to_string()));
    verdict(page, tab);

    let lines = plan.paths().count();
    let (paths, others) = report.lines.split_at(lines);
    page.push_str("<h3>Paths</h3>\n");
    tree::write(page, plan, paths);

    // In the order of the report: ports, classes, system calls.
    let ports = plan.ports().iter().map(|port| &port.line.source);
    let classes = policy.classes().iter().map(|line| &line.source);
    let calls = policy.syscalls().lines.iter().map(|line| &line.source);
    let sources = ports.chain(classes).chain(calls);
    let described: Vec<_> = others.iter().zip(sources.map(description)).collect();
    rows(page, "Ports, classes and calls", &described);

    let (denied, open): (Vec<_>, Vec<_>) = report
        .denied
        .iter()
        .map(|row| (row, None))
        .partition(|(row, _)| matches!(row.by, "landlock" | "seccomp"));
    rows(page, "What stays open, and why", &open);
    rows(page, "What is denied where no line allows it", &denied);
}

fn verdict(page: &mut String, tab: &Tab) {
    if !tab.refusals.is_empty() {
        page.push_str("<div class=\"verdict refused\"><p>The sandbox does not start:</p>\n<ul>\n");
        for refusal in &tab.refusals {
            let _ = writeln!(page, "<li>{}</li>", escaped(refusal));
        }
        page.push_str("</ul></div>\n");
        return;
    }
    let condition = if tab.plan.kernel().is_probed() || tab.plan.paths().next().is_none() {
        ""
    } else {
        " if its paths are there"
    };
    let (class, lost) = match tab.unenforced {
        0 => ("starts", String::new()),
        1 => ("partly", ", but 1 line is not enforced".to_owned()),
        number => ("partly", format!(", but {number} lines are not enforced")),
    };
    let _ = writeln!(
        page,
        "<p class=\"verdict {class}\">The sandbox starts{condition}{lost}.</p>"
    );
}

/// What the author of a line says that it is for.
fn description(source: &Source) -> Option<&str> {
    source.origin()?.description.as_deref()
}

fn rows(page: &mut String, title: &str, rows: &[(&Row, Option<&str>)]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h3>{title}</h3>\n<dl>");
    for (row, description) in rows {
        let _ = writeln!(
            page,
            "<div class=\"{by}\"><dt><code>{}</code></dt><dd class=\"by\">{by}</dd><dd>{}</dd></div>",
            escaped(&row.item),
            escaped(&remarks(row, *description)),
            by = row.by
        );
    }
    page.push_str("</dl>\n");
}

/// What is to say of a row beside its mechanism.
fn remarks(row: &Row, description: Option<&str>) -> String {
    let needs = match (row.needs_abi, row.needs_kernel) {
        (Some(abi), Some(kernel)) => format!("needs ABI {abi} (Linux {kernel})"),
        _ => String::new(),
    };
    let parts = [description.unwrap_or_default(), &row.note, &needs];
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(" · ")
}
