//! Each built-in fragment, by a real program that starts with it and does not without it.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use ringfence::{Abi, AccessFs, Kernel, Plan, Request};
use ringfence_manifest::{FRAGMENTS, Format, Manifest, Variables};
use ringfence_tests::executable;
use ringfence_tests::trial::{self, Outcome, Test};
use ringfence_tests::world::World;
use ringfence_tests::wrapper::{stderr, stdout};

/// A fragment, the lines beside it, and a command that needs it. `{dir}` is a directory that may be
/// written.
struct Case {
    fragment: &'static str,
    lines: &'static str,
    command: &'static [&'static str],
    prints: &'static str,
}

const CASES: &[Case] = &[
    Case {
        fragment: "base",
        lines: "ro: [/usr/bin/true]",
        command: &["/usr/bin/true"],
        prints: "",
    },
    Case {
        fragment: "shell",
        lines: "",
        command: &["/usr/bin/sh", "-c", "id -un 0 && echo done"],
        prints: "root\ndone\n",
    },
    Case {
        fragment: "users",
        lines: "include: base\nro: [/usr/bin/id]",
        command: &["/usr/bin/id", "-un", "0"],
        prints: "root\n",
    },
    Case {
        fragment: "python",
        lines: "",
        command: &["/usr/bin/python3", "-c", "import json, ssl; print('done')"],
        prints: "done\n",
    },
    Case {
        fragment: "node",
        lines: "",
        command: &["/usr/bin/node", "-e", "console.log('done')"],
        prints: "done\n",
    },
    Case {
        fragment: "java",
        lines: "",
        command: &["/usr/bin/java", "-Djava.io.tmpdir={dir}", "{dir}/A.java"],
        prints: "done\n",
    },
    Case {
        fragment: "git",
        lines: "environment: {set: {HOME: \"{dir}\"}}",
        command: &[
            "/usr/bin/git",
            "-C",
            "{dir}",
            "init",
            "--quiet",
            "--bare",
            "x",
        ],
        prints: "",
    },
    Case {
        fragment: "build",
        lines: "environment: {set: {TMPDIR: \"{dir}\"}}",
        command: &[
            "/usr/bin/sh",
            "-c",
            "gcc -o {dir}/a {dir}/a.c && {dir}/a && echo done",
        ],
        prints: "done\n",
    },
    Case {
        fragment: "tls",
        lines: "include: base\nro: [/usr/bin/sh, /usr/bin/head]",
        command: &[
            "/usr/bin/sh",
            "-c",
            "head -c 27 /etc/ssl/certs/ca-certificates.crt",
        ],
        prints: "-----BEGIN CERTIFICATE-----",
    },
    Case {
        fragment: "terminal",
        lines: "include: base\nro: [/usr/bin/ls]",
        command: &["/usr/bin/ls", "/dev/pts"],
        prints: "ptmx\n",
    },
    Case {
        fragment: "dns",
        lines: "include: base\nbest-effort: true\nro: [/usr/bin/getent]\nallow: [netlink]",
        command: &["/usr/bin/getent", "ahosts", "localhost"],
        prints: "STREAM",
    },
];

const JAVA: &str =
    "class A { public static void main(String[] words) { System.out.println(\"done\"); } }";

fn main() -> ExitCode {
    let programs = CASES.iter().map(|case| {
        let name = format!("fragments::{}_is_what_a_real_program_needs", case.fragment);
        Test::may_skip(name, || try_program(case))
    });
    let tests = [
        Test::new("fragments::each_has_a_case", all_tried),
        Test::new("fragments::none_opens_what_is_secret", secrets),
    ];
    trial::main(programs.chain(tests).collect())
}

/// Runs the command of a case with the fragment, or with none.
fn run(case: &Case, fragment: Option<&str>, world: &World) -> Output {
    let directory = world.inside();
    let fill = |text: &str| text.replace("{dir}", &directory.display().to_string());
    let mut lines = fill(case.lines);
    let include = match (lines.contains("include: base"), fragment) {
        (true, Some(fragment)) => format!("[base, {fragment}]"),
        (true, None) => "[base]".to_owned(),
        (false, fragment) => format!("[{}]", fragment.unwrap_or_default()),
    };
    lines = lines.replace("include: base", "");
    let text = format!(
        "version: 1\ninclude: {include}\nrw: [\"{}\"]\n{lines}\n",
        directory.display()
    );
    let manifest = world.outside().join("policy.yaml");
    std::fs::write(&manifest, text).expect("a manifest");
    std::fs::write(directory.join("A.java"), JAVA).expect("a file");
    std::fs::write(directory.join("a.c"), "int main(void) { return 0; }").expect("a file");
    Command::new(executable("landlock-runner"))
        .args(["--log", "off", "--policy"])
        .arg(manifest)
        .arg("--")
        .args(case.command.iter().map(|word| fill(word)))
        .current_dir("/")
        .output()
        .expect("landlock-runner starts")
}

fn try_program(case: &Case) -> Outcome {
    let program = case.command[0];
    if !Path::new(program).exists() {
        return Outcome::Skipped(format!("{program} is not installed"));
    }
    if Kernel::probe().abi() < Abi::new(2) {
        return Outcome::Absent("this kernel has no Landlock that allows renames".to_owned());
    }
    let with = run(case, Some(case.fragment), &World::new());
    let said = stderr(&with);
    assert!(with.status.success(), "{}: {said}", case.fragment);
    assert!(
        stdout(&with).contains(case.prints),
        "{}: {said}",
        case.fragment
    );
    let without = run(case, None, &World::new());
    let same = without.status.success() && stdout(&without).contains(case.prints);
    assert!(!same, "{} is not needed", case.fragment);
    Outcome::Passed
}

fn all_tried() {
    for fragment in FRAGMENTS {
        let tried = CASES.iter().any(|case| case.fragment == fragment.name);
        assert!(tried, "{} has no case", fragment.name);
    }
}

fn secrets() {
    for fragment in FRAGMENTS {
        let (manifest, _) = Manifest::parse(
            fragment.name,
            fragment.text,
            Format::Yaml,
            &Variables::default(),
        )
        .unwrap_or_else(|faults| panic!("{faults}"));
        assert!(manifest.description.is_some(), "{}", fragment.name);
        let plan = Plan::new(manifest.policy, Kernel::with_abi(11));
        for path in [
            "/etc/shadow",
            "/root/.ssh/id",
            "/home/user/x",
            "/var/lib/x",
            "/tmp/x",
        ] {
            let read = Request::Path(AccessFs::READ_FILE, Path::new(path));
            assert!(
                !plan.decide(read).is_allowed(),
                "{} reads {path}",
                fragment.name
            );
        }
        for path in ["/usr/bin/x", "/etc/x", "/usr/lib/x"] {
            let write = Request::Path(AccessFs::WRITE_FILE, Path::new(path));
            assert!(
                !plan.decide(write).is_allowed(),
                "{} writes {path}",
                fragment.name
            );
        }
    }
}
