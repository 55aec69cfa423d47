//! The page of `ringfence plan --html`: well-formed, complete, true, and inert whatever a path holds.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Output;

use ringfence::Abi;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use crate::{skipped, stderr};

fn plan<A: AsRef<OsStr>>(arguments: &[A]) -> Output {
    crate::command()
        .arg("plan")
        .args(arguments)
        .output()
        .expect("ringfence starts")
}

fn page<A: AsRef<OsStr>>(arguments: &[A]) -> String {
    let output = plan(&[&[OsStr::new("--html")], &words(arguments)[..]].concat());
    let told = stderr(&output);
    let page = String::from_utf8(output.stdout).expect("a page is UTF-8");
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}{told}");
    page
}

fn words<A: AsRef<OsStr>>(arguments: &[A]) -> Vec<&OsStr> {
    arguments.iter().map(AsRef::as_ref).collect()
}

/// A page is XML as well, where what is not closed or not escaped is an error.
fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

fn elements<'a>(node: Node<'a, 'a>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants()
        .filter(move |node| node.has_tag_name(name))
}

fn text(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    texts.filter_map(|node| node.text()).collect()
}

/// The section of a kernel, by the name of its tab.
fn section<'a>(document: &'a Document<'a>, name: &str) -> Node<'a, 'a> {
    elements(document.root(), "section")
        .find(|section| elements(*section, "h2").any(|heading| text(heading).starts_with(name)))
        .unwrap_or_else(|| panic!("no tab is named {name}"))
}

const MANIFEST: &str = r#"version: 1
include: [base, tls]
ro: [/usr, {path: "/srv/in", optional: true, description: "what is to be done"}]
rw: [/tmp]
fs: [{path: "/dev", access: [read, ioctl]}]
connect-tcp: [{ports: 443, description: "the API"}]
deny: [metadata]
syscalls: {deny: [ptrace]}
"#;

fn manifest(folder: &Path) -> String {
    let file = folder.join("policy.yaml");
    std::fs::write(&file, MANIFEST).expect("a file can be written");
    file.display().to_string()
}

#[test]
fn every_kernel_shows_every_line_and_class_of_its_report() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = manifest(folder.path());
    let page = page(&["--policy", &file, "--best-effort"]);
    let document = parsed(&page);
    for abi in Abi::all() {
        let number = abi.number().to_string();
        let name = match abi {
            Abi::NONE => "No Landlock".to_owned(),
            _ => format!("ABI {number} ·"),
        };
        let section = section(&document, &name);
        let shown = text(section);
        let output = plan(&[
            "--policy",
            &file,
            "--best-effort",
            "--abi",
            &number,
            "--json",
        ]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
        for row in ["lines", "denied"]
            .iter()
            .flat_map(|key| report[key].as_array().expect("rows"))
        {
            for part in ["item", "note"] {
                let part = row[part].as_str().expect("a text");
                assert!(shown.contains(part), "{abi}: {part}");
            }
            let by = row["by"].as_str().expect("a text");
            assert!(by == "landlock" || shown.contains(by), "{abi}: {by}");
        }
        assert_eq!(
            shown.contains("does not start"),
            !report["starts"].as_bool().expect("a verdict"),
            "{abi}"
        );
        for description in ["what is to be done", "the API"] {
            assert!(shown.contains(description), "{abi}: {description}");
        }
    }
}

#[test]
fn a_kernel_that_refuses_says_why_on_its_tab() {
    let page = page(&["--abi", "3", "--ro", "/usr", "--connect-tcp", "443"]);
    let document = parsed(&page);
    for abi in Abi::all().filter(|&abi| abi > Abi::NONE) {
        let shown = text(section(&document, &format!("ABI {} ·", abi.number())));
        let needs = "`--connect-tcp 443`: connect-tcp needs ABI 4 (Linux 6.7)";
        assert_eq!(shown.contains(needs), abi < Abi::new(4), "{abi}");
        assert_eq!(shown.contains("The sandbox starts"), abi >= Abi::new(4));
    }
    let checked: Vec<_> = elements(document.root(), "input")
        .filter(|input| input.has_attribute("checked"))
        .filter_map(|input| input.attribute("id"))
        .collect();
    assert_eq!(
        checked,
        ["k3"],
        "the tab of the ABI that was asked for is open"
    );
}

#[test]
fn a_start_without_every_line_is_not_called_a_whole_one() {
    let arguments = ["--abi", "3", "--best-effort", "--connect-tcp", "443"];
    let page = page(&arguments);
    let document = parsed(&page);
    let verdict = |name| text(section(&document, name));
    assert!(verdict("ABI 3 ·").contains("The sandbox starts, but 1 line is not enforced."));
    assert!(verdict("ABI 4 ·").contains("The sandbox starts."));
    let spoken = |number: usize| text(elements(document.root(), "label").nth(number).unwrap());
    assert!(spoken(3).ends_with("starts without enforcing every line"));
    assert!(spoken(4).ends_with(", starts"));
}

#[test]
fn a_missing_path_stops_the_start_on_the_page_too() {
    // Without Landlock paths are not looked up.
    if skipped(1) {
        return;
    }
    let arguments = ["--ro", "/no/such/path"];
    let page = page(&arguments);
    let document = parsed(&page);
    let shown = text(section(&document, "This kernel"));
    assert!(shown.contains("cannot allow /no/such/path"), "{shown}");
    assert!(!shown.contains("The sandbox starts"), "{shown}");
    assert_eq!(
        plan(&["--html", "--ro", "/no/such/path"]).status.code(),
        Some(1)
    );
}

#[test]
fn directories_fold_and_each_path_has_one_node() {
    let page = page(&[
        "--abi",
        "11",
        "--ro",
        "/usr/share/doc/a",
        "--ro",
        "/usr/share/doc/b",
        "--rw",
        "/usr/share/doc",
        "--ro",
        "relative/place",
    ]);
    let document = parsed(&page);
    let section = section(&document, "ABI 11 ·");
    let tree = elements(section, "ul")
        .find(|list| list.attribute("class") == Some("tree"))
        .expect("a tree");
    let names: Vec<_> = elements(tree, "code").map(text).collect();
    assert_eq!(names, ["/usr/share/doc", "a", "b", "relative/place"]);
}

#[test]
fn a_word_that_a_kernel_leaves_open_is_not_shown_as_denied() {
    let page = page(&[
        "--abi",
        "4",
        "--best-effort",
        "--fs",
        "read,ioctl=/dev",
        "--rw",
        "/srv",
    ]);
    let document = parsed(&page);
    let words = |name| -> Vec<_> {
        let images = elements(section(&document, name), "span");
        images
            .filter_map(|image| image.attribute("aria-label"))
            .collect()
    };
    assert_eq!(words("ABI 4 ·")[0], "read, ioctl (open everywhere)");
    assert_eq!(words("ABI 5 ·")[0], "read, ioctl");
    assert!(words("ABI 1 ·")[1].ends_with("rename (denied)"));
}

#[test]
fn nothing_of_a_hostile_path_becomes_markup() {
    let hostile: [&[u8]; 6] = [
        b"/srv/<script>alert(1)</script>",
        b"/srv/\"><img src=x onerror='alert(1)'>",
        b"/srv/</style></title><!-- ]]> &lt;&#60;",
        b"/srv/\x01\x1b[31m\n\t\x7f",
        b"/srv/\xff\xfe",
        "/srv/\u{202e}cod.exe\u{feff}\u{ffff}".as_bytes(),
    ];
    let mut arguments = vec![OsStr::new("--abi"), OsStr::new("11")];
    for path in hostile {
        arguments.extend([OsStr::new("--ro"), OsStr::from_bytes(path)]);
    }
    let (tame, page) = (page(&["--abi", "11", "--ro", "/srv"]), page(&arguments));
    let document = parsed(&page);
    let shape = |page: &str| -> BTreeSet<(String, Vec<String>)> {
        let document = parsed(page);
        let elements = document.descendants().filter(Node::is_element);
        elements
            .map(|node| {
                let attributes = node.attributes().map(|held| held.name().to_owned());
                (node.tag_name().name().to_owned(), attributes.collect())
            })
            .collect()
    };
    // A directory that holds others adds what folds it, and nothing else is new.
    let new: Vec<_> = shape(&page).difference(&shape(&tame)).cloned().collect();
    let names: BTreeSet<_> = new.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["details", "summary"]));

    let shown = text(section(&document, "ABI 11 ·"));
    for path in [
        "<script>alert(1)",
        "\"><img src=x onerror='alert(1)'>",
        "</title><!-- ]]> &lt;&#60;",
        r"\u{1}\u{1b}[31m\n\t\u{7f}",
        r"\xff\xfe",
        r"\u{202e}cod.exe\u{feff}\u{ffff}",
    ] {
        assert!(shown.contains(path), "{path}");
    }
    assert!(!page.contains(['\u{1}', '\u{1b}', '\u{7f}', '\u{202e}', '\u{ffff}']));
}

#[test]
fn a_path_of_very_many_parts_is_one_node() {
    let path = "/a".repeat(20_000);
    let page = page(&["--abi", "11", "--ro", &path]);
    assert!(page.contains(&format!("<code>{path}</code>")));
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let page = page(&["--abi", "11", "--ro", "/usr"]);
    let document = parsed(&page);
    let policy = elements(document.root(), "meta")
        .find(|meta| meta.attribute("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|meta| meta.attribute("content"));
    assert_eq!(
        policy,
        Some("default-src 'none'; style-src 'unsafe-inline'")
    );
    for node in document.descendants().filter(Node::is_element) {
        assert!(!["script", "link", "img", "iframe", "base"].contains(&node.tag_name().name()));
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(
                !["src", "href", "style"].contains(&name) && !name.starts_with("on"),
                "{name}"
            );
        }
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
}

#[test]
fn landmarks_headings_and_names_are_in_order() {
    let page = page(&["--ro", "/usr"]);
    let document = parsed(&page);
    let root = document.root();
    for (name, count) in [("main", 1), ("header", 1), ("h1", 1), ("fieldset", 1)] {
        assert_eq!(elements(root, name).count(), count, "{name}");
    }
    let ids: Vec<_> = document
        .descendants()
        .filter_map(|node| node.attribute("id"))
        .collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    let mut level = 0;
    for node in document.descendants() {
        let name = node.tag_name().name();
        if let Some(deeper) = name
            .strip_prefix('h')
            .and_then(|rest| rest.parse::<u8>().ok())
        {
            assert!(deeper <= level + 1, "{name} under h{level}");
            level = deeper;
        }
    }
    for section in elements(root, "section") {
        let named_by = section.attribute("aria-labelledby").expect("a name");
        assert!(unique.contains(&named_by));
    }
    for label in elements(root, "label") {
        assert_eq!(elements(label, "input").count(), 1);
    }
}
