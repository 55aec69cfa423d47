//! Whoever exports a policy: what goes along, what is enforced and what the account says are the plan.

use proptest::prelude::*;
use ringfence::{
    Abi, Access, Action, Arch, Class, ClassLine, Kernel, PathLine, Plan, Policy, PolicyBuilder,
    PortClass, PortLine, Ports, Request, Source, Syscall,
};
use ringfence_export::{
    Exported, KubernetesOptions, OciOptions, Service, apparmor, kubernetes, landlockconfig,
    oci_seccomp, systemd,
};
use ringfence_manifest::{Format, Manifest, Variables};
use serde_json::Value;

const PORTS: [u16; 5] = [0, 53, 443, 8000, 65535];

fn policies() -> impl Strategy<Value = Policy> {
    let paths = (
        prop::sample::select(&["/usr", "/srv/a b", "/srv/$x", "/var/lib/é"][..]),
        1..=Access::all().bits(),
    );
    let ports = (
        prop::sample::select(&PortClass::ALL[..]),
        prop::sample::select(&PORTS[..]),
        0u16..3,
    );
    let classes = [Class::Signal, Class::Netlink, Class::OtherStreams];
    let classes = (prop::sample::select(classes.to_vec()), any::<bool>());
    (
        prop::collection::vec(paths, 0..4),
        prop::collection::vec(ports, 0..4),
        prop::collection::vec(classes, 0..2),
        prop::option::weighted(0.3, prop::sample::select(&PortClass::ALL[..])),
        prop::bool::weighted(0.1),
    )
        .prop_filter_map(
            "lines that contradict each other",
            |(paths, ports, classes, any, free)| {
                let mut policy = Policy::builder();
                for (path, access) in paths {
                    let access = Access::from_bits_truncate(access);
                    policy = policy.path_line(PathLine::new(access, path));
                }
                let ranges = ports.into_iter().map(|(class, port, more)| {
                    (class, Ports::from(port..=port.saturating_add(more)))
                });
                for (class, ports) in ranges.chain(any.map(|class| (class, Ports::Any))) {
                    policy = policy.port_line(PortLine {
                        class,
                        ports,
                        source: Source::Api,
                    });
                }
                for (class, allow) in classes {
                    policy = policy.class_line(ClassLine {
                        class,
                        allow,
                        source: Source::Api,
                    });
                }
                if free {
                    policy = policy.unrestricted_net();
                }
                policy.build().ok()
            },
        )
}

fn manifest(policy: &Policy) -> Manifest {
    let mut manifest = Manifest::from(policy.clone());
    manifest.command = vec!["/usr/bin/tool".to_owned()];
    manifest
}

fn in_kubernetes(manifest: &Manifest) -> Exported {
    let options = KubernetesOptions {
        name: "tool",
        image: "tool",
        runner: "/landlock-runner",
        deployment: false,
        arch: Arch::X86_64,
    };
    kubernetes(manifest, options).unwrap()
}

fn in_systemd(manifest: &Manifest) -> Exported {
    systemd(manifest, &Service::new("tool", "/etc/tool.yaml")).unwrap()
}

fn in_oci(manifest: &Manifest) -> Exported {
    let options = OciOptions {
        arch: Arch::X86_64,
        abi: 0,
        runner: true,
    };
    oci_seccomp(manifest, options).unwrap()
}

fn newest(policy: &Policy) -> Plan {
    Plan::new(
        policy.clone(),
        Kernel::with_abi(Abi::NEWEST.number().into()),
    )
}

fn object(exported: &Exported, kind: &str) -> Value {
    let objects: Vec<Value> = serde_saphyr::from_multiple(&exported.files[0].text).unwrap();
    let mut objects = objects.into_iter();
    objects
        .find(|object| object["kind"] == kind)
        .unwrap_or_default()
}

fn parsed(text: &str) -> Manifest {
    Manifest::parse("x.yaml", text, Format::Yaml, &Variables::default())
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"))
        .0
}

/// Whether a NetworkPolicy lets packets of a port pass; no policy lets all of them.
fn passes(network: &Value, class: PortClass, port: u16) -> bool {
    let (direction, protocol) = match class {
        PortClass::BindTcp => ("ingress", "TCP"),
        PortClass::ConnectTcp => ("egress", "TCP"),
        PortClass::BindUdp => ("ingress", "UDP"),
        PortClass::ConnectUdp => ("egress", "UDP"),
    };
    let Some(rules) = network["spec"][direction].as_array() else {
        return true;
    };
    let mut ports = rules
        .iter()
        .flat_map(|rule| rule["ports"].as_array().unwrap());
    ports.any(|rule| {
        let first = rule["port"].as_u64();
        let last = rule["endPort"].as_u64().or(first);
        let within = first.is_none_or(|first| first <= port.into())
            && last.is_none_or(|last| u64::from(port) <= last);
        rule["protocol"] == protocol && within
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_manifests_that_go_along_are_the_same(policy in policies()) {
        let mut manifest = manifest(&policy);
        let pod = in_kubernetes(&manifest);
        let map = object(&pod, "ConfigMap");
        let embedded = parsed(map["data"]["tool.yaml"].as_str().unwrap());
        prop_assert_eq!(embedded.to_yaml(), manifest.to_yaml());
        manifest.limits.processes = Some(7);
        let copy = parsed(&in_systemd(&manifest).files[1].text);
        manifest.limits.processes = None;
        prop_assert_eq!(copy.to_yaml(), manifest.to_yaml());
        // And what they decide, whatever they look like.
        for decided in [embedded, copy] {
            for class in PortClass::ALL {
                for port in PORTS {
                    let request = Request::Port(class, port);
                    let (one, other) = (newest(&policy), newest(&decided.policy));
                    prop_assert_eq!(one.decide(request).is_allowed(), other.decide(request).is_allowed());
                }
            }
        }
    }

    #[test]
    fn a_network_policy_lets_pass_what_the_plan_allows(policy in policies()) {
        let network = object(&in_kubernetes(&manifest(&policy)), "NetworkPolicy");
        let plan = newest(&policy);
        for class in PortClass::ALL {
            let around = |port: u16| (0..=3).map(move |more| port.saturating_add(more));
            // Port 0 is none of the network.
            for port in PORTS.into_iter().flat_map(around).filter(|port| *port > 0) {
                let allowed = plan.decide(Request::Port(class, port)).is_allowed();
                prop_assert_eq!(passes(&network, class, port), allowed, "{} {}", class.name(), port);
            }
        }
    }
}

/// All exports of a policy, by name.
fn exports(policy: PolicyBuilder) -> [(&'static str, Exported); 5] {
    let mut manifest = manifest(&policy.build().unwrap());
    // With it the manifest goes along in systemd's export too.
    manifest.limits.processes = Some(7);
    [
        ("kubernetes", in_kubernetes(&manifest)),
        ("systemd", in_systemd(&manifest)),
        ("oci-seccomp", in_oci(&manifest)),
        ("apparmor", apparmor(&manifest, None, "tool").unwrap()),
        ("landlockconfig", landlockconfig(&manifest, None).unwrap()),
    ]
}

/// The formats whose files differ between two policies. Their accounts all have to.
fn differing(one: PolicyBuilder, other: PolicyBuilder) -> Vec<&'static str> {
    let pairs = exports(one).into_iter().zip(exports(other));
    pairs
        .filter_map(|((name, one), (_, other))| {
            assert_ne!(one.account, other.account, "{name}");
            (one.files != other.files).then_some(name)
        })
        .collect()
}

#[test]
fn one_port_changed_changes_the_rules_and_every_export_that_knows_ports() {
    let with = |port: u16| Policy::builder().connect_tcp(port).bind_tcp(80);
    let decided = |port, request| {
        let policy = with(port).build().unwrap();
        newest(&policy)
            .decide(Request::Port(PortClass::ConnectTcp, request))
            .is_allowed()
    };
    assert!(decided(443, 443) && decided(444, 444));
    assert!(!decided(443, 444) && !decided(444, 443));
    assert_eq!(
        differing(with(443), with(444)),
        ["kubernetes", "systemd", "landlockconfig"]
    );
    let binds = |port: u16| Policy::builder().bind_tcp(port);
    let directive = |port: u16| {
        in_systemd(&manifest(&binds(port).build().unwrap())).files[0]
            .text
            .clone()
    };
    assert!(directive(80).contains("SocketBindAllow=tcp:80\n"));
    assert!(directive(81).contains("SocketBindAllow=tcp:81\n"));
}

#[test]
fn a_line_about_udp_opens_udp_sockets_in_the_filter_and_every_export_that_knows_them() {
    let without = || Policy::builder().connect_tcp(443);
    let with = || without().connect_udp(53).best_effort();
    // A datagram socket of the internet, before Landlock knows UDP.
    let made = |policy: PolicyBuilder| {
        let plan = Plan::new(policy.build().unwrap(), Kernel::with_abi(9));
        let filter = plan.filter().unwrap();
        filter.verdict(Syscall::SOCKET).decide([2, 2, 17, 0, 0, 0]) == Action::Allow
    };
    assert!(!made(without()));
    assert!(made(with()));
    assert_eq!(
        differing(without().best_effort(), with()),
        ["kubernetes", "systemd", "oci-seccomp", "apparmor"]
    );
}

#[test]
fn recording_denials_goes_along_with_the_manifest_and_every_account_says_so() {
    let without = || Policy::builder().connect_tcp(443);
    assert_eq!(
        differing(without(), without().audit()),
        ["kubernetes", "systemd"]
    );
}
