//! Words of the command and values of variables that are written without quotes.

use ringfence_manifest::{Format, Manifest, Variables};

fn words(text: &str, format: Format) -> (Vec<String>, Vec<Option<String>>) {
    match Manifest::parse("x", text, format, &Variables::default()) {
        Ok((manifest, _)) => {
            let variables = manifest.environment.variables.into_iter();
            (
                manifest.command,
                variables.map(|(_, value)| value).collect(),
            )
        }
        Err(faults) => panic!("{faults}"),
    }
}

const WRITTEN: [&str; 8] = ["x", "8080", "-1", "true", "false", "1.5", "0", "0.25"];

#[test]
fn what_is_read_as_it_is_written_needs_no_quotes() {
    let expected = WRITTEN.map(str::to_owned);
    let values = WRITTEN.map(|word| Some(word.to_owned()));
    for quote in ["", " "] {
        let list = WRITTEN.join(&format!("{quote}, "));
        let set: Vec<_> = WRITTEN
            .iter()
            .enumerate()
            .map(|(number, word)| format!("V{number}: {word}{quote}"))
            .collect();
        let text = format!(
            "version: 1\ncommand: [{list}]\nenvironment: {{set: {{{}}}}}\n",
            set.join(", ")
        );
        assert_eq!(
            words(&text, Format::Yaml),
            (expected.to_vec(), values.to_vec())
        );
    }
    let block = WRITTEN
        .map(|word| format!("  - {word}   # {word}\n"))
        .concat();
    assert_eq!(
        words(&format!("version: 1\ncommand:\n{block}"), Format::Yaml).0,
        expected
    );
    let list = WRITTEN[1..].join(", ");
    let toml = format!("version = 1\ncommand = [\"x\", {list}]\n");
    assert_eq!(words(&toml, Format::Toml).0, expected);
    let json = format!("{{\"version\": 1, \"command\": [\"x\", {list}]}}");
    assert_eq!(words(&json, Format::Yaml).0, expected);
}

#[test]
fn words_that_yaml_1_2_reads_as_texts_are_taken_as_they_are() {
    let text = "version: 1\ncommand: [yes, no, on, 1_000, 0o9, 12:30:00, 2024-01-01, 1.2.3, '0755', \"null\"]\n";
    let expected = [
        "yes",
        "no",
        "on",
        "1_000",
        "0o9",
        "12:30:00",
        "2024-01-01",
        "1.2.3",
        "0755",
        "null",
    ];
    assert_eq!(words(text, Format::Yaml).0, expected);
}
