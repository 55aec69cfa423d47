//! Adding lines to the text of a manifest: everything else stays as it is, to the byte.

use crate::format::{Kind, Node, Unformattable, read};
use crate::write::plain_or_quoted;

/// Adds to a manifest in YAML what another one says: items to the lists that are there, keys where there are
/// none. Comments and layout stay.
///
/// # Errors
/// [`Unformattable`] if a text is no YAML, or is laid out so that there is no place for a line.
///
/// ```
/// let text = "version: 1\nro: [/usr] # programs\n";
/// assert_eq!(
///     ringfence_manifest::append(text, "ro:\n  - /bin\nconnect-tcp:\n  - 443\n")?,
///     "version: 1\nro: [/usr, /bin] # programs\nconnect-tcp: [443]\n"
/// );
/// # Ok::<(), ringfence_manifest::Unformattable>(())
/// ```
pub fn append(text: &str, addition: &str) -> Result<String, Unformattable> {
    let (tree, comments) = read(text)?;
    let (Some(tree), (Some(addition), _)) = (tree, read(addition)?) else {
        return Err(no_place("an empty text"));
    };
    let mut edits = Edits {
        text,
        insertions: Vec::new(),
    };
    edits.map(&tree, &addition)?;
    let appended = edits.applied();
    // The net under all of the above: what stands there may not fall apart.
    let (_, kept) = read(&appended)?;
    let texts = |comments: &[crate::format::Comment]| -> Vec<String> {
        let texts = comments.iter().map(|comment| comment.text.clone());
        texts.collect()
    };
    if texts(&kept) == texts(&comments) {
        Ok(appended)
    } else {
        Err(no_place("a comment"))
    }
}

fn no_place(what: &str) -> Unformattable {
    Unformattable(format!(
        "there is no place for another line beside {what}; add it by hand"
    ))
}

struct Edits<'t> {
    text: &'t str,
    /// What is to stand before these bytes, in the order in which it was found.
    insertions: Vec<(usize, String)>,
}

impl Edits<'_> {
    fn insert(&mut self, at: usize, text: String) {
        self.insertions.push((at, text));
    }

    fn applied(mut self) -> String {
        self.insertions.sort_by_key(|(at, _)| *at);
        let mut applied = self.text.to_owned();
        for (at, text) in self.insertions.iter().rev() {
            applied.insert_str(*at, text);
        }
        applied
    }

    /// Adds the entries of one mapping to another.
    fn map(&mut self, node: &Node, addition: &Node) -> Result<(), Unformattable> {
        let (Kind::Map { flow, entries }, Kind::Map { entries: added, .. }) =
            (&node.kind, &addition.kind)
        else {
            return Err(no_place("what is no mapping"));
        };
        for (key, value) in added {
            let known = entries
                .iter()
                .find(|(known, _)| known.meaning() == key.meaning());
            match known {
                Some((_, existing)) if matches!(value.kind, Kind::Map { .. }) => {
                    self.map(existing, value)?;
                }
                Some((_, existing)) => self.items(existing, value)?,
                None => self.entry(
                    node,
                    *flow,
                    entries,
                    &format!("{}: {}", inline(key), inline(value)),
                )?,
            }
        }
        Ok(())
    }

    /// Adds one entry to a mapping.
    fn entry(
        &mut self,
        node: &Node,
        flow: bool,
        entries: &[(Node, Node)],
        entry: &str,
    ) -> Result<(), Unformattable> {
        let (Some((first, _)), Some((_, last))) = (entries.first(), entries.last()) else {
            return Err(no_place("an empty mapping"));
        };
        if flow {
            self.insert(self.end(last), format!(", {entry}"));
            return Ok(());
        }
        let indent = self.column(first.bytes.start);
        let is_whole_text = self.text[self.end(node)..]
            .lines()
            .skip(1)
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        // Comments at the end of the file are about what stands before them.
        let at = if is_whole_text && indent == 0 {
            self.text.trim_end().len()
        } else {
            self.line_end(self.end(node))
        };
        self.insert(at, format!("\n{}{entry}", " ".repeat(indent)));
        if at == self.text.len() {
            self.insert(at, "\n".to_owned());
        }
        Ok(())
    }

    /// Adds the items of one list to another, or to a single value that stands for a list.
    fn items(&mut self, node: &Node, addition: &Node) -> Result<(), Unformattable> {
        let Kind::List { items: added, .. } = &addition.kind else {
            return Err(no_place("what is no list"));
        };
        let written: Vec<_> = added.iter().map(inline).collect();
        match &node.kind {
            Kind::List { flow: true, items } => {
                let joined = written.join(", ");
                match items.last() {
                    Some(last) => self.insert(self.end(last), format!(", {joined}")),
                    None => self.insert(node.bytes.start + 1, joined),
                }
            }
            Kind::List { flow: false, items } => {
                let Some(last) = items.last() else {
                    return Err(no_place("an empty list"));
                };
                let before = &self.text[..last.bytes.start];
                let dash = before.rfind('-').ok_or_else(|| no_place("a list"))?;
                let indent = " ".repeat(self.column(dash));
                let at = self.line_end(self.end(last));
                for item in written {
                    self.insert(at, format!("\n{indent}- {item}"));
                }
                if at == self.text.len() {
                    self.insert(at, "\n".to_owned());
                }
            }
            Kind::Scalar(written_before, _) if !written_before.is_empty() => {
                self.insert(node.bytes.start, "[".to_owned());
                self.insert(self.end(node), format!(", {}]", written.join(", ")));
            }
            _ => return Err(no_place("an empty value")),
        }
        Ok(())
    }

    /// Behind the last byte of what a node has written.
    fn end(&self, node: &Node) -> usize {
        match &node.kind {
            Kind::List { flow: false, items } if !items.is_empty() => {
                items.last().map_or(node.bytes.end, |last| self.end(last))
            }
            Kind::Map {
                flow: false,
                entries,
            } if !entries.is_empty() => entries.last().map_or(node.bytes.end, |(key, value)| {
                self.end(value).max(key.bytes.end)
            }),
            _ => {
                let written = self.text.get(node.bytes.clone()).unwrap_or("");
                node.bytes.start + written.trim_end().len()
            }
        }
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |end| at + end)
    }

    fn column(&self, at: usize) -> usize {
        at - self.text[..at].rfind('\n').map_or(0, |end| end + 1)
    }
}

/// A node on one line, which may stand in brackets.
fn inline(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar(written, _) if written.starts_with(['"', '\'']) => written.clone(),
        Kind::Scalar(_, meaning) if meaning.bytes().all(|byte| byte.is_ascii_digit()) => {
            meaning.clone()
        }
        Kind::Scalar(_, meaning) => plain_or_quoted(meaning),
        Kind::List { items, .. } => {
            let items: Vec<_> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map { entries, .. } => {
            let entry = |(key, value): &(Node, Node)| format!("{}: {}", inline(key), inline(value));
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn lines_go_where_their_like_are_and_all_else_stays() {
        let text = "\
# what it is
version: 1
include: [base,   tls]   # and more
fs:
    # the input
    - path: /srv/in
      access: [read]   # only
    # between

    - {path: /srv/out, access: [rw]}  # out
connect-tcp: 443
syscalls:
  deny: ['@mount']

rw:
- /tmp
# the end
";
        let addition = "include:\n  - dns\nfs:\n  - {path: \"/a, b\", access: [read]}\nconnect-tcp:\n  - 8080\n\
            syscalls:\n  allow:\n    - ptrace\n  deny:\n    - bpf\nrw:\n  - /var/tmp\nallow:\n  - netlink\n";
        let expected = "\
# what it is
version: 1
include: [base,   tls, dns]   # and more
fs:
    # the input
    - path: /srv/in
      access: [read]   # only
    # between

    - {path: /srv/out, access: [rw]}  # out
    - {path: \"/a, b\", access: [read]}
connect-tcp: [443, 8080]
syscalls:
  deny: ['@mount', bpf]
  allow: [ptrace]

rw:
- /tmp
- /var/tmp
# the end
allow: [netlink]
";
        assert_eq!(append(text, addition).unwrap(), expected);
    }

    #[test]
    fn the_last_line_may_have_no_end() {
        for (text, expected) in [
            ("version: 1", "version: 1\nro: [/usr]\n"),
            (
                "version: 1\nro:\n  - /bin",
                "version: 1\nro:\n  - /bin\n  - /usr\n",
            ),
            ("version: 1\nro: []", "version: 1\nro: [/usr]"),
            (
                "version: 1\nro: [\n  /bin, # one\n]\n",
                "version: 1\nro: [\n  /bin, /usr, # one\n]\n",
            ),
            (
                "{version: 1, ro: [/bin]}\n",
                "{version: 1, ro: [/bin, /usr]}\n",
            ),
            ("{\"version\": 1}\n", "{\"version\": 1, ro: [/usr]}\n"),
        ] {
            assert_eq!(append(text, "ro:\n  - /usr\n").unwrap(), expected);
        }
    }

    #[test]
    fn where_there_is_no_place_that_is_said() {
        for text in ["", "version: 1\nro:\n", "version: 1\nro: {a: b}\n", "- a\n"] {
            let error = append(text, "ro:\n  - /usr\n").unwrap_err();
            assert!(error.to_string().contains("by hand"), "{text:?}: {error}");
        }
    }
}
