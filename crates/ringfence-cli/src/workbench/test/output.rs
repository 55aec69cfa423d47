//! What was found, as a table, TAP, JUnit XML or JSON.

use std::fmt::Write as _;

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    Holds,
    Fails,
    Untried,
}

/// What was found about one expectation.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) place: String,
    pub(super) expectation: String,
    pub(super) standing: Standing,
    pub(super) detail: String,
}

pub(super) fn text(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &String| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (place, what) = (width(|row| &row.place), width(|row| &row.expectation));
    let mut text = String::new();
    for row in rows {
        let word = match row.standing {
            Standing::Holds => "holds",
            Standing::Fails => "FAILS",
            Standing::Untried => "untried",
        };
        let line = format!(
            "{word:7}  {:place$}  {:what$}  {}",
            row.place, row.expectation, row.detail
        );
        let _ = writeln!(text, "{}", one_line(line.trim_end()));
    }
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let _ = writeln!(
        text,
        "\n{} hold, {} fail, {} untried",
        count(Standing::Holds),
        count(Standing::Fails),
        count(Standing::Untried)
    );
    text
}

pub(super) fn tap(rows: &[Row]) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", rows.len());
    for (number, row) in (1..).zip(rows) {
        let not = if row.standing == Standing::Fails {
            "not "
        } else {
            ""
        };
        let name = format!("{}: {}", row.place, row.expectation);
        let name = one_line(&name).replace('\\', r"\\").replace('#', r"\#");
        let detail = one_line(&row.detail);
        if row.standing == Standing::Untried {
            let _ = writeln!(text, "ok {number} - {name} # SKIP {detail}");
            continue;
        }
        let _ = writeln!(text, "{not}ok {number} - {name}");
        if !detail.is_empty() {
            let _ = writeln!(text, "# {detail}");
        }
    }
    text
}

pub(super) fn junit(suite: &str, rows: &[Row]) -> String {
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" \
         failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
        escaped(suite),
        rows.len(),
        count(Standing::Fails),
        count(Standing::Untried)
    );
    for row in rows {
        let detail = escaped(&row.detail);
        let inner = match row.standing {
            Standing::Holds if detail.is_empty() => String::new(),
            Standing::Holds => format!("<system-out>{detail}</system-out>"),
            Standing::Fails => format!("<failure message=\"{detail}\"/>"),
            Standing::Untried => format!("<skipped message=\"{detail}\"/>"),
        };
        let _ = writeln!(
            text,
            "    <testcase classname=\"{}\" name=\"{}\">{inner}</testcase>",
            escaped(&row.place),
            escaped(&row.expectation)
        );
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// Control characters shown, so that a path can neither end a line nor reach the terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let shown = if character.is_control() {
                character.escape_default().to_string()
            } else {
                character.to_string()
            };
            shown.chars().collect::<Vec<_>>()
        })
        .collect()
}

/// As XML wants it; characters that XML does not have at all are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", character as u32);
            }
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            character if character < ' ' => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}
