//! Gets kernels and the newest headers from Debian, and keeps them between runs.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::apt::{self, Suite};
use super::catalog::{self, Series};
use super::version;
use crate::processor::Processor;

/// What the folder of headers is called, before the version.
const HEADERS: &str = "headers-";

/// What is kept of `linux-libc-dev`, and where it is there.
const KEPT_HEADERS: [(&str, &str); 4] = [
    ("landlock.h", "usr/include/linux/landlock.h"),
    ("unistd-x86_64.h", "usr/lib/linux/uapi/x86/asm/unistd_64.h"),
    (
        "unistd-aarch64.h",
        "usr/lib/linux/uapi/arm64/asm/unistd_64.h",
    ),
    (
        "unistd-riscv64.h",
        "usr/lib/linux/uapi/riscv/asm/unistd_64.h",
    ),
];

pub struct Archive {
    cache: PathBuf,
    processor: Processor,
    suites: Vec<Suite>,
    /// Look for newer versions of what is already there.
    update: bool,
}

impl Archive {
    pub fn new(cache: PathBuf, processor: Processor, update: bool) -> Self {
        let mut names: Vec<_> = catalog::SERIES
            .iter()
            .flat_map(|series| series.suites)
            .collect();
        names.extend(&catalog::HEADER_SUITES);
        names.sort_unstable();
        names.dedup();
        let suites = names
            .into_iter()
            .map(|name| Suite::new(name, processor, &cache))
            .collect();
        Self {
            cache,
            processor,
            suites,
            update,
        }
    }

    /// The path of the newest kernel of `series`, from the cache or fetched.
    pub fn kernel(&self, series: &Series) -> Result<PathBuf> {
        let folder = match self.processor {
            Processor::X86_64 => self.cache.join(series.name),
            Processor::Aarch64 => self.cache.join("aarch64").join(series.name),
        };
        let cached = newest_file(&folder, "vmlinuz-", "");
        match cached {
            Some(kernel) if !self.update => Ok(kernel),
            Some(kernel) => Ok(self.fetch_kernel(series, &folder).unwrap_or_else(|error| {
                eprintln!(
                    "{}: the cached {} is kept, {error:#}",
                    series.name,
                    name(&kernel)
                );
                kernel
            })),
            None => self.fetch_kernel(series, &folder),
        }
    }

    fn fetch_kernel(&self, series: &Series, folder: &Path) -> Result<PathBuf> {
        let (suite, package) = self.find_kernel(series)?;
        let release = catalog::release(&package).unwrap_or(&package);
        let kernel = folder.join(format!("vmlinuz-{release}"));
        if kernel.exists() {
            return Ok(kernel);
        }
        eprintln!("{}: fetching {package} from {}", series.name, suite.name);
        self.keep(
            suite,
            &package,
            &|name| name.starts_with("vmlinuz"),
            &kernel,
        )?;
        Ok(kernel)
    }

    /// The suite and the package that hold the newest kernel of `series`.
    fn find_kernel(&self, series: &Series) -> Result<(&Suite, String)> {
        let mut reasons = Vec::new();
        for suite in self.named(series.suites) {
            match suite.packages(&catalog::packages(self.processor)) {
                Ok(packages) => match catalog::newest(series.name, &packages) {
                    Some(package) => return Ok((suite, package.into())),
                    None => reasons.push(format!(
                        "{} has cloud kernels of {} only",
                        suite.name,
                        catalog::series_among(&packages).join(", ")
                    )),
                },
                Err(error) => reasons.push(format!("{error:#}")),
            }
        }
        bail!("{}", reasons.join("; "))
    }

    /// The folder of the newest user-space headers, which the library's constants and its table of
    /// system calls are checked against.
    pub fn headers(&self) -> Result<PathBuf> {
        let cached = newest_file(&self.cache, HEADERS, "");
        if let (Some(headers), false) = (&cached, self.update) {
            return Ok(headers.clone());
        }
        let mut newest: Option<(&Suite, String)> = None;
        let mut reasons = Vec::new();
        for suite in self.named(&catalog::HEADER_SUITES) {
            match suite.version("linux-libc-dev") {
                Ok(Some(found)) => {
                    if newest
                        .as_ref()
                        .is_none_or(|(_, best)| version::compare(&found, best).is_gt())
                    {
                        newest = Some((suite, found));
                    }
                }
                Ok(None) => reasons.push(format!("{} has no linux-libc-dev", suite.name)),
                Err(error) => reasons.push(format!("{error:#}")),
            }
        }
        let Some((suite, version)) = newest else {
            return cached.with_context(|| reasons.join("; "));
        };
        let headers = self.cache.join(format!("{HEADERS}{version}"));
        if !headers.exists() {
            eprintln!(
                "headers: fetching linux-libc-dev {version} from {}",
                suite.name
            );
            self.keep_headers(suite, &headers)?;
        }
        Ok(headers)
    }

    fn keep_headers(&self, suite: &Suite, target: &Path) -> Result<()> {
        let staging = self.cache.join("unpacked");
        suite.unpack("linux-libc-dev", &staging)?;
        let folder = self.cache.join("headers");
        fs::create_dir_all(&folder)?;
        for (name, place) in KEPT_HEADERS {
            let from = staging.join(place);
            fs::copy(&from, folder.join(name))
                .with_context(|| format!("linux-libc-dev does not hold {place}"))?;
        }
        // All of them or none.
        fs::rename(&folder, target)
            .with_context(|| format!("{} cannot be written", target.display()))?;
        fs::remove_dir_all(&staging)?;
        Ok(())
    }

    /// Unpacks `package` and keeps one file of it as `target`.
    fn keep(
        &self,
        suite: &Suite,
        package: &str,
        fits: &dyn Fn(&str) -> bool,
        target: &Path,
    ) -> Result<()> {
        let staging = self.cache.join("unpacked");
        suite.unpack(package, &staging)?;
        let file =
            apt::find(&staging, fits).with_context(|| format!("{package} does not hold it"))?;
        let folder = target.parent().expect("what is kept lies in the cache");
        fs::create_dir_all(folder)?;
        fs::rename(&file, target)
            .with_context(|| format!("{} cannot be written", target.display()))?;
        fs::remove_dir_all(&staging)?;
        Ok(())
    }

    fn named<'a>(&'a self, names: &'a [&'static str]) -> impl Iterator<Item = &'a Suite> {
        names
            .iter()
            .filter_map(|name| self.suites.iter().find(|suite| suite.name == *name))
    }
}

/// The file of `folder` with the newest version between `prefix` and `suffix`.
fn newest_file(folder: &Path, prefix: &str, suffix: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .filter(|path| is_between(path, prefix, suffix))
        .max_by(|left, right| by_version(left, right))
}

fn is_between(path: &Path, prefix: &str, suffix: &str) -> bool {
    let name = name(path);
    name.starts_with(prefix) && name.ends_with(suffix)
}

fn by_version(left: &Path, right: &Path) -> Ordering {
    version::compare(&name(left), &name(right))
}

pub fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
