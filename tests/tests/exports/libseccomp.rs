//! What libseccomp, by which runc and crun load profiles, makes of one: exactly the filter.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use ringfence::{
    Action, Arch, CallData, Class, Filter, Kernel, Plan, Policy, PolicyBuilder, Syscall,
};
use ringfence_export::{OciOptions, oci_seccomp};
use ringfence_manifest::Manifest;
use ringfence_sys::seccomp::Instruction;
use ringfence_tests::bpf;
use ringfence_tests::install::need_found;
use ringfence_tests::libseccomp::{Exporter, HEADER, Layout, encoded};
use ringfence_tests::trial::{Outcome, Test};
use serde_json::Value;

use crate::grid;

pub fn tests() -> Vec<Test> {
    vec![
        Test::may_skip("libseccomp::profiles_compile_to_the_filter", || {
            with_exporter(profiles_compile)
        }),
        Test::may_skip("libseccomp::profiles_are_short_enough_for_kernels", || {
            with_exporter(profiles_are_short_enough)
        }),
    ]
}

fn with_exporter(run: impl FnOnce(&Exporter)) -> Outcome {
    let header = || Path::new(HEADER).exists().then(|| HEADER.into());
    if let Err(skip) = need_found(HEADER, "libseccomp-dev", header) {
        return Outcome::Skipped(skip.0);
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

fn policies() -> Vec<PolicyBuilder> {
    let tool = || Policy::builder().ro("/usr");
    vec![
        tool(),
        Policy::builder(),
        tool().rw("/srv").connect_tcp(443),
        tool().bind_udp(53),
        tool().connect_tcp(443).connect_udp(53),
        tool().bind_tcp(80).deny_class(Class::Metadata),
        tool().connect_unix("/run/x"),
        tool()
            .allow_class(Class::Netlink)
            .allow_class(Class::MountAttributes),
        tool().allow_class(Class::NewerCalls),
        tool()
            .allow_class(Class::KernelInterfaces)
            .allow_class(Class::OtherSockets),
        tool()
            .deny_syscall(Syscall::READ, Action::Kill)
            .deny_syscall(Syscall::OPENAT, Action::Errno(71)),
        tool().only_syscalls([Syscall::READ, Syscall::IOCTL, Syscall::EXECVE]),
    ]
}

fn profiles_compile(exporter: &Exporter) {
    for arch in Arch::ALL {
        let known = exporter.known(arch);
        for policy in policies() {
            for abi in if arch == Arch::X86_64 {
                vec![0, 9]
            } else {
                vec![0]
            } {
                let policy = policy.clone().build().expect("valid");
                let program = compiled(exporter, &policy, arch, abi, &known);
                let plan = Plan::new(policy, Kernel::with_abi(abi));
                assert_same(&plan.filter().expect("it is on"), &program, arch, &known);
            }
        }
    }
}

/// Whichever class a policy leaves alone, kernels take its profile.
fn profiles_are_short_enough(exporter: &Exporter) {
    /// `BPF_MAXINSNS`, less what runc puts before a filter.
    const MOST: usize = 4096 - 32;

    let known = exporter.known(Arch::X86_64);
    let bare = Policy::builder;
    let of_classes = Class::ALL
        .into_iter()
        .map(|class| bare().allow_class(class));
    for policy in of_classes.chain(policies()) {
        let Ok(policy) = policy.build() else { continue };
        let program = compiled(exporter, &policy, Arch::X86_64, 0, &known);
        assert!(program.len() <= MOST, "{} of {policy:?}", program.len());
    }
}

/// What runtimes load for the profile of a policy.
fn compiled(
    exporter: &Exporter,
    policy: &Policy,
    arch: Arch,
    abi: u32,
    known: &HashSet<Syscall>,
) -> Vec<Instruction> {
    let mut manifest = Manifest::default();
    manifest.policy = policy.clone();
    let options = OciOptions {
        arch,
        abi,
        runner: false,
    };
    let files = oci_seccomp(&manifest, options)
        .expect("it can be said")
        .files;
    let profile = serde_json::from_str(&files[0].text).expect("JSON");
    let (rules, default) = read(&profile, known);
    exporter.compile(&rules, default, arch, Layout::List)
}

fn assert_same(filter: &Filter, program: &[Instruction], arch: Arch, known: &HashSet<Syscall>) {
    for call in Syscall::all() {
        let Some(number) = call.number(arch) else {
            continue;
        };
        let verdict = filter.verdict(call);
        if !known.contains(&call) {
            continue;
        }
        for arguments in grid::arguments(verdict, [0x1234_5678_9abc_def0; 6]) {
            let data = CallData {
                number,
                audit: arch.audit(),
                instruction_pointer: 0x7fff_0000_1000,
                arguments,
            };
            assert_eq!(
                bpf::run(program, &data),
                Some(encoded(verdict.decide(arguments))),
                "{arch}: {call} {arguments:x?}"
            );
        }
    }
}

/// The rules as `libseccomp/export.c` reads them, without calls that this libseccomp does not know, as
/// runtimes leave them out; and the default action.
fn read(profile: &Value, known: &HashSet<Syscall>) -> (String, Action) {
    let mut lines = String::new();
    for rule in profile["syscalls"].as_array().expect("rules") {
        let mut tests = String::new();
        for one in rule
            .get("args")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            // `enum scmp_compare`
            let op = match one["op"].as_str().expect("an operator") {
                "SCMP_CMP_NE" => 1,
                "SCMP_CMP_EQ" => 4,
                "SCMP_CMP_MASKED_EQ" => 7,
                op => panic!("{op}"),
            };
            let two = one
                .get("valueTwo")
                .map_or(0, |two| two.as_u64().expect("a value"));
            write!(tests, " {} {op} {} {two}", one["index"], one["value"]).expect("memory");
        }
        let action = encoded(action(&rule["action"], rule.get("errnoRet")));
        for name in rule["names"].as_array().expect("names") {
            let name = name.as_str().expect("a name");
            if known.contains(&name.parse().expect("a call")) {
                writeln!(lines, "{name} {action}{tests}").expect("memory");
            }
        }
    }
    (
        lines,
        action(&profile["defaultAction"], profile.get("defaultErrnoRet")),
    )
}

fn action(name: &Value, errno: Option<&Value>) -> Action {
    match name.as_str().expect("an action") {
        "SCMP_ACT_ALLOW" => Action::Allow,
        "SCMP_ACT_KILL_PROCESS" => Action::Kill,
        "SCMP_ACT_ERRNO" => {
            let errno = errno.and_then(Value::as_u64).expect("an error");
            Action::Errno(u16::try_from(errno).expect("small"))
        }
        other => panic!("{other}"),
    }
}
