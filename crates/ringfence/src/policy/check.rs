//! What a policy is checked for when it is built: that every line means something, and no two contradict.

use super::{ClassLine, Policy};

/// A line of a policy that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("cannot use `{line}`: {why}")]
pub struct InvalidLine {
    /// The line as its author wrote it.
    pub line: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl InvalidLine {
    fn new(line: &impl ToString, why: &'static str) -> Self {
        Self {
            line: line.to_string(),
            why,
        }
    }
}

impl Policy {
    /// The first line that means nothing is an error.
    pub(super) fn check(&self) -> Result<(), InvalidLine> {
        for line in &self.paths {
            if let Some(why) = line.fault() {
                return Err(InvalidLine::new(line, why));
            }
        }
        for line in &self.ports {
            if let Some(why) = line.fault() {
                return Err(InvalidLine::new(line, why));
            }
        }
        self.check_classes()?;
        self.check_syscalls()
    }

    fn check_classes(&self) -> Result<(), InvalidLine> {
        for line in &self.classes {
            let contradicts = |other: &ClassLine| other.class == line.class && !other.allow;
            let why = if line.allow && self.classes.iter().any(contradicts) {
                Some("another line denies the same")
            } else {
                line.fault(self.unrestricted)
            };
            if let Some(why) = why {
                return Err(InvalidLine::new(line, why));
            }
        }
        Ok(())
    }

    fn check_syscalls(&self) -> Result<(), InvalidLine> {
        if let Some(found) = self.syscalls.contradictions().first() {
            return Err(match found.call {
                None => InvalidLine::new(&found.denial, "another line allows the same"),
                Some(_) => InvalidLine::new(
                    &format!("{}` beside `{}", found.denial, found.other),
                    "they are of different files, or of a file and a flag, and decide some system \
                     call differently; take one of them out",
                ),
            });
        }
        match self.syscalls.lines.first() {
            Some(line) if self.unrestricted.syscalls => Err(InvalidLine::new(
                line,
                "system calls are left alone as a whole (unrestricted-syscalls)",
            )),
            _ => Ok(()),
        }
    }
}
