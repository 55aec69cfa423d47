//! Exported seccomp profiles: exactly the filter, and valid by the schema of the specification.

#![forbid(unsafe_code)]

mod grid;
mod interpreter;
mod policies;
mod schema;

use proptest::prelude::*;
use ringfence::{
    Action, Arch, Calls, Filter, Kernel, Plan, Policy, PolicyBuilder, Source, Syscall,
    SyscallEffect, SyscallLine,
};
use ringfence_export::{OciOptions, oci_seccomp};
use ringfence_manifest::Manifest;

use interpreter::Interpreter;

fn profile(policy: &Policy, options: OciOptions) -> serde_json::Value {
    let mut manifest = Manifest::default();
    manifest.policy = policy.clone();
    let exported = oci_seccomp(&manifest, options).expect("it can be exported");
    serde_json::from_str(&exported.files[0].text).expect("JSON")
}

fn filter(policy: &Policy, abi: u32) -> Filter {
    Plan::new(policy.clone(), Kernel::with_abi(abi))
        .filter()
        .expect("it is on")
}

/// Every call of an architecture, at the arguments where its verdict may turn, and a few others.
fn assert_same(filter: &Filter, profile: &Interpreter, arch: Arch, random: [u64; 6]) {
    for call in Syscall::all().filter(|call| call.number(arch).is_some()) {
        let verdict = filter.verdict(call);
        let points = profile.points(call.name());
        for arguments in grid::arguments(verdict, random).into_iter().chain(points) {
            assert_eq!(
                profile.decide(call.name(), arguments),
                verdict.decide(arguments),
                "{arch}: {call} {arguments:x?}"
            );
        }
    }
    let unknown = filter.decide(arch, arch.audit(), 0x3fff_ffff, random);
    assert_eq!(profile.decide("no_such_call", random), unknown);
}

#[test]
fn every_abi_and_architecture_is_exported_exactly() {
    let assert_exact = |policy: &Policy, abi, arch| {
        let options = OciOptions {
            arch,
            abi,
            runner: false,
        };
        let interpreter = Interpreter::new(&profile(policy, options));
        assert_same(&filter(policy, abi), &interpreter, arch, [7; 6]);
    };
    let server = Policy::builder()
        .ro("/usr")
        .bind_udp(53)
        .connect_unix("/run/x");
    let server = server.build().expect("valid");
    for abi in 0..=11 {
        assert_exact(&server, abi, Arch::X86_64);
    }
    let client = Policy::builder().rw("/srv").connect_tcp(443);
    let client = client.build().expect("valid");
    for arch in Arch::ALL {
        assert_exact(&client, 0, arch);
    }
}

#[test]
fn a_rule_less_would_be_seen() {
    let policy = Policy::builder().ro("/usr").build().expect("valid");
    let options = OciOptions {
        arch: Arch::X86_64,
        abi: 0,
        runner: false,
    };
    let whole = profile(&policy, options);
    let rules = whole["syscalls"].as_array().expect("rules").len();
    let filter = filter(&policy, 0);
    let points = Interpreter::new(&whole);
    for missing in 0..rules {
        let rule = &whole["syscalls"][missing];
        let name = rule["names"][0].as_str().expect("a name");
        let mut broken = whole.clone();
        let rules = broken["syscalls"].as_array_mut().expect("rules");
        rules.remove(missing);
        // Those about other calls take time and say nothing.
        rules.retain(|rule| {
            rule["names"]
                .as_array()
                .is_some_and(|names| names.contains(&name.into()))
        });
        let broken = Interpreter::new(&broken);
        let verdict = filter.verdict(name.parse().expect("a call"));
        let asked = points.points(name);
        let differs = |at: &[u64; 6]| broken.decide(name, *at) != verdict.decide(*at);
        assert!(asked.iter().any(differs), "{rule}");
    }
}

#[test]
fn what_the_runner_needs_passes_and_nothing_else_changes() {
    let policy = Policy::builder()
        .ro("/usr")
        .only_syscalls([Syscall::READ])
        .build()
        .expect("valid");
    let options = OciOptions {
        arch: Arch::X86_64,
        abi: 0,
        runner: true,
    };
    let with = Interpreter::new(&profile(&policy, options));
    let without = Interpreter::new(&profile(
        &policy,
        OciOptions {
            runner: false,
            ..options
        },
    ));
    for call in ["landlock_restrict_self", "seccomp", "execve", "openat2"] {
        assert_eq!(with.decide(call, [0; 6]), Action::Allow, "{call}");
        assert_ne!(without.decide(call, [0; 6]), Action::Allow, "{call}");
    }
    for call in ["ptrace", "socket", "mount", "fork"] {
        assert_eq!(
            with.decide(call, [0; 6]),
            without.decide(call, [0; 6]),
            "{call}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_policy_is_exported_exactly(
        policy in policies::policy(),
        abi in 0..=11_u32,
        arch in 0..3_usize,
        random in any::<[u64; 6]>(),
    ) {
        let arch = Arch::ALL[arch];
        let profile = profile(&policy, OciOptions { arch, abi, runner: false });
        prop_assert_eq!(schema::faults(&profile), [""; 0]);
        assert_same(&filter(&policy, abi), &Interpreter::new(&profile), arch, random);
    }
}

#[test]
fn a_call_that_the_runner_needs_is_not_called_denied_by_the_profile() {
    let calls = ["openat2", "@sandbox", "mlock"];
    let deny = |policy: PolicyBuilder, name: &str| {
        policy.syscall_line(SyscallLine {
            calls: name.parse::<Calls>().expect("a name"),
            effect: SyscallEffect::Deny(Action::EPERM),
            source: Source::Api,
        })
    };
    let mut manifest = Manifest::default();
    let policy = calls.into_iter().fold(Policy::builder(), deny);
    manifest.policy = policy.build().expect("valid");
    let by = |runner| {
        let options = OciOptions {
            arch: Arch::X86_64,
            abi: 0,
            runner,
        };
        let exported = oci_seccomp(&manifest, options).expect("it can be exported");
        let by = exported.account.into_iter().filter_map(|fate| fate.by);
        by.take(3).collect::<Vec<_>>()
    };
    assert_eq!(by(false), ["seccomp profile"; 3]);
    assert_eq!(
        by(true),
        ["landlock-runner", "landlock-runner", "seccomp profile"]
    );
}
