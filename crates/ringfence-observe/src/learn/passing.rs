//! Names that will be others next time: of temporary files, with numbers of processes, hashes, versions.
//!
//! A line about such a name is of no use for long. It is written about the directory instead, if that gives
//! nothing sensitive:
//!
//! | what has such a name | becomes its directory |
//! | --- | --- |
//! | a file | for all words; for `read` and `execute` alone if it is a version, as the next one is installed by others |
//! | a directory where programs keep their own (`/usr`, `/opt`, stores of packages, caches, what is hidden at home) | for `read` and `execute` |
//! | a directory elsewhere | the same, with `loose` alone: the one beside `project-1.2` is somebody's other work |

use std::path::{Path, PathBuf};

use ringfence::Access;

use super::group::{covered, may_group};
use super::{Places, Setting, Tightness};

/// Where directories with such names are no work of the user's.
const STORES: &[&str] = &[
    "/usr",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/var/cache",
    "/var/lib",
];
/// In which programs of all kinds are, that nothing asked to be executed.
const PROGRAMS: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local",
    "/usr/share",
];
const LOOKS: Access = Access::READ.union(Access::EXECUTE);
const OF_DIRECTORIES: Access = Access::CREATE
    .union(Access::REMOVE)
    .union(Access::RENAME)
    .union(Access::MAKE_DEVICE);

/// Why a name will be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    Temporary,
    Process,
    Hash,
    Version,
}

/// Writes names that pass as their directories.
pub(super) fn generalise(places: &mut Places, setting: &Setting<'_>) {
    if setting.tightness == Tightness::Exact {
        return;
    }
    let mut moves = Vec::new();
    for (path, place) in places.iter() {
        let is_directory = place.words.intersects(OF_DIRECTORIES) || path.is_dir();
        for word in place.words.words() {
            if let Some(directory) = lasting(path, is_directory, word.access, setting) {
                moves.push((directory, word.access));
            }
        }
    }
    for (directory, word) in moves {
        places.entry(directory).or_default().words |= word;
    }
    covered(places);
}

/// The directory that a word is written for, if the path has a name that passes.
fn lasting(
    path: &Path,
    is_directory: bool,
    word: Access,
    setting: &Setting<'_>,
) -> Option<PathBuf> {
    // From the top: what is beneath a name that passes has passed with it.
    let mut above: Vec<&Path> = path.ancestors().collect();
    above.reverse();
    above.into_iter().find_map(|part| {
        let passing = passing(part.file_name()?.to_str()?)?;
        let is_file = part == path && !is_directory;
        let looks = LOOKS.contains(word);
        let may_pass = if is_file {
            looks || passing != Passing::Version
        } else {
            looks && (is_in_a_store(part, setting) || setting.tightness == Tightness::Loose)
        };
        let mut directory = part.parent()?;
        // Files named by their hash are spread over directories named by its first digits.
        if passing == Passing::Hash && directory.file_name().is_some_and(is_shard) {
            directory = directory.parent()?;
        }
        let runs_all = word == Access::EXECUTE
            && PROGRAMS
                .iter()
                .any(|programs| directory == Path::new(programs));
        let may_be_given = may_pass && !runs_all && may_group(directory, word, setting);
        may_be_given.then(|| directory.to_owned())
    })
}

fn is_in_a_store(path: &Path, setting: &Setting<'_>) -> bool {
    let at_home = setting
        .home
        .as_ref()
        .and_then(|home| path.strip_prefix(home).ok());
    let is_hidden = at_home
        .and_then(|rest| rest.iter().next()?.to_str())
        .is_some_and(|first| first.starts_with('.'));
    is_hidden || STORES.iter().any(|store| path.starts_with(store))
}

fn is_shard(name: &std::ffi::OsStr) -> bool {
    name.len() <= 3 && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit)
}

/// Why a name will be another, if it will.
fn passing(name: &str) -> Option<Passing> {
    let parts = || name.split(|character: char| !character.is_ascii_alphanumeric());
    if is_temporary(name) || parts().any(is_random) {
        Some(Passing::Temporary)
    } else if parts().any(is_hash) {
        Some(Passing::Hash)
    } else if has_process(name) {
        Some(Passing::Process)
    } else if has_version(name) {
        Some(Passing::Version)
    } else {
        None
    }
}

/// As `mktemp` and the libraries of languages name them: `tmp.Xa81kQ`, `tmpk3_x9a2b`.
fn is_temporary(name: &str) -> bool {
    let rest = ["tmp", "temp"].iter().find_map(|start| {
        let rest = name.trim_start_matches('.').strip_prefix(start)?;
        Some(rest.trim_start_matches(['.', '-', '_']))
    });
    rest.is_some_and(|rest| {
        let is_word = rest.bytes().all(|byte| byte.is_ascii_lowercase());
        rest.len() >= 6 && !is_word
    })
}

/// What `mkstemp` puts in: six characters or more that go from one kind to another again and again. Words
/// written together have more small letters beside each other.
fn is_random(part: &str) -> bool {
    let kind = |byte: u8| (byte.is_ascii_uppercase(), byte.is_ascii_digit());
    let bytes = part.as_bytes();
    let changes = bytes
        .windows(2)
        .filter(|pair| matches!(pair, [one, other] if kind(*one) != kind(*other)));
    let is_word = |run: &[u8]| run.len() >= 3;
    let mut runs = bytes.split(|byte| !byte.is_ascii_lowercase());
    (6..=12).contains(&bytes.len())
        && changes.count() >= 3
        && !runs.any(is_word)
        && bytes.iter().any(u8::is_ascii_uppercase)
        && bytes.iter().any(u8::is_ascii_lowercase)
}

/// Digits in base 16, or of a store of packages in base 32, and letters among them.
fn is_hash(part: &str) -> bool {
    let is_base_16 = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_base_32 = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let is_mixed = digits > 1 && digits < part.len();
    is_mixed
        && (part.len() >= 8 && part.bytes().all(is_base_16)
            || part.len() >= 32 && part.bytes().all(is_base_32))
}

/// A number behind a separator at the end, or before an ending that such files have.
fn has_process(name: &str) -> bool {
    const ENDINGS: &[&str] = &[".pid", ".sock", ".lock", ".tmp", ".log"];
    let name = ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let before = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = name.len() - before.len();
    (3..=7).contains(&digits) && before.ends_with(['.', '-', '_'])
}

/// Numbers with dots between them.
fn has_version(name: &str) -> bool {
    let mut bytes = name.as_bytes().windows(3);
    bytes.any(|three| {
        matches!(three, [before, b'.', after] if before.is_ascii_digit() && after.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_pass_are_told_from_names_that_last() {
        for (expected, names) in [
            (
                Passing::Temporary,
                &[
                    "tmp.Xa81kQ",
                    "tmpk3_x9a2b",
                    ".tmp-a1b2c3",
                    "job.J2FzRD",
                    "out-q8ZkP3w.part",
                    "sess_fW2uNa",
                ][..],
            ),
            (
                Passing::Process,
                &["job.4711", "x-123.pid", "server_98765.sock"],
            ),
            (
                Passing::Hash,
                &[
                    "index.crates.io-1949cf8c6b5b557f",
                    "librustc_driver-6108105cd7e839cf.so",
                    "main.3f2a9c1b.js",
                    "4b825dc642cb6eb9a060e54bf8d69288fbee49",
                    "123e4567-e89b-12d3-a456-426614174000",
                    "0rzr8zxjxnl7xdkb0wwf02zbh9bcm8fj-bash-5",
                ],
            ),
            (
                Passing::Version,
                &[
                    "foo-1.2.3.dist-info",
                    "python3.11",
                    "libx.so.1.2",
                    "3.11.7",
                    "jdk-17.0",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(passing(name), Some(expected), "{name}");
            }
        }
        for name in [
            "README",
            "README-Linux64",
            "Cargo.toml",
            "lib.rs",
            "deadbeef",
            "template",
            "tmp",
            "temporary",
            "x86_64",
            "file.1",
            "libc.so.6",
            "2024",
            "report2024.pdf",
            "MyDocument",
            "Utf8Decoder",
            "McDonald2Go",
            "iPhone",
            "a-b_c.d",
            "facade",
            "id_ed25519",
        ] {
            assert_eq!(passing(name), None, "{name}");
        }
    }
}
