//! What is built into a dynamic loader, and what it reads from its configuration.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use elf::abi;
use elf::file::Class;

use super::cache::{self, Cache};
use super::error::Error;
use super::file::Opened;
use super::image::Abi;
use super::report::{Note, Reason};
use super::walk::Walk;

const MAX_CONFIGURATION: u64 = 64 << 10;
const MUSL_DEFAULTS: &[u8] = b"/lib:/usr/local/lib:/usr/lib";
/// The libraries that musl's loader contains, between `lib` and the first dot.
const MUSL_OWN: [&[u8]; 7] = [b"c", b"pthread", b"rt", b"m", b"dl", b"util", b"xnet"];

/// Whose rules a loader follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Glibc,
    Musl,
}

/// The dynamic loader of a program.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) family: Family,
    pub(super) cache: Option<Cache>,
    /// Searched last.
    pub(super) defaults: Rc<[PathBuf]>,
    /// Preloaded into every program.
    pub(super) preloads: Vec<OsString>,
    /// `$LIB`
    pub(super) lib: PathBuf,
    /// `$PLATFORM`
    pub(super) platform: Option<&'static str>,
}

impl Loader {
    /// The loader at `path`, with its configuration read.
    pub(super) fn new(walk: &mut Walk<'_>, path: &Path, abi: Abi) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let musl = name
            .strip_prefix(b"ld-musl-")
            .and_then(|name| name.strip_suffix(b".so.1"));
        if let Some(arch) = musl {
            return Self::musl(walk, path, OsStr::from_bytes(arch));
        }
        // Every distribution installs the loader in the first of the directories that are built into it: multiarch,
        // lib64, or a prefix of its own. Its link in /lib64 is only there because programs name it so.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let home = real.parent().unwrap_or(Path::new("/lib"));
        Ok(Self {
            family: Family::Glibc,
            cache: read_cache(walk)?,
            defaults: glibc_defaults(home, abi.class).into(),
            preloads: read_preloads(walk)?,
            lib: lib_token(home),
            platform: platform(abi.machine, &real),
        })
    }

    fn musl(walk: &mut Walk<'_>, path: &Path, arch: &OsStr) -> Result<Self, Error> {
        let prefix = path.parent().and_then(Path::parent);
        let mut name = OsString::from("ld-musl-");
        name.push(arch);
        name.push(".path");
        let file = prefix.unwrap_or(Path::new("/")).join("etc").join(name);
        // The program says where this file is, so that a link there could have any file listed.
        let opened = Opened::open_unlinked(&file);
        let reason = Reason::LoaderConfiguration;
        let text = walk.configuration(&file, opened, MAX_CONFIGURATION, reason)?;
        let text = text.as_deref().unwrap_or(MUSL_DEFAULTS);
        Ok(Self {
            family: Family::Musl,
            cache: None,
            defaults: text
                .split(|b| b":\n".contains(b))
                .filter(|directory| !directory.is_empty())
                .map(|directory| OsStr::from_bytes(directory).into())
                .collect(),
            preloads: Vec::new(),
            lib: PathBuf::from("lib"),
            platform: None,
        })
    }

    /// Whether the loader is `name` itself.
    pub(super) fn contains(&self, name: &OsStr) -> bool {
        let mut parts = name.as_bytes().splitn(2, |&b| b == b'.');
        let stem = parts.next().and_then(|stem| stem.strip_prefix(b"lib"));
        self.family == Family::Musl
            && parts.next().is_some()
            && stem.is_some_and(|stem| MUSL_OWN.contains(&stem))
    }
}

/// The words of `LD_PRELOAD`.
pub(super) fn preload_words(text: &[u8]) -> impl Iterator<Item = OsString> {
    text.split(|b| b.is_ascii_whitespace() || *b == b':')
        .filter(|word| !word.is_empty())
        .map(|word| OsString::from_vec(word.to_vec()))
}

fn read_cache(walk: &mut Walk<'_>) -> Result<Option<Cache>, Error> {
    let path = walk.system.cache;
    let opened = Opened::open(path);
    let data = walk.configuration(path, opened, cache::MAX_SIZE, Reason::LoaderCache)?;
    Ok(data.and_then(|data| match Cache::parse(data) {
        Ok(cache) => Some(cache),
        Err(unusable) => {
            walk.note(Note::ConfigurationIgnored {
                path: path.to_owned(),
                why: unusable.to_string(),
            });
            None
        }
    }))
}

fn read_preloads(walk: &mut Walk<'_>) -> Result<Vec<OsString>, Error> {
    let path = walk.system.preload;
    let (opened, reason) = (Opened::open(path), Reason::LoaderConfiguration);
    let text = walk.configuration(path, opened, MAX_CONFIGURATION, reason)?;
    let words = text
        .unwrap_or_default()
        .split(|&b| b == b'\n')
        .filter_map(|line| line.split(|&b| b == b'#').next())
        .flat_map(preload_words)
        .collect();
    Ok(words)
}

fn glibc_defaults(home: &Path, class: Class) -> Vec<PathBuf> {
    let outside_usr = Path::new("/").join(home.strip_prefix("/usr").unwrap_or(home));
    let mut directories = vec![home.to_owned(), outside_usr];
    if let Ok(inside) = home.strip_prefix("/lib") {
        directories.push(Path::new("/usr/lib").join(inside));
    }
    if class == Class::ELF64 {
        directories.extend(["/lib64", "/usr/lib64"].map(PathBuf::from));
    }
    directories.extend(["/lib", "/usr/lib"].map(PathBuf::from));
    let mut unique = Vec::new();
    for directory in directories {
        if !unique.contains(&directory) {
            unique.push(directory);
        }
    }
    unique
}

/// `$LIB` is where the loader's home is below its prefix: `lib/x86_64-linux-gnu`, `lib64`, `lib`.
fn lib_token(home: &Path) -> PathBuf {
    let parts: Vec<_> = home.iter().collect();
    let start = parts
        .iter()
        .rposition(|part| part.as_bytes().starts_with(b"lib"));
    start.map_or_else(
        || PathBuf::from("lib"),
        |start| parts[start..].iter().collect(),
    )
}

/// What the C library takes `$PLATFORM` for. The kernel's word for the architecture, but for a C library
/// before 2.37 on x86-64, which has a name of its own for newer processors of Intel's.
fn platform(machine: u16, loader: &Path) -> Option<&'static str> {
    match machine {
        abi::EM_X86_64 if is_haswell() && knows_haswell(loader) => Some("haswell"),
        abi::EM_X86_64 => Some("x86_64"),
        abi::EM_386 => Some("i686"),
        abi::EM_AARCH64 => Some("aarch64"),
        _ => None,
    }
}

/// Whether the loader holds that name.
fn knows_haswell(loader: &Path) -> bool {
    const NAME: &[u8] = b"haswell\0";
    const LARGEST: u64 = 4 << 20;

    let read = Opened::open(loader).and_then(|file| file.read_all(LARGEST));
    read.is_ok_and(|bytes| bytes.windows(NAME.len()).any(|window| window == NAME))
}

#[cfg(target_arch = "x86_64")]
fn is_haswell() -> bool {
    use std::arch::is_x86_feature_detected as has;

    let newer = has!("avx2") && has!("bmi1") && has!("bmi2");
    newer && has!("lzcnt") && has!("movbe") && has!("popcnt") && is_intel()
}

/// The C library asks the processor for its maker (`init_cpu_features`), as the kernel does.
#[cfg(target_arch = "x86_64")]
fn is_intel() -> bool {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let maker = text.lines().find_map(|line| line.strip_prefix("vendor_id"));
    maker.is_some_and(|maker| maker.trim_start_matches([' ', '\t', ':']) == "GenuineIntel")
}

#[cfg(not(target_arch = "x86_64"))]
fn is_haswell() -> bool {
    false
}
