//! The same plans, byte for byte, and the same answers as in Rust.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use ringfence::{Kernel, Plan, Policy};
use ringfence_manifest::FromManifest as _;
use ringfence_tests::agreement::{
    Agreed, Asked, answer, policies, policies_file, questions, questions_file,
};
use ringfence_tests::trial::Test;
use serde::Serialize;

use crate::library::{Linked, compile, source, test, text};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "the_data_on_which_languages_agree_are_those_that_are_generated",
            the_data_are_generated,
        ),
        test(
            "c_gives_the_same_plans_and_answers_as_rust",
            &[],
            c_agrees_with_rust,
        ),
    ]
}

/// Writes the data.
pub fn write() {
    let policies = policies();
    let questions = questions(&policies);
    fs::write(policies_file(), lines(&policies)).expect("the data can be written");
    fs::write(questions_file(), lines(&questions)).expect("the data can be written");
}

/// JSON with an entry a line, so that a change shows as one.
fn lines(entries: &[impl Serialize]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| serde_json::to_string(entry).expect("text and numbers"))
        .collect();
    format!("[\n{}\n]\n", entries.join(",\n"))
}

fn the_data_are_generated() {
    let (policies, asked) = data();
    assert!(
        policies == self::policies() && asked == questions(&policies),
        "`cargo test -p ringfence-tests --test capi -- write-agreement` writes the data anew"
    );
    assert_eq!((policies.len(), asked.len()), (50, 1000));
    for answer in [
        "allowed",
        "unrestricted",
        "open",
        "denied-by-landlock",
        "denied-by-seccomp",
        "widens",
    ] {
        assert!(asked.iter().any(|asked| asked.answer == answer), "{answer}");
    }
}

fn data() -> (Vec<Agreed>, Vec<Asked>) {
    let policies = fs::read_to_string(policies_file()).expect("the data are there");
    let questions = fs::read_to_string(questions_file()).expect("the data are there");
    (
        serde_json::from_str(&policies).expect("policies"),
        serde_json::from_str(&questions).expect("questions"),
    )
}

/// All of it as the C program reads it.
pub fn script() -> String {
    script_and_answers().0
}

/// What the program is told, and what it has to say.
fn script_and_answers() -> (String, String) {
    let (policies, asked) = data();
    let (mut script, mut expected) = (String::new(), String::new());
    for (index, agreed) in policies.iter().enumerate() {
        let asked: Vec<_> = asked.iter().filter(|asked| asked.policy == index).collect();
        for line in &agreed.lines {
            let _ = writeln!(script, "line\t{}", line.join("\t"));
        }
        ask(
            &agreed.plan(),
            agreed.abi,
            &asked,
            &mut script,
            &mut expected,
        );

        let _ = write!(script, "yaml\t{}\n{}", agreed.yaml.len(), agreed.yaml);
        let policy = Policy::from_yaml(&agreed.yaml).expect("a manifest");
        let plan = Plan::new(policy, Kernel::with_abi(agreed.abi));
        ask(&plan, agreed.abi, &asked, &mut script, &mut expected);
    }

    (script, expected)
}

fn c_agrees_with_rust() {
    let (script, expected) = script_and_answers();
    let program = compile("gcc", &source("agree.c"), &[], Linked::Shared);
    let mut child = program
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("no panic").expect("all is read");
    assert!(output.status.success());
    let found = text(&output.stdout);
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {number}");
    }
    assert!(found == expected, "one is longer than the other");
}

/// What the program is told to do about a plan, and what it has to say.
fn ask(plan: &Plan, abi: u32, asked: &[&Asked], script: &mut String, expected: &mut String) {
    let _ = writeln!(script, "plan\t{abi}");
    let report = plan.report();
    let _ = write!(expected, "{}{report}", report.to_json());
    for asked in asked {
        let _ = writeln!(script, "ask\t{}", asked.ask.join("\t"));
        let answer = answer(plan, &asked.ask);
        let allowed = ["allowed", "unrestricted", "open"].contains(&answer);
        let _ = writeln!(expected, "{answer} {}", u8::from(allowed));
    }
}
