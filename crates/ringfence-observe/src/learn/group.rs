//! Single files taken together as their directory, where that gives nothing sensitive.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ringfence::Access;

use super::{Places, Setting, Tightness};

/// Beneath these, names say exactly what is meant.
const NEVER: &[&str] = &["/dev", "/proc", "/sys", "/run", "/boot"];
/// Directories of the system, in which nothing is written but by the one who installs.
const SYSTEM: &[&str] = &["/usr", "/etc", "/lib", "/lib64", "/bin", "/sbin", "/opt"];
/// Directories whose entries have nothing to do with each other.
const BROAD: &[&str] = &[
    "/etc",
    "/home",
    "/opt",
    "/srv",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/tmp",
    "/usr/bin",
    "/usr/sbin",
];

const CHANGES: Access = Access::WRITE
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME)
    .union(Access::MAKE_DEVICE);

/// Takes away from each place what a line above it gives.
pub(super) fn covered(places: &mut Places) {
    let paths: Vec<_> = places.keys().cloned().collect();
    for path in paths {
        let above: Vec<_> = path
            .ancestors()
            .skip(1)
            .filter(|above| places.contains_key(*above))
            .map(Path::to_owned)
            .collect();
        for above in above {
            give(places, &path, &above);
        }
    }
    places.retain(|_, place| !place.words.is_empty());
}

/// Lets a line above a place say what both say.
fn give(places: &mut Places, path: &Path, above: &Path) {
    let Some(place) = places.get(path) else {
        return;
    };
    let given = places
        .get(above)
        .map_or(Access::empty(), |place| place.words);
    let shared = place.words & given;
    if shared.is_empty() {
        return;
    }
    let seen = place.seen.clone();
    if let Some(above) = places.get_mut(above) {
        above.seen.merge(&seen);
    }
    if let Some(place) = places.get_mut(path) {
        place.words -= shared;
    }
}

/// Writes places that many share as their directory, from the deepest ones up.
pub(super) fn group(places: &mut Places, setting: &Setting<'_>) {
    let enough = match setting.tightness {
        Tightness::Exact => return,
        Tightness::Dirs => 3,
        Tightness::Loose => 2,
    };
    let deepest = places
        .keys()
        .map(|path| path.iter().count())
        .max()
        .unwrap_or(0);
    for depth in (3..=deepest).rev() {
        for (directory, words) in shared(places, depth, enough) {
            let words: Access = words
                .words()
                .map(|word| word.access)
                .filter(|word| may_group(&directory, *word, setting))
                .collect();
            if words.is_empty() {
                continue;
            }
            places.entry(directory).or_default().words |= words;
        }
        covered(places);
    }
}

/// The directories of entries at this depth, with the words that enough of their entries have.
fn shared(places: &Places, depth: usize, enough: usize) -> BTreeMap<PathBuf, Access> {
    let mut counts: BTreeMap<PathBuf, BTreeMap<u16, usize>> = BTreeMap::new();
    let at_depth = places
        .iter()
        .filter(|(path, _)| path.iter().count() == depth);
    for (path, place) in at_depth {
        let Some(parent) = path.parent() else {
            continue;
        };
        let of_parent = counts.entry(parent.to_owned()).or_default();
        for word in place.words.words() {
            *of_parent.entry(word.access.bits()).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .map(|(directory, words)| {
            let often = words.into_iter().filter(|(_, count)| *count >= enough);
            let words = often.map(|(bits, _)| Access::from_bits_truncate(bits));
            (directory, words.collect())
        })
        .collect()
}

/// Whether a word may be given to all beneath a directory of which single entries were seen.
pub(super) fn may_group(directory: &Path, word: Access, setting: &Setting<'_>) -> bool {
    let beneath = |paths: &[&str]| paths.iter().any(|path| directory.starts_with(path));
    let is_broad = BROAD.iter().any(|path| directory == Path::new(path))
        || directory == setting.temporary
        || setting
            .home
            .as_ref()
            .is_some_and(|home| home.starts_with(directory));
    let changes_system = word.intersects(CHANGES) && beneath(SYSTEM);
    !is_broad
        && !changes_system
        && !beneath(NEVER)
        && setting
            .sensitive
            .concern(word.rights(), directory)
            .is_none()
}
