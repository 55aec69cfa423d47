//! YAML → tree. JSON is read as the YAML that it is.

use std::ops::Range;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, options};

use super::{MOST_VALUES, Name, Node, TOO_MANY, Value};
use crate::finding::{Finding, Place};
use crate::sources::FileId;

/// Deeper than any manifest is, and far from the end of the stack.
const DEEPEST: usize = 16;

pub(super) fn read(file: FileId, text: &str) -> (Option<Node>, Vec<Finding>) {
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut reader = Reader {
        file,
        text,
        events: Parser::new_from_str_with_options(text, options),
        findings: Vec::new(),
        values: 0,
    };
    let tree = match reader.document() {
        Ok(tree) => tree,
        Err(stopped) => {
            reader.findings.push(*stopped.0);
            None
        }
    };
    (tree, reader.findings)
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    findings: Vec<Finding>,
    /// How many there were so far.
    values: usize,
}

/// The text cannot be read beyond this.
struct Stopped(Box<Finding>);

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Option<Node>, Stopped> {
        let mut tree = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(tree),
                (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
                (event, bytes) if tree.is_none() => tree = Some(self.node(event, bytes)?),
                (_, bytes) => {
                    let finding = self.finding(
                        "second-document",
                        bytes,
                        "a second document begins here, and a manifest is one",
                    );
                    self.findings.push(
                        finding.help("put it into a file of its own and name that under `include`"),
                    );
                    return Ok(tree);
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Stopped> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, self.bytes(&span))),
            Some(Err(error)) => Err(self.stopped(&error)),
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
        }
    }

    fn node(&mut self, event: Event<'t>, bytes: Range<usize>) -> Result<Node, Stopped> {
        self.values += 1;
        if self.values > MOST_VALUES {
            let finding = self.finding("too-large", bytes, TOO_MANY);
            return Err(Stopped(Box::new(finding)));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 || matches!(event, Event::Alias(_)) {
            self.findings.push(
                self.finding(
                    "anchor",
                    bytes.clone(),
                    "a manifest has no anchors and aliases",
                )
                .help("write the value out, or put what is shared into a file under `include`"),
            );
        }
        if tag {
            self.findings.push(
                self.finding("tag", bytes.clone(), "a manifest has no tags")
                    .help("leave it out"),
            );
        }
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => Ok(Node {
                bytes,
                value: plain(&text),
            }),
            Event::Scalar(text, ..) => Ok(Node {
                bytes,
                value: Value::Text(text.into_owned()),
            }),
            Event::SequenceStart(..) => self.list(bytes),
            Event::MappingStart(..) => self.map(bytes),
            _ => Ok(Node {
                bytes,
                value: Value::Null,
            }),
        }
    }

    fn list(&mut self, start: Range<usize>) -> Result<Node, Stopped> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    return Ok(Node {
                        bytes: start.start..end.end.max(start.end),
                        value: Value::List(values),
                    });
                }
                (event, bytes) => values.push(self.node(event, bytes)?),
            }
        }
    }

    fn map(&mut self, start: Range<usize>) -> Result<Node, Stopped> {
        let mut entries = Vec::new();
        loop {
            let (event, bytes) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node {
                    bytes: start.start..bytes.end.max(start.end),
                    value: Value::Map(entries),
                });
            }
            let key = match event {
                Event::Scalar(ref text, ..) => Some(text.to_string()),
                _ => None,
            };
            let node = self.node(event, bytes)?;
            let (event, bytes) = self.next()?;
            let value = self.node(event, bytes)?;
            match key {
                Some(text) => entries.push((
                    Name {
                        text,
                        bytes: node.bytes,
                    },
                    value,
                )),
                None => self.findings.push(self.finding(
                    "key",
                    node.bytes,
                    "a key is a word, and this is a list or a mapping",
                )),
            }
        }
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let end = self.text.len();
        let bytes = span.byte_range().unwrap_or(end..end);
        bytes.start.min(end)..bytes.end.min(end)
    }

    fn finding(&self, code: &'static str, bytes: Range<usize>, message: &str) -> Finding {
        let file = self.file;
        Finding::error(code, Place { file, bytes }, message)
    }

    fn stopped(&self, error: &ScanError) -> Stopped {
        let at = error.marker().byte_offset().unwrap_or(self.text.len());
        let at = at.min(self.text.len());
        let finding = match error.kind() {
            ErrorKind::RecursionLimitExceeded => self.finding(
                "depth",
                at..at,
                &format!("a manifest is at most {DEEPEST} levels deep"),
            ),
            ErrorKind::UnknownAnchor => self
                .finding("anchor", at..at, "a manifest has no anchors and aliases")
                .help("write the value out; a text that begins with `*` stands in quotes"),
            _ => self
                .finding(
                    "syntax",
                    at..at,
                    &format!("this is no YAML: {}", error.info()),
                )
                .help(match error.info() {
                    info if info.contains("tab") => "YAML is indented with spaces",
                    info if info.contains("unexpected character") => "take the character out",
                    _ => {
                        "look here and in the line above for an open bracket or quote, another \
                         indentation, or a space that is missing behind `:` or `-`"
                    }
                }),
        };
        Stopped(Box::new(finding))
    }
}

/// What a scalar without quotes means, by the core schema of YAML 1.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Switch(true),
        "false" | "False" | "FALSE" => return Value::Switch(false),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = if let Some(octal) = text.strip_prefix("0o") {
        i64::from_str_radix(octal, 8).ok()
    } else if let Some(hex) = text.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()
    } else if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse().ok();
        if number.is_none() {
            return Value::OtherNumber(text.to_owned());
        }
        number
    } else {
        None
    };
    match number {
        Some(number) => Value::Number(number),
        None if is_fraction(unsigned) => Value::OtherNumber(text.to_owned()),
        None => Value::Text(text.to_owned()),
    }
}

fn is_fraction(unsigned: &str) -> bool {
    matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) || (unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.parse::<f64>().is_ok())
}
