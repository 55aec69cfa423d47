//! Texts that are very long, or would forge lines: read and shown in time, in few words, on one line.

use std::time::{Duration, Instant};

use ringfence_manifest::{Faults, Format, Manifest, Variables};

const MIB: usize = 1 << 20;

fn faults(text: &str, format: Format) -> Faults {
    match Manifest::parse("x", text, format, &Variables::default()) {
        Ok(_) => panic!("there is no fault"),
        Err(faults) => faults,
    }
}

/// Reads and draws a bad text, in time and space that such a text is worth.
fn drawn(what: &str, text: &str, format: Format) -> String {
    let start = Instant::now();
    let drawn = faults(text, format).render(true);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    assert!(drawn.len() < 200_000, "{what}: {} bytes", drawn.len());
    drawn
}

#[test]
fn a_line_of_ten_mebibytes_is_read_in_time_and_not_drawn_whole() {
    let long = "x".repeat(10 * MIB);
    let items = "x, ".repeat(10 * MIB / 3);
    for (what, text) in [
        ("a key", format!("version: 1\n{long}: 1\n")),
        ("a value", format!("version: 1\nallow: [{long}]\n")),
        (
            "behind a value",
            format!("version: 1\nfs: [1, \"{long}\"]\n"),
        ),
        (
            "before a value",
            format!("version: 1\nfs: [\"{long}\", 1]\n"),
        ),
        ("many values", format!("version: 1\nallow: [{items}]\n")),
        ("a comment", format!("version: 1\nallow: [x] # {long}\n")),
        (
            "a flow mapping",
            format!("{{version: 1, ro: [/x], {long}: 1, {long}: 2}}"),
        ),
        ("no manifest", long.clone()),
        ("no YAML", format!("version: 1\n\t{long}")),
    ] {
        drawn(what, &text, Format::Yaml);
    }
    let text = format!("version = 1\nallow = [\"x\", \"{long}\"]\n");
    drawn("TOML", &text, Format::Toml);
    drawn("no TOML", &long, Format::Toml);
}

#[test]
fn unknown_words_of_a_mebibyte_are_not_compared_with_all_others() {
    let word = "connect-tcp".repeat(MIB / 11);
    for text in [
        format!("version: 1\n{word}: 1\n"),
        format!("version: 1\ninclude: {word}\n"),
        format!("version: 1\nallow: {word}\n"),
        format!("version: 1\nsyscalls: {{deny: {word}}}\n"),
        format!("version: 1\nsyscalls: {{deny: \"x:{word}\"}}\n"),
        format!("version: 1\nsyscalls: {{others: {word}}}\n"),
        format!("version: 1\nunrestricted: {word}\n"),
        format!("version: 1\nfs: [{{path: /x, access: {word}}}]\n"),
        format!("version: 1\nexpect: [{{deny: {word}}}]\n"),
        format!("version: 1\nexpect: [{{deny: syscall, name: {word}}}]\n"),
        format!("version: 1\nconnect-tcp: {word}\n"),
        format!("version: 1\nenvironment: {{keep: -{word}}}\n"),
        format!("version: 1\nlimits: {{memory: {word}}}\n"),
        format!("version: 1\nro: \"${{{}}}\"\n", word.replace('-', "_")),
    ] {
        let drawn = drawn(&text[..30], &text, Format::Yaml);
        assert!(drawn.len() < 10_000, "{}: {}", &text[..30], drawn.len());
    }
}

#[test]
fn the_place_of_a_fault_far_in_a_line_is_told() {
    let text = format!(
        "version: 1\nro: [{}]\nfs: [{}, 1]\n",
        "/x, ".repeat(10),
        "{path: /x, access: read}, ".repeat(400)
    );
    let drawn = faults(&text, Format::Yaml).to_string();
    let column = "fs: [".len() + "{path: /x, access: read}, ".len() * 400 + 1;
    assert!(drawn.contains(&format!(" x:3:{column}\n")), "{drawn}");
    let lines: Vec<_> = drawn.lines().collect();
    assert!(lines.iter().all(|line| line.len() < 400), "{drawn}");
}

#[test]
fn no_text_of_a_manifest_forges_a_line_of_a_message() {
    const FORGED: &str = "\\nerror[forged]: all is well";
    for text in [
        format!("\"x{FORGED}\": 1"),
        format!("\"x{FORGED}\": 1\n\"x{FORGED}\": 2"),
        format!("include: \"x{FORGED}\""),
        format!("include: \"./x{FORGED}\""),
        format!("allow: \"x{FORGED}\""),
        format!("syscalls: {{allow: \"x{FORGED}\", deny: \"x:y{FORGED}\", others: \"x{FORGED}\"}}"),
        format!("unrestricted: \"x{FORGED}\""),
        format!("fs: {{path: /x, access: \"x{FORGED}\"}}"),
        format!("expect: [{{deny: \"x{FORGED}\"}}, {{deny: syscall, name: \"x{FORGED}\"}}]"),
        format!("expect: [{{ready: \"tcp x{FORGED}\", within: \"1{FORGED}\"}}]"),
        format!("connect-tcp: \"x{FORGED}\""),
        format!("environment: {{keep: \"x{FORGED}\", set: {{\"x{FORGED}\": x}}}}"),
        format!("limits: {{memory: \"x{FORGED}\", cpu: \"x{FORGED}\"}}"),
        format!("ro: [\"${{x{FORGED}}}\", \"$x{FORGED}\"]"),
        format!("environment: {{set: {{A: x, \"A\": \"y{FORGED}\"}}}}"),
        "? |\n  x\n  error[forged]: all is well\n: 1".to_owned(),
    ] {
        let text = format!("version: 1\n{text}\n");
        let drawn = faults(&text, Format::Yaml).to_string();
        let forged = |line: &str| line.trim_start().starts_with("error[forged]");
        assert!(!drawn.lines().any(forged), "{drawn}");
    }
}
