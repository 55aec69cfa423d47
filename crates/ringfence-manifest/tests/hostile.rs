//! Manifests that mean harm: each ends quickly with a fault, in bounded memory.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ringfence_manifest::{Faults, Format, MOST_BYTES, Manifest, Variables};

fn parse(text: &str) -> Result<Manifest, Faults> {
    Manifest::parse("x", text, Format::Yaml, &Variables::default()).map(|(manifest, _)| manifest)
}

/// The codes of the faults of a file.
fn codes(path: &Path) -> Vec<&'static str> {
    match Manifest::read(path, &Variables::default()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.findings.iter().map(|finding| finding.code).collect(),
    }
}

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

#[test]
fn an_alias_bomb_is_not_expanded() {
    let mut text = String::from("version: 1\na0: &a0 [x]\n");
    for level in 1..40 {
        let previous = format!("*a{},", level - 1).repeat(10);
        let _ = writeln!(text, "a{level}: &a{level} [{previous}]");
    }
    assert!(parse(&text).is_err());
}

#[test]
fn nesting_without_end_stops() {
    for text in [
        format!("version: 1\nro: {}", "[".repeat(1 << 20)),
        format!("version: 1\nro: {}", "{a: ".repeat(1 << 18)),
        (0..5_000).fold(String::from("version: 1\n"), |mut text, level| {
            let _ = writeln!(text, "{:level$}a:", "");
            text
        }),
        format!("version: 1\nro:\n  {}x", "- ".repeat(1 << 18)),
    ] {
        assert!(parse(&text).is_err());
    }
    let deep = format!("version = 1\nro = {}", "[".repeat(1 << 18));
    assert!(Manifest::parse("x", &deep, Format::Toml, &Variables::default()).is_err());
}

#[test]
fn a_hundred_thousand_faults_are_counted_and_not_all_drawn() {
    let text = format!("version: 1\nconnect-tcp: [{}]\n", "x, ".repeat(100_000));
    let faults = parse(&text).expect_err("no ports");
    assert_eq!(faults.findings.len() + faults.more, 100_000);
    assert_eq!(faults.findings.len(), 1000);
    let drawn = faults.render(false);
    assert!(drawn.len() < 100_000 && drawn.ends_with("and 99970 more"));
}

#[test]
fn a_manifest_of_millions_of_values_is_refused() {
    let items = "/x, ".repeat(5 << 19);
    for (text, format) in [
        (format!("version: 1\nro: [{items}]\n"), Format::Yaml),
        (
            format!("version = 1\nro = [{}]\n", items.replace("/x", "'/x'")),
            Format::Toml,
        ),
    ] {
        let faults = Manifest::parse("x", &text, format, &Variables::default());
        let findings = faults.err().map(|faults| faults.findings);
        let findings = findings.unwrap_or_default();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["too-large"]);
    }
}

#[test]
fn lines_that_contradict_each_other_by_the_thousand_are_counted() {
    let denials: Vec<_> = (1..4096).map(|errno| format!("'@debug:{errno}'")).collect();
    let world = World::new();
    world.file("in.yaml", "version: 1\nsyscalls: {allow: ['@debug']}\n");
    let path = world.file(
        "top.yaml",
        format!(
            "version: 1\ninclude: ./in.yaml\nsyscalls: {{deny: [{}]}}\n",
            denials.join(", ")
        ),
    );
    let faults = Manifest::read(&path, &Variables::default()).err();
    let count = faults.map(|faults| (faults.findings.len(), faults.more));
    assert!(
        count.is_some_and(|(kept, more)| kept == 1000 && more > 3000),
        "{count:?}"
    );
}

#[test]
fn many_keys_are_compared_in_time() {
    let text = (0..20_000).fold(String::from("version: 1\n"), |mut text, number| {
        let _ = writeln!(text, "key{number}: 1");
        text
    });
    let faults = parse(&text).expect_err("unknown keys");
    assert_eq!(faults.findings.len() + faults.more, 20_000);
}

#[test]
fn what_is_no_file_of_text_is_refused_without_waiting() {
    let world = World::new();
    let fifo = world.0.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()));
    for path in [
        &fifo,
        world.0.path(),
        Path::new("/dev/zero"),
        Path::new("/no/such/file"),
    ] {
        assert_eq!(codes(path), ["read"], "{}", path.display());
    }
    assert_eq!(
        codes(&world.file("latin", b"version: 1\ndescription: \xe9\n")),
        ["not-utf8"]
    );
    let length = usize::try_from(MOST_BYTES).expect("a small number") + 1;
    assert_eq!(
        codes(&world.file("long", vec![b'#'; length])),
        ["too-large"]
    );
    let link = world.0.path().join("loop");
    std::os::unix::fs::symlink("loop", &link).expect("a symlink");
    assert_eq!(codes(&link), ["read"]);
}

#[test]
fn includes_in_a_circle_end_and_a_file_is_read_once() {
    let world = World::new();
    std::os::unix::fs::symlink("a.yaml", world.0.path().join("again.yaml")).expect("a symlink");
    let circle = world.file("a.yaml", "version: 1\ninclude: ./b.yaml\n");
    world.file("b.yaml", "version: 1\ninclude: ./again.yaml\n");
    assert_eq!(codes(&circle), ["include"]);

    world.file("leaf.yaml", "version: 1\nro: [/usr]\n");
    world.file("left.yaml", "version: 1\ninclude: ./leaf.yaml\n");
    world.file(
        "right.yaml",
        "version: 1\ninclude: [./leaf.yaml, base, base]\n",
    );
    let top = world.file(
        "top.yaml",
        "version: 1\ninclude: [./left.yaml, ./right.yaml, base]\n",
    );
    let (manifest, _) = Manifest::read(&top, &Variables::default()).expect("a manifest");
    let usr = |line: &&ringfence::PathLine| line.path == Path::new("/usr");
    assert_eq!(manifest.policy.paths().iter().filter(usr).count(), 1);

    let crowd: Vec<_> = (0..100).map(|number| format!("./c{number}.yaml")).collect();
    let crowd = crowd.join(", ");
    for number in 0..100 {
        world.file(&format!("c{number}.yaml"), "version: 1\n");
    }
    let crowd = world.file("crowd.yaml", format!("version: 1\ninclude: [{crowd}]\n"));
    assert!(codes(&crowd).iter().all(|code| *code == "include"));
    assert!(!codes(&crowd).is_empty());
}

#[test]
fn the_order_of_includes_does_not_matter() {
    let world = World::new();
    world.file(
        "one.yaml",
        "version: 1\nro: [/usr]\nminimum-abi: 4\ndeny: [metadata]\n",
    );
    world.file(
        "two.yaml",
        "version: 1\nrw: [/srv]\nminimum-abi: 6\nconnect-tcp: [443]\n",
    );
    let lines = |order: &str| {
        let path = world.file("top.yaml", format!("version: 1\ninclude: [{order}]\n"));
        let (manifest, _) = Manifest::read(&path, &Variables::default()).expect("a manifest");
        let yaml = manifest.to_yaml().expect("a text");
        let mut lines: Vec<_> = yaml.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(
        lines("./one.yaml, ./two.yaml, base"),
        lines("base, ./two.yaml, ./one.yaml")
    );
    assert!(lines("./one.yaml, ./two.yaml").contains(&"minimum-abi: 6".to_owned()));
}

#[test]
fn three_formats_of_one_shape_say_the_same() {
    let yaml = "version: 1\nro: [/usr, {path: /srv, optional: true}]\nconnect-tcp: [443, 8000-8010]\nsyscalls: {deny: [ptrace]}\n";
    let json = r#"{"version": 1, "ro": ["/usr", {"path": "/srv", "optional": true}], "connect-tcp": [443, "8000-8010"],
        "syscalls": {"deny": ["ptrace"]}}"#;
    let toml = "version = 1\nro = [\"/usr\", {path = \"/srv\", optional = true}]\nconnect-tcp = [443, \"8000-8010\"]\n[syscalls]\ndeny = [\"ptrace\"]\n";
    let world = World::new();
    let said = |name: &str, text: &str| {
        let path = world.file(name, text);
        let (manifest, _) = Manifest::read(&path, &Variables::default())
            .unwrap_or_else(|faults| panic!("{faults}"));
        manifest.to_yaml().expect("a text")
    };
    let of_yaml = said("x.yaml", yaml);
    assert_eq!(said("x.json", json), of_yaml);
    assert_eq!(said("x.toml", toml), of_yaml);
}

#[test]
fn what_a_variable_stands_for_is_never_a_pattern_nor_another_variable() {
    let variables = Variables::default().set("A", "/srv/*").set("B", "${A}");
    let text =
        "version: 1\nro: [\"${A}\", \"${A}/*\", \"${B}\", \"$${A}\", \"${C:-/x}\", \"/a[*]b\"]\n";
    let (manifest, _) = Manifest::parse("x", text, Format::Yaml, &variables).expect("a manifest");
    let said: Vec<_> = manifest
        .policy
        .paths()
        .iter()
        .map(|line| (line.path.to_str().expect("a text"), line.pattern))
        .collect();
    let expected = [
        ("/srv/*", false),
        ("/srv/[*]/*", true),
        ("${A}", false),
        ("${A}", false),
        ("/x", false),
        ("/a*b", false),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_variable_beside_brackets_is_read_and_an_empty_one_joins_no_stars() {
    let variables = Variables::default().set("A", "a-z");
    let text = "version: 1\nro: [\"/[ab]${A}*\", \"/[[]${A}]\", \"/*${E:-}*/x\", \"/[$$]*\"]\n\
                command: [\"[${A}]\"]\n";
    let (manifest, _) = Manifest::parse("x", text, Format::Yaml, &variables)
        .unwrap_or_else(|faults| panic!("{faults}"));
    let paths = manifest.policy.paths().iter();
    let said: Vec<_> = paths
        .map(|line| line.path.to_str().expect("a text"))
        .collect();
    assert_eq!(said, ["/[ab]a-z*", "/[a-z]", "/*/x", "/[$]*"]);
    assert_eq!(manifest.command, ["[a-z]"]);
}

#[test]
fn an_exception_whose_name_has_the_characters_of_a_pattern_is_written_in_brackets() {
    let variables = Variables::default().set("A", "*.key");
    let text = "version: 1\nro: [{path: /srv, except: [\"[[]id].tsx\", \"${A}\", a]}]\n";
    let (manifest, _) = Manifest::parse("x", text, Format::Yaml, &variables)
        .unwrap_or_else(|faults| panic!("{faults}"));
    let names = ["[id].tsx", "*.key", "a"].map(PathBuf::from);
    assert_eq!(manifest.policy.paths()[0].except, names);
}

#[test]
fn relative_paths_begin_at_the_file_that_they_stand_in() {
    let world = World::new();
    std::fs::create_dir(world.0.path().join("deep")).expect("a directory");
    world.file("deep/in.yaml", "version: 1\nro: [here]\n");
    let top = world.file(
        "top.yaml",
        "version: 1\ninclude: ./deep/in.yaml\nro: [there]\n",
    );
    let (manifest, _) = Manifest::read(&top, &Variables::default()).expect("a manifest");
    let paths: Vec<_> = manifest
        .policy
        .paths()
        .iter()
        .map(|line| line.path.clone())
        .collect();
    let at = |name: &str| world.0.path().join(name);
    assert_eq!(
        paths,
        [at("there"), at("deep").join("here")].map(|path| path.components().collect::<PathBuf>())
    );
}
