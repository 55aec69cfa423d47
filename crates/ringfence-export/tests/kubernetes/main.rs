//! Exported objects: valid by Kubernetes' own schemas, and the manifest in them is the same.

#![forbid(unsafe_code)]

mod schema;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use ringfence::{Access, Arch, Policy, PolicyBuilder, Ports};
use ringfence_export::{ExportError, Exported, KubernetesOptions, kubernetes};
use ringfence_manifest::{Format, Manifest, Variables};
use serde_json::{Value, json};

const OPTIONS: KubernetesOptions<'_> = KubernetesOptions {
    name: "tool",
    image: "registry.example/tool:1",
    runner: "/usr/local/bin/landlock-runner",
    deployment: false,
    arch: Arch::X86_64,
};

fn manifest(policy: PolicyBuilder) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.policy = policy.build().expect("valid");
    manifest.command = vec!["/usr/bin/tool".to_owned()];
    manifest
}

fn exported(manifest: &Manifest) -> Exported {
    kubernetes(manifest, OPTIONS).expect("it can be exported")
}

/// The objects, by kind; each valid.
fn object(exported: &Exported, kind: &str) -> Option<Value> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(&exported.files[0].text).expect("YAML");
    for object in &objects {
        assert_eq!(
            schema::faults(object),
            [""; 0],
            "{}",
            exported.files[0].text
        );
    }
    objects.into_iter().find(|object| object["kind"] == kind)
}

fn embedded(exported: &Exported) -> Manifest {
    let map = object(exported, "ConfigMap").expect("a ConfigMap");
    let text = map["data"]["tool.yaml"].as_str().expect("the manifest");
    let (manifest, _) = Manifest::parse("tool.yaml", text, Format::Yaml, &Variables::default())
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"));
    manifest
}

/// What Kubernetes makes of a word with variables, of which the container has none set.
fn expanded(word: &str) -> String {
    let mut rest = word;
    let mut text = String::new();
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            text.push('$');
            rest = after;
        } else {
            assert!(!rest.starts_with('('), "a variable: {word}");
            text.push('$');
        }
    }
    text + rest
}

#[test]
fn a_pod_starts_the_command_by_landlock_runner_and_gains_nothing() {
    let mut manifest = manifest(Policy::builder().ro("/usr"));
    manifest.command = vec!["/usr/bin/tool".to_owned(), "$(HOME)".to_owned()];
    let pod = object(&exported(&manifest), "Pod").expect("a Pod");
    let container = &pod["spec"]["containers"][0];
    assert_eq!(
        container["command"],
        json!([
            "/usr/local/bin/landlock-runner",
            "--policy",
            "/etc/ringfence/tool.yaml",
            "--"
        ])
    );
    assert_eq!(container["args"], json!(["/usr/bin/tool", "$$(HOME)"]));
    let context = &container["securityContext"];
    assert_eq!(context["allowPrivilegeEscalation"], false);
    assert_eq!(context["runAsNonRoot"], true);
    assert_eq!(context["readOnlyRootFilesystem"], true);
    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
    assert_eq!(
        context["seccompProfile"]["localhostProfile"],
        "ringfence/tool.json"
    );
}

#[test]
fn ports_become_a_network_policy() {
    let policy = Policy::builder()
        .connect_tcp(443)
        .connect_tcp(8000..=8010)
        .connect_udp(53)
        .bind_tcp(8080)
        .bind_udp(0);
    let exported = exported(&manifest(policy));
    let network = object(&exported, "NetworkPolicy").expect("a NetworkPolicy");
    assert_eq!(network["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
    assert_eq!(
        network["spec"]["egress"],
        json!([{"ports": [
            {"protocol": "TCP", "port": 443},
            {"protocol": "TCP", "port": 8000, "endPort": 8010},
            {"protocol": "UDP", "port": 53},
        ]}])
    );
    assert_eq!(
        network["spec"]["ingress"],
        json!([{"ports": [{"protocol": "TCP", "port": 8080}]}])
    );
    let zero = exported
        .account
        .iter()
        .find(|fate| fate.line.contains("bind-udp 0"));
    assert_eq!(zero.expect("a fate").by.as_deref(), Some("landlock-runner"));
}

#[test]
fn a_policy_without_ports_closes_the_network_and_one_that_leaves_it_alone_does_not() {
    let closed = exported(&manifest(Policy::builder().ro("/usr")));
    let network = object(&closed, "NetworkPolicy").expect("a NetworkPolicy");
    assert_eq!(network["spec"]["egress"], json!([]));
    assert_eq!(network["spec"]["ingress"], json!([]));

    let any = exported(&manifest(Policy::builder().connect_tcp(Ports::Any)));
    let network = object(&any, "NetworkPolicy").expect("a NetworkPolicy");
    assert_eq!(
        network["spec"]["egress"],
        json!([{"ports": [{"protocol": "TCP"}]}])
    );

    let open = exported(&manifest(Policy::builder().unrestricted_net()));
    assert_eq!(object(&open, "NetworkPolicy"), None);
}

#[test]
fn limits_go_to_who_can_keep_them() {
    let mut manifest = manifest(Policy::builder().ro("/usr"));
    manifest.limits.memory = Some(512 << 20);
    manifest.limits.wall = Some(Duration::from_millis(1500));
    manifest.limits.open_files = Some(64);
    let exported = exported(&manifest);
    let pod = object(&exported, "Pod").expect("a Pod");
    assert_eq!(pod["spec"]["activeDeadlineSeconds"], 2);
    assert_eq!(
        pod["spec"]["containers"][0]["resources"]["limits"]["memory"],
        "536870912"
    );
    // The wrapper refuses a manifest with `wall`.
    let embedded = embedded(&exported);
    assert_eq!(embedded.limits.wall, None);
    assert_eq!(embedded.limits.open_files, Some(64));

    let deployment = KubernetesOptions {
        deployment: true,
        ..OPTIONS
    };
    let refused = kubernetes(&manifest, deployment).unwrap_err();
    assert!(refused.to_string().contains("Deployment"), "{refused}");
}

#[test]
fn a_deployment_is_the_same_pod_many_times() {
    let manifest = manifest(Policy::builder().ro("/usr"));
    let pod = object(&exported(&manifest), "Pod").expect("a Pod");
    let deployment = KubernetesOptions {
        deployment: true,
        ..OPTIONS
    };
    let exported = kubernetes(&manifest, deployment).expect("it can be exported");
    let deployment = object(&exported, "Deployment").expect("a Deployment");
    assert_eq!(deployment["spec"]["template"]["spec"], pod["spec"]);
    assert_eq!(
        deployment["spec"]["selector"]["matchLabels"],
        deployment["spec"]["template"]["metadata"]["labels"]
    );
}

#[test]
fn what_is_written_is_named_and_no_volume_is_made_up() {
    let exported = exported(&manifest(Policy::builder().rw("/var/lib/tool")));
    let pod = object(&exported, "Pod").expect("a Pod");
    let context = &pod["spec"]["containers"][0]["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], false);
    assert_eq!(pod["spec"]["volumes"].as_array().map(Vec::len), Some(1));
    assert!(
        exported
            .notes
            .iter()
            .any(|note| note.contains("/var/lib/tool"))
    );

    let device = Policy::builder().allow(Access::READ | Access::WRITE, "/dev/null");
    let pod = object(&self::exported(&manifest(device)), "Pod").expect("a Pod");
    let context = &pod["spec"]["containers"][0]["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], true);
}

#[test]
fn system_calls_that_are_left_alone_get_the_profile_of_the_runtime() {
    let exported = exported(&manifest(
        Policy::builder().ro("/usr").unrestricted_syscalls(),
    ));
    let pod = object(&exported, "Pod").expect("a Pod");
    let context = &pod["spec"]["containers"][0]["securityContext"];
    assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}));
    assert_eq!(exported.files.len(), 1);
}

#[test]
fn what_cannot_run_in_a_pod_is_refused() {
    let tool = || manifest(Policy::builder().ro("/usr"));
    let refused = |manifest: &Manifest, options| {
        kubernetes(manifest, options)
            .expect_err("it is refused")
            .to_string()
    };
    let long = "a".repeat(64);
    for name in ["", "Tool", "a_b", "-a", "a-", "a.b", &long, "ä", "a\n"] {
        let message = refused(&tool(), KubernetesOptions { name, ..OPTIONS });
        assert!(message.contains("as a name in Kubernetes"), "{message}");
    }
    for image in ["", "a b", "a\nb"] {
        refused(&tool(), KubernetesOptions { image, ..OPTIONS });
    }
    let mut idle = tool();
    idle.command.clear();
    assert!(matches!(
        kubernetes(&idle, OPTIONS),
        Err(ExportError::NoCommand(_))
    ));
    let relative = manifest(Policy::builder().ro("etc/tool"));
    assert!(refused(&relative, OPTIONS).contains("relative"));
    for path in ["/", "/etc", "/etc/ringfence", "/etc/ringfence/tool.yaml"] {
        let message = refused(&manifest(Policy::builder().rw(path)), OPTIONS);
        assert!(message.contains("its manifest"), "{message}");
        kubernetes(&manifest(Policy::builder().ro(path)), OPTIONS).expect("reading is harmless");
    }
    let except = Policy::builder().allow_except(Access::RW, "/etc", ["ringfence"]);
    kubernetes(&manifest(except), OPTIONS).expect("the manifest is left out");
}

/// Texts that mean something to YAML, to Kubernetes or to a terminal.
fn hostile() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("$"),
        Just("$("),
        Just(")"),
        Just("${"),
        Just("}"),
        Just("\n"),
        Just("\r"),
        Just("\t"),
        Just(" "),
        Just("---"),
        Just("..."),
        Just("- "),
        Just(": "),
        Just(" #"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("%"),
        Just("&a"),
        Just("*a"),
        Just("!!str"),
        Just("|"),
        Just(">"),
        Just("{"),
        Just("["),
        Just("yes"),
        Just("~"),
        Just("0x1f"),
        Just("1e3"),
        Just("null"),
        Just("\u{7f}"),
        Just("\u{85}"),
        Just("\u{9b}"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("\u{202e}"),
        Just("\u{1b}[31m"),
        Just("é"),
        Just("x"),
    ];
    vec(special, 1..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hostile_texts_come_through_as_they_are(
        words in vec(hostile(), 1..4),
        paths in vec(hostile(), 0..4),
        value in hostile(),
        description in hostile(),
    ) {
        // A profile has no text of the manifest in it, and takes long to make.
        let policy = Policy::builder().unrestricted_syscalls();
        let policy = paths.iter().fold(policy, |policy, path| policy.ro(format!("/{path}")));
        prop_assume!(policy.clone().build().is_ok());
        let mut manifest = manifest(policy);
        manifest.command.clone_from(&words);
        manifest.description = Some(description);
        manifest.environment.variables.push(("NAME".to_owned(), Some(value)));
        let exported = exported(&manifest);

        let pod = object(&exported, "Pod").expect("a Pod");
        let args = pod["spec"]["containers"][0]["args"].as_array().expect("words").clone();
        let args: Vec<_> = args.iter().map(|word| expanded(word.as_str().expect("a word"))).collect();
        prop_assert_eq!(args, words);
        prop_assert_eq!(embedded(&exported).to_yaml(), manifest.to_yaml());
    }
}

#[test]
fn what_the_manifest_leaves_alone_the_pod_does_not_close() {
    let context = |manifest: &Manifest| {
        let pod = object(&exported(manifest), "Pod").expect("a Pod");
        pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"].clone()
    };
    assert_eq!(context(&manifest(Policy::builder().ro("/usr"))), true);
    assert_eq!(
        context(&manifest(Policy::builder().unrestricted_fs())),
        false
    );

    // The network policy cannot let them pass, and says so.
    let streams = Policy::builder().allow_class(ringfence::Class::OtherStreams);
    let exported = exported(&manifest(streams));
    let fate = &exported.account[0];
    assert!(fate.note.contains("NetworkPolicy"), "{fate:?}");
}

#[test]
fn a_call_that_the_runner_needs_is_its_alone() {
    let deny = |name: &str| name.parse::<ringfence::Syscall>().expect("a name");
    let policy = Policy::builder()
        .deny_syscall(deny("openat2"), ringfence::Action::EPERM)
        .deny_syscall(deny("mlock"), ringfence::Action::EPERM);
    let by: Vec<_> = exported(&manifest(policy)).account[..2]
        .iter()
        .filter_map(|fate| fate.by.clone())
        .collect();
    assert_eq!(by, ["landlock-runner", "landlock-runner, seccomp profile"]);

    // What the profile needs said, is said here too.
    let list = Policy::builder().only_syscalls([deny("read"), deny("write")]);
    let notes = exported(&manifest(list)).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("does not start where it is made")),
        "{notes:?}"
    );
}
