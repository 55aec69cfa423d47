//! What plans of one template share: the same basis, the same filter.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::plan;
use crate::{Access, Class, Policy, PolicyBuilder, PortClass, PortLine, Ports, Source, Syscall};

/// What a request adds.
fn lines() -> impl Strategy<Value = PolicyBuilder> {
    let access = prop_oneof![
        select(vec![
            Access::RO,
            Access::RW,
            Access::WRITE,
            Access::CONNECT_UNIX
        ]),
        (1..=Access::all().bits()).prop_map(Access::from_bits_truncate),
    ];
    let ports = prop_oneof![
        Just(Ports::Any),
        (0..3_u16, 0..9_u16).prop_map(|(first, more)| Ports::Range(first..=first + more)),
    ];
    let path = (access, any::<bool>());
    let port = (select(&PortClass::ALL[..]), ports);
    (vec(path, 0..3), vec(port, 0..3)).prop_map(|(paths, ports)| {
        let policy = paths
            .into_iter()
            .fold(Policy::builder(), |policy, (access, optional)| {
                if optional {
                    policy.allow_if_present(access, "/srv")
                } else {
                    policy.allow(access, "/srv")
                }
            });
        ports.into_iter().fold(policy, |policy, (class, ports)| {
            policy.port_line(PortLine {
                class,
                ports,
                source: Source::Api,
            })
        })
    })
}

/// What a template is made of.
fn base() -> impl Strategy<Value = PolicyBuilder> {
    let classes = vec((select(Class::ALL.to_vec()), any::<bool>()), 0..4);
    let calls = vec((0..Syscall::COUNT, any::<bool>()), 0..3);
    (lines(), classes, calls, any::<[bool; 4]>()).prop_map(|(lines, classes, calls, open)| {
        let [net, ipc, fs, all_calls] = open;
        let policy = classes.into_iter().fold(lines, |policy, (class, allow)| {
            if allow {
                policy.allow_class(class)
            } else {
                policy.deny_class(class)
            }
        });
        let policy = calls.into_iter().fold(policy, |policy, (index, allow)| {
            let call = Syscall::all().nth(index).expect("one of them");
            if allow {
                policy.allow_syscall(call)
            } else {
                policy.deny_syscall(call, super::EPERM)
            }
        });
        let maybe = |policy, open, change: fn(PolicyBuilder) -> PolicyBuilder| {
            if open { change(policy) } else { policy }
        };
        let policy = maybe(policy, net, PolicyBuilder::unrestricted_net);
        let policy = maybe(policy, ipc && fs, PolicyBuilder::unrestricted_ipc);
        let policy = maybe(policy, fs && net, PolicyBuilder::unrestricted_fs);
        maybe(
            policy,
            all_calls && net && ipc,
            PolicyBuilder::unrestricted_syscalls,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn plans_of_one_template_with_the_same_basis_have_the_same_filter(
        base in base(),
        added in vec(lines(), 6),
        abi in 1..12_u32,
    ) {
        let plans: Vec<_> = added
            .into_iter()
            .map(|lines| base.clone().merge(lines))
            .filter(|policy| policy.clone().build().is_ok())
            .map(|policy| plan(policy, abi))
            .collect();
        for one in &plans {
            for other in &plans {
                if one.filter_basis() == other.filter_basis() {
                    prop_assert_eq!(one.filter(), other.filter());
                }
            }
        }
    }
}
