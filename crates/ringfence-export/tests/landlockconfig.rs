//! Manifests and landlockconfig: what is written is of its schema, means what the plan says, and reads
//! back as the same.

use std::path::Path;

use proptest::prelude::*;
use ringfence::{
    Access, AccessFs, Class, ClassLine, Kernel, PathLine, Plan, Policy, PolicyBuilder, PortClass,
    PortLine, Ports, Request, Source,
};
use ringfence_export::{ExportError, import, landlockconfig};
use ringfence_manifest::{Format, Manifest, Variables};
use serde_json::Value;

const SCHEMA: &str = include_str!("schemas/landlockconfig.json");

/// The newest ABI that the format has words for.
const ABI: u32 = 6;

/// Few names, so that lines meet.
const PATHS: [&str; 6] = ["/", "/a", "/a/b", "/a/b/c", "/a$b", "/é \"x\""];
const PORTS: [u16; 4] = [1, 443, 8000, 8001];

fn policies() -> impl Strategy<Value = Policy> {
    let paths = (prop::sample::select(&PATHS[..]), 1..=Access::all().bits());
    let ports = (
        prop::sample::select(&PortClass::ALL[..]),
        prop::sample::select(&PORTS[..]),
        0u16..3,
    );
    let classes = [
        Class::Ioctl,
        Class::Signal,
        Class::AbstractUnix,
        Class::Netlink,
    ];
    let classes = (prop::sample::select(classes.to_vec()), any::<bool>());
    (
        prop::collection::vec(paths, 0..5),
        prop::collection::vec(ports, 0..5),
        prop::collection::vec(classes, 0..3),
        prop::collection::vec(prop::bool::weighted(0.2), 3),
    )
        .prop_filter_map(
            "lines that contradict each other",
            |(paths, ports, classes, turns)| {
                let mut policy = Policy::builder();
                for (path, access) in paths {
                    policy =
                        policy.path_line(PathLine::new(Access::from_bits_truncate(access), path));
                }
                for (class, port, more) in ports {
                    policy = policy.port_line(PortLine {
                        class,
                        ports: Ports::from(port..=port + more),
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
                let turn_off: [fn(PolicyBuilder) -> PolicyBuilder; 3] = [
                    PolicyBuilder::unrestricted_fs,
                    PolicyBuilder::unrestricted_net,
                    PolicyBuilder::unrestricted_ipc,
                ];
                for (part, _) in turn_off.iter().zip(turns).filter(|(_, on)| *on) {
                    policy = part(policy);
                }
                policy.build().ok()
            },
        )
}

fn export(policy: &Policy) -> Result<String, ExportError> {
    let exported = landlockconfig(&Manifest::from(policy.clone()), None)?;
    Ok(exported.files[0].text.clone())
}

/// The Landlock part of a plan, on a kernel that has all that the format speaks of.
fn plan(policy: &Policy) -> Plan {
    let policy = PolicyBuilder::from(policy.clone()).unrestricted_syscalls();
    Plan::new(policy.lines().clone(), Kernel::with_abi(ABI))
}

/// Rights in the format's words, looked up by hand rather than by the product's table.
const RIGHTS: [(&str, AccessFs); 8] = [
    ("execute", AccessFs::EXECUTE),
    ("write_file", AccessFs::WRITE_FILE),
    ("read_file", AccessFs::READ_FILE),
    ("remove_dir", AccessFs::REMOVE_DIR),
    ("make_reg", AccessFs::MAKE_REG),
    ("make_block", AccessFs::MAKE_BLOCK),
    ("truncate", AccessFs::TRUNCATE),
    ("ioctl_dev", AccessFs::IOCTL_DEV),
];

/// What landlockconfig and the kernel would make of the file.
struct Meaning(Value);

impl Meaning {
    fn holds(list: &Value, word: &str) -> bool {
        list.as_array()
            .is_some_and(|list| list.iter().any(|one| one == word))
    }

    fn handles(&self, key: &str, word: &str) -> bool {
        let rulesets = self.0["ruleset"].as_array().into_iter().flatten();
        let rules = ["pathBeneath", "netPort"]
            .into_iter()
            .flat_map(|rules| self.0[rules].as_array().into_iter().flatten());
        rulesets.map(|ruleset| &ruleset[key]).any(|list| Self::holds(list, word))
            // A rule adds its rights to those that are handled.
            || rules.map(|rule| &rule["allowedAccess"]).any(|list| Self::holds(list, word))
    }

    fn allows_path(&self, word: &str, path: &Path) -> bool {
        !self.handles("handledAccessFs", word)
            || self.0["pathBeneath"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|rule| {
                    let parents = rule["parent"].as_array().into_iter().flatten();
                    Self::holds(&rule["allowedAccess"], word)
                        && parents
                            .filter_map(Value::as_str)
                            .any(|parent| path.starts_with(parent.replace("$$", "$")))
                })
    }

    fn allows_port(&self, word: &str, port: u16) -> bool {
        !self.handles("handledAccessNet", word)
            || self.0["netPort"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|rule| {
                    Self::holds(&rule["allowedAccess"], word)
                        && rule["port"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .any(|one| *one == port)
                })
    }
}

/// Every question that the policies differ in, and the plan's answer.
fn answers(plan: &Plan) -> Vec<(String, bool)> {
    let mut answers = Vec::new();
    for path in PATHS {
        for (word, right) in RIGHTS {
            let entry = Path::new(path).join("entry");
            let decision = plan.decide(Request::Path(right, &entry));
            answers.push((format!("{word} {path}"), decision.is_allowed()));
        }
    }
    for class in [PortClass::BindTcp, PortClass::ConnectTcp] {
        for port in PORTS {
            for port in port..port + 3 {
                let decision = plan.decide(Request::Port(class, port));
                answers.push((format!("{} {port}", class.name()), decision.is_allowed()));
            }
        }
    }
    for class in [Class::Signal, Class::AbstractUnix] {
        let decision = plan.decide(Request::Class(class));
        answers.push((class.name().to_owned(), decision.is_allowed()));
    }
    answers
}

fn answers_of_file(meaning: &Meaning) -> Vec<(String, bool)> {
    let mut answers = Vec::new();
    for path in PATHS {
        for (word, _) in RIGHTS {
            let entry = Path::new(path).join("entry");
            answers.push((format!("{word} {path}"), meaning.allows_path(word, &entry)));
        }
    }
    for (name, word) in [("bind-tcp", "bind_tcp"), ("connect-tcp", "connect_tcp")] {
        for port in PORTS {
            for port in port..port + 3 {
                answers.push((format!("{name} {port}"), meaning.allows_port(word, port)));
            }
        }
    }
    for (name, word) in [
        ("signal", "signal"),
        ("abstract-unix", "abstract_unix_socket"),
    ] {
        answers.push((name.to_owned(), !meaning.handles("scoped", word)));
    }
    answers
}

proptest! {
    #[test]
    fn the_file_means_what_the_plan_decides(policy in policies()) {
        let Ok(text) = export(&policy) else {
            let nothing = policy.unrestricted();
            prop_assert!(nothing.fs && nothing.net);
            return Ok(());
        };
        let value: Value = serde_json::from_str(&text).unwrap();
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        prop_assert!(jsonschema::is_valid(&schema, &value), "{}", text);
        prop_assert_eq!(answers_of_file(&Meaning(value)), answers(&plan(&policy)), "{}", text);
    }

    #[test]
    fn what_is_exported_and_imported_is_never_wider(policy in policies()) {
        let Ok(text) = export(&policy) else {
            return Ok(());
        };
        let imported = import::landlockconfig(&text, Format::Yaml, &|_| false).unwrap();
        let (before, after) = (plan(&policy), plan(&imported.manifest.policy));
        let unhandled = imported.notes.iter().any(|note| note.contains("is not handled"));
        for ((question, before), (_, after)) in answers(&before).into_iter().zip(answers(&after)) {
            // What the file leaves alone the manifest denies, and says so.
            prop_assert!(before == after || (before && unhandled), "{} {}", question, text);
        }
    }
}

fn parsed(text: &str) -> Manifest {
    Manifest::parse("x.yaml", text, Format::Yaml, &Variables::default())
        .unwrap()
        .0
}

#[test]
fn every_line_has_its_place_in_the_account() {
    let manifest = parsed(
        "version: 1\nro: [/usr]\nconnect-unix: [/run/x]\nconnect-tcp: [443]\nconnect-udp: [53]\ndeny: [netlink]\n\
         allow: [signal]\nsyscalls: {deny: [ptrace]}\nlimits: {memory: 1G}\n",
    );
    let exported = landlockconfig(&manifest, None).unwrap();
    let fates: Vec<_> = exported
        .account
        .iter()
        .take(8)
        .map(|fate| (fate.line.as_str(), fate.by.is_some()))
        .collect();
    assert_eq!(
        fates,
        [
            ("x.yaml:2: ro /usr", true),
            ("x.yaml:3: connect-unix /run/x", false),
            ("x.yaml:4: connect-tcp 443", true),
            ("x.yaml:5: connect-udp 53", false),
            ("x.yaml:6: deny netlink", false),
            ("x.yaml:7: allow signal", true),
            ("x.yaml:8: deny-syscalls ptrace", false),
            ("limits memory 1073741824 bytes", false),
        ]
    );
    let open: Vec<_> = exported.account[8..]
        .iter()
        .map(|fate| fate.line.as_str())
        .collect();
    assert!(
        open.contains(&"metadata") && !open.contains(&"netlink"),
        "{open:?}"
    );
}

#[test]
fn changing_one_port_changes_the_file() {
    let text = |port| export(&Policy::builder().connect_tcp(port).build().unwrap()).unwrap();
    assert!(text(443).contains("443"));
    assert_ne!(text(443), text(444));
}

#[test]
fn what_the_format_cannot_say_is_refused() {
    for (text, why) in [
        (
            "version: 1\nro: ['/usr/*']\n",
            "neither exceptions nor patterns",
        ),
        (
            "version: 1\nro: [{path: /usr, except: [x]}]\n",
            "neither exceptions nor patterns",
        ),
        (
            "version: 1\nunrestricted: [fs, net, ipc]\n",
            "nothing to export",
        ),
    ] {
        let error = landlockconfig(&parsed(text), None).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let relative = Manifest::from(Policy::builder().ro("usr").build().unwrap());
    let error = landlockconfig(&relative, None).unwrap_err().to_string();
    assert!(error.contains("the path is relative"), "{error}");
}

#[test]
fn variables_stand_for_each_of_their_values_and_toml_says_the_same() {
    let json = r#"{"abi": 5, "variable": [{"name": "d", "literal": ["a", "b"]}], "ruleset": [{"handledAccessFs": ["abi.all"]}],
        "pathBeneath": [{"allowedAccess": ["abi.read_execute"], "parent": ["/${d}/$$x"]}], "netPort": [{"allowedAccess": ["bind_tcp"], "port": [1, 2]}]}"#;
    let toml = "abi = 5\n[[variable]]\nname = 'd'\nliteral = ['a', 'b']\n[[ruleset]]\nhandled_access_fs = ['abi.all']\n\
        [[path_beneath]]\nallowed_access = ['abi.read_execute']\nparent = ['/${d}/$$x']\n[[net_port]]\nallowed_access = ['bind_tcp']\nport = [1, 2]\n";
    let read = |text, format| import::landlockconfig(text, format, &|_| false).unwrap();
    let imported = read(json, Format::Yaml);
    assert_eq!(imported, read(toml, Format::Toml));
    let yaml = imported.manifest.to_yaml().unwrap();
    for part in ["/a/$$x", "/b/$$x", "access: [read, execute, rename]", "1-2"] {
        assert!(yaml.contains(part), "{part}: {yaml}");
    }
}

#[test]
fn a_right_without_a_word_of_its_own_is_left_out_and_said() {
    let text = r#"{"ruleset": [{"handledAccessFs": ["make_dir", "make_reg", "read_file", "read_dir"]}],
        "pathBeneath": [{"allowedAccess": ["make_dir", "read_file"], "parent": ["/srv"]}]}"#;
    let imported = import::landlockconfig(text, Format::Yaml, &|_| false).unwrap();
    assert!(imported.manifest.policy.paths().is_empty());
    assert!(imported.notes[0].contains("read_file, make_dir at /srv was left out"));
    // Of a file nobody can read the directory.
    let imported = import::landlockconfig(text, Format::Yaml, &|_| true).unwrap();
    assert_eq!(imported.manifest.policy.paths()[0].access, Access::READ);
}

#[test]
fn what_is_no_file_of_landlockconfig_is_refused() {
    for (text, why) in [
        ("{", "cannot read it as a file of landlockconfig"),
        (r#"{"rules": []}"#, "unknown field"),
        (
            r#"{"pathBeneath": [{"allowedAccess": ["raed"], "parent": ["/"]}]}"#,
            "no such word",
        ),
        (
            r#"{"pathBeneath": [{"allowedAccess": ["abi.all"], "parent": ["/"]}]}"#,
            "says no `abi`",
        ),
        (
            r#"{"pathBeneath": [{"allowedAccess": ["execute"], "parent": ["/${x}"]}]}"#,
            "no value",
        ),
        (
            r#"{"pathBeneath": [{"allowedAccess": ["execute"], "parent": ["/${x"]}]}"#,
            "not closed",
        ),
        (
            r#"{"netPort": [{"allowedAccess": ["bind_tcp"], "port": [65536]}]}"#,
            "no port",
        ),
    ] {
        let error = import::landlockconfig(text, Format::Yaml, &|_| false).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn ten_thousand_lines_about_all_ports_are_one_rule() {
    let policy = (0..10_000).fold(Policy::builder(), |policy, _| policy.bind_tcp(0..=65535));
    let policy = policy.connect_tcp(443).connect_tcp(440..=443);
    let text = export(&policy.build().unwrap()).unwrap();
    assert!(text.len() < 2 << 20, "{}", text.len());
    let value: Value = serde_json::from_str(&text).unwrap();
    let ports = |rule: usize| value["netPort"][rule]["port"].as_array().map(Vec::len);
    assert_eq!((ports(0), ports(1), ports(2)), (Some(65536), Some(4), None));
}
