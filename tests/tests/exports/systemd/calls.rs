//! That systemd's filter leaves the wrapper what it calls before it restricts itself, whatever a policy denies.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use ringfence::{GROUPS, Group};
use ringfence_tests::executable;
use ringfence_tests::trial::Outcome;

use tempfile::TempDir;

use super::machine::Machine;
use super::{export, folder};

/// Every way of the wrapper that opens something of its own: includes, patterns, exceptions, libraries, limits.
const POLICY: &str = "\
version: 1
include: [base, ./more.yaml]
command: [/bin/true]
with-deps: true
ro: [{path: /usr, except: [share/doc]}, \"/etc/host*\"]
directory: /
environment: {clear: true}
limits: {memory: 8G, cpu: 1h, open-files: 4096, file-size: 1G}
";

pub fn wrapper_is_left_what_it_calls() -> Outcome {
    let folder = folder();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    file("more.yaml", "version: 1\nro: [/bin]\n");
    let policy = file("policy.yaml", POLICY);
    let trace = folder.path().join("trace");
    let traced = Command::new("strace")
        .arg("-f")
        .arg("-o")
        .arg(&trace)
        .arg(executable("landlock-runner"))
        .args(["--policy", &policy])
        .output();
    let Ok(traced) = traced else {
        return Outcome::Skipped("strace is not installed (Debian package strace)".to_owned());
    };
    assert!(traced.status.success(), "{traced:?}");
    let called = before_the_command(&fs::read_to_string(&trace).expect("it was written"));
    assert!(called.contains("landlock_restrict_self"), "{called:?}");

    // A policy that denies every call that has a group.
    let groups: Vec<_> = GROUPS
        .iter()
        .map(|group: &Group| format!("{:?}", group.name))
        .collect();
    let all = file(
        "all.yaml",
        &format!("version: 1\nsyscalls: {{deny: [{}]}}\n", groups.join(", ")),
    );
    let to = folder.path().to_str().expect("UTF-8");
    export(&[&all, "-o", to, "--", "/bin/true"]);
    let text = fs::read_to_string(folder.path().join("all.service.d/ringfence.conf"));
    let text = text.expect("it was written");
    let denied: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("SystemCallFilter=~"))
        .flat_map(|calls| calls.split(' '))
        .filter_map(|call| call.split(':').next())
        .collect();
    assert!(
        denied.contains("ptrace") && denied.contains("socket"),
        "{denied:?}"
    );
    let missing: Vec<_> = called
        .iter()
        .filter(|call| denied.contains(call.as_str()))
        .collect();
    assert!(missing.is_empty(), "the wrapper calls {missing:?}");
    Outcome::Passed
}

/// The calls of a trace from the start of the wrapper up to that of the command.
fn before_the_command(trace: &str) -> BTreeSet<String> {
    let calls = trace.lines().filter_map(|line| {
        let call = line.split_once(' ')?.1.trim_start();
        Some(call.split_once('(')?.0.to_owned())
    });
    let mut started = 0;
    calls
        .take_while(|call| {
            started += usize::from(call == "execve");
            started < 2 || call == "execve"
        })
        .collect()
}

/// A unit that lists the calls that it allows starts by the wrapper, and not without what the drop-in adds
/// to that list.
pub fn list_of_the_unit_is_added_to(folder: &TempDir) {
    let at = folder.path().display();
    let (units, state) = (folder.path().join("units"), folder.path().join("state"));
    for made in [&units, &state] {
        fs::create_dir(made).expect("a folder");
    }
    let manifest = folder.path().join("policy.yaml");
    let text = format!("version: 1\ninclude: [base]\nro: [/usr/bin, /bin]\nrw: [{at}/state]\n");
    fs::write(&manifest, text).expect("the manifest");
    for name in ["added", "taken"] {
        let unit = units.join(format!("{name}.service"));
        let text = format!(
            "[Service]\nSystemCallFilter=@system-service\nEnvironment=WORD=it\nExecStart=/bin/sh -c 'echo $0 %N > \
             {at}/state/%N' ${{WORD}}\nExecStopPost=/bin/sh -c 'echo $EXIT_STATUS > {at}/state/%N.status'\n"
        );
        fs::write(&unit, text).expect("a unit");
        let [manifest, unit, to] =
            [&manifest, &unit, &units].map(|path| path.to_str().expect("UTF-8"));
        export(&[manifest, "--unit", name, "--unit-file", unit, "-o", to]);
    }
    let drop_in = units.join("taken.service.d/ringfence.conf");
    let text = fs::read_to_string(&drop_in).expect("it was written");
    let kept: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("SystemCallFilter=landlock"))
        .collect();
    fs::write(&drop_in, kept.join("\n")).expect("it is ours");

    let result = |name: &str| fs::read_to_string(state.join(name)).unwrap_or_default();
    Machine::start(&units, &["added", "taken"]).until("both have ended", || {
        result("added.status").ends_with('\n') && result("taken.status").ends_with('\n')
    });
    assert_eq!(
        (result("added.status").as_str(), result("added").as_str()),
        ("0\n", "it added\n")
    );
    // The wrapper says that it cannot restrict itself, and starts nothing.
    assert_eq!(
        (result("taken.status").as_str(), result("taken").as_str()),
        ("125\n", "")
    );
}
