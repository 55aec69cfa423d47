//! The same policies and questions at each run: what they hold is chosen by numbers that only look random.

use ringfence::{Class, Policy, PortClass};
use ringfence_manifest::Manifest;

use super::{Agreed, Asked, KINDS, answer, built};

const POLICIES: usize = 50;
const QUESTIONS_OF_EACH: usize = 20;

const PLACES: [&str; 10] = [
    "/",
    "/usr",
    "/usr/share/misc",
    "/etc",
    "/etc/ssl",
    "/home/user",
    "/home/user/.config",
    "/srv/data",
    "/var/lib/tool",
    "/tmp",
];
const BENEATH: [&str; 7] = [
    "",
    "/file",
    "/sub/file",
    "/.ssh/key",
    "/site.conf",
    "/misc/x",
    "/gh/hosts.yml",
];
const WORDS: [&str; 13] = [
    "read",
    "execute",
    "write",
    "create",
    "remove",
    "rename",
    "ioctl",
    "make-device",
    "connect-unix",
    "ro",
    "rw",
    "read,write",
    "create,remove,rename",
];
const PORTS: [&str; 6] = ["443", "80,443", "8000-8010", "5432", "any", "0-1023"];
const ASKED_PORTS: [&str; 8] = ["0", "22", "80", "443", "5432", "8005", "8011", "65535"];
const CALLS: [&str; 5] = ["ptrace", "@mount", "bpf", "io_uring_setup", "chmod"];

/// xorshift64*, which is all that is needed here.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % bound
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn class(&mut self) -> Class {
        Class::ALL[self.below(Class::ALL.len())]
    }

    fn port_class(&mut self) -> PortClass {
        PortClass::ALL[self.below(PortClass::ALL.len())]
    }

    fn kind(&mut self) -> &'static str {
        KINDS[self.below(KINDS.len())].0
    }

    fn path(&mut self) -> String {
        let path = format!("{}{}", self.one(&PLACES), self.one(&BENEATH));
        path.replace("//", "/")
    }
}

/// The policies.
///
/// # Panics
/// If a policy cannot be written as a manifest.
pub fn policies() -> Vec<Agreed> {
    let mut numbers = Numbers(0x7269_6e67);
    let mut policies = Vec::new();
    while policies.len() < POLICIES {
        let count = 1 + numbers.below(8);
        let mut lines: Vec<_> = (0..count).map(|_| line(&mut numbers)).collect();
        if policies.len() % 5 == 0 {
            lines.extend(a_wider_place());
        }
        let abi = u32::try_from(numbers.below(12)).unwrap_or_default();
        // What contradicts itself is no policy.
        let Some(policy) = built(&lines) else {
            continue;
        };
        policies.push(Agreed {
            abi,
            lines,
            yaml: yaml(policy),
        });
    }
    policies
}

fn yaml(policy: Policy) -> String {
    let mut manifest = Manifest::default();
    manifest.policy = policy;
    manifest.to_yaml().expect("every path here is UTF-8")
}

fn line(numbers: &mut Numbers) -> Vec<String> {
    let line: Vec<String> = match numbers.below(20) {
        0..4 => vec!["ro".into(), numbers.path()],
        4..6 => vec!["rw".into(), numbers.path()],
        6..9 => vec!["allow".into(), numbers.one(&WORDS).into(), numbers.path()],
        9 => vec![
            "allow-if-present".into(),
            numbers.one(&WORDS).into(),
            numbers.path(),
        ],
        10 => vec![
            "allow-matching".into(),
            numbers.one(&WORDS).into(),
            format!("{}/*.conf", numbers.one(&PLACES[1..])),
        ],
        11 => vec![
            "allow-except".into(),
            numbers.one(&WORDS).into(),
            numbers.one(&PLACES).into(),
            ".ssh".into(),
            "gh/hosts.yml".into(),
        ],
        12..15 => vec![
            numbers.port_class().name().into(),
            numbers.one(&PORTS).into(),
        ],
        15 => vec!["allow-class".into(), numbers.class().name().into()],
        16 => vec!["deny-class".into(), numbers.class().name().into()],
        17 => match numbers.below(3) {
            0 => vec!["allow-syscalls".into(), numbers.one(&CALLS).into()],
            1 => vec!["deny-syscalls".into(), numbers.one(&CALLS).into()],
            _ => vec![
                "deny-syscalls".into(),
                format!("{}:ENOSYS,swapon:kill", numbers.one(&CALLS)),
            ],
        },
        18 => match numbers.below(6) {
            0 => vec!["unrestricted-fs".into()],
            1 => vec!["unrestricted-net".into()],
            2 => vec!["unrestricted-ipc".into()],
            3 => vec!["unrestricted-syscalls".into()],
            4 => vec!["require-complete".into()],
            _ => vec!["connect-unix".into(), numbers.path()],
        },
        _ => match numbers.below(3) {
            0 => vec!["best-effort".into()],
            1 => vec!["minimum-abi".into(), "4".into()],
            _ => vec![
                "only-syscalls".into(),
                "@default,@file-system,openat,read,write".into(),
            ],
        },
    };
    line
}

/// Two places between which files move, and may do more at the second.
fn a_wider_place() -> [Vec<String>; 2] {
    [
        ["allow", "read,create,remove,rename", "/srv/data"]
            .map(str::to_owned)
            .to_vec(),
        ["rw", "/var/lib/tool"].map(str::to_owned).to_vec(),
    ]
}

/// The questions, with the library's answers.
pub fn questions(policies: &[Agreed]) -> Vec<Asked> {
    let mut numbers = Numbers(0x6665_6e63);
    let mut questions = Vec::new();
    for (index, agreed) in policies.iter().enumerate() {
        let plan = agreed.plan();
        for _ in 0..QUESTIONS_OF_EACH {
            let ask = question(&mut numbers, &agreed.lines);
            questions.push(Asked {
                policy: index,
                answer: answer(&plan, &ask).into(),
                ask,
            });
        }
    }
    questions
}

/// A question about what a line is about, which is allowed more often than not.
fn about_a_line(numbers: &mut Numbers, lines: &[Vec<String>]) -> Vec<String> {
    let line = &lines[numbers.below(lines.len())];
    let mut words = line.iter().map(String::as_str);
    match (words.next(), words.next(), words.next()) {
        (Some("ro" | "rw"), Some(path), _) | (Some(_), Some(_), Some(path)) => vec![
            "path".into(),
            numbers.one(&["read", "execute", "write", "create"]).into(),
            format!("{path}{}", numbers.one(&BENEATH)).replace("//", "/"),
        ],
        (Some(word @ ("connect-tcp" | "bind-tcp" | "connect-udp" | "bind-udp")), Some(_), _) => {
            vec!["port".into(), word.into(), numbers.one(&ASKED_PORTS).into()]
        }
        (Some("allow-class" | "deny-class"), Some(name), _) => vec!["class".into(), name.into()],
        _ => vec!["path".into(), "read".into(), numbers.path()],
    }
}

fn question(numbers: &mut Numbers, lines: &[Vec<String>]) -> Vec<String> {
    match numbers.below(20) {
        0..6 => about_a_line(numbers, lines),
        6..11 => vec!["path".into(), numbers.one(&WORDS).into(), numbers.path()],
        11..14 => vec![
            "port".into(),
            numbers.port_class().name().into(),
            numbers.one(&ASKED_PORTS).into(),
        ],
        14..17 => vec!["class".into(), numbers.class().name().into()],
        17 => {
            if numbers.below(3) == 0 {
                let narrow_to_wide = [
                    "rename",
                    "/srv/data/file",
                    "regular",
                    "/var/lib/tool/x",
                    "none",
                ];
                return narrow_to_wide.map(str::to_owned).to_vec();
            }
            let over = if numbers.below(2) == 0 {
                "none"
            } else {
                numbers.kind()
            };
            vec![
                "rename".into(),
                numbers.path(),
                numbers.kind().into(),
                numbers.path(),
                over.into(),
            ]
        }
        18 => vec![
            "exchange".into(),
            numbers.path(),
            numbers.kind().into(),
            numbers.path(),
            numbers.kind().into(),
        ],
        _ => vec![
            "link".into(),
            numbers.path(),
            numbers.kind().into(),
            numbers.path(),
        ],
    }
}
