//! The few fields of an ELF file that decide what is loaded with it.
//!
//! Everything is found through the program headers, as the kernel and the loader do: section headers may be
//! stripped, or lie.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use elf::abi;
use elf::dynamic::Dyn;
use elf::endian::AnyEndian;
use elf::file::{Class, ELF32_EHDR_TAILSIZE, ELF64_EHDR_TAILSIZE, FileHeader, parse_ident};
use elf::parse::{ParseAt, ParsingTable};
use elf::segment::ProgramHeader;

use super::file::Opened;

const DT_AUXILIARY: i64 = 0x7fff_fffd;
const DT_FILTER: i64 = 0x7fff_ffff;

/// The kernel refuses program headers of more bytes than this.
const MAX_HEADERS: usize = 65_536;
const MAX_DYNAMIC: usize = 1 << 20;
/// What the names and search paths of one file may take together.
const MAX_STRINGS: usize = 256 << 10;
/// Counted for each string on top of its length, so that there cannot be too many empty ones.
const STRING_COST: usize = 64;
/// The kernel's limit for the name of an interpreter.
const PATH_MAX: usize = 4096;

/// What is wrong with an ELF file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It cannot be read.
    #[error("it cannot be read ({0})")]
    Read(#[from] io::Error),
    /// It is shorter than its own headers say.
    #[error("it ends before its {0}")]
    Truncated(&'static str),
    /// The header is not one of ELF version 1.
    #[error("its ELF header is not valid")]
    Header,
    /// An object file or a core dump.
    #[error("it is neither an executable nor a shared library")]
    Kind,
    /// The loader of a program for another machine.
    #[error("it is for another machine than the program that names it as its loader")]
    Machine,
    /// A program header table that the kernel refuses.
    #[error("its program headers are missing or of a wrong size")]
    ProgramHeaders,
    /// A `PT_INTERP` that the kernel refuses.
    #[error("the name of its loader is not a path of at most {PATH_MAX} bytes")]
    Interpreter,
    /// A dynamic section that is not in the loaded part of the file, or too big.
    #[error("its dynamic section is not loaded from the file, or too big")]
    Dynamic,
    /// A string table that is not in the loaded part of the file.
    #[error("the names of its libraries are not loaded from the file")]
    Strings,
    /// More or longer names than any real file has.
    #[error("the names of its libraries take more than {} KiB", MAX_STRINGS >> 10)]
    StringsTooLong,
}

/// Which files can be loaded into one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Abi {
    pub(super) class: Class,
    pub(super) machine: u16,
    endian: AnyEndian,
}

/// The dynamic side of an ELF file.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) abi: Abi,
    pub(super) interpreter: Option<PathBuf>,
    pub(super) soname: Option<OsString>,
    /// `DT_NEEDED`, and the filtees of `DT_FILTER` and `DT_AUXILIARY`, which are loaded alike.
    pub(super) needed: Vec<OsString>,
    /// `DT_RPATH`, unless `DT_RUNPATH` voids it.
    pub(super) rpath: Option<OsString>,
    pub(super) runpath: Option<OsString>,
    /// Not linked with `-z nodefaultlib`.
    pub(super) default_directories: bool,
}

impl Image {
    pub(super) fn read(file: &Opened) -> Result<Self, Flaw> {
        let ident = exactly(file, 0, abi::EI_NIDENT, "header")?;
        let ident = parse_ident::<AnyEndian>(&ident).map_err(|_| Flaw::Header)?;
        let tail = match ident.1 {
            Class::ELF32 => ELF32_EHDR_TAILSIZE,
            Class::ELF64 => ELF64_EHDR_TAILSIZE,
        };
        let tail = exactly(file, abi::EI_NIDENT as u64, tail, "header")?;
        let header = FileHeader::parse_tail(ident, &tail).map_err(|_| Flaw::Header)?;
        if !matches!(header.e_type, abi::ET_EXEC | abi::ET_DYN) {
            return Err(Flaw::Kind);
        }
        let abi = Abi {
            class: header.class,
            machine: header.e_machine,
            endian: header.endianness,
        };
        let segments = segments(file, &header)?;
        let mut image = Self {
            abi,
            interpreter: interpreter(file, &segments)?,
            soname: None,
            needed: Vec::new(),
            rpath: None,
            runpath: None,
            default_directories: true,
        };
        if let Some(dynamic) = segments.iter().find(|s| s.p_type == abi::PT_DYNAMIC) {
            image.read_dynamic(file, &segments, dynamic)?;
        }
        Ok(image)
    }

    fn read_dynamic(
        &mut self,
        file: &Opened,
        segments: &[ProgramHeader],
        dynamic: &ProgramHeader,
    ) -> Result<(), Flaw> {
        let size = usize::try_from(dynamic.p_filesz).unwrap_or(usize::MAX);
        let offset = loaded_from(segments, dynamic.p_vaddr).ok_or(Flaw::Dynamic)?;
        if size > MAX_DYNAMIC {
            return Err(Flaw::Dynamic);
        }
        let data = exactly(file, offset, size, "dynamic section")?;
        let table = ParsingTable::<_, Dyn>::new(self.abi.endian, self.abi.class, &data);

        let mut strings = None;
        let (mut needed, mut soname, mut rpath, mut runpath) = (Vec::new(), None, None, None);
        for entry in table.iter().take_while(|entry| entry.d_tag != abi::DT_NULL) {
            let value = entry.d_val();
            match entry.d_tag {
                abi::DT_STRTAB => strings = Some(value),
                abi::DT_NEEDED | DT_AUXILIARY | DT_FILTER => needed.push(value),
                abi::DT_SONAME => soname = Some(value),
                abi::DT_RPATH => rpath = Some(value),
                abi::DT_RUNPATH => runpath = Some(value),
                abi::DT_FLAGS_1 => {
                    self.default_directories = value.cast_signed() & abi::DF_1_NODEFLIB == 0;
                }
                _ => {}
            }
        }
        if needed.is_empty() && soname.or(rpath).or(runpath).is_none() {
            return Ok(());
        }
        let start = strings.and_then(|address| loaded_from(segments, address));
        let mut strings = Strings {
            file,
            start: start.ok_or(Flaw::Strings)?,
            left: MAX_STRINGS,
        };
        let rpath = rpath.filter(|_| runpath.is_none());
        self.soname = soname.map(|at| strings.get(at)).transpose()?;
        self.rpath = rpath.map(|at| strings.get(at)).transpose()?;
        self.runpath = runpath.map(|at| strings.get(at)).transpose()?;
        self.needed = needed
            .into_iter()
            .map(|at| strings.get(at))
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn segments(file: &Opened, header: &FileHeader<AnyEndian>) -> Result<Vec<ProgramHeader>, Flaw> {
    let entry = ProgramHeader::size_for(header.class);
    let size = entry * usize::from(header.e_phnum);
    if usize::from(header.e_phentsize) != entry || size == 0 || size > MAX_HEADERS {
        return Err(Flaw::ProgramHeaders);
    }
    let data = exactly(file, header.e_phoff, size, "program headers")?;
    Ok(ParsingTable::new(header.endianness, header.class, &data)
        .iter()
        .collect())
}

fn interpreter(file: &Opened, segments: &[ProgramHeader]) -> Result<Option<PathBuf>, Flaw> {
    let Some(segment) = segments.iter().find(|s| s.p_type == abi::PT_INTERP) else {
        return Ok(None);
    };
    let size = usize::try_from(segment.p_filesz)
        .ok()
        .filter(|size| (2..=PATH_MAX).contains(size))
        .ok_or(Flaw::Interpreter)?;
    let mut name = exactly(file, segment.p_offset, size, "loader's name")?;
    if name.last() != Some(&0) || name.first() == Some(&0) {
        return Err(Flaw::Interpreter);
    }
    name.truncate(name.iter().position(|&b| b == 0).unwrap_or(size));
    Ok(Some(OsString::from_vec(name).into()))
}

/// The place in the file from which `address` is loaded.
fn loaded_from(segments: &[ProgramHeader], address: u64) -> Option<u64> {
    segments
        .iter()
        .filter(|s| s.p_type == abi::PT_LOAD)
        .find_map(|s| {
            let inside = address.checked_sub(s.p_vaddr).filter(|&n| n < s.p_filesz)?;
            s.p_offset.checked_add(inside)
        })
}

/// The string table, read name by name: that of a large library takes megabytes.
struct Strings<'a> {
    file: &'a Opened,
    start: u64,
    left: usize,
}

impl Strings<'_> {
    fn get(&mut self, at: u64) -> Result<OsString, Flaw> {
        let start = self.start.checked_add(at).ok_or(Flaw::Strings)?;
        let mut text = Vec::new();
        let mut piece = [0; 256];
        loop {
            let read = self
                .file
                .read_at(&mut piece, start.saturating_add(text.len() as u64))?;
            let end = piece[..read].iter().position(|&b| b == 0);
            text.extend_from_slice(&piece[..end.unwrap_or(read)]);
            if text.len() + STRING_COST > self.left {
                return Err(Flaw::StringsTooLong);
            }
            if end.is_some() {
                self.left -= text.len() + STRING_COST;
                return Ok(OsString::from_vec(text));
            }
            if read < piece.len() {
                return Err(Flaw::Truncated("library names"));
            }
        }
    }
}

fn exactly(file: &Opened, offset: u64, size: usize, what: &'static str) -> Result<Vec<u8>, Flaw> {
    let mut data = vec![0; size];
    if file.read_at(&mut data, offset)? < size {
        return Err(Flaw::Truncated(what));
    }
    Ok(data)
}
