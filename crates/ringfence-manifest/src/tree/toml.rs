//! TOML → tree.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{MOST_VALUES, Name, Node, TOO_MANY, Value};
use crate::finding::{Finding, Place};
use crate::sources::FileId;

pub(super) fn read(file: FileId, text: &str) -> (Option<Node>, Vec<Finding>) {
    // Each value but the last of its table or list is followed by one of these.
    let values = text.bytes().filter(|byte| b",=[\n".contains(byte)).count();
    if values > 2 * MOST_VALUES {
        let place = Place { file, bytes: 0..0 };
        return (None, vec![Finding::error("too-large", place, TOO_MANY)]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let bytes = 0..text.len();
        return (
            Some(Node {
                bytes,
                value: map(table.into_inner()),
            }),
            Vec::new(),
        );
    }
    let findings = errors
        .into_iter()
        .map(|error| {
            let bytes = error.span().unwrap_or(0..0);
            let message = format!("this is no TOML: {}", error.message());
            Finding::error("syntax", Place { file, bytes }, message)
        })
        .collect();
    (None, findings)
}

fn map(table: DeTable<'_>) -> Value {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(name, value)| {
            let bytes = name.span();
            let text = name.into_inner().into_owned();
            let span = value.span();
            (Name { text, bytes }, node(span, value.into_inner()))
        })
        .collect();
    // The parser sorts them by name; faults are shown in the order of the text.
    entries.sort_by_key(|(name, _)| name.bytes.start);
    Value::Map(entries)
}

fn node(bytes: Range<usize>, value: DeValue<'_>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(switch) => Value::Switch(switch),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::OtherNumber(number.to_string()), Value::Number),
        DeValue::Float(number) => Value::OtherNumber(number.to_string()),
        DeValue::Datetime(time) => Value::OtherNumber(time.to_string()),
        DeValue::Array(values) => Value::List(
            values
                .into_iter()
                .map(|value| node(value.span(), value.into_inner()))
                .collect(),
        ),
        DeValue::Table(table) => map(table),
    };
    Node { bytes, value }
}
