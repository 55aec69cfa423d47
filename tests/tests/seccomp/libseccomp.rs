//! The same rules compiled here and by libseccomp give the same answers.
//!
//! Where the two differ on purpose is left out by name: calls that the installed libseccomp does not
//! know, numbers that neither knows (ours are answered ENOSYS, there they pass) and x32 calls.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use ringfence::{
    Abi, Action, Arch, CallData, Class, Filter, Is, Kernel, Plan, Policy, PolicyBuilder, Syscall,
    Test as ArgumentTest,
};
use ringfence_tests::bpf;
use ringfence_tests::libseccomp::{Exporter, HEADER, Layout, Rule, encoded, rules, verdict};
use ringfence_tests::trial::{Outcome, Test};

pub fn tests() -> Vec<Test> {
    vec![
        Test::may_skip("libseccomp::filters_of_policies_agree", || {
            with_exporter(policies_agree)
        }),
        Test::may_skip("libseccomp::filters_of_any_rules_agree", || {
            with_exporter(any_rules_agree)
        }),
        Test::may_skip("libseccomp::a_rule_less_would_be_seen", || {
            with_exporter(differences_are_seen)
        }),
        Test::new(
            "libseccomp::both_machines_run_our_programs_alike",
            machines_agree,
        ),
    ]
}

fn with_exporter(run: impl FnOnce(&Exporter)) -> Outcome {
    if !Path::new(HEADER).exists() && !installed() {
        return Outcome::Skipped(format!(
            "{HEADER} is not there (Debian package libseccomp-dev); as root, RINGFENCE_INSTALL=1 \
             installs it"
        ));
    }
    let scratch = tempfile::tempdir().expect("a temporary directory");
    match Exporter::build(scratch.path()) {
        Ok(exporter) => {
            run(&exporter);
            Outcome::Passed
        }
        Err(why) => Outcome::Skipped(format!("libseccomp/export.c cannot be compiled: {why}")),
    }
}

/// Installs the package if that is wished.
fn installed() -> bool {
    static ONCE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ONCE.get_or_init(|| {
        let wished = std::env::var_os("RINGFENCE_INSTALL").is_some_and(|value| value == "1");
        let apt_get = |arguments: &[&str]| {
            std::process::Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .output()
                .is_ok_and(|output| output.status.success())
        };
        wished
            && rustix::process::geteuid().is_root()
            && apt_get(&["update"])
            && apt_get(&["install", "-y", "--no-install-recommends", "libseccomp-dev"])
    })
}

/// Policies whose filters have different verdicts for the same calls.
fn policies() -> [PolicyBuilder; 5] {
    let tool = || Policy::builder().ro("/usr").best_effort();
    [
        tool(),
        tool().rw("/srv").connect_tcp(443),
        tool()
            .allow_class(Class::Netlink)
            .allow_class(Class::MountAttributes),
        tool()
            .allow_class(Class::Metadata)
            .bind_tcp(80)
            .connect_udp(53),
        tool()
            .deny_syscall(Syscall::READ, Action::Kill)
            .deny_syscall(Syscall::OPENAT, Action::Errno(71)),
    ]
}

fn policies_agree(exporter: &Exporter) {
    for arch in Arch::ALL {
        let known = exporter.known(arch);
        let mut tried = BTreeSet::new();
        for policy in policies() {
            for abi in [1, 4, 7, 9, 11].map(Abi::new) {
                let policy = policy.clone().build().expect("a valid policy");
                let plan = Plan::new(policy, Kernel::with_abi(abi.number().into()));
                let mut rules = rules(&plan.filter().expect("it is on"));
                rules.retain(|rule| known.contains(&rule.call));
                tried.extend(rules.iter().map(|rule| (rule.call, rule.tests.len())));
                assert_agree(exporter, &rules, arch, &known);
            }
        }
        let with_arguments: HashSet<_> = tried
            .iter()
            .filter(|(_, tests)| *tests > 0)
            .map(|(call, _)| call.name())
            .collect();
        assert!(tried.len() > 80, "{arch}: {}", tried.len());
        for call in [
            "sendto",
            "sendmsg",
            "ioctl",
            "clone",
            "setsockopt",
            "unshare",
        ] {
            assert!(
                with_arguments.contains(call),
                "{arch}: {call} was not compared"
            );
        }
    }
}

fn any_rules_agree(exporter: &Exporter) {
    const SETS: u32 = 40;
    for arch in Arch::ALL {
        let known = exporter.known(arch);
        let mut calls: Vec<Syscall> = known.iter().copied().collect();
        calls.sort_unstable();
        for seed in 0..SETS {
            let rules = random_rules(&mut Random(u64::from(seed) << 8 | 1), &calls);
            assert_agree(exporter, &rules, arch, &known);
        }
    }
}

fn differences_are_seen(exporter: &Exporter) {
    let arch = Arch::X86_64;
    let known = exporter.known(arch);
    let rules = [0, 1, 2].map(|value| Rule {
        call: Syscall::IOCTL,
        action: Action::EPERM,
        tests: vec![argument_test(1, 0xffff_ffff, Is::Exactly(value))],
    });
    let theirs = exporter.export(&rules[1..], arch, Layout::Tree);
    let ours = filter(&rules).compile(arch).expect("short enough");
    let calls = grid(&rules, arch, &known);
    let agrees = |call: &CallData| bpf::run(&theirs, call) == ours.run(call);
    assert!(!calls.iter().all(agrees));
}

fn machines_agree() {
    for policy in policies() {
        let plan = Plan::new(policy.build().expect("a valid policy"), Kernel::with_abi(7));
        let filter = plan.filter().expect("it is on");
        let rules = rules(&filter);
        for arch in Arch::ALL {
            let program = filter.compile(arch).expect("short enough");
            for call in grid(&rules, arch, &Syscall::all().collect()) {
                let answer = program.run(&call);
                assert_eq!(bpf::run(program.instructions(), &call), answer);
                let CallData {
                    number,
                    audit,
                    arguments,
                    ..
                } = call;
                let expected = encoded(filter.decide(arch, audit, number, arguments));
                assert_eq!(answer, Some(expected), "{call:x?}");
            }
        }
    }
}

fn filter(rules: &[Rule]) -> Filter {
    Filter::new(|call| verdict(rules.iter().filter(|rule| rule.call == call)))
}

fn assert_agree(exporter: &Exporter, rules: &[Rule], arch: Arch, known: &HashSet<Syscall>) {
    let ours = filter(rules).compile(arch).expect("short enough");
    let calls = grid(rules, arch, known);
    for layout in [Layout::List, Layout::Tree] {
        let theirs = exporter.export(rules, arch, layout);
        for call in &calls {
            let (own, other) = (ours.run(call), bpf::run(&theirs, call));
            assert!(own.is_some());
            let about = || -> Vec<_> {
                let same = |rule: &&Rule| rule.call.number(arch) == Some(call.number);
                rules.iter().filter(same).collect()
            };
            assert_eq!(
                own,
                other,
                "{layout:?} on {arch}: {call:x?} of {:#x?}",
                about()
            );
        }
    }
}

/// Every call that both know, with arguments at which some rule turns; and those of another
/// architecture.
fn grid(rules: &[Rule], arch: Arch, known: &HashSet<Syscall>) -> Vec<CallData> {
    let own = arch.audit();
    let mut calls = Vec::new();
    for call in known {
        let Some(number) = call.number(arch) else {
            continue;
        };
        let mut ask = |audit, arguments| {
            calls.push(CallData {
                number,
                audit,
                instruction_pointer: 0x7fff_0000_1000,
                arguments,
            });
        };
        ask(own, [0; 6]);
        ask(own, [u64::MAX; 6]);
        ask(0x4000_0003, [0; 6]);
        let tests: Vec<ArgumentTest> = rules
            .iter()
            .filter(|rule| rule.call == *call)
            .flat_map(|rule| rule.tests.clone())
            .collect();
        for first in &tests {
            for second in tests.iter().take(12) {
                for (value, other) in turning(*first)
                    .into_iter()
                    .zip(turning(*second).into_iter().rev())
                {
                    let mut arguments = [0; 6];
                    arguments[usize::from(first.argument())] = value;
                    arguments[usize::from(second.argument())] = other;
                    ask(own, arguments);
                }
                let mut both = [u64::MAX; 6];
                both[usize::from(first.argument())] = meeting(*first);
                both[usize::from(second.argument())] = meeting(*second);
                ask(own, both);
            }
        }
    }
    calls
}

fn meeting(test: ArgumentTest) -> u64 {
    match test.is() {
        Is::Exactly(value) => value,
        Is::Not(value) => !value,
        Is::NonZero => test.mask(),
    }
}

/// Values on either side of a test, with and without bits that it does not look at.
fn turning(test: ArgumentTest) -> [u64; 8] {
    let value = meeting(test);
    let lowest = test.mask() & test.mask().wrapping_neg();
    [
        value,
        value | !test.mask(),
        value ^ lowest,
        value.wrapping_add(1),
        value.wrapping_sub(1),
        value ^ 1 << 63,
        value ^ 1 << 31,
        value & 0xffff_ffff,
    ]
}

/// The same rules in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

fn random_rules(random: &mut Random, calls: &[Syscall]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for _ in 0..=random.below(60) {
        let call = random.one_of(calls);
        if rules.iter().any(|rule: &Rule| rule.call == call) {
            continue;
        }
        let action = random.one_of(&[Action::EPERM, Action::Errno(38), Action::Kill]);
        // libseccomp 2.5 denies too much where one of several rules says "anything but".
        let several = random.below(2) == 0;
        for _ in 0..if several { 2 + random.below(4) } else { 1 } {
            let mut arguments: Vec<u8> = (0..6).filter(|_| random.below(4) == 0).collect();
            arguments.truncate(3);
            let tests = arguments
                .into_iter()
                .map(|argument| random_test(random, argument, several))
                .collect();
            rules.push(Rule {
                call,
                action,
                tests,
            });
        }
    }
    rules
}

fn argument_test(argument: u8, mask: u64, is: Is) -> ArgumentTest {
    ArgumentTest::new(argument, mask, is).expect("one of six arguments")
}

fn random_test(random: &mut Random, argument: u8, without_not: bool) -> ArgumentTest {
    const MASKS: [u64; 5] = [u64::MAX, 0xffff_ffff, 0xff00, 0xf, 0xffff_0000_0000_0000];
    let mask = random.one_of(&MASKS);
    match random.below(4) {
        0 => argument_test(argument, 1 << random.below(64), Is::NonZero),
        1 if !without_not => {
            let value = random.one_of(&[0, 1, u64::MAX, 0x1_0000_0000]);
            argument_test(argument, u64::MAX, Is::Not(value))
        }
        _ => {
            let value = random.one_of(&[0, 1, 2, 0x100, 0x5412, random.0]);
            argument_test(argument, mask, Is::Exactly(value & mask))
        }
    }
}
