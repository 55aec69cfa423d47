//! `/etc/ld.so.cache`, as `ldconfig` of glibc 2.2 and later writes it.
//!
//! Entries are not chosen by their ABI flag: the searcher opens every candidate and compares class and machine, which
//! says the same and holds for architectures whose flag is not known here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const OLD_HEADER: usize = 16;
const OLD_ENTRY: usize = 12;

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// No real cache comes near this.
pub(super) const MAX_SIZE: u64 = 4 << 20;

/// Why the loader would not use the cache.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is not a library cache of glibc 2.2 or later; run ldconfig")]
    Format,
    #[error("it ends before its list of libraries does; run ldconfig")]
    Truncated,
    #[error("it was written on a machine of the other byte order; run ldconfig")]
    ByteOrder,
}

/// A cache whose list of entries is known to be complete; each entry may still point anywhere.
#[derive(Debug)]
pub(super) struct Cache {
    /// From the header on: that is what the offsets of the entries count from.
    data: Vec<u8>,
    entries: usize,
}

/// One file that the cache lists for a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    pub(super) path: &'a Path,
    /// Taken on every processor, not only on those with certain abilities.
    pub(super) universal: bool,
}

impl Cache {
    pub(super) fn parse(mut data: Vec<u8>) -> Result<Self, Unusable> {
        if data.starts_with(OLD_MAGIC) {
            let start = after_old_part(&data).ok_or(Unusable::Format)?;
            data.drain(..start);
        }
        if !data.starts_with(MAGIC) {
            return Err(Unusable::Format);
        }
        let entries = u32_at(&data, MAGIC.len()).ok_or(Unusable::Truncated)? as usize;
        // 0 is from before glibc 2.33, which did not say.
        let byte_order = data.get(28).ok_or(Unusable::Truncated)? & 3;
        let own = if cfg!(target_endian = "big") { 3 } else { 2 };
        if byte_order != 0 && byte_order != own {
            return Err(Unusable::ByteOrder);
        }
        let end = entries
            .checked_mul(ENTRY)
            .and_then(|size| size.checked_add(HEADER));
        match end {
            Some(end) if end <= data.len() => Ok(Self { data, entries }),
            _ => Err(Unusable::Truncated),
        }
    }

    /// The files listed for `name`, in the order in which the loader considers them.
    pub(super) fn candidates<'a>(
        &'a self,
        name: &'a OsStr,
    ) -> impl Iterator<Item = Candidate<'a>> + 'a {
        let entries = self.data[HEADER..].chunks_exact(ENTRY).take(self.entries);
        entries.filter_map(move |entry| {
            if !self.is_string(u32_at(entry, 4)?, name.as_bytes()) {
                return None;
            }
            let path = Path::new(OsStr::from_bytes(self.string(u32_at(entry, 8)?)?));
            path.is_absolute().then_some(Candidate {
                path,
                universal: entry[16..].iter().all(|&b| b == 0),
            })
        })
    }

    fn is_string(&self, at: u32, text: &[u8]) -> bool {
        let rest = self
            .data
            .get(at as usize..)
            .and_then(|found| found.strip_prefix(text));
        rest.is_some_and(|rest| rest.first() == Some(&0))
    }

    fn string(&self, at: u32) -> Option<&[u8]> {
        let text = self.data.get(at as usize..)?;
        let end = text.iter().position(|&b| b == 0)?;
        Some(&text[..end])
    }
}

/// Where the new format starts in a file that has the old one in front; how it is aligned depends on the machine.
fn after_old_part(data: &[u8]) -> Option<usize> {
    let entries = u32_at(data, 12)? as usize;
    let end = entries.checked_mul(OLD_ENTRY)?.checked_add(OLD_HEADER)?;
    [end, end.checked_next_multiple_of(8)?]
        .into_iter()
        .find(|&start| data.get(start..).is_some_and(|d| d.starts_with(MAGIC)))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}
