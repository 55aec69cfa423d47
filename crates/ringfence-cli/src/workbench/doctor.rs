//! `ringfence doctor`: what this kernel can enforce, and what a newer one would add.

use std::fmt::Write as _;

use clap::{ArgMatches, Command};
use ringfence::{Abi, Class, Errata, Kernel, KernelReport, Plan, Policy, Row, Standing, Status};
use serde::Serialize;

use super::arguments::json_flag;
use super::print_json;
use crate::ui;

pub(super) fn command() -> Command {
    Command::new("doctor")
        .about("Show what this kernel can enforce, and what a newer one would add")
        .arg(json_flag())
        .after_help("Examples:\n  ringfence doctor\n  ringfence doctor --json | jq .kernel.abi")
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let findings = Findings::gather();
    if matches.get_flag("json") {
        print_json(&findings)
    } else {
        ui::print(&findings.text())
    }
}

#[derive(Serialize)]
struct Findings {
    kernel: KernelReport,
    release: String,
    errata_fixed: Vec<&'static str>,
    /// The security modules in their order; none if the kernel does not show them here.
    modules: Option<Vec<String>>,
    seccomp: SeccompFindings,
    user_namespaces: UserNamespaces,
    /// What each class can count on here.
    classes: Vec<Row>,
    /// What each newer ABI would add.
    newer: Vec<Addition>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct SeccompFindings {
    filter: bool,
    kill_process: bool,
    user_notification: bool,
    already_filtered: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum UserNamespaces {
    /// This user may make this many.
    UpTo(u64),
    Forbidden,
    NotBuilt,
    /// /proc does not say.
    Unknown,
}

#[derive(Serialize)]
struct Addition {
    abi: u8,
    kernel: &'static str,
    classes: Vec<&'static str>,
}

impl Findings {
    fn gather() -> Self {
        let kernel = Kernel::probe();
        let seccomp = kernel.seccomp();
        let plan = Plan::new(Policy::default(), kernel);
        Self {
            kernel: kernel.report(),
            release: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            errata_fixed: kernel
                .errata()
                .into_iter()
                .flat_map(Errata::descriptions)
                .collect(),
            modules: modules(),
            seccomp: SeccompFindings {
                filter: seccomp.filter,
                kill_process: seccomp.kill_process,
                user_notification: seccomp.user_notification,
                already_filtered: Status::own_seccomp_mode() > 0,
            },
            user_namespaces: UserNamespaces::find(),
            classes: plan.report().denied,
            newer: additions(&kernel, &plan),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "{name:16} {value}");
        };
        line("kernel", &self.release);
        line("landlock", &self.kernel.to_string());
        line("errata fixed", &list(&self.errata_fixed));
        let unknown = self.kernel.errata.unwrap_or(0) & !Errata::all().bits();
        if unknown != 0 {
            line(
                "",
                &format!("and {unknown:#x}, which this version does not know"),
            );
        }
        line(
            "modules",
            &self.modules.as_ref().map_or_else(
                || "not shown (securityfs is not mounted, or a sandbox denies it)".to_owned(),
                |modules| list(modules),
            ),
        );
        line("seccomp", &self.seccomp.text());
        line("user namespaces", &self.user_namespaces.text());

        let _ = writeln!(text, "\nWhat a policy's words can count on here:");
        let width = self
            .classes
            .iter()
            .map(|row| row.item.len())
            .max()
            .unwrap_or(0);
        for row in &self.classes {
            let needs = row.needs_abi.map_or(String::new(), |abi| {
                format!("  (denied from {})", Abi::new(abi.into()))
            });
            let _ = writeln!(
                text,
                "  {:width$}  {:9} {}{needs}",
                row.item, row.by, row.note
            );
        }
        if !self.newer.is_empty() {
            let _ = writeln!(text, "\nWhat a newer kernel would add:");
        }
        for addition in &self.newer {
            let _ = writeln!(
                text,
                "  Linux {:5} ABI {:2}  {}",
                addition.kernel,
                addition.abi,
                addition.classes.join(", ")
            );
        }
        text
    }
}

impl SeccompFindings {
    fn text(&self) -> String {
        if !self.filter {
            return "filters are not available".to_owned();
        }
        let mut words = vec!["filters"];
        if self.kill_process {
            words.push("kill process");
        }
        if self.user_notification {
            words.push("user notification");
        }
        if self.already_filtered {
            words.push("this process is filtered already");
        }
        words.join(", ")
    }
}

impl UserNamespaces {
    fn find() -> Self {
        // Debian's older kernels have this switch besides the limit.
        let switch = read_number("/proc/sys/kernel/unprivileged_userns_clone");
        let limit = read_number("/proc/sys/user/max_user_namespaces");
        match (switch, limit) {
            (Some(0), _) | (_, Some(0)) => Self::Forbidden,
            (_, Some(limit)) => Self::UpTo(limit),
            // The switch is made together with user namespaces; its absence is told from a
            // /proc that is not mounted or that a sandbox denies.
            (_, None) if std::fs::exists("/proc/sys/user").is_ok_and(|exists| exists) => {
                match std::fs::metadata("/proc/sys/user/max_user_namespaces") {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::NotBuilt,
                    _ => Self::Unknown,
                }
            }
            (_, None) => Self::Unknown,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::UpTo(limit) => format!("up to {limit}"),
            Self::Forbidden => "forbidden to ordinary users".to_owned(),
            Self::NotBuilt => "not built into this kernel".to_owned(),
            Self::Unknown => "unknown: /proc is not mounted, or a sandbox denies it".to_owned(),
        }
    }
}

fn list(items: &[impl AsRef<str>]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    items.join(", ")
}

fn modules() -> Option<Vec<String>> {
    let text = std::fs::read_to_string("/sys/kernel/security/lsm").ok()?;
    Some(text.trim().split(',').map(str::to_owned).collect())
}

fn read_number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The classes that each ABI newer than this kernel's would deny.
fn additions(kernel: &Kernel, plan: &Plan) -> Vec<Addition> {
    Abi::all()
        .filter(|&abi| abi > kernel.abi())
        .map(|abi| Addition {
            abi: abi.number(),
            kernel: abi.first_kernel(),
            classes: Class::ALL
                .into_iter()
                .filter(|class| plan.standing(*class) == Standing::Open(Some(abi)))
                .map(Class::name)
                .collect(),
        })
        .filter(|addition| !addition.classes.is_empty())
        .collect()
}
