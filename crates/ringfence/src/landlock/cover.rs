//! Finding the lines that a wider one makes redundant.

use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::access::AccessFs;
use crate::plan::Plan;

/// What wider lines allow at the path of each line, by the paths as written. Lines with a pattern
/// or with exceptions cover nothing here, nor do those that were looked up before: another thing may
/// stand at their paths by now.
pub(super) struct Cover<'p> {
    /// The lines in the order of their paths' bytes.
    sorted: Vec<Line<'p>>,
    /// For each line of the plan, the rights that lines for directories above it give, and those
    /// before it for the same path.
    above: Vec<AccessFs>,
}

struct Line<'p> {
    path: &'p [u8],
    granted: AccessFs,
    number: usize,
}

impl Line<'_> {
    /// Of lines about one path the one that gives most comes first, and covers the others.
    fn order(&self, other: &Self) -> Ordering {
        let rights = |line: &Self| line.granted.bits().count_ones();
        self.path
            .cmp(other.path)
            .then_with(|| rights(other).cmp(&rights(self)))
            .then_with(|| self.number.cmp(&other.number))
    }
}

impl<'p> Cover<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let known = plan.found.len();
        let mut sorted: Vec<_> = plan
            .paths()
            .enumerate()
            .map(|(number, plan)| Line {
                path: plan.line.path.as_os_str().as_bytes(),
                granted: if number >= known && plan.line.is_plain() {
                    plan.granted
                } else {
                    AccessFs::empty()
                },
                number,
            })
            .collect();
        sorted.sort_unstable_by(Line::order);

        // In the order of bytes a path is followed by all that begin with it, so those that a path
        // begins with are a stack. Not each of them is a directory above: `/a/b` begins `/a/b-c`.
        let mut above = vec![AccessFs::empty(); sorted.len()];
        let mut stack: Vec<&Line> = Vec::new();
        for line in &sorted {
            while stack
                .last()
                .is_some_and(|top| !line.path.starts_with(top.path))
            {
                stack.pop();
            }
            above[line.number] = stack
                .iter()
                .filter(|other| other.path == line.path || is_above(other.path, line.path))
                .map(|other| other.granted)
                .collect();
            stack.push(line);
        }
        Self { sorted, above }
    }

    /// Whether other lines, for directories above or the same path, give the line with this number
    /// all of its rights. Its path has no symlink in it.
    ///
    /// Then neither have the paths above it, so that each line written so names that directory, and
    /// its rule covers all beneath.
    pub(super) fn makes_redundant(&self, line: usize, rights: AccessFs) -> bool {
        self.above[line].contains(rights)
    }

    /// The same for a line whose path led to `resolved`, which another line may name as well.
    pub(super) fn makes_redundant_at(&self, resolved: &Path, rights: AccessFs) -> bool {
        resolved
            .ancestors()
            .flat_map(|path| self.lines_at(path.as_os_str().as_bytes()))
            .collect::<AccessFs>()
            .contains(rights)
    }

    fn lines_at(&self, path: &[u8]) -> impl Iterator<Item = AccessFs> {
        let first = self.sorted.partition_point(|line| line.path < path);
        self.sorted[first..]
            .iter()
            .take_while(move |line| line.path == path)
            .map(|line| line.granted)
    }
}

/// Whether `directory` is above `path`, which begins with it.
fn is_above(directory: &[u8], path: &[u8]) -> bool {
    directory == b"/" && path.len() > 1 || path.get(directory.len()) == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Kernel, Policy};

    fn redundant(lines: &[(&str, Access)]) -> Vec<bool> {
        let policy = lines
            .iter()
            .fold(Policy::builder(), |policy, (path, access)| {
                policy.allow(*access, path)
            })
            .build()
            .expect("a valid policy");
        let plan = Plan::new(policy, Kernel::with_abi(7));
        let cover = Cover::of(&plan);
        plan.paths()
            .enumerate()
            .map(|(number, path)| cover.makes_redundant(number, path.granted))
            .collect()
    }

    #[test]
    fn a_line_is_redundant_beneath_one_that_gives_as_much() {
        let lines = [
            ("/usr/lib/x", Access::RO),
            ("/usr", Access::RO),
            ("/usr-local/x", Access::RO),
            ("/usr/lib/y", Access::RW),
            ("/usr/lib", Access::READ),
        ];
        assert_eq!(redundant(&lines), [true, false, false, false, true]);
        let all = [("/", Access::RW), ("/x", Access::RO), ("/", Access::RO)];
        assert_eq!(redundant(&all), [false, true, true]);
        let same = [("/x", Access::RO), ("/x", Access::RW), ("/x", Access::RO)];
        assert_eq!(redundant(&same), [true, false, true]);
        assert_eq!(redundant(&[("/x", Access::RO); 2]), [false, true]);
    }

    #[test]
    fn several_wider_lines_may_give_it_together() {
        let lines = [
            ("/a", Access::READ),
            ("/a/b", Access::EXECUTE),
            ("/a/b-c", Access::WRITE),
            ("/a/b/c", Access::RO),
        ];
        assert_eq!(redundant(&lines), [false, false, false, true]);
    }

    #[test]
    fn where_a_symlink_led_the_same_place_counts_too() {
        let policy = Policy::builder().ro("/usr/lib64").ro("/lib64").build();
        let plan = Plan::new(policy.expect("a valid policy"), Kernel::with_abi(7));
        let cover = Cover::of(&plan);
        let resolved = Path::new("/usr/lib64");
        assert!(cover.makes_redundant_at(resolved, Access::RO.rights()));
        assert!(!cover.makes_redundant_at(resolved, Access::RW.rights()));
        assert!(!cover.makes_redundant_at(Path::new("/usr"), Access::RO.rights()));
    }
}
