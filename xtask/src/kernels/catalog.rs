//! Which kernels the tests run on, and which of Debian's packages hold them.

use anyhow::{Result, bail};

use super::version;
use crate::processor::Processor;

/// One line of kernels, and where Debian has it.
#[derive(Debug)]
pub struct Series {
    pub name: &'static str,
    /// Asked in this order; packages move from one suite to the next.
    pub suites: &'static [&'static str],
    /// What the kernel must answer. Tests and product ask it in the same way, so that neither would
    /// notice a wrong answer.
    pub abi: u32,
    /// Run a second time with Landlock built but switched off at boot.
    pub also_without_landlock: bool,
    /// Run the tests of threads too, which take a minute and a half.
    pub with_threads: bool,
}

const fn series(name: &'static str, abi: u32, suites: &'static [&'static str]) -> Series {
    Series {
        name,
        suites,
        abi,
        also_without_landlock: false,
        with_threads: false,
    }
}

/// At least one kernel for each ABI that Debian still ships.
pub const SERIES: [Series; 8] = [
    // No Landlock at all: ENOSYS.
    series("5.10", 0, &["bullseye"]),
    // ABI 2.
    series("6.1", 2, &["bookworm"]),
    // ABI 6. Not bookworm-backports first: under QEMU 7.2 its 6.12.95 panicked in 8 of 18 boots, trixie's in none.
    Series {
        also_without_landlock: true,
        ..series("6.12", 6, &["trixie", "bookworm-backports"])
    },
    // ABI 7: audit.
    series("6.17", 7, &["trixie-backports"]),
    // ABI 8: all threads at once.
    series("7.0", 8, &["trixie-backports"]),
    // ABI 9: UNIX sockets by path.
    series("7.1", 9, &["trixie-backports"]),
    // ABI 10: UDP.
    series("7.2", 10, &["sid", "trixie-backports"]),
    // ABI 11: no_new_privs together with the restriction. For all kernels that restrict all threads at once, which the
    // one that these tests mostly run on does not.
    Series {
        with_threads: true,
        ..series("7.3", 11, &["trixie-backports", "experimental"])
    },
];

/// The newest user-space headers are in one of these.
pub const HEADER_SUITES: [&str; 3] = ["trixie-backports", "sid", "experimental"];

/// The series that `--only` names; all of them if it names none.
pub fn select(only: &[String]) -> Result<Vec<&'static Series>> {
    if let Some(unknown) = only
        .iter()
        .find(|name| SERIES.iter().all(|series| series.name != **name))
    {
        let known: Vec<_> = SERIES.iter().map(|series| series.name).collect();
        bail!(
            "--only {unknown}: the matrix has no such kernel; it has {}",
            known.join(", ")
        );
    }
    let wanted = |series: &&Series| only.is_empty() || only.iter().any(|name| name == series.name);
    Ok(SERIES.iter().filter(wanted).collect())
}

/// What apt is asked for: the small "cloud" flavour, which has all that a virtual machine needs built in.
pub fn packages(processor: Processor) -> String {
    let debian = processor.debian();
    format!("^linux-(binary|image)-[0-9].*-cloud-{debian}$")
}

/// The package that holds the newest kernel of `series`, among all names that match [`packages`].
///
/// Where a suite has both, `linux-binary-*` holds the kernel and `linux-image-*` only depends on it.
pub fn newest<'a>(series: &str, packages: &'a [String]) -> Option<&'a str> {
    packages
        .iter()
        .filter(|package| release(package).is_some_and(|release| belongs(release, series)))
        .max_by(|left, right| {
            version::compare(release(left).unwrap_or(""), release(right).unwrap_or(""))
                .then_with(|| is_binary(left).cmp(&is_binary(right)))
        })
        .map(String::as_str)
}

/// The series of all kernels among `packages`, to say what a suite has instead.
pub fn series_among(packages: &[String]) -> Vec<String> {
    let mut found: Vec<String> = packages
        .iter()
        .filter_map(|package| release(package))
        .map(|release| {
            release
                .split(['.', '-', '+'])
                .take(2)
                .collect::<Vec<_>>()
                .join(".")
        })
        .collect();
    found.sort_by(|left, right| version::compare(left, right));
    found.dedup();
    found
}

fn is_binary(package: &str) -> bool {
    package.starts_with("linux-binary-")
}

/// `6.12.95+deb12` of `linux-image-6.12.95+deb12-cloud-amd64`.
pub fn release(package: &str) -> Option<&str> {
    let name = package
        .strip_prefix("linux-binary-")
        .or_else(|| package.strip_prefix("linux-image-"))?;
    name.rsplit_once("-cloud-").map(|(release, _)| release)
}

fn belongs(release: &str, series: &str) -> bool {
    release
        .strip_prefix(series)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).into()).collect()
    }

    #[test]
    fn the_newest_release_of_the_series_is_chosen() {
        let suite = named(&[
            "linux-image-6.12.9+deb12-cloud-amd64",
            "linux-image-6.12.90+deb12-cloud-amd64",
            "linux-image-6.12.90+deb12.1-cloud-amd64",
            "linux-image-6.1.0-47-cloud-amd64",
        ]);
        assert_eq!(
            newest("6.12", &suite),
            Some("linux-image-6.12.90+deb12.1-cloud-amd64")
        );
        assert_eq!(
            newest("6.1", &suite),
            Some("linux-image-6.1.0-47-cloud-amd64")
        );
        assert_eq!(newest("6.17", &suite), None);
        assert_eq!(series_among(&suite), ["6.1", "6.12"]);
    }

    #[test]
    fn the_package_that_holds_the_kernel_is_preferred() {
        let suite = named(&[
            "linux-binary-7.3-cloud-amd64",
            "linux-image-7.3-cloud-amd64",
        ]);
        assert_eq!(newest("7.3", &suite), Some("linux-binary-7.3-cloud-amd64"));
    }

    #[test]
    fn an_unknown_kernel_is_refused_with_the_known_ones() {
        let error = select(&["6.13".into()]).unwrap_err().to_string();
        assert!(error.contains("6.13") && error.contains("6.12"), "{error}");
        assert_eq!(select(&[]).unwrap().len(), SERIES.len());
    }
}
