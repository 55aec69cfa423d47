//! The profile as JSON: `linux.seccomp` of the OCI runtime specification, which Docker's and Podman's
//! files and Kubernetes' `Localhost` profiles are too.

use std::collections::BTreeMap;

use ringfence::{Action, Arch, Filter, Syscall, Verdict};
use serde::Serialize;

use super::rules::{Known, parts};

/// A number that no table of calls reaches.
const NO_CALL: u32 = 0x3fff_ffff;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    default_action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_errno_ret: Option<u16>,
    architectures: [&'static str; 1],
    syscalls: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    names: Vec<&'static str>,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno_ret: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Comparison>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
    index: u8,
    value: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_two: Option<u64>,
    op: &'static str,
}

impl Profile {
    /// The filter for one architecture, but for calls that pass all the same. What no rule is about
    /// gets what calls get that are not known.
    pub(super) fn new(filter: &Filter, arch: Arch, passing: &[Syscall]) -> Self {
        let default = filter.decide(arch, arch.audit(), NO_CALL, [0; 6]);
        let mut rules: BTreeMap<(Vec<Comparison>, Action), Vec<&str>> = BTreeMap::new();
        for call in Syscall::all().filter(|call| call.number(arch).is_some()) {
            let verdict = if passing.contains(&call) {
                &Verdict::Always(Action::Allow)
            } else {
                filter.verdict(call)
            };
            for part in parts(verdict) {
                if part.action != default {
                    let key = (comparisons(part.arguments), part.action);
                    rules.entry(key).or_default().push(call.name());
                }
            }
        }
        let syscalls = rules.into_iter().map(|((args, action), names)| Rule {
            names,
            action: name(action),
            errno_ret: errno(action),
            args,
        });
        Self {
            default_action: name(default),
            default_errno_ret: errno(default),
            architectures: [match arch {
                Arch::X86_64 => "SCMP_ARCH_X86_64",
                Arch::Aarch64 => "SCMP_ARCH_AARCH64",
                Arch::Riscv64 => "SCMP_ARCH_RISCV64",
            }],
            syscalls: syscalls.collect(),
        }
    }

    /// Whether calls pass that no rule is about.
    pub(super) fn passes_unknown_calls(&self) -> bool {
        self.default_action == name(Action::Allow)
    }

    /// A rule a line: there are hundreds.
    pub(super) fn json(&self) -> String {
        // Plain data with keys that are texts has no way to fail.
        let mut head = serde_json::to_value(self).unwrap_or_default();
        let mut lines = Vec::new();
        if let Some(rules) = head.get_mut("syscalls").map(serde_json::Value::take) {
            let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
            lines.extend(rules.iter().map(|rule| format!("    {rule}")));
        }
        let mut fields = Vec::new();
        for (key, value) in head.as_object().into_iter().flatten() {
            if key != "syscalls" {
                fields.push(format!("  \"{key}\": {value}"));
            }
        }
        fields.push(format!("  \"syscalls\": [\n{}\n  ]", lines.join(",\n")));
        format!("{{\n{}\n}}\n", fields.join(",\n"))
    }
}

fn comparisons(arguments: [Known; 6]) -> Vec<Comparison> {
    let comparison = |(index, known)| {
        let (value, value_two, op) = match known {
            Known::Nothing => return None,
            Known::Unequal(value) => (value, None, "SCMP_CMP_NE"),
            Known::Bits {
                mask: u64::MAX,
                value,
            } => (value, None, "SCMP_CMP_EQ"),
            Known::Bits { mask, value } => (mask, Some(value), "SCMP_CMP_MASKED_EQ"),
        };
        Some(Comparison {
            index,
            value,
            value_two,
            op,
        })
    };
    (0..).zip(arguments).filter_map(comparison).collect()
}

fn name(action: Action) -> &'static str {
    match action {
        Action::Allow => "SCMP_ACT_ALLOW",
        Action::Errno(_) => "SCMP_ACT_ERRNO",
        Action::Kill => "SCMP_ACT_KILL_PROCESS",
    }
}

fn errno(action: Action) -> Option<u16> {
    match action {
        Action::Errno(number) => Some(number),
        _ => None,
    }
}
