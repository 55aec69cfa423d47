//! Lines about paths → what systemd can do about the file system, as a second fence around Landlock's.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use ringfence::{Access, Class, PathLine, Plan, Standing};

use super::Directive;
use super::escape;
use crate::exported::ExportError;
use crate::line::Line;

/// The words that need a file system which can be written.
const WRITES: Access = Access::WRITE
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME)
    .union(Access::MAKE_DEVICE);

/// What stays writable under `ProtectSystem=strict`.
const KERNEL_FILES: [&str; 3] = ["/dev", "/proc", "/sys"];

/// What a private `/dev` has.
const PSEUDO_DEVICES: [&str; 10] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
    "/dev/log",
];

/// Every path that the service needs, and how.
pub(super) struct Paths<'m> {
    lines: Vec<(&'m PathLine, PathBuf)>,
    /// What the wrapper itself has to open, beside the lines.
    others: Vec<PathBuf>,
}

impl<'m> Paths<'m> {
    pub(super) fn new(lines: &'m [PathLine], others: Vec<PathBuf>) -> Result<Self, ExportError> {
        let mut based = Vec::new();
        for line in lines {
            if !line.path.is_absolute() {
                return Err(ExportError::line(
                    &Line::Path(line),
                    "the path is relative, and systemd knows no directory that it could begin at; write \
                     the whole path",
                ));
            }
            based.push((line, base(line)));
        }
        Ok(Self {
            lines: based,
            others,
        })
    }

    /// Whether anything that is needed is at, above or beneath `place`.
    fn touches(&self, place: &str) -> bool {
        let of_lines = self.lines.iter().map(|(_, base)| base);
        of_lines
            .chain(&self.others)
            .any(|path| path.starts_with(place) || Path::new(place).starts_with(path))
    }

    /// Whether a line lets something at, above or beneath `place` be changed.
    fn changes(&self, place: &str) -> bool {
        self.writers()
            .any(|(_, base)| base.starts_with(place) || Path::new(place).starts_with(base))
    }

    fn writers(&self) -> impl Iterator<Item = &(&'m PathLine, PathBuf)> {
        self.lines
            .iter()
            .filter(|(line, _)| line.access.intersects(WRITES))
    }

    /// The directives, in the order of the file.
    pub(super) fn directives(&self, plan: &Plan) -> Result<Fence, ExportError> {
        let mut fence = Fence::default();
        let left_alone = |class| plan.standing(class) == Standing::Unrestricted;
        if left_alone(Class::Read) || left_alone(Class::Mount) || left_alone(Class::MountAttributes)
        {
            fence.notes.push(
                "ProtectSystem= and its kin are left out: the manifest leaves alone paths or mounts, which they \
                 would change"
                    .to_owned(),
            );
            return Ok(fence);
        }
        let open = [
            Class::Write,
            Class::Truncate,
            Class::Create,
            Class::Remove,
            Class::Rename,
            Class::MakeDevice,
            Class::Metadata,
        ]
        .into_iter()
        .find(|&class| left_alone(class));
        match open {
            Some(class) => fence.notes.push(format!(
                "ProtectSystem= is left out: the manifest leaves {} alone everywhere",
                class.name()
            )),
            None => self.protect_system(&mut fence)?,
        }
        self.hide(plan, &mut fence);
        Ok(fence)
    }

    /// All read-only but for what lines let be changed.
    fn protect_system(&self, fence: &mut Fence) -> Result<(), ExportError> {
        let writers: Vec<_> = self.writers().filter(|(_, base)| on_disk(base)).collect();
        // Each writable path is a mount of its own, and no rename leads from one mount to another.
        let renamers: Vec<_> = writers
            .iter()
            .filter(|(line, _)| line.access.contains(Access::RENAME))
            .collect();
        let common = renamers
            .iter()
            .map(|(_, base)| base.clone())
            .reduce(|one, other| common_ancestor(&one, &other));
        let everything =
            |path: &Path| path == Path::new("/") || Path::new("/sys").starts_with(path);
        if let Some((line, _)) = writers.iter().find(|(_, base)| everything(base)) {
            fence.notes.push(format!(
                "ProtectSystem= is left out: `{line}` lets everything be changed"
            ));
            return Ok(());
        }
        if common.as_deref().is_some_and(everything) {
            fence.notes.push(
                "ProtectSystem= is left out: files may be renamed between directories that have only `/` in \
                 common, and each of them would be a mount of its own, between which nothing can be renamed"
                    .to_owned(),
            );
            return Ok(());
        }
        fence.system = true;
        fence.add(
            "ProtectSystem=strict",
            "no other line lets files be changed",
        );
        let widened = common.filter(|common| !renamers.iter().any(|(_, base)| base == common));
        if let Some(common) = &widened {
            let optional = renamers.iter().all(|(line, _)| line.optional);
            fence.add(
                format!("ReadWritePaths={}", path_word(common, optional, None)?),
                "so wide that files can be renamed between the paths of the following lines",
            );
        }
        let bases: BTreeSet<&Path> = writers.iter().map(|(_, base)| base.as_path()).collect();
        let mut written = BTreeSet::new();
        for (line, base) in writers {
            // A second mount beneath the first would be one between which nothing can be renamed.
            let within = base.ancestors().skip(1).any(|above| bases.contains(above));
            if within || !written.insert(base) {
                continue;
            }
            let of_line = Some(Line::Path(line));
            fence.add(
                format!(
                    "ReadWritePaths={}",
                    path_word(base, line.optional, of_line.as_ref())?
                ),
                line.to_string(),
            );
        }
        Ok(())
    }

    /// What no line needs is not there.
    fn hide(&self, plan: &Plan, fence: &mut Fence) {
        let closed = |class| matches!(plan.standing(class), Standing::Landlock | Standing::Seccomp);
        if !["/home", "/root", "/run/user"]
            .iter()
            .any(|home| self.touches(home))
        {
            fence.add(
                "ProtectHome=yes",
                "no line is about /home, /root or /run/user",
            );
        }
        if !self.touches("/tmp") && !self.touches("/var/tmp") {
            fence.add("PrivateTmp=yes", "no line is about /tmp or /var/tmp");
        }
        let pseudo = |base: &Path| {
            !(base.starts_with("/dev") || base == Path::new("/"))
                || PSEUDO_DEVICES.iter().any(|device| base.starts_with(device))
        };
        let makes = |(line, _): &(&PathLine, PathBuf)| line.access.contains(Access::MAKE_DEVICE);
        if self.lines.iter().all(|(_, base)| pseudo(base))
            && self.others.iter().all(|path| pseudo(path))
            && !self.lines.iter().any(makes)
            && closed(Class::KernelInterfaces)
            && closed(Class::MakeDevice)
            && closed(Class::Ioctl)
        {
            fence.add(
                "PrivateDevices=yes",
                "no line is about other devices than null, random, terminals and their kin",
            );
        }
        // It hides files of /proc as well.
        if !self.touches("/proc/kallsyms") && !self.touches("/proc/sys") && !self.changes("/sys") {
            fence.add(
                "ProtectKernelTunables=yes",
                "no line is about /proc as a whole, and none lets /sys be changed",
            );
        }
        if closed(Class::KernelInterfaces)
            && !self.touches("/dev/kmsg")
            && !self.touches("/proc/kmsg")
        {
            fence.add(
                "ProtectKernelLogs=yes",
                "kernel-interfaces: no line allows it, nor /dev/kmsg and /proc/kmsg",
            );
        }
        if !self.changes("/sys/fs/cgroup") {
            fence.add(
                "ProtectControlGroups=yes",
                "no line lets /sys/fs/cgroup be changed",
            );
        }
    }
}

/// What systemd is told about the file system.
#[derive(Default)]
pub(super) struct Fence {
    pub(super) directives: Vec<Directive>,
    /// Whether all is read-only but for what lines let be changed.
    pub(super) system: bool,
    pub(super) notes: Vec<String>,
}

impl Fence {
    fn add(&mut self, text: impl Into<String>, from: impl Into<String>) {
        self.directives.push(Directive::new(text, from));
    }
}

/// Whether a line lets something be changed that is else read-only under `ProtectSystem=strict`.
pub(super) fn writes(line: &PathLine) -> bool {
    line.access.intersects(WRITES) && on_disk(&line.path)
}

fn on_disk(path: &Path) -> bool {
    !KERNEL_FILES.iter().any(|kernel| path.starts_with(kernel))
}

/// The path of a line, without `.`; of a pattern, the directory that all of its matches are beneath.
fn base(line: &PathLine) -> PathBuf {
    let wild = |part: &Component<'_>| {
        let text = part.as_os_str().as_encoded_bytes();
        text.iter().any(|byte| b"*?[".contains(byte))
    };
    line.path
        .components()
        .take_while(|part| !(line.pattern && wild(part)))
        .collect()
}

fn common_ancestor(one: &Path, other: &Path) -> PathBuf {
    one.components()
        .zip(other.components())
        .take_while(|(one, other)| one == other)
        .map(|(part, _)| part)
        .collect()
}

fn path_word(path: &Path, optional: bool, line: Option<&Line<'_>>) -> Result<String, ExportError> {
    let cannot = |why: &str| match line {
        Some(line) => ExportError::line(line, why),
        None => ExportError::Text {
            text: path.display().to_string(),
            why: why.to_owned(),
        },
    };
    let text = path
        .to_str()
        .ok_or_else(|| cannot("a unit file is UTF-8, and the path is not"))?;
    let mark = if optional { "-" } else { "" };
    escape::word(&format!("{mark}{text}")).map_err(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_based_at_the_directory_before_its_first_wild_name() {
        let at = |pattern, path: &str| {
            let mut line = PathLine::new(Access::READ, path);
            line.pattern = pattern;
            base(&line)
        };
        assert_eq!(at(true, "/srv/a/*.conf"), Path::new("/srv/a"));
        assert_eq!(at(true, "/srv/[ab]/c"), Path::new("/srv"));
        assert_eq!(at(false, "/srv/./*"), Path::new("/srv/*"));
        assert_eq!(
            common_ancestor("/a/b/c".as_ref(), "/a/bc".as_ref()),
            Path::new("/a")
        );
    }
}
