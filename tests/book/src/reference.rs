//! The pages of the reference that are made from the code: flags, keys of manifests, classes of acts, fragments.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use clap::{Arg, Command};
use ringfence::{Abi, Class, Kernel, Plan, Policy, Standing};
use ringfence_cli::workbench;
use serde_json::Value;

use crate::root;

/// Says where a page comes from.
const MADE: &str =
    "<!-- Made by `cargo xtask reference`; a test holds it against the code. -->\n\n";

/// Each page that is made: its path in the workspace, and its text.
pub fn pages() -> [(&'static str, String); 4] {
    [
        ("docs/reference/flags.md", flags()),
        ("docs/reference/keys.md", keys()),
        ("docs/reference/classes.md", classes()),
        ("docs/reference/fragments.md", fragments()),
    ]
}

fn flags() -> String {
    let mut text = format!(
        "# Flags and commands\n\n{MADE}Two programs: `landlock-runner` wraps a command, `ringfence` works on policies. Flags of the \
         policy are the same in both, and each is a [word](../words.md) or [key](keys.md) of the manifest too.\n"
    );
    let mut wrapper = workbench::wrapper_command();
    wrapper.build();
    let policy: BTreeSet<String> = wrapper
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .filter(|name| name != "help" && name != "version")
        .collect();
    section(&mut text, &wrapper, 2, &BTreeSet::new());
    let mut workbench = workbench::command();
    workbench.build();
    section(&mut text, &workbench, 2, &policy);
    text
}

/// A command and those beneath it. Flags of the policy are explained once, at the wrapper.
fn section(text: &mut String, command: &Command, level: usize, known: &BTreeSet<String>) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let about = about.trim_end_matches('.');
    let _ = write!(text, "\n{} {name}\n\n{about}.\n", "#".repeat(level));

    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| {
            argument.get_long() != Some("help") && argument.get_long() != Some("version")
        })
        .collect();
    let is_known = |argument: &Arg| argument.get_long().is_some_and(|long| known.contains(long));
    let mut heading = None;
    for argument in arguments.iter().filter(|argument| !is_known(argument)) {
        let own = argument.get_help_heading().unwrap_or("").to_owned();
        if heading.as_ref() != Some(&own) {
            let title = if own.is_empty() { "" } else { own.as_str() };
            let _ = write!(text, "\n| {title} | |\n| --- | --- |\n");
            heading = Some(own);
        }
        let _ = writeln!(text, "| {} | {} |", shown(argument), meaning(argument));
    }
    let shared = arguments
        .iter()
        .filter(|argument| is_known(argument))
        .count();
    if shared == 1 {
        text.push_str("\nAnd `--set` as [landlock-runner](#landlock-runner).\n");
    } else if shared > 1 {
        text.push_str("\nAnd flags of the policy as [landlock-runner](#landlock-runner).\n");
    }
    if let Some(after) = command.get_after_help() {
        let _ = write!(
            text,
            "\n```text,by=tests/book/tests/pages/help.rs\n{}\n```\n",
            after.to_string().trim()
        );
    }
    for subcommand in command.get_subcommands() {
        if subcommand.get_name() != "help" {
            section(text, subcommand, level + 1, known);
        }
    }
}

fn shown(argument: &Arg) -> String {
    let short = argument
        .get_short()
        .map_or_else(String::new, |short| format!("-{short}, "));
    let mut value = String::new();
    for name in argument.get_value_names().unwrap_or_default() {
        let _ = write!(value, " {name}");
    }
    let takes_value = argument.get_action().takes_values()
        && argument
            .get_num_args()
            .is_none_or(|range| range.max_values() > 0);
    match argument.get_long() {
        Some(long) if takes_value => format!("`{short}--{long}{}`", cell(&value)),
        Some(long) => format!("`{short}--{long}`"),
        None => format!("`{}`", cell(value.trim())),
    }
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut help = cell(&help.map(ToString::to_string).unwrap_or_default());
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        let _ = write!(help, " ({})", values.join(", "));
    }
    help
}

/// Text that a cell of a table can hold.
fn cell(text: &str) -> String {
    let mut text = text.replace('\n', " ").replace('|', "\\|");
    // Within a span of code an asterisk is one.
    if !text.contains('`') {
        text = text.replace('*', "\\*");
    }
    text.replace('<', "&lt;").replace("${NAME}", "`${NAME}`")
}

fn keys() -> String {
    let schema = ringfence_manifest::schema();
    let mut text = format!(
        "# Keys of a manifest\n\n{MADE}What the keys mean together is in [The manifest](../manifest.md); \
         [manifest.schema.json](../manifest.schema.json) has the same for editors.\n\n| key | meaning |\n| --- | --- |\n"
    );
    rows(&mut text, &schema, "");
    text
}

/// A row for each key, and one for each key of its mapping.
fn rows(text: &mut String, schema: &Value, before: &str) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (name, property) in properties {
        let meaning = property["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| `{before}{name}` | {} |", cell(meaning));
        if let Some(mapping) = mappings(property) {
            rows(text, mapping, &format!("{before}{name}: "));
        }
    }
}

/// The mapping that a value is, or the items of its list may be.
fn mappings(property: &Value) -> Option<&Value> {
    if property["properties"].is_object() {
        return Some(property);
    }
    if let Some(found) = property.get("items").and_then(mappings) {
        return Some(found);
    }
    ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| property[key].as_array())
        .flatten()
        .find_map(mappings)
}

fn classes() -> String {
    let mut text = format!(
        "# Classes of acts\n\n{MADE}What denies each class where no line of a policy allows it, for a policy that lets files be read \
         and nothing else. `ringfence plan` answers it for yours. `L` is Landlock, `s` the filter of system calls, `–` nothing. \
         `--allow CLASS` leaves a class alone, `--deny CLASS` demands that it is denied.\n\n| class | acts |"
    );
    for abi in Abi::all() {
        let _ = write!(text, " {} |", abi.number());
    }
    let _ = write!(
        text,
        "\n| --- | --- |{}\n",
        " --- |".repeat(Abi::all().count())
    );
    let plans: Vec<Plan> = Abi::all()
        .map(|abi| {
            let policy = Policy::builder().ro("/usr").build().unwrap_or_default();
            Plan::new(policy, Kernel::with_abi(abi.number().into()))
        })
        .collect();
    for class in Class::ALL {
        let _ = write!(text, "| `{}` | {} |", class.name(), cell(class.summary()));
        for plan in &plans {
            let by = match plan.standing(class) {
                Standing::Landlock => "L",
                Standing::Seccomp => "s",
                _ => "–",
            };
            let _ = write!(text, " {by} |");
        }
        text.push('\n');
    }
    text.push_str("\n| ABI | first in |\n| --- | --- |\n");
    for abi in Abi::all() {
        let _ = writeln!(text, "| {} | {} |", abi.number(), abi.first_kernel());
    }
    text
}

fn fragments() -> String {
    let mut text = format!(
        "# Built-in fragments\n\n{MADE}`include: [NAME]` in a manifest, or the flag `--include NAME`, adds what programs of a kind need. Each as it is in this \
         version; lines with `optional` are skipped where there is no such path.\n"
    );
    let folder = root().join("crates/ringfence-manifest/fragments");
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let lines = fs::read_to_string(&file).unwrap_or_default();
        let _ = write!(text, "\n## {name}\n\n```yaml\n{lines}```\n");
    }
    text
}
