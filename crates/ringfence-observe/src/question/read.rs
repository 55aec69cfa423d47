//! A question as it is written: a word or class, and what it is about.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ringfence::{Access, AccessFs, Class, WORDS, closest};

use super::{Asked, Question};
use crate::sensitive::resolved;

/// A question that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswerable(String);

impl std::fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unanswerable {}

impl Question {
    /// Reads a question: words for paths or the name of a class, and what it is about.
    ///
    /// # Errors
    /// [`Unanswerable`] if the words are unknown, or what they are about is missing or no port.
    ///
    /// ```
    /// use ringfence_observe::Question;
    ///
    /// assert!(Question::read("connect-tcp", Some("443".as_ref())).is_ok());
    /// assert!(Question::read("connect-tcp", Some("/etc".as_ref())).is_err());
    /// ```
    pub fn read(access: &str, about: Option<&OsStr>) -> Result<Self, Unanswerable> {
        let class = Class::named(access);
        let rights = match (access.parse::<Access>(), class) {
            (Ok(words), _) => Some(words.rights()),
            // The one class of paths that has no word of its own.
            (_, Some(Class::Truncate)) => Some(AccessFs::TRUNCATE),
            (_, Some(_)) => None,
            _ => return Err(unknown(access)),
        };
        let asked = match (rights, class) {
            (Some(rights), _) => {
                let path = about.ok_or_else(|| {
                    Unanswerable(format!(
                        "`{access}` is asked about a path; write it behind the word"
                    ))
                })?;
                Asked::Path(rights, seen(rights, Path::new(path)))
            }
            (None, Some(Class::Port(class))) => Asked::Port(class, port(access, about)?),
            (None, Some(class)) if about.is_none() => Asked::Class(class),
            _ => {
                return Err(Unanswerable(format!(
                    "`{access}` is a class of acts that has neither path nor port; leave out what follows it"
                )));
            }
        };
        let about = match &asked {
            Asked::Path(_, path) => format!(" {}", path.display()),
            Asked::Port(_, port) => format!(" {port}"),
            Asked::Class(_) => String::new(),
        };
        Ok(Self {
            asked,
            text: format!("{access}{about}"),
        })
    }
}

fn unknown(access: &str) -> Unanswerable {
    if access.contains('/') {
        return Unanswerable(format!(
            "`{access}` is a path; write what is done with it before it, as in `read {access}`"
        ));
    }
    let names = || {
        let is_word = |name: &&str| WORDS.iter().any(|word| word.name == *name);
        let classes = Class::ALL.iter().map(|class| class.name());
        let words = WORDS.iter().map(|word| word.name);
        words.chain(classes.filter(move |name| !is_word(name)))
    };
    // The first of several words that is none.
    let wrong = access
        .split(',')
        .find(|name| names().all(|known| known != *name))
        .unwrap_or(access);
    Unanswerable(match closest(wrong, names()) {
        Some(similar) => format!("unknown word `{wrong}`; did you mean `{similar}`?"),
        None if wrong == access => format!(
            "unknown word `{wrong}`; the words and classes are {}",
            names().collect::<Vec<_>>().join(", ")
        ),
        None => format!("unknown word `{wrong}`"),
    })
}

fn port(access: &str, about: Option<&OsStr>) -> Result<u16, Unanswerable> {
    about
        .and_then(OsStr::to_str)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            Unanswerable(format!(
                "`{access}` is asked about a port; write a number from 0 to 65535 behind it"
            ))
        })
}

/// A path as the kernel sees it: entries are made and removed by their own names, everything else is
/// asked where symlinks lead to.
fn seen(rights: AccessFs, path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if AccessFs::OF_PARENT.contains(rights) => {
            resolved(parent).join(name)
        }
        _ => resolved(&path),
    }
}
