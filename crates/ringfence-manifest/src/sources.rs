//! The files of a manifest: their names and texts, read in bounded memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use ringfence::Origin;

use crate::finding::Place;
use crate::shown::shown;

/// The most bytes that a manifest may have: two hundred thousand lines and more.
pub const MOST_BYTES: u64 = 16 << 20;

/// So many bytes of a line are shown on either side of a place.
const MOST_BESIDE: usize = 1000;

/// One of the files of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// The files of a manifest.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    name: Arc<Path>,
    /// Whether it was read from a file of that name.
    is_file: bool,
    text: Arc<str>,
    /// Where each line begins.
    lines: Arc<[usize]>,
}

/// What a message shows of the text around a place: the line, or of a very long one a part.
pub(crate) struct Window<'s> {
    pub(crate) text: &'s str,
    /// The line, from 1.
    pub(crate) line: usize,
    /// Whether the text begins within the line.
    pub(crate) is_part: bool,
    /// The place, from the beginning of the window.
    pub(crate) bytes: Range<usize>,
}

impl Sources {
    pub(crate) fn add(&mut self, name: &Path, is_file: bool, text: &str) -> FileId {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        self.files.push(Source {
            name: name.into(),
            is_file,
            text: text.into(),
            lines: std::iter::once(0).chain(starts).collect(),
        });
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    fn file(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The name of a file, as it was given; of a built-in fragment its name in angle brackets.
    pub fn name(&self, id: FileId) -> &Arc<Path> {
        &self.file(id).name
    }

    /// The names of those that were read from files, without built-in fragments and texts.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files
            .iter()
            .filter(|file| file.is_file)
            .map(|file| &*file.name)
    }

    /// Whether a text, or a fragment that it includes, has this variable.
    pub fn have_variable(&self, name: &str) -> bool {
        let forms = [format!("${{{name}}}"), format!("${{{name}:-")];
        let has = |file: &Source| forms.iter().any(|form| file.text.contains(form));
        self.files.iter().any(has)
    }

    /// The name for messages.
    pub(crate) fn shown_name(&self, id: FileId) -> String {
        shown(&self.name(id).to_string_lossy())
    }

    /// The text of a file.
    pub fn text(&self, id: FileId) -> &Arc<str> {
        &self.file(id).text
    }

    /// Line and column of the beginning of a place, both from 1; columns count characters.
    pub fn position(&self, place: &Place) -> (usize, usize) {
        let line = self.line(place.file, place.bytes.start);
        let file = self.file(place.file);
        let before = file.text.get(file.lines[line]..place.bytes.start);
        (line + 1, before.map_or(0, |text| text.chars().count()) + 1)
    }

    /// The number of the line that a byte is in, from 0.
    fn line(&self, id: FileId, byte: usize) -> usize {
        self.file(id).lines.partition_point(|&start| start <= byte) - 1
    }

    /// The place as a line of the policy remembers it.
    pub(crate) fn origin(&self, place: &Place, description: Option<Arc<str>>) -> Origin {
        // Texts are far smaller than what 32 bits can count.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Origin {
            file: Arc::clone(self.name(place.file)),
            line: number(self.line(place.file, place.bytes.start) + 1),
            start: number(place.bytes.start),
            end: number(place.bytes.end),
            description,
        }
    }

    /// The place that a line of the policy remembers, if it is in one of these files.
    pub fn place(&self, origin: &Origin) -> Option<Place> {
        let file = self
            .files
            .iter()
            .position(|file| file.name == origin.file)?;
        Some(Place {
            file: FileId(u32::try_from(file).ok()?),
            bytes: origin.start as usize..origin.end as usize,
        })
    }

    pub(crate) fn window(&self, place: &Place) -> Window<'_> {
        let file = self.file(place.file);
        let end = place.bytes.end.min(file.text.len());
        let start = place.bytes.start.min(end);
        let first = self.line(place.file, start);
        // Of what stretches over many lines the first says enough.
        let line_end = |line: usize| {
            let next = file.lines.get(line + 1).copied();
            next.map_or(file.text.len(), |next| next - 1)
        };
        let (from, to) = (file.lines[first], line_end(first));
        let end = end.min(to).max(start);
        let (from, to) = (
            boundary(&file.text, from.max(start.saturating_sub(MOST_BESIDE))),
            boundary(&file.text, to.min(start + MOST_BESIDE)),
        );
        Window {
            text: &file.text[from..to],
            line: first + 1,
            is_part: from > file.lines[first],
            bytes: start - from..end.min(to).max(start) - from,
        }
    }
}

/// The beginning of the character that a byte is in.
fn boundary(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// A file that was opened, and which one it is whatever its name.
pub(crate) struct Opened {
    file: File,
    pub(crate) identity: Identity,
}

/// Which file something is, whatever its name, and the directory where its relative paths begin:
/// through a symlink that is another one. Each as the numbers of device and file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) file: (u64, u64),
    directory: (u64, u64),
}

/// Opens a regular file; never waits for the other end of a pipe.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(
            (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY)
                .bits()
                .cast_signed(),
        )
        .open(path)?;
    let facts = file.metadata()?;
    if !facts.is_file() {
        let what = if facts.is_dir() {
            "it is a directory"
        } else {
            "it is no regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let directory = path.parent().filter(|path| !path.as_os_str().is_empty());
    let directory = std::fs::metadata(directory.unwrap_or(Path::new(".")))?;
    Ok(Opened {
        identity: Identity {
            file: (facts.dev(), facts.ino()),
            directory: (directory.dev(), directory.ino()),
        },
        file,
    })
}

/// What reading a file can end with.
pub(crate) enum Text {
    Read(String),
    TooLong,
    /// The first byte that is no UTF-8.
    NotUtf8(usize),
}

impl Opened {
    pub(crate) fn read(self) -> io::Result<Text> {
        let mut bytes = Vec::new();
        self.file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Ok(Text::TooLong);
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Text::Read(text),
            Err(error) => Text::NotUtf8(error.utf8_error().valid_up_to()),
        })
    }
}
