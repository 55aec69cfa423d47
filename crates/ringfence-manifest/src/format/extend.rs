//! Adding lines to the text of a manifest, which otherwise stays as its author wrote it.

use super::{Comment, Kind, Node, Unformattable, WIDTH, format, read};

/// Adds what another YAML text says: items to lists that are there, and keys that are not. Comments,
/// order and layout stay; a text as [`format()`] lays it out stays such a text.
///
/// # Errors
/// [`Unformattable`] if one of the texts is no YAML, or has another kind of value at the same key.
///
/// ```
/// let text = "version: 1\nro: [/usr] # programs\n";
/// let more = "version: 1\nro:\n  - /opt\nconnect-tcp:\n  - 443\n";
/// assert_eq!(
///     ringfence_manifest::extend(text, more)?,
///     "version: 1\nro: [/usr, /opt] # programs\nconnect-tcp:\n  - 443\n"
/// );
/// # Ok::<(), ringfence_manifest::Unformattable>(())
/// ```
pub fn extend(text: &str, addition: &str) -> Result<String, Unformattable> {
    let was_laid_out = format(text).is_ok_and(|laid_out| laid_out == text);
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if is_on_one_line(&text)? {
        text = format(&text)?;
    }
    let (Some(old), comments) = read(&text)? else {
        return Err(Unformattable("the text is empty".to_owned()));
    };
    let (Some(new), _) = read(addition)? else {
        return Ok(text);
    };
    let mut edits = Edits::default();
    edits.map(&text, &old, &new)?;
    let extended = edits.applied(&text);
    let (Some(again), kept) = read(&extended)? else {
        return Err(unsayable());
    };
    // The net under all of the above: nothing may be lost, and all must have arrived.
    let texts = |comments: Vec<Comment>| -> Vec<String> {
        comments.into_iter().map(|comment| comment.text).collect()
    };
    let arrived = says(&again, &old) && says(&again, &new) && texts(kept) == texts(comments);
    match (arrived, was_laid_out) {
        (false, _) => Err(unsayable()),
        (true, false) => Ok(extended),
        (true, true) => format(&extended),
    }
}

fn unsayable() -> Unformattable {
    Unformattable("lines cannot be added to this text as it is laid out".to_owned())
}

fn is_on_one_line(text: &str) -> Result<bool, Unformattable> {
    let (tree, _) = read(text)?;
    Ok(matches!(
        tree.map(|tree| tree.kind),
        Some(Kind::Map { flow: true, .. })
    ))
}

/// Texts to be put into a text, by the byte before which they come.
#[derive(Default)]
struct Edits(Vec<(usize, String)>);

impl Edits {
    fn map(&mut self, text: &str, old: &Node, new: &Node) -> Result<(), Unformattable> {
        let (Kind::Map { flow, entries }, Kind::Map { entries: added, .. }) =
            (&old.kind, &new.kind)
        else {
            return Err(another_kind(text, old));
        };
        // What goes into the last value comes before the keys behind it.
        for (key, value) in added {
            if let Some(there) = at_key(entries, key) {
                self.value(text, there, value)?;
            }
        }
        let new = added
            .iter()
            .filter(|(key, _)| at_key(entries, key).is_none());
        for (key, value) in new {
            if *flow {
                let entry = format!("{}: {}", key.flow(), value.flow());
                self.inside_brackets(old, &entry);
            } else {
                let indent = entries.first().map_or(0, |(key, _)| column(text, key));
                let entry = entry(key, value, indent);
                self.0.push((end_of_line(text, last_byte(old)), entry));
            }
        }
        Ok(())
    }

    fn value(&mut self, text: &str, old: &Node, new: &Node) -> Result<(), Unformattable> {
        match (&old.kind, &new.kind) {
            (Kind::Map { .. }, Kind::Map { .. }) => self.map(text, old, new)?,
            (Kind::List { flow, items }, Kind::List { items: added, .. }) => {
                let known: Vec<_> = items.iter().map(Node::meaning).collect();
                for item in added {
                    if known.contains(&item.meaning()) {
                        continue;
                    }
                    if *flow || items.is_empty() {
                        self.inside_brackets(old, &item.flow());
                    } else {
                        let dash = items.first().and_then(|first| {
                            let line = line_before(text, first.bytes.start);
                            line.rfind('-')
                        });
                        let indent = dash.ok_or_else(|| another_kind(text, old))?;
                        let item = item_text(item, indent);
                        self.0.push((end_of_line(text, last_byte(old)), item));
                    }
                }
            }
            (Kind::Scalar(one, _), Kind::List { items, .. }) if !one.is_empty() => {
                let meaning = old.meaning();
                let mut others = items
                    .iter()
                    .filter(|item| item.meaning() != meaning)
                    .peekable();
                if others.peek().is_some() {
                    self.0.push((old.bytes.start, "[".to_owned()));
                    let end = last_byte(old);
                    let others = others.map(|item| (end, format!(", {}", item.flow())));
                    self.0.extend(others);
                    self.0.push((end, "]".to_owned()));
                }
            }
            // A value that stands there already is its author's.
            (Kind::Scalar(..), Kind::Scalar(..)) => {}
            _ => return Err(another_kind(text, old)),
        }
        Ok(())
    }

    /// Puts an item at the end of a list or mapping in brackets.
    fn inside_brackets(&mut self, node: &Node, item: &str) {
        let at = match last_child(node) {
            Some(last) => last_byte(last),
            None => node.bytes.start + 1,
        };
        let is_first = last_child(node).is_none() && !self.0.iter().any(|(known, _)| *known == at);
        let comma = if is_first { "" } else { ", " };
        self.0.push((at, format!("{comma}{item}")));
    }

    fn applied(mut self, text: &str) -> String {
        // Stable: what comes before the same byte keeps its order.
        self.0.sort_by_key(|(at, _)| *at);
        let mut out = String::new();
        let mut done = 0;
        for (at, new) in self.0 {
            out.push_str(text.get(done..at).unwrap_or(""));
            out.push_str(&new);
            done = at;
        }
        out.push_str(text.get(done..).unwrap_or(""));
        out
    }
}

fn another_kind(text: &str, node: &Node) -> Unformattable {
    let line = text.get(..node.bytes.start).unwrap_or("").lines().count();
    Unformattable(format!(
        "nothing can be added to what stands at line {}",
        line.max(1)
    ))
}

/// The value at a key, in quotes or not.
fn at_key<'n>(entries: &'n [(Node, Node)], key: &Node) -> Option<&'n Node> {
    let name = |node: &Node| match &node.kind {
        Kind::Scalar(_, meaning) => Some(meaning.clone()),
        _ => None,
    };
    let wanted = name(key);
    let known = entries.iter().find(|(known, _)| name(known) == wanted);
    known.map(|(_, value)| value)
}

fn last_child(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Scalar(..) => None,
        Kind::List { items, .. } => items.last(),
        Kind::Map { entries, .. } => entries.last().map(|(_, value)| value),
    }
}

/// Behind the last byte that belongs to a node.
fn last_byte(node: &Node) -> usize {
    match (&node.kind, last_child(node)) {
        (Kind::List { flow: false, .. } | Kind::Map { flow: false, .. }, Some(last)) => {
            last_byte(last)
        }
        _ => node.bytes.end,
    }
}

/// The begin of the line behind the one in which a byte stands.
fn end_of_line(text: &str, at: usize) -> usize {
    if text.get(..at).is_some_and(|before| before.ends_with('\n')) {
        return at;
    }
    let rest = text.get(at..).unwrap_or("");
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// What stands in the same line before a byte.
fn line_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or("");
    before.rsplit('\n').next().unwrap_or("")
}

fn column(text: &str, node: &Node) -> usize {
    line_before(text, node.bytes.start).chars().count()
}

/// A key and its value on lines of their own.
fn entry(key: &Node, value: &Node, indent: usize) -> String {
    let space = " ".repeat(indent);
    match &value.kind {
        Kind::List { items, .. } if !value.is_flow() => {
            let items = items.iter().map(|item| item_text(item, indent + 2));
            let items: String = items.collect();
            format!("{space}{}:\n{items}", key.flow())
        }
        Kind::Map { entries, .. } if !value.is_flow() => {
            let entries = entries
                .iter()
                .map(|(key, value)| entry(key, value, indent + 2));
            let entries: String = entries.collect();
            format!("{space}{}:\n{entries}", key.flow())
        }
        _ => format!("{space}{}: {}\n", key.flow(), value.flow()),
    }
}

/// An item of a list on a line of its own, or on several if it is long.
fn item_text(item: &Node, indent: usize) -> String {
    let space = " ".repeat(indent);
    let flow = item.flow();
    match &item.kind {
        Kind::Map { entries, .. } if indent + 2 + flow.chars().count() > WIDTH => {
            let lines = entries.iter().enumerate().map(|(number, (key, value))| {
                let dash = if number == 0 { "-" } else { " " };
                format!("{space}{dash} {}: {}\n", key.flow(), value.flow())
            });
            lines.collect()
        }
        _ => format!("{space}- {flow}\n"),
    }
}

/// Whether a tree has all that another has: each key, and each item of each list.
fn says(whole: &Node, part: &Node) -> bool {
    match (&whole.kind, &part.kind) {
        (Kind::Map { entries, .. }, Kind::Map { entries: parts, .. }) => parts
            .iter()
            .all(|(key, value)| at_key(entries, key).is_some_and(|there| says(there, value))),
        (Kind::List { items, .. }, Kind::List { items: parts, .. }) => {
            let known: Vec<_> = items.iter().map(Node::meaning).collect();
            parts.iter().all(|part| known.contains(&part.meaning()))
        }
        (Kind::List { items, .. }, Kind::Scalar(..)) => {
            items.iter().any(|item| item.meaning() == part.meaning())
        }
        (Kind::Scalar(..), Kind::List { items, .. }) => {
            items.iter().all(|item| item.meaning() == whole.meaning())
        }
        (Kind::Scalar(..), Kind::Scalar(..)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
