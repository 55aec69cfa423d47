//! One policy, many faces: what is written reads back as the same.

use std::path::PathBuf;

use proptest::prelude::*;
use ringfence::{
    Access, Action, Class, ClassLine, GROUPS, PathLine, Policy, PolicyBuilder, PortClass, PortLine,
    Ports, Source, Syscall, SyscallEffect, SyscallLine,
};
use ringfence_manifest::{Format, Manifest, Variables};

fn paths() -> impl Strategy<Value = PathLine> {
    let path = prop_oneof![
        "(/[a-z.~*?\\[\\]${} é'\"\\\\#:-]{1,8}){1,4}",
        "[a-z~!{\\[]{1,6}(/[a-z]{1,4}){0,2}",
    ];
    let except = prop::collection::vec("[.a-z]{2,6}(/[a-z$*?\\[~]{1,4})?", 0..3);
    (path, 1..=Access::all().bits(), any::<bool>(), except).prop_map(
        |(path, access, optional, except)| PathLine {
            optional,
            except: except.into_iter().map(PathBuf::from).collect(),
            ..PathLine::new(Access::from_bits_truncate(access), path)
        },
    )
}

fn ports() -> impl Strategy<Value = PortLine> {
    let range = (1..=u16::MAX, 1..=u16::MAX).prop_map(|(a, b)| Ports::from(a.min(b)..=a.max(b)));
    let ports = prop_oneof![9 => range, 1 => Just(Ports::Any)];
    (prop::sample::select(&PortClass::ALL[..]), ports).prop_map(|(class, ports)| PortLine {
        class,
        ports,
        source: Source::Api,
    })
}

fn calls() -> impl Strategy<Value = SyscallLine> {
    let names: Vec<String> = Syscall::all()
        .map(|call| call.name().to_owned())
        .chain(GROUPS.iter().map(|group| group.name.to_owned()))
        .collect();
    let effect = prop_oneof![
        Just(SyscallEffect::Allow),
        Just(SyscallEffect::Only),
        Just(SyscallEffect::Deny(Action::Kill)),
        (1u16..=130).prop_map(|errno| SyscallEffect::Deny(Action::Errno(errno))),
    ];
    (prop::sample::select(names), effect)
        .prop_map(|(name, effect)| SyscallLine::new(&name, effect).expect("a known name"))
}

fn policies() -> impl Strategy<Value = Policy> {
    let class = (prop::sample::select(&Class::ALL[..]), any::<bool>());
    (
        prop::collection::vec(paths(), 0..6),
        prop::collection::vec(ports(), 0..5),
        prop::collection::vec(class, 0..4),
        prop::collection::vec(calls(), 0..4),
        any::<[bool; 7]>(),
        0u32..12,
    )
        .prop_filter_map(
            "lines that contradict each other",
            |(paths, ports, classes, calls, switches, abi)| {
                let mut policy = Policy::builder().minimum_abi(abi);
                for line in paths {
                    policy = policy.path_line(line);
                }
                for line in ports {
                    policy = policy.port_line(line);
                }
                for (class, allow) in classes {
                    policy = policy.class_line(ClassLine {
                        class,
                        allow,
                        source: Source::Api,
                    });
                }
                for line in calls {
                    policy = policy.syscall_line(line);
                }
                let turns: [fn(PolicyBuilder) -> PolicyBuilder; 7] = [
                    PolicyBuilder::unrestricted_fs,
                    PolicyBuilder::unrestricted_net,
                    PolicyBuilder::unrestricted_ipc,
                    PolicyBuilder::unrestricted_syscalls,
                    PolicyBuilder::best_effort,
                    PolicyBuilder::require_complete,
                    PolicyBuilder::audit,
                ];
                for (turn, _) in turns.into_iter().zip(switches).filter(|(_, on)| *on) {
                    policy = turn(policy);
                }
                policy.build().ok()
            },
        )
}

/// The lines of a policy in one order, without where they were written.
fn lines(policy: &Policy) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in policy.paths() {
        let line = PathLine {
            source: Source::Api,
            ..line.clone()
        };
        lines.push(format!("{line:?}"));
    }
    for line in policy.ports() {
        lines.push(format!("{:?} {:?}", line.class, line.ports));
    }
    for line in policy.classes() {
        lines.push(format!("{:?} {}", line.class, line.allow));
    }
    for line in &policy.syscalls().lines {
        lines.push(format!("{:?} {:?}", line.calls, line.effect));
    }
    lines.sort();
    // What is said twice of a class or call is read once.
    lines.dedup();
    lines.push(format!(
        "{:?} {} {} {} {} {:?}",
        policy.unrestricted(),
        policy.best_effort(),
        policy.require_complete(),
        policy.audit(),
        policy.minimum_abi(),
        policy.syscalls().others,
    ));
    lines
}

proptest! {
    #[test]
    fn a_policy_written_as_yaml_reads_back_as_the_same(policy in policies()) {
        let yaml = Manifest::from(policy.clone()).to_yaml().unwrap();
        let read = Manifest::parse("x", &yaml, Format::Yaml, &Variables::default());
        let (manifest, _) = read.unwrap_or_else(|faults| panic!("{yaml}\n{faults}"));
        prop_assert_eq!(lines(&manifest.policy), lines(&policy), "{}", yaml);
        let again = manifest.to_yaml().unwrap();
        let (read, _) = Manifest::parse("x", &again, Format::Yaml, &Variables::default()).unwrap();
        prop_assert_eq!(read.to_yaml().unwrap(), again);
    }
}

#[test]
fn what_surrounds_a_policy_reads_back_as_the_same() {
    let text = "\
version: 1
description: \"a \\\"tool\\\": # with marks\"
command:
  - /usr/bin/tool
  - \"--flag=$$HOME\"
  - \"1\"
directory: /srv
ro:
  - {path: /usr, optional: true, description: \"programs\"}
connect-tcp:
  - {ports: 443, description: \"the API\"}
with-deps: true
with-deps-of:
  - /usr/bin/python3
environment:
  clear: true
  keep: [PATH]
  set:
    LANG: C.UTF-8
limits:
  memory: 512M
  cpu: 10s
  wall: 500ms
  processes: 64
  open-files: 256
  file-size: 1G
lints:
  allow: [missing-path]
expect:
  - {deny: read, path: /etc/shadow}
  - {allow: connect-tcp, port: 443, address: \"::1\"}
  - {deny: signal}
  - {deny: syscall, name: ptrace, description: \"no debugger\"}
  - {ready: \"tcp 8080\", within: 10s}
  - {exits: 3, within: 1m}
";
    let parse = |text: &str| {
        Manifest::parse("x", text, Format::Yaml, &Variables::default())
            .unwrap()
            .0
    };
    assert_eq!(parse(text).to_yaml().unwrap(), text);
}
