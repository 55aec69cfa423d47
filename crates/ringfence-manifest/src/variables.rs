//! `${NAME}` and `${NAME:-default}` in values.

use std::collections::BTreeMap;
use std::env::VarError;

/// What stands for the variables of a manifest.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    given: BTreeMap<String, String>,
    environment: bool,
}

/// A text whose variables are filled in.
pub(crate) struct Filled {
    pub(crate) text: String,
    /// The same as a pattern, if its author wrote `*`, `?` or `[`; what variables stand for is
    /// literal in it.
    pub(crate) pattern: Option<String>,
    /// Whether a variable stands where a pattern lists characters: what it stands for would be taken
    /// for those.
    pub(crate) in_brackets: bool,
}

/// A text whose variables cannot be filled in.
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Variables {
    /// Those of this process's environment.
    pub fn of_environment() -> Self {
        Self {
            given: BTreeMap::new(),
            environment: true,
        }
    }

    /// Gives a variable a value, which counts before the environment's.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.given.insert(name.into(), value.into());
        self
    }

    /// The names of those that were given a value.
    pub fn given(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// Whether this can be the name of a variable: letters, digits and `_`, no digit first.
    pub fn is_name(name: &str) -> bool {
        let first = name.bytes().next();
        first.is_some_and(|first| !first.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    fn value(&self, name: &str) -> Result<Option<String>, Fault> {
        if let Some(value) = self.given.get(name) {
            return Ok(Some(value.clone()));
        }
        if !self.environment {
            return Ok(None);
        }
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Fault {
                message: format!("the value of ${{{name}}} is no UTF-8, as a manifest is"),
                help: format!("give it a value with --set {name}=VALUE"),
            }),
        }
    }

    pub(crate) fn fill(&self, written: &str) -> Result<Filled, Fault> {
        if !written.contains(['$', '*', '?', '[']) {
            return Ok(Filled {
                text: written.to_owned(),
                pattern: None,
                in_brackets: false,
            });
        }
        let mut text = String::new();
        let mut pattern = String::new();
        let mut has_pattern = false;
        let mut in_brackets = false;
        let mut rest = written;
        while let Some(at) = rest.find('$') {
            let (before, behind) = rest.split_at(at);
            has_pattern |= before.contains(['*', '?', '[']);
            text.push_str(before);
            pattern.push_str(before);
            let (value, remaining) = self.variable(&behind[1..])?;
            in_brackets |= behind.starts_with("${") && ends_in_brackets(&pattern);
            // Two stars with nothing between would be those for any number of directories.
            if value.is_empty() && pattern.ends_with('*') && remaining.starts_with('*') {
                pattern.pop();
            }
            text.push_str(&value);
            pattern.push_str(&glob::Pattern::escape(&value));
            rest = remaining;
        }
        has_pattern |= rest.contains(['*', '?', '[']);
        text.push_str(rest);
        pattern.push_str(rest);
        Ok(Filled {
            text,
            pattern: has_pattern.then_some(pattern),
            in_brackets,
        })
    }

    /// What stands behind a dollar, as its value, and the text behind it.
    fn variable<'t>(&self, behind: &'t str) -> Result<(String, &'t str), Fault> {
        if let Some(rest) = behind.strip_prefix('$') {
            return Ok(("$".to_owned(), rest));
        }
        let Some(inner) = behind.strip_prefix('{') else {
            let name: String = behind
                .chars()
                .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
                .collect();
            return Err(Fault {
                message: "a `$` begins a variable in braces".to_owned(),
                help: if Self::is_name(&name) {
                    format!("write ${{{name}}}; a dollar itself is written $$")
                } else {
                    "write ${NAME}; a dollar itself is written $$".to_owned()
                },
            });
        };
        let Some((inside, rest)) = inner.split_once('}') else {
            return Err(Fault {
                message: "the braces of a variable are not closed".to_owned(),
                help: "write ${NAME} or ${NAME:-default}".to_owned(),
            });
        };
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !Self::is_name(name) {
            return Err(Fault {
                message: format!("`{name}` is no name of a variable"),
                help: "a name has letters, digits and `_`; a default stands behind `:-`".to_owned(),
            });
        }
        // A path made with an empty variable is seldom the path that was meant.
        let value = self.value(name)?.filter(|value| !value.is_empty());
        match value.or_else(|| default.map(str::to_owned)) {
            Some(value) => Ok((value, rest)),
            None => Err(Fault {
                message: format!("the variable {name} is not set, or empty"),
                help: format!(
                    "give it a value with --set {name}=VALUE, or a default as in ${{{name}:-VALUE}}"
                ),
            }),
        }
    }
}

/// Whether the brackets of a pattern are open at its end. The first character in them may be `]`.
fn ends_in_brackets(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some((_, inside)) = rest.split_once('[') {
        let inside = inside.strip_prefix('!').unwrap_or(inside);
        let mut members = inside.chars();
        members.next();
        match members.as_str().split_once(']') {
            Some((_, behind)) => rest = behind,
            None => return true,
        }
    }
    false
}
