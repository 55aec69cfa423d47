//! `ringfence check`: what is wrong with a manifest, and what is seldom meant.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::{Abi, Class, Kernel, Plan, Policy, PolicyBuilder, Standing};
use ringfence_manifest::{Finding, Manifest, Severity, Sources};
use serde_json::{Value, json};

use super::{NAME, variables, variables_flag};
use crate::check::{LINTS, Subject, lint, proposal};
use crate::invocation::Invocation;
use crate::{run, ui};

/// The exit codes.
const FINDINGS: u8 = 1;
const UNUSABLE: u8 = 2;

pub(super) fn command() -> Command {
    Command::new("check")
        .about("Show what is wrong with a manifest, and what in it is seldom meant")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::FilePath)
                .help("The manifest"),
        )
        .arg(variables_flag())
        .arg(
            Arg::new("abi")
                .long("abi")
                .value_name("N")
                .value_parser(clap::value_parser!(u32))
                .help("Check for a kernel with this Landlock ABI instead of this one"),
        )
        .arg(
            Arg::new("all-kernels")
                .long("all-kernels")
                .action(ArgAction::SetTrue)
                .conflicts_with("abi")
                .help("Show too for each ABI whether the policy starts, and what stays open"),
        )
        .arg(
            Arg::new("allow")
                .long("allow")
                .value_name("LINT")
                .action(ArgAction::Append)
                .help("Switch a lint off; `lints: {allow: [...]}` in the manifest does the same"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["text", "json", "sarif"])
                .default_value("text")
                .help("How the findings are printed"),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .value_parser(clap::value_parser!(OsString))
                .num_args(1..)
                .last(true)
                .help("The command to check the policy for, instead of the manifest's"),
        )
        .after_help(format!(
            "Lints:\n{}\nExit codes:\n  0  nothing is found\n  1  something is\n  2  the manifest cannot be \
             used\n\nExamples:\n  ringfence check policy.yaml\n  ringfence check --all-kernels policy.yaml\n  ringfence check policy.yaml -- /usr/bin/tool --flag\n  \
             ringfence check --format sarif policy.yaml > policy.sarif",
            lints()
        ))
}

fn lints() -> String {
    LINTS.iter().fold(String::new(), |mut text, lint| {
        let _ = writeln!(text, "  {:26}{}", lint.name, lint.summary);
        text
    })
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let file = matches
        .get_one::<OsString>("file")
        .map(PathBuf::from)
        .unwrap_or_default();
    let format = matches
        .get_one::<String>("format")
        .map_or("text", String::as_str);
    let off: Vec<String> = matches
        .get_many::<String>("allow")
        .map(|names| names.cloned().collect())
        .unwrap_or_default();
    if let Some(unknown) = off
        .iter()
        .find(|name| LINTS.iter().all(|lint| lint.name != **name))
    {
        ui::note(
            NAME,
            &format!("error: there is no lint `{unknown}`; {}", proposal(unknown)),
        );
        return UNUSABLE;
    }
    let variables = match variables(matches) {
        Ok(variables) => variables,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    let (manifest, sources) = match Manifest::read(&file, &variables) {
        Ok(read) => read,
        Err(faults) => {
            let printed = print(format, &file, &faults.findings, &faults.sources, None);
            return printed.max(UNUSABLE);
        }
    };
    let mut invocation = Invocation::default();
    let command = matches.get_many("command").into_iter().flatten();
    invocation.command = command.cloned().collect();
    let (policy, trouble) = complete(&manifest, &mut invocation);
    let (plan, is_looked_up) = match matches.get_one::<u32>("abi") {
        Some(&abi) => (Plan::new(policy.clone(), Kernel::with_abi(abi)), false),
        None => looked_up(Plan::new(policy.clone(), Kernel::probe())),
    };
    let subject = Subject {
        manifest: &manifest,
        sources: &sources,
        invocation: &invocation,
        plan: &plan,
        trouble: trouble.as_deref(),
        is_looked_up,
        home: std::env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute()),
        denied_calls: OnceCell::new(),
    };
    let findings = lint(&subject, &off);
    let kernels = matches
        .get_flag("all-kernels")
        .then(|| Kernels::of(&policy));
    let printed = print(format, &file, &findings, &sources, kernels.as_ref());
    printed.max(if findings.is_empty() { 0 } else { FINDINGS })
}

/// The policy as `run` would enforce it, with what the command needs to start where the manifest asks
/// for that; and why that is not known, if it is not.
fn complete(manifest: &Manifest, invocation: &mut Invocation) -> (Policy, Option<String>) {
    invocation.start_as(manifest);
    invocation.add(|flags| PolicyBuilder::from(manifest.policy.clone()).merge(flags));
    match run::policy(NAME, invocation) {
        Ok(policy) => (policy, None),
        Err(error) => (
            manifest.policy.clone(),
            Some(ui::with_causes(error.as_ref())),
        ),
    }
}

/// The plan with its paths looked up, as far as they can be; else as it is, which the lints explain.
fn looked_up(plan: Plan) -> (Plan, bool) {
    match plan.clone().prepare() {
        Ok(sandbox) => (sandbox.plan().clone(), true),
        Err(_) => (plan, true),
    }
}

/// What a policy comes to on each kernel.
struct Kernels(Vec<OnKernel>);

struct OnKernel {
    abi: Abi,
    starts: bool,
    open: Vec<&'static str>,
}

impl Kernels {
    fn of(policy: &Policy) -> Self {
        let on = |abi: Abi| {
            let plan = Plan::new(policy.clone(), Kernel::with_abi(abi.number().into()));
            let open = Class::ALL
                .into_iter()
                .filter(|class| matches!(plan.standing(*class), Standing::Open(_)));
            OnKernel {
                abi,
                starts: plan.check().is_ok(),
                open: open.map(Class::name).collect(),
            }
        };
        Self(Abi::all().map(on).collect())
    }

    fn text(&self) -> String {
        let mut text = format!("{:4}  {:13}  {:6}  OPEN\n", "ABI", "SINCE", "STARTS");
        for kernel in &self.0 {
            let since = match kernel.abi {
                Abi::NONE => "no Landlock".to_owned(),
                abi => format!("Linux {}", abi.first_kernel()),
            };
            let starts = if kernel.starts { "yes" } else { "no" };
            let open = if kernel.starts {
                kernel.open.join(", ")
            } else {
                String::new()
            };
            let line = format!("{:4}  {since:13}  {starts:6}  {open}", kernel.abi.number());
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    fn json(&self) -> Value {
        let kernels = self.0.iter();
        kernels
            .map(|kernel| {
                json!({"abi": kernel.abi.number(), "starts": kernel.starts, "open": kernel.open})
            })
            .collect()
    }
}

fn print(
    format: &str,
    file: &Path,
    findings: &[Finding],
    sources: &Sources,
    kernels: Option<&Kernels>,
) -> u8 {
    match format {
        "json" => ui::print(&format!(
            "{:#}\n",
            as_json(file, findings, sources, kernels)
        )),
        "sarif" => ui::print(&format!("{:#}\n", as_sarif(file, findings, sources))),
        _ => ui::print(&as_text(file, findings, sources, kernels)),
    }
}

fn as_text(
    file: &Path,
    findings: &[Finding],
    sources: &Sources,
    kernels: Option<&Kernels>,
) -> String {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{}\n", finding.render(sources, colour));
    }
    if let Some(kernels) = kernels {
        let _ = writeln!(text, "{}", kernels.text());
    }
    let _ = match findings.len() {
        0 => writeln!(text, "{}: nothing found", file.display()),
        1 => writeln!(text, "{}: 1 finding", file.display()),
        many => writeln!(text, "{}: {many} findings", file.display()),
    };
    text
}

fn level(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The file, line and column of a finding.
fn position(finding: &Finding, sources: &Sources) -> Option<(String, usize, usize)> {
    let place = finding.place.as_ref()?;
    let (line, column) = sources.position(place);
    Some((sources.name(place.file).display().to_string(), line, column))
}

fn as_json(
    file: &Path,
    findings: &[Finding],
    sources: &Sources,
    kernels: Option<&Kernels>,
) -> Value {
    let items: Vec<_> = findings
        .iter()
        .map(|finding| {
            let (file, line, column) = position(finding, sources)
                .map_or((None, None, None), |(file, line, column)| {
                    (Some(file), Some(line), Some(column))
                });
            json!({
                "severity": level(finding),
                "code": finding.code,
                "message": finding.message,
                "help": finding.help,
                "file": file,
                "line": line,
                "column": column,
            })
        })
        .collect();
    let mut all = json!({"file": file.display().to_string(), "findings": items});
    if let Some(kernels) = kernels {
        all["kernels"] = kernels.json();
    }
    all
}

/// The Static Analysis Results Interchange Format, version 2.1.0.
fn as_sarif(file: &Path, findings: &[Finding], sources: &Sources) -> Value {
    let results: Vec<_> = findings
        .iter()
        .map(|finding| {
            let text = if finding.help.is_empty() {
                finding.message.clone()
            } else {
                format!("{}\n{}", finding.message, finding.help)
            };
            let place = position(finding, sources);
            let (uri, region) = match place {
                Some((file, line, column)) => {
                    (file, json!({"startLine": line, "startColumn": column}))
                }
                None => (file.display().to_string(), json!({"startLine": 1})),
            };
            json!({
                "ruleId": finding.code,
                "level": level(finding),
                "message": {"text": text},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": region,
                }}],
            })
        })
        .collect();
    let rules: Vec<_> = LINTS
        .iter()
        .map(|lint| json!({"id": lint.name, "shortDescription": {"text": lint.summary}}))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": NAME, "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    })
}
