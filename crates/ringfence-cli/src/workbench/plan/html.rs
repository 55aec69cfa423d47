//! A policy as a page that a person can look at: what may be read, written and executed as a tree, which
//! ports, and what denies the rest, for each kernel.
//!
//! One file without scripts and without anything from elsewhere; the kernels are tabs made of radio
//! buttons. Paths and descriptions come from files and are escaped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path};

use ringfence::{Abi, Found, Kernel, PathPlan, Plan, Policy, Row};

const STYLE: &str = include_str!("page.css");

/// The page. The first tab is the plan itself, with its paths looked up; the others are other kernels.
pub(super) fn page(title: &str, policy: &Policy, plan: &Plan) -> String {
    let others = Abi::all().map(|abi| {
        let name = match abi {
            Abi::NONE => "no Landlock".to_owned(),
            abi => format!("ABI {} · Linux {}", abi.number(), abi.first_kernel()),
        };
        let kernel = Kernel::with_abi(abi.number().into());
        (name, Plan::new(policy.clone(), kernel))
    });
    let own = if plan.kernel().is_probed() {
        "this kernel"
    } else {
        "as asked"
    };
    let tabs: Vec<_> = std::iter::once((own.to_owned(), plan.clone()))
        .chain(others)
        .collect();

    let title = escaped(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}"
    );
    for number in 0..tabs.len() {
        let _ = writeln!(
            page,
            "#t{number}:checked ~ nav label[for=t{number}] {{ background: var(--mark); color: var(--page); }}\n\
             #t{number}:checked ~ main #p{number} {{ display: block; }}\n\
             #t{number}:focus-visible ~ nav label[for=t{number}] {{ outline: 2px solid var(--text); }}"
        );
    }
    let _ = writeln!(page, "</style>\n</head>\n<body>\n<h1>{title}</h1>");
    for (number, (name, _)) in tabs.iter().enumerate() {
        let checked = if number == 0 { " checked" } else { "" };
        let _ = writeln!(
            page,
            "<input type=\"radio\" name=\"kernel\" id=\"t{number}\" aria-label=\"{}\"{checked}>",
            escaped(name)
        );
    }
    page.push_str("<nav aria-label=\"Kernels\">\n");
    for (number, (name, plan)) in tabs.iter().enumerate() {
        let class = if plan.check().is_ok() {
            ""
        } else {
            " class=\"refused\""
        };
        let _ = writeln!(
            page,
            "<label for=\"t{number}\"{class}>{}</label>",
            escaped(name)
        );
    }
    page.push_str("</nav>\n<main>\n");
    for (number, (_, plan)) in tabs.iter().enumerate() {
        let _ = writeln!(page, "<section id=\"p{number}\" class=\"kernel\">");
        kernel(&mut page, plan);
        page.push_str("</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn kernel(page: &mut String, plan: &Plan) {
    let report = plan.report();
    let _ = writeln!(page, "<p>{}</p>", escaped(&report.kernel.to_string()));
    if report.starts {
        page.push_str("<p class=\"verdict starts\">The sandbox starts.</p>\n");
    } else {
        page.push_str("<div class=\"verdict refused\"><p>The sandbox does not start:</p>\n<ul>\n");
        for refusal in &report.refusals {
            let _ = writeln!(page, "<li>{}</li>", escaped(refusal));
        }
        page.push_str("</ul></div>\n");
    }

    page.push_str("<h2>Paths</h2>\n");
    let mut root = Directory::default();
    for path in plan.paths() {
        root.add(&path);
    }
    if root.is_empty() {
        page.push_str("<p>No path is allowed.</p>\n");
    } else {
        page.push_str(
            "<p class=\"legend\"><b class=\"read\">r</b> read <b class=\"execute\">x</b> execute \
             <b class=\"write\">w</b> write <b class=\"change\">c</b> create <b class=\"change\">d</b> remove \
             <b class=\"change\">m</b> rename <b class=\"other\">o</b> other words</p>\n<ul class=\"tree\">\n",
        );
        root.write(page, "/");
        page.push_str("</ul>\n");
    }

    let lines = plan.paths().count();
    table(
        page,
        "Ports, classes and calls",
        "line",
        &report.lines[lines..],
    );
    table(page, "What no line allows", "class", &report.denied);
}

/// A directory of the tree: what lines say of it, and what is beneath.
#[derive(Default)]
struct Directory<'p> {
    lines: Vec<Line<'p>>,
    beneath: BTreeMap<String, Directory<'p>>,
}

struct Line<'p> {
    plan: PathPlan<'p>,
    path: &'p Path,
}

impl<'p> Directory<'p> {
    fn add(&mut self, plan: &PathPlan<'p>) {
        let path = plan.path().unwrap_or(&plan.line.path);
        let mut place = self;
        for component in path.components() {
            if !matches!(component, Component::RootDir) {
                let name = component.as_os_str().to_string_lossy().into_owned();
                place = place.beneath.entry(name).or_default();
            }
        }
        place.lines.push(Line {
            plan: *plan,
            path: &plan.line.path,
        });
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.beneath.is_empty()
    }

    fn write(&self, page: &mut String, name: &str) {
        // A row of directories of which nothing is said is one node.
        if let (true, 1, Some((only, beneath))) = (
            self.lines.is_empty(),
            self.beneath.len(),
            self.beneath.iter().next(),
        ) {
            let separator = if name.ends_with('/') { "" } else { "/" };
            return beneath.write(page, &format!("{name}{separator}{only}"));
        }
        page.push_str("<li>");
        if !self.beneath.is_empty() {
            page.push_str("<details open><summary>");
        }
        let _ = write!(page, "<code>{}</code>", escaped(name));
        for line in &self.lines {
            line.write(page);
        }
        if !self.beneath.is_empty() {
            page.push_str("</summary>\n<ul>\n");
            for (name, beneath) in &self.beneath {
                beneath.write(page, name);
            }
            page.push_str("</ul></details>");
        }
        page.push_str("</li>\n");
    }
}

impl Line<'_> {
    fn write(&self, page: &mut String) {
        let plan = &self.plan;
        page.push_str(" <span class=\"line\">");
        for word in plan.line.access.words() {
            let (letter, class) = match word.name {
                "read" => ("r", "read"),
                "execute" => ("x", "execute"),
                "write" => ("w", "write"),
                "create" => ("c", "change"),
                "remove" => ("d", "change"),
                "rename" => ("m", "change"),
                _ => ("o", "other"),
            };
            let held = if plan.granted.intersects(word.rights) {
                ""
            } else {
                " unheld"
            };
            let _ = write!(
                page,
                "<b class=\"{class}{held}\" title=\"{0}\">{letter}</b>",
                word.name
            );
        }
        let mut said = plan.line.to_string();
        if let Some(note) = plan.expansion() {
            let _ = write!(said, " · {note}");
        }
        if *plan.found == Found::Missing {
            said.push_str(" · not there, and skipped");
        }
        if plan.path().is_some_and(|place| place != self.path) {
            let _ = write!(said, " · leads here from {}", self.path.display());
        }
        if let Some(text) = plan
            .line
            .source
            .origin()
            .and_then(|origin| origin.description.as_ref())
        {
            let _ = write!(said, " · {text}");
        }
        let _ = write!(page, " <small>{}</small></span>", escaped(&said));
    }
}

fn table(page: &mut String, title: &str, what: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<h2>{title}</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">{what}</th><th scope=\"col\">by</th>\
         <th scope=\"col\">note</th></tr></thead>\n<tbody>"
    );
    for row in rows {
        let needs = match (row.needs_abi, row.needs_kernel) {
            (Some(abi), Some(kernel)) => format!(" Needs ABI {abi} (Linux {kernel})."),
            _ => String::new(),
        };
        let _ = writeln!(
            page,
            "<tr class=\"{}\"><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}{needs}</td></tr>",
            row.by,
            escaped(&row.item),
            row.by,
            escaped(&row.note)
        );
    }
    page.push_str("</tbody></table></div>\n");
}

/// As text of a page; control characters are shown as their escapes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character if character.is_control() => out.extend(character.escape_default()),
            character => out.push(character),
        }
    }
    out
}
