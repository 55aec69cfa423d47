//! The paths of a plan as a tree, in which a directory that nothing is said of shares a node with what is
//! beneath it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Component;

use ringfence::{Access, Found, PathPlan, Plan, Row};

use super::text::{escaped, name};
use super::{description, remarks};

/// Each word as a letter, and the colour that it shares with others of its kind.
const LETTERS: [(Access, char, &str); 9] = [
    (Access::READ, 'r', "read"),
    (Access::EXECUTE, 'x', "execute"),
    (Access::WRITE, 'w', "write"),
    (Access::CREATE, 'c', "change"),
    (Access::REMOVE, 'd', "change"),
    (Access::RENAME, 'm', "change"),
    (Access::IOCTL, 'i', "other"),
    (Access::MAKE_DEVICE, 'n', "other"),
    (Access::CONNECT_UNIX, 'u', "other"),
];

/// A line, in the place of the tree where it holds.
struct Leaf<'p> {
    place: Vec<&'p OsStr>,
    line: PathPlan<'p>,
    row: &'p Row,
}

/// Writes the tree of the paths of `plan`, whose rows of the report are given in the same order.
pub(super) fn write<'p>(page: &mut String, plan: &'p Plan, rows: &'p [Row]) {
    let mut leaves: Vec<_> = plan
        .paths()
        .zip(rows)
        .map(|(line, row)| {
            let path = line.path().unwrap_or(&line.line.path);
            let place = path.components().map(Component::as_os_str).collect();
            Leaf { place, line, row }
        })
        .collect();
    if leaves.is_empty() {
        page.push_str("<p>No line is about a path.</p>\n");
        return;
    }
    leaves.sort_by(|one, other| one.place.cmp(&other.place));
    if leaves
        .iter()
        .any(|leaf| *leaf.line.found == Found::NotLookedUp)
    {
        page.push_str("<p>The paths are as written; they were not looked up.</p>\n");
    }
    legend(page, &leaves);
    page.push_str("<ul class=\"tree\">\n");
    nodes(page, &leaves, 0);
    page.push_str("</ul>\n");
}

/// What the letters in the tree mean.
fn legend(page: &mut String, leaves: &[Leaf<'_>]) {
    let used: Access = leaves.iter().map(|leaf| leaf.line.line.access).collect();
    page.push_str("<p class=\"legend\">");
    for word in used.words() {
        let (letter, colour) = letter(word.access);
        let name = word.name;
        let _ = write!(
            page,
            "<span><b class=\"{colour}\">{letter}</b> {name}</span> "
        );
    }
    let states = [
        (Standing::Open, "not enforced: open everywhere"),
        (Standing::Denied, "always denied by this kernel"),
        (Standing::Skipped, "skipped: nothing is there"),
    ];
    for (standing, meaning) in states {
        let any = leaves.iter().any(|leaf| {
            let mut words = leaf.line.line.access.words();
            words.any(|word| Standing::of(&leaf.line, leaf.row, word.access) == standing)
        });
        if any {
            let class = standing.class();
            let _ = write!(page, "<span><b class=\"{class}\">a</b> {meaning}</span> ");
        }
    }
    page.push_str("</p>\n");
}

/// Writes the nodes of leaves whose places are the same up to `depth`, in their order.
fn nodes(page: &mut String, leaves: &[Leaf<'_>], depth: usize) {
    for group in leaves.chunk_by(|one, other| one.place.get(depth) == other.place.get(depth)) {
        let [first, .., last] = group else {
            node(page, group, depth, group[0].place.len());
            continue;
        };
        // They are sorted, so what the first and the last share all between them share too.
        let shared = first.place.iter().zip(&last.place);
        let end = shared.take_while(|(one, other)| one == other).count();
        node(page, group, depth, end);
    }
}

fn node(page: &mut String, group: &[Leaf<'_>], depth: usize, end: usize) {
    let own = group.partition_point(|leaf| leaf.place.len() == end);
    let (own, beneath) = group.split_at(own);
    page.push_str("<li>");
    if !beneath.is_empty() {
        page.push_str("<details open=\"open\"><summary>");
    }
    let mut label = String::new();
    for part in &group[0].place[depth..end] {
        if !label.is_empty() && !label.ends_with('/') {
            label.push('/');
        }
        label.push_str(&name(part));
    }
    let _ = write!(page, "<code>{}</code>", escaped(&label));
    for leaf in own {
        line(page, leaf);
    }
    if !beneath.is_empty() {
        page.push_str("</summary>\n<ul>\n");
        nodes(page, beneath, end);
        page.push_str("</ul></details>");
    }
    page.push_str("</li>\n");
}

fn line(page: &mut String, leaf: &Leaf<'_>) {
    let line = &leaf.line;
    let (mut letters, mut names) = (String::new(), Vec::new());
    for word in line.line.access.words() {
        let (letter, colour) = letter(word.access);
        let standing = Standing::of(line, leaf.row, word.access);
        let (class, name) = (standing.class(), word.name);
        let suffix = standing.suffix();
        let _ = write!(
            letters,
            "<b class=\"{colour} {class}\" title=\"{name}{suffix}\">{letter}</b>"
        );
        names.push(format!("{name}{suffix}"));
    }
    let by = match leaf.row.by {
        "landlock" => String::new(),
        by => format!(" <em class=\"{by}\">{by}</em>"),
    };
    let mut said = remarks(leaf.row, description(&line.line.source));
    if !said.is_empty() {
        said.insert_str(0, " · ");
    }
    let _ = write!(
        page,
        " <span class=\"line\"><span role=\"img\" aria-label=\"{}\">{letters}</span> <span class=\"said\">{}{by}{}</span></span>",
        names.join(", "),
        escaped(&leaf.row.item),
        escaped(&said)
    );
}

/// What a word of a line comes to on the kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Allowed,
    Open,
    Denied,
    Skipped,
}

impl Standing {
    fn of(line: &PathPlan<'_>, row: &Row, word: Access) -> Self {
        if *line.found == Found::Missing {
            Self::Skipped
        } else if line.withheld.contains(word) {
            Self::Denied
        } else if row.by != "unrestricted" && line.granted.intersects(word.rights()) {
            Self::Allowed
        } else {
            Self::Open
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Open => "everywhere",
            Self::Denied => "denied",
            Self::Skipped => "skipped",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Allowed => "",
            Self::Open => " (open everywhere)",
            Self::Denied => " (denied)",
            Self::Skipped => " (skipped)",
        }
    }
}

fn letter(word: Access) -> (char, &'static str) {
    LETTERS
        .into_iter()
        .find(|(access, ..)| *access == word)
        .map_or(('?', "other"), |(_, letter, colour)| (letter, colour))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_has_a_letter_of_its_own() {
        let letters: BTreeSet<_> = Access::all()
            .words()
            .map(|word| letter(word.access).0)
            .collect();
        assert_eq!(letters.len(), Access::all().words().count());
        assert!(!letters.contains(&'?'));
    }
}
