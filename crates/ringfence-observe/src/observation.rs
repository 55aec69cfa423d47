//! What was seen of a program, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ringfence::{Access, Class, PortClass, Syscall, WORDS};

/// What a program and all that it started did, as far as a policy has a say in it.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// Accesses that succeeded, by path: absolute, without symlinks. For entries that were created,
    /// removed or renamed the path is their directory's.
    pub paths: BTreeMap<PathBuf, Seen>,
    /// Ports that were bound or connected to.
    pub ports: BTreeMap<(PortClass, u16), Count>,
    /// Calls that a sandbox denies unless the policy leaves their class alone.
    pub calls: BTreeMap<(Syscall, [u64; 6]), Count>,
    /// What was done that belongs to a class and shows in no single call.
    pub classes: BTreeMap<Class, Count>,
    /// Every system call that was made, where the watcher was asked to look at all.
    pub used: BTreeMap<Syscall, Count>,
    /// How many accesses each program made that succeeded.
    pub programs: BTreeMap<String, u64>,
    /// Paths that were looked for and do not exist.
    pub missing: BTreeMap<PathBuf, Count>,
    /// Paths that came to be while the program ran; and names of abstract UNIX sockets, after a zero byte.
    pub made: BTreeSet<PathBuf>,
    /// What a reader has to know.
    pub notes: BTreeSet<String>,
    /// How many processes there were, threads not counted.
    pub processes: u64,
}

/// What was done at a path.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How often each word was used, in the order of [`WORDS`].
    counts: [u64; 9],
    /// The programs that did it.
    pub programs: BTreeSet<String>,
}

/// How often something was done, and by which programs.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// How often.
    pub times: u64,
    /// The programs.
    pub programs: BTreeSet<String>,
}

impl Seen {
    /// The words that were used.
    pub fn words(&self) -> Access {
        self.counted().map(|(word, _)| word).collect()
    }

    /// The words that were used, and how often.
    pub fn counted(&self) -> impl Iterator<Item = (Access, u64)> {
        WORDS
            .iter()
            .map(|word| word.access)
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
    }

    /// Counts words, each once.
    pub fn add(&mut self, words: Access, program: &str) {
        for (word, count) in WORDS.iter().zip(&mut self.counts) {
            *count += u64::from(words.contains(word.access));
        }
        self.programs.insert(program.to_owned());
    }

    /// Takes over what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.programs.extend(other.programs.iter().cloned());
    }
}

impl Count {
    /// Counts one more.
    pub fn add(&mut self, program: &str) {
        self.times += 1;
        self.programs.insert(program.to_owned());
    }
}

impl Observation {
    /// Adds an access that succeeded.
    pub fn accessed(&mut self, words: Access, path: impl Into<PathBuf>, program: &str) {
        if words.is_empty() {
            return;
        }
        self.paths
            .entry(path.into())
            .or_default()
            .add(words, program);
        self.counts_for(program, words.words().count() as u64);
    }

    /// Adds a port that was bound or connected to.
    pub fn reached(&mut self, class: PortClass, port: u16, program: &str) {
        self.ports.entry((class, port)).or_default().add(program);
        self.counts_for(program, 1);
    }

    fn counts_for(&mut self, program: &str, accesses: u64) {
        match self.programs.get_mut(program) {
            Some(count) => *count += accesses,
            None => drop(self.programs.insert(program.to_owned(), accesses)),
        }
    }

    /// Takes over what was seen in another run.
    pub fn merge(&mut self, other: Self) {
        for (path, seen) in other.paths {
            self.paths.entry(path).or_default().merge(&seen);
        }
        merge(&mut self.ports, other.ports);
        merge(&mut self.calls, other.calls);
        merge(&mut self.classes, other.classes);
        merge(&mut self.missing, other.missing);
        merge(&mut self.used, other.used);
        for (program, accesses) in other.programs {
            *self.programs.entry(program).or_default() += accesses;
        }
        self.made.extend(other.made);
        self.notes.extend(other.notes);
        self.processes += other.processes;
    }

    /// What a path stands for in a policy: a rule names what exists when the program starts, so that of
    /// what comes to be while it runs the directory counts that was there before.
    pub fn place<'p>(&self, path: &'p Path) -> &'p Path {
        let topmost = path
            .ancestors()
            .filter(|path| self.made.contains(*path))
            .last();
        topmost.map_or(path, |new| new.parent().unwrap_or(new))
    }

    /// How many accesses succeeded.
    pub fn accesses(&self) -> u64 {
        self.programs.values().sum()
    }
}

fn merge<T: Ord>(counts: &mut BTreeMap<T, Count>, others: BTreeMap<T, Count>) {
    for (what, other) in others {
        let count = counts.entry(what).or_default();
        count.times += other.times;
        count.programs.extend(other.programs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_counts_for_the_directory_that_was_there() {
        let mut observation = Observation::default();
        observation.made.insert("/srv/new".into());
        observation.made.insert("/srv/new/file".into());
        let place = |path| observation.place(Path::new(path));
        assert_eq!(place("/srv/new/file"), Path::new("/srv"));
        assert_eq!(place("/srv/old"), Path::new("/srv/old"));
        // Beneath a directory that is new everything is, seen or not.
        assert_eq!(place("/srv/new/other"), Path::new("/srv"));
    }

    #[test]
    fn words_are_counted_one_by_one() {
        let mut seen = Seen::default();
        seen.add(Access::READ, "cat");
        seen.add(Access::READ | Access::WRITE, "sed");
        assert_eq!(seen.words(), Access::READ | Access::WRITE);
        let counted: Vec<_> = seen.counted().collect();
        assert_eq!(counted, [(Access::READ, 2), (Access::WRITE, 1)]);
    }
}
