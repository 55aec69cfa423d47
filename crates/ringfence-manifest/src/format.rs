//! Laying out the text of a manifest anew: comments, order and words stay, spaces and lines change.

use std::collections::VecDeque;
use std::ops::Range;

use granit_parser::{Event, Parser, Placement, ScalarStyle, Span, StrInput, StructureStyle};

use crate::write::quoted;

pub use extend::extend;

mod extend;

/// The longest line that a list or mapping in brackets may have.
const WIDTH: usize = 100;

/// A text that cannot be laid out anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unformattable(String);

impl std::fmt::Display for Unformattable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unformattable {}

/// Lays out a YAML text: two spaces a level, one blank line at most, each comment where it was.
///
/// # Errors
/// [`Unformattable`] if the text is no YAML, or would not mean the same.
///
/// ```
/// let text = "version:   1\nro: [ /usr,/bin ]   # programs\n";
/// assert_eq!(
///     ringfence_manifest::format(text)?,
///     "version: 1\nro: [/usr, /bin] # programs\n"
/// );
/// # Ok::<(), ringfence_manifest::Unformattable>(())
/// ```
pub fn format(text: &str) -> Result<String, Unformattable> {
    let (tree, comments) = read(text)?;
    let mut layout = Layout {
        text,
        comments: comments.iter().cloned().collect(),
        out: String::new(),
        written_to: 0,
    };
    if let Some(tree) = &tree {
        layout.block(tree, 0, "");
    }
    layout.comments_before(text.len() + 1, 0);
    let laid_out = layout.out;
    // The net under all of the above: nothing may be lost.
    let same = read(&laid_out).is_ok_and(|(again, kept)| {
        let texts = |comments: &[Comment]| -> Vec<String> {
            comments
                .iter()
                .map(|comment| comment.text.clone())
                .collect()
        };
        let meaning = |tree: &Option<Node>| tree.as_ref().map(Node::meaning);
        meaning(&again) == meaning(&tree) && texts(&kept) == texts(&comments)
    });
    if same {
        Ok(laid_out)
    } else {
        Err(Unformattable(
            "this text cannot be laid out anew without a change of what it says".to_owned(),
        ))
    }
}

#[derive(Clone)]
struct Comment {
    text: String,
    bytes: Range<usize>,
    /// Whether it ends a line on which something stands before it.
    is_beside: bool,
}

struct Node {
    bytes: Range<usize>,
    kind: Kind,
}

enum Kind {
    /// As it is written, and what it means.
    Scalar(String, String),
    List {
        flow: bool,
        items: Vec<Node>,
    },
    Map {
        flow: bool,
        entries: Vec<(Node, Node)>,
    },
}

impl Node {
    /// What it says, whatever its layout.
    fn meaning(&self) -> String {
        match &self.kind {
            Kind::Scalar(written, meaning) => {
                // Only a scalar without quotes can be more than a text.
                let quoted = written.starts_with(['"', '\'']);
                format!("{quoted} {meaning:?}")
            }
            Kind::List { items, .. } => {
                let items: Vec<_> = items.iter().map(Self::meaning).collect();
                format!("[{}]", items.join(","))
            }
            Kind::Map { entries, .. } => {
                let entry =
                    |(key, value): &(Self, Self)| format!("{}:{}", key.meaning(), value.meaning());
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    }

    /// On one line.
    fn flow(&self) -> String {
        match &self.kind {
            Kind::Scalar(written, _) => written.clone(),
            Kind::List { items, .. } => {
                let items: Vec<_> = items.iter().map(Self::flow).collect();
                format!("[{}]", items.join(", "))
            }
            Kind::Map { entries, .. } => {
                let entry =
                    |(key, value): &(Self, Self)| format!("{}: {}", key.flow(), value.flow());
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn is_flow(&self) -> bool {
        match &self.kind {
            Kind::Scalar(..) => true,
            Kind::List { flow, items } => *flow || items.is_empty(),
            Kind::Map { flow, entries } => *flow || entries.is_empty(),
        }
    }
}

struct Events<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    comments: Vec<Comment>,
}

fn read(text: &str) -> Result<(Option<Node>, Vec<Comment>), Unformattable> {
    let mut events = Events {
        text,
        parser: Parser::new_from_str(text),
        comments: Vec::new(),
    };
    let mut tree = None;
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (event, bytes) if tree.is_none() => tree = Some(events.node(event, bytes)?),
            _ => return Err(Unformattable("the text has a second document".to_owned())),
        }
    }
    Ok((tree, events.comments))
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Unformattable> {
        loop {
            let (event, span) = match self.parser.next_event() {
                Some(Ok(next)) => next,
                Some(Err(error)) => {
                    return Err(Unformattable(format!("this is no YAML: {error}")));
                }
                None => return Ok((Event::StreamEnd, 0..0)),
            };
            let bytes = self.bytes(&span);
            match event {
                Event::Comment(_, placement) => self.comments.push(Comment {
                    text: self.text[bytes.clone()].trim_end().to_owned(),
                    bytes,
                    is_beside: placement == Placement::Right,
                }),
                event => return Ok((event, bytes)),
            }
        }
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let end = self.text.len();
        span.byte_range()
            .map_or(end..end, |bytes| bytes.start.min(end)..bytes.end.min(end))
    }

    fn node(&mut self, event: Event<'t>, bytes: Range<usize>) -> Result<Node, Unformattable> {
        match event {
            Event::Scalar(meaning, style, 0, None) => {
                let source = self.text[bytes.clone()].trim();
                let by_lines = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let written = if by_lines || source.contains('\n') {
                    quoted(&meaning)
                } else {
                    source.to_owned()
                };
                let kind = Kind::Scalar(written, meaning.into_owned());
                Ok(Node { bytes, kind })
            }
            Event::SequenceStart(style, 0, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            let flow = style == StructureStyle::Flow;
                            let kind = Kind::List { flow, items };
                            return Ok(Node {
                                bytes: bytes.start..end.end.max(bytes.end),
                                kind,
                            });
                        }
                        (event, bytes) => items.push(self.node(event, bytes)?),
                    }
                }
            }
            Event::MappingStart(style, 0, None) => {
                let mut entries = Vec::new();
                loop {
                    match self.next()? {
                        (Event::MappingEnd, end) => {
                            let flow = style == StructureStyle::Flow;
                            let kind = Kind::Map { flow, entries };
                            return Ok(Node {
                                bytes: bytes.start..end.end.max(bytes.end),
                                kind,
                            });
                        }
                        (event, bytes) => {
                            let key = self.node(event, bytes)?;
                            let (event, bytes) = self.next()?;
                            entries.push((key, self.node(event, bytes)?));
                        }
                    }
                }
            }
            _ => Err(Unformattable(
                "anchors, aliases and tags are no part of a manifest".to_owned(),
            )),
        }
    }
}

struct Layout<'t> {
    text: &'t str,
    /// Those that are not written yet, in order.
    comments: VecDeque<Comment>,
    out: String,
    /// How much of the source is behind what was written.
    written_to: usize,
}

impl Layout<'_> {
    /// Writes a list or mapping line by line; `first` stands before its first line in place of the
    /// indentation.
    fn block(&mut self, node: &Node, indent: usize, first: &str) {
        match &node.kind {
            Kind::Scalar(written, _) => {
                self.begin(
                    node.bytes.start,
                    indent,
                    Some(first).filter(|first| !first.is_empty()),
                );
                self.out.push_str(written);
                self.end(node.bytes.end);
            }
            Kind::List { items, .. } => {
                for (number, item) in items.iter().enumerate() {
                    let first = (number == 0 && !first.is_empty()).then_some(first);
                    if self.fits(item, indent + 2) {
                        self.begin(item.bytes.start, indent, first);
                        self.out.push_str("- ");
                        self.out.push_str(&item.flow());
                        self.end(item.bytes.end);
                    } else {
                        let prefix = first.map_or_else(|| " ".repeat(indent), str::to_owned);
                        self.block(item, indent + 2, &format!("{prefix}- "));
                    }
                }
            }
            Kind::Map { entries, .. } => {
                for (number, (key, value)) in entries.iter().enumerate() {
                    let first = (number == 0 && !first.is_empty()).then_some(first);
                    self.begin(key.bytes.start, indent, first);
                    let key_text = key.flow();
                    self.out.push_str(&key_text);
                    self.out.push(':');
                    if self.fits(value, indent + key_text.len() + 2) {
                        let flow = value.flow();
                        if !flow.is_empty() {
                            self.out.push(' ');
                            self.out.push_str(&flow);
                        }
                        self.end(value.bytes.end.max(key.bytes.end));
                    } else {
                        self.end(key.bytes.end);
                        self.block(value, indent + 2, "");
                    }
                }
            }
        }
    }

    /// Whether a value stands on one line: it did, is short enough, and has no comment inside.
    fn fits(&self, node: &Node, column: usize) -> bool {
        let inside = |comment: &Comment| node.bytes.contains(&comment.bytes.start);
        let is_scalar = matches!(node.kind, Kind::Scalar(..));
        is_scalar
            || (node.is_flow()
                && column + node.flow().chars().count() <= WIDTH
                && !self.comments.iter().any(inside))
    }

    /// Begins a line for what stands at `start`, after the comments before it.
    fn begin(&mut self, start: usize, indent: usize, first: Option<&str>) {
        let indent_of_comments =
            first.map_or(indent, |first| first.len() - first.trim_start().len());
        self.comments_before(start, indent_of_comments);
        self.blank_line(start);
        match first {
            Some(first) => self.out.push_str(first),
            None => self.out.push_str(&" ".repeat(indent)),
        }
    }

    /// Ends a line, with the comment that stands beside it.
    fn end(&mut self, end: usize) {
        self.written_to = self.written_to.max(end);
        let beside = self.comments.front().is_some_and(|comment| {
            let between = self.text.get(end..comment.bytes.start).unwrap_or("");
            comment.is_beside && !between.contains('\n')
        });
        if let Some(comment) = beside.then(|| self.comments.pop_front()).flatten() {
            self.out.push(' ');
            self.out.push_str(&comment.text);
            self.written_to = comment.bytes.end;
        }
        self.out.push('\n');
    }

    fn comments_before(&mut self, start: usize, indent: usize) {
        let is_before = |comment: &Comment| comment.bytes.start < start;
        while self.comments.front().is_some_and(is_before) {
            let Some(comment) = self.comments.pop_front() else {
                return;
            };
            self.blank_line(comment.bytes.start);
            self.out.push_str(&" ".repeat(indent));
            self.out.push_str(&comment.text);
            self.out.push('\n');
            self.written_to = comment.bytes.end;
        }
    }

    /// Keeps one of the blank lines that stand before a place.
    fn blank_line(&mut self, start: usize) {
        let skipped = self.text.get(self.written_to..start).unwrap_or("");
        if !self.out.is_empty() && skipped.matches('\n').count() > 1 {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests;
