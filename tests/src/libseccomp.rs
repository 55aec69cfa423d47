//! Filters made by libseccomp of the same rules, to hold ours against.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringfence::{Action, Arch, Filter, Is, Syscall, Test, Verdict};
use ringfence_sys::seccomp::Instruction;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/libseccomp/export.c");

/// The header without which nothing can be compiled.
pub const HEADER: &str = "/usr/include/seccomp.h";

/// The program that makes filters with libseccomp.
pub struct Exporter(PathBuf);

/// How libseccomp arranges the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One after the other, the default.
    List,
    /// As a binary tree.
    Tree,
}

/// A rule as both can express it: some action if all tests hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The call.
    pub call: Syscall,
    /// What it is answered.
    pub action: Action,
    /// Of different arguments each: libseccomp takes no two about one.
    pub tests: Vec<Test>,
}

impl Exporter {
    /// Compiles it.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn build(into: &Path) -> Result<Self, String> {
        let program = into.join("libseccomp-export");
        let run = Command::new("gcc")
            .args(["-O2", "-Wall", "-Werror", SOURCE, "-o"])
            .arg(&program)
            .arg("-lseccomp")
            .output()
            .map_err(|error| format!("gcc cannot be started: {error}"))?;
        if run.status.success() {
            Ok(Self(program))
        } else {
            Err(String::from_utf8_lossy(&run.stderr).into_owned())
        }
    }

    /// The calls that this libseccomp knows on an architecture.
    ///
    /// # Panics
    /// If the program fails.
    pub fn known(&self, arch: Arch) -> HashSet<Syscall> {
        let names: Vec<_> = Syscall::all().map(Syscall::name).collect();
        let output = self.run(&["known", &arch.to_string()], &names.join("\n"));
        let text = String::from_utf8(output).expect("names");
        text.lines().filter_map(|name| name.parse().ok()).collect()
    }

    /// The program of these rules; what none is about is allowed.
    ///
    /// # Panics
    /// If the program fails, or libseccomp has no such rule.
    pub fn export(&self, rules: &[Rule], arch: Arch, layout: Layout) -> Vec<Instruction> {
        let text: String = rules.iter().map(Rule::lines).collect();
        self.compile(&text, Action::Allow, arch, layout)
    }

    /// The program of rules as `libseccomp/export.c` reads them, and of what other calls get.
    ///
    /// # Panics
    /// If the program fails, or libseccomp has no such rule.
    pub fn compile(
        &self,
        rules: &str,
        default: Action,
        arch: Arch,
        layout: Layout,
    ) -> Vec<Instruction> {
        let layout = match layout {
            Layout::List => "1",
            Layout::Tree => "2",
        };
        let default = encoded(default).to_string();
        let bytes = self.run(&["filter", &arch.to_string(), layout, &default], rules);
        bytes
            .chunks_exact(8)
            .map(|bytes| Instruction {
                code: u16::from_le_bytes([bytes[0], bytes[1]]),
                jump: [bytes[2], bytes[3]],
                operand: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            })
            .collect()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Vec<u8> {
        let mut child = Command::new(&self.0)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("it reads all");
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        output.stdout
    }
}

impl Rule {
    /// Whether libseccomp takes it: no two tests of an argument, no "anything but" under a mask, and
    /// not so many single bits that it takes seconds.
    fn is_expressible(&self) -> bool {
        const MOST: u32 = 64;
        let arguments: HashSet<_> = self.tests.iter().map(|test| test.argument()).collect();
        let masked_not = |test: &Test| matches!(test.is(), Is::Not(_)) && test.mask() != u64::MAX;
        let any_bit = self.tests.iter().filter(|test| test.is() == Is::NonZero);
        let lines: u32 = any_bit.map(|test| test.mask().count_ones()).product();
        arguments.len() == self.tests.len() && !self.tests.iter().any(masked_not) && lines <= MOST
    }

    /// The rule as the program reads it: libseccomp has no "any of these bits", so that it becomes a
    /// line for each.
    fn lines(&self) -> String {
        // `enum scmp_compare`
        const NOT_EQUAL: u8 = 1;
        const MASKED_EQUAL: u8 = 7;
        let mut lines = vec![format!("{} {}", self.call, encoded(self.action))];
        for test in &self.tests {
            let argument = test.argument();
            let masked = |mask, value| format!(" {argument} {MASKED_EQUAL} {mask} {value}");
            let ways: Vec<String> = match (test.is(), test.mask()) {
                (Is::Exactly(value), mask) => vec![masked(mask, value)],
                (Is::Not(value), _) => vec![format!(" {argument} {NOT_EQUAL} {value} 0")],
                (Is::NonZero, u64::MAX) => vec![format!(" {argument} {NOT_EQUAL} 0 0")],
                (Is::NonZero, mask) => bits(mask).map(|bit| masked(bit, bit)).collect(),
            };
            lines = lines
                .iter()
                .flat_map(|line| ways.iter().map(move |way| format!("{line}{way}")))
                .collect();
        }
        lines.join("\n") + "\n"
    }
}

fn bits(mask: u64) -> impl Iterator<Item = u64> {
    (0..64)
        .map(|bit| 1 << bit)
        .filter(move |bit| mask & bit != 0)
}

/// The action as the kernel reads it (`linux/seccomp.h`).
pub fn encoded(action: Action) -> u32 {
    match action {
        Action::Allow => 0x7fff_0000,
        Action::Errno(number) => 0x0005_0000 | u32::from(number),
        Action::Kill => 0x8000_0000,
    }
}

/// What rules of one answer a call say of it, as a verdict of ours.
pub fn verdict<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Verdict {
    let allow = Verdict::Always(Action::Allow);
    rules.into_iter().fold(allow, |otherwise, rule| {
        let denied = Verdict::Always(rule.action);
        rule.tests.iter().rev().fold(denied, |then, &test| {
            Verdict::If(test, Box::new(then), Box::new(otherwise.clone()))
        })
    })
}

/// The verdicts of a filter as rules, where rules without a "but" can express them; calls that are
/// allowed, and those that it takes more to express, have none.
pub fn rules(filter: &Filter) -> Vec<Rule> {
    Syscall::all()
        .filter(|&call| !excepts(filter.verdict(call)))
        .filter_map(|call| {
            let mut ways = Vec::new();
            collect(filter.verdict(call), &[], &mut ways);
            // A way that asks for all that another asks for, and more.
            let narrower = |way: &Way| {
                let within = |other: &Way| other.1.iter().all(|test| way.1.contains(test));
                ways.iter()
                    .any(|other| other.1.len() < way.1.len() && within(other))
            };
            let rules: Vec<Rule> = ways
                .iter()
                .filter(|way| !narrower(way))
                .map(|(action, tests)| Rule {
                    call,
                    action: *action,
                    tests: tests.clone(),
                })
                .collect();
            let alike = |rule: &Rule| rule.is_expressible() && rule.action == rules[0].action;
            rules.iter().all(alike).then_some(rules)
        })
        .flatten()
        .collect()
}

/// Whether some test leads to nothing but a pass where the call would else be denied.
fn excepts(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Always(_) => false,
        Verdict::If(_, then, otherwise) => {
            !then.denies() && otherwise.denies() || excepts(then) || excepts(otherwise)
        }
    }
}

/// What denies, and the tests that hold on the way to it.
type Way = (Action, Vec<Test>);

/// Since no test excepts, those that failed on a way do not matter.
fn collect(verdict: &Verdict, held: &[Test], ways: &mut Vec<Way>) {
    match verdict {
        Verdict::Always(Action::Allow) => {}
        Verdict::Always(action) => ways.push((*action, held.to_vec())),
        Verdict::If(test, then, otherwise) => {
            collect(then, &[held, &[*test]].concat(), ways);
            collect(otherwise, held, ways);
        }
    }
}
