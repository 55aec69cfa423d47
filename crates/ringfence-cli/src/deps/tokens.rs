//! Search paths as text: separators, and the dynamic string tokens `$ORIGIN`, `$LIB` and `$PLATFORM`.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Longer paths cannot be opened.
const PATH_MAX: usize = 4096;

/// What the tokens stand for in one object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    pub(super) origin: &'a Path,
    pub(super) lib: &'a Path,
    /// Unknown on some architectures, where the loader gets it from the kernel.
    pub(super) platform: Option<&'a str>,
}

impl Tokens<'_> {
    /// Replaces the tokens in `text`. `None` if one has no value, or if the path became too long.
    pub(super) fn expand(&self, mut text: &[u8]) -> Option<PathBuf> {
        let values: [(&[u8], Option<&[u8]>); 3] = [
            (b"ORIGIN", Some(self.origin.as_os_str().as_bytes())),
            (b"LIB", Some(self.lib.as_os_str().as_bytes())),
            (b"PLATFORM", self.platform.map(str::as_bytes)),
        ];
        let mut path = Vec::new();
        while let Some(dollar) = text.iter().position(|&b| b == b'$') {
            path.extend_from_slice(&text[..dollar]);
            text = &text[dollar + 1..];
            let token = values
                .iter()
                .find_map(|(name, value)| Some((value, after_token(text, name)?)));
            if let Some((value, rest)) = token {
                path.extend_from_slice((*value)?);
                text = rest;
            } else {
                path.push(b'$');
            }
            if path.len() > PATH_MAX {
                return None;
            }
        }
        path.extend_from_slice(text);
        (path.len() <= PATH_MAX).then(|| OsString::from_vec(path).into())
    }

    /// The directories of a search path. Those that cannot be expanded are left out, as the loader does.
    pub(super) fn directories(&self, text: &[u8], separators: &[u8]) -> Rc<[PathBuf]> {
        if text.is_empty() {
            return Rc::default();
        }
        text.split(|b| separators.contains(b))
            .filter_map(|directory| self.expand(directory))
            .collect()
    }
}

fn after_token<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    if let Some(braced) = text.strip_prefix(b"{") {
        return braced.strip_prefix(name)?.strip_prefix(b"}");
    }
    let rest = text.strip_prefix(name)?;
    let name_goes_on = rest
        .first()
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    (!name_goes_on).then_some(rest)
}
