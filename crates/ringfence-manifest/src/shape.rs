//! What the value of a key may look like: read by people in messages, by editors in the schema.

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// The number of the format.
    Version,
    /// Any text.
    Text,
    /// A text, or a number or switch that is taken as it is written.
    Scalar,
    /// A path, in which variables are filled in.
    Path,
    /// `true` or `false`.
    Switch,
    /// A whole number from 0 to this.
    Number(i64),
    /// One of these words.
    Word(fn() -> Vec<String>),
    /// A text that this regular expression matches, in the dialect of JSON Schema.
    Pattern(&'static str),
    /// A list of such values.
    List(&'static Shape),
    /// One such value, or a list of them.
    OneOrList(&'static Shape),
    /// A mapping with these keys.
    Map(fn() -> Vec<Row>),
    /// A mapping from any name to a text, or what is taken as it is written.
    Texts,
    /// One of several forms.
    Either(&'static [Shape]),
}

/// A key, as far as its form goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What it says, in a sentence.
    pub(crate) summary: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
}

impl Shape {
    /// What a value of this form is, for messages.
    pub(crate) fn noun(self) -> String {
        match self {
            Self::Version => "the number 1".to_owned(),
            Self::Text | Self::Scalar | Self::Pattern(_) => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Number(most) => format!("a whole number from 0 to {most}"),
            Self::Word(_) => "a word".to_owned(),
            Self::List(of) => format!("a list of which each item is {}", of.noun()),
            Self::OneOrList(of) => format!("{} or a list of such", of.noun()),
            Self::Map(_) => "a mapping".to_owned(),
            Self::Texts => "a mapping from names to texts".to_owned(),
            Self::Either(forms) => {
                let nouns: Vec<_> = forms.iter().map(|form| form.noun()).collect();
                nouns.join(" or ")
            }
        }
    }
}
