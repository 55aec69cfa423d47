//! Flags, manifests and the builder say the same policy.

use std::ffi::OsString;

use proptest::prelude::*;
use ringfence::{Access, Class, PathLine, Policy, PortClass, Ports, Source, SyscallEffect};
use ringfence_manifest::{FromManifest as _, Manifest};

use crate::wrapper::{Asked, parse};

/// A flag and its value.
type Words = Vec<OsString>;

fn words(words: &[&str]) -> Words {
    words.iter().map(Into::into).collect()
}

fn flags() -> impl Strategy<Value = Words> {
    let path = "/[a-z*?\\[$ ~.]{1,6}(/[a-z]{1,4})?";
    let path = (
        path,
        1..=Access::all().bits(),
        any::<bool>(),
        prop::collection::vec("[a-z]{2,4}(\\[[*?\\[]\\])?", 0..3),
    )
        .prop_map(|(path, access, optional, except)| {
            let access = Access::from_bits_truncate(access);
            let mut flag = Words::new();
            if optional {
                flag.push("--optional".into());
            }
            for name in except {
                flag.extend(["--except".into(), name.into()]);
            }
            flag.extend(["--fs".into(), format!("{access}={path}").into()]);
            flag
        });
    let pattern = "/[a-z]{1,4}/[a-z]{0,2}[*?][a-z]{0,2}"
        .prop_map(|pattern| words(&["--glob", "--ro", &pattern]));
    let ports = (
        prop::sample::select(&PortClass::ALL[..]),
        1u16..,
        any::<bool>(),
    )
        .prop_map(|(class, port, is_any)| {
            let ports = if is_any {
                "any".to_owned()
            } else {
                port.to_string()
            };
            words(&[&format!("--{}", class.name()), &ports])
        });
    let class =
        (prop::sample::select(&Class::ALL[..]), any::<bool>()).prop_map(|(class, allow)| {
            words(&[if allow { "--allow" } else { "--deny" }, class.name()])
        });
    let others = prop::sample::select(vec![
        words(&["--deny-syscalls", "ptrace,@mount:EACCES,bpf:kill"]),
        words(&["--allow-syscalls", "socket"]),
        words(&["--only-syscalls", "@basic-io,execve"]),
        words(&["--unrestricted-net"]),
        words(&["--unrestricted-syscalls"]),
        words(&["--require-complete"]),
        words(&["--best-effort"]),
        words(&["--audit"]),
        words(&["--min-abi", "4"]),
    ]);
    prop_oneof![3 => path, 1 => pattern, 2 => ports, 1 => class, 1 => others]
}

/// The policy that a command line asks for; none if it means nothing.
fn policy(flags: &[Words]) -> Option<Policy> {
    let line = [OsString::from("landlock-runner")]
        .into_iter()
        .chain(flags.iter().flatten().cloned())
        .chain(["--".into(), "true".into()]);
    let line: Vec<_> = line.collect();
    match parse(line.into_iter()) {
        Ok(Asked::Run(mut invocation)) => invocation.take_policy().ok(),
        _ => None,
    }
}

/// The lines in one order, without where they were written.
fn lines(policy: &Policy) -> Vec<String> {
    let paths = policy.paths().iter().map(|line| {
        let line = PathLine {
            source: Source::Api,
            ..line.clone()
        };
        format!("{line:?}")
    });
    let ports = policy
        .ports()
        .iter()
        .map(|line| format!("{:?} {}", line.class, line.ports));
    let classes = policy
        .classes()
        .iter()
        .map(|line| format!("{:?} {}", line.class, line.allow));
    let calls = &policy.syscalls().lines;
    let calls = calls
        .iter()
        .map(|line| format!("{} {:?}", line.calls, line.effect));
    let mut lines: Vec<_> = paths.chain(ports).chain(classes).chain(calls).collect();
    lines.sort();
    // What is said twice of a class or call is read once.
    lines.dedup();
    lines.push(format!(
        "{:?} {} {} {} {}",
        policy.unrestricted(),
        policy.best_effort(),
        policy.require_complete(),
        policy.audit(),
        policy.minimum_abi()
    ));
    lines
}

/// The same policy by calls of the builder.
fn built(policy: &Policy) -> Policy {
    let mut builder = Policy::builder();
    for line in policy.paths() {
        builder = if line.pattern {
            builder.allow_matching(line.access, &line.path)
        } else if line.optional {
            builder.path_line(PathLine {
                source: Source::Api,
                ..line.clone()
            })
        } else {
            builder.allow_except(line.access, &line.path, &line.except)
        };
    }
    for line in policy.ports() {
        let ports: Ports = line.ports.clone();
        builder = match line.class {
            PortClass::BindTcp => builder.bind_tcp(ports),
            PortClass::ConnectTcp => builder.connect_tcp(ports),
            PortClass::BindUdp => builder.bind_udp(ports),
            PortClass::ConnectUdp => builder.connect_udp(ports),
        };
    }
    for line in policy.classes() {
        builder = if line.allow {
            builder.allow_class(line.class)
        } else {
            builder.deny_class(line.class)
        };
    }
    for line in &policy.syscalls().lines {
        builder = match (line.calls, line.effect) {
            (ringfence::Calls::One(call), SyscallEffect::Allow) => builder.allow_syscall(call),
            (ringfence::Calls::One(call), SyscallEffect::Deny(action)) => {
                builder.deny_syscall(call, action)
            }
            (ringfence::Calls::One(call), SyscallEffect::Only) => builder.only_syscalls([call]),
            _ => builder.syscall_line(line.clone()),
        };
    }
    let unrestricted = policy.unrestricted();
    if unrestricted.net {
        builder = builder.unrestricted_net();
    }
    if unrestricted.syscalls {
        builder = builder.unrestricted_syscalls();
    }
    if policy.best_effort() {
        builder = builder.best_effort();
    }
    if policy.audit() {
        builder = builder.audit();
    }
    if policy.require_complete() {
        builder = builder.require_complete();
    }
    builder
        .minimum_abi(policy.minimum_abi())
        .build()
        .expect("the same policy")
}

proptest! {
    #[test]
    fn flags_manifest_and_builder_are_one_policy(flags in prop::collection::vec(flags(), 0..6)) {
        let Some(of_flags) = policy(&flags) else {
            return Ok(());
        };
        let yaml = Manifest::from(of_flags.clone()).to_yaml().unwrap();
        let of_yaml = Policy::from_yaml(&yaml).unwrap_or_else(|faults| panic!("{yaml}\n{faults}"));
        prop_assert_eq!(lines(&of_yaml), lines(&of_flags), "{}", yaml);
        prop_assert_eq!(lines(&built(&of_flags)), lines(&of_flags));
    }
}
