//! The JSON Schema of a manifest, made from the table of keys, for editors and other programs.

use serde_json::{Map, Value, json};

use crate::document;
use crate::shape::{Row, Shape};

/// The JSON Schema (draft 2020-12) of a manifest.
///
/// It knows every key and word. A variable that stands for a whole word is read, and refused by it.
pub fn schema() -> Value {
    let mut schema = of(document::shape());
    if let Value::Object(fields) = &mut schema {
        fields.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        fields.insert("title".to_owned(), json!("ringfence manifest"));
    }
    schema
}

fn of(shape: Shape) -> Value {
    match shape {
        Shape::Version => json!({"const": 1}),
        Shape::Text | Shape::Path => json!({"type": "string"}),
        Shape::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Shape::Switch => json!({"type": "boolean"}),
        Shape::Number(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
        Shape::Word(words) => json!({"enum": words()}),
        // A variable may stand in such a text.
        Shape::Pattern(pattern) => {
            json!({"type": "string", "anyOf": [{"pattern": pattern}, {"pattern": r"\$\{"}]})
        }
        Shape::List(item) => json!({"type": "array", "items": of(*item)}),
        Shape::OneOrList(item) => {
            let item = of(*item);
            json!({"anyOf": [item, {"type": "array", "items": item}]})
        }
        Shape::Map(rows) => object(&rows()),
        Shape::Texts => json!({"type": "object", "additionalProperties": of(Shape::Scalar)}),
        Shape::Either(forms) => {
            let forms: Vec<_> = forms.iter().map(|form| of(*form)).collect();
            json!({"anyOf": forms})
        }
    }
}

fn object(rows: &[Row]) -> Value {
    let properties: Map<_, _> = rows
        .iter()
        .map(|row| {
            let mut property = of(row.shape);
            if let Value::Object(fields) = &mut property {
                fields.insert("description".to_owned(), json!(row.summary));
            }
            (row.name.to_owned(), property)
        })
        .collect();
    let required: Vec<_> = rows
        .iter()
        .filter(|row| row.required)
        .map(|row| row.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
