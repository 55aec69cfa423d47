//! Patterns of paths: read component by component, matched against paths without a look at any file.

use std::path::{Path, PathBuf};

use glob::MatchOptions;

/// A pattern, read.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) absolute: bool,
    pub(crate) parts: Vec<Part>,
    /// Whether it ends with a slash, and so matches directories alone.
    pub(crate) of_directories: bool,
}

/// What stands between two slashes.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A name as it is.
    Name(String),
    /// What a name has to be like.
    Like(glob::Pattern),
    /// `**`: any number of directories, none included.
    Directories,
}

impl Part {
    /// Whether a name is like this part. A leading dot has to be written.
    pub(crate) fn accepts(&self, name: &str) -> bool {
        const OPTIONS: MatchOptions = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        match self {
            Self::Name(own) => own == name,
            Self::Like(pattern) => pattern.matches_with(name, OPTIONS),
            Self::Directories => !name.starts_with('.'),
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub(crate) fn parse(path: &Path) -> Result<Self, &'static str> {
        let text = path
            .to_str()
            .ok_or("a pattern is text in UTF-8; name the path itself instead")?;
        let parts: Vec<_> = text
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .map(part)
            .collect::<Result<_, _>>()?;
        if let Some(Part::Directories) = parts.last() {
            return Err(
                "a pattern that ends in `**` says no more than its directory does; leave the end away",
            );
        }
        Ok(Self {
            absolute: text.starts_with('/'),
            parts,
            of_directories: text.ends_with('/'),
        })
    }

    /// Whether a path is what the pattern stands for, or beneath that.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        path.ancestors().any(|path| self.matches(path))
    }

    /// The directory beneath which all matches are.
    pub(crate) fn base(&self) -> PathBuf {
        let names = self.parts.iter().map_while(|part| match part {
            Part::Name(name) => Some(name),
            _ => None,
        });
        let start = if self.absolute { "/" } else { "" };
        names.fold(PathBuf::from(start), |path, name| path.join(name))
    }

    fn matches(&self, path: &Path) -> bool {
        if !(self.absolute && path.is_absolute()) {
            return false;
        }
        let names: Option<Vec<_>> = path.iter().skip(1).map(|name| name.to_str()).collect();
        names.is_some_and(|names| match_names(&self.parts, &names))
    }
}

fn part(text: &str) -> Result<Part, &'static str> {
    if text == "**" {
        return Ok(Part::Directories);
    }
    if !text.contains(['*', '?', '[']) {
        return Ok(Part::Name(text.to_owned()));
    }
    glob::Pattern::new(text).map(Part::Like).map_err(|_| {
        "the pattern cannot be read: `[` wants its `]` before the next slash, and `**` stands alone \
         between slashes"
    })
}

fn match_names(parts: &[Part], names: &[&str]) -> bool {
    match (parts, names) {
        ([], names) => names.is_empty(),
        ([directories @ Part::Directories, rest @ ..], names) => {
            match_names(rest, names)
                || matches!(names, [first, others @ ..]
                    if directories.accepts(first) && match_names(parts, others))
        }
        ([part, rest @ ..], [name, others @ ..]) => part.accepts(name) && match_names(rest, others),
        (_, []) => false,
    }
}

/// The name that a pattern stands for, if it stands for one alone: `*`, `?` and `[` in it stand in
/// brackets of their own.
///
/// ```
/// use ringfence::literal_name;
///
/// assert_eq!(literal_name("a[*]b").as_deref(), Some("a*b"));
/// assert_eq!(literal_name("a*b"), None);
/// assert_eq!(literal_name("[ab]"), None);
/// ```
pub fn literal_name(pattern: &str) -> Option<String> {
    let mut literal = String::new();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' | '?' => return None,
            '[' => {
                let (escaped, end) = (rest.next()?, rest.next()?);
                if end != ']' || escaped == '!' {
                    return None;
                }
                literal.push(escaped);
            }
            character => literal.push(character),
        }
    }
    Some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::parse(Path::new(pattern)).expect("a pattern");
        pattern.covers(Path::new(path))
    }

    #[test]
    fn a_pattern_covers_its_matches_and_what_is_beneath_them() {
        for (pattern, path) in [
            ("/srv/*.d", "/srv/a.d"),
            ("/srv/*.d", "/srv/a.d/deep/file"),
            ("/srv//./*/x", "/srv/a/x"),
            ("/srv/[*]", "/srv/*"),
            ("/srv/.*", "/srv/.git"),
            ("/srv/**/x", "/srv/x"),
            ("/srv/**/x", "/srv/a/b/x"),
            ("/*/", "/srv"),
            ("/srv/é?", "/srv/éé"),
        ] {
            assert!(covers(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/srv/*.d", "/srv"),
            ("/srv/*.d", "/srv/a/b.d"),
            ("/srv/*", "/srv/.git"),
            ("/srv/[!a]git", "/srv/.git"),
            ("/srv/**/x", "/srv/.git/x"),
            ("/srv/*.D", "/srv/a.d"),
            ("*.d", "/a.d"),
            ("/srv/*", "/"),
        ] {
            assert!(!covers(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;

        for text in ["/a/[b", "/a/[b/c]", "/a/**b", "/a/***", "/a/**", "/a/**/"] {
            assert!(Pattern::parse(Path::new(text)).is_err(), "{text}");
        }
        let bytes = std::ffi::OsStr::from_bytes(b"/a/\xff*");
        assert!(Pattern::parse(Path::new(bytes)).is_err());
    }

    #[test]
    fn all_matches_are_beneath_the_base() {
        let base = |text| Pattern::parse(Path::new(text)).expect("a pattern").base();
        assert_eq!(base("/srv/a/*/b"), Path::new("/srv/a"));
        assert_eq!(base("/*"), Path::new("/"));
        assert_eq!(base("*"), Path::new(""));
    }
}
