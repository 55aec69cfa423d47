//! Each built-in fragment, by a real program that works with it, and is denied what single lines of
//! it are about where these are missing and all else stays.

#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use ringfence::{Abi, AccessFs, Kernel, PathLine, Plan, Policy, PolicyBuilder, Request};
use ringfence_manifest::{FRAGMENTS, Format, Manifest, Variables};
use ringfence_tests::executable;
use ringfence_tests::install::{Skip, need_found};
use ringfence_tests::trial::{self, Outcome, Test};
use ringfence_tests::world::World;
use ringfence_tests::wrapper::{stderr, stdout};

mod lines;
mod terminal;

/// A program that needs a line of a fragment. `{dir}` is a directory that may be written.
struct Case {
    fragment: &'static str,
    /// Debian's package that has the program.
    package: &'static str,
    /// What is allowed besides `base`, the fragment and `{dir}`.
    lines: &'static str,
    command: &'static [&'static str],
    prints: &'static str,
    /// Lines of the fragment: without them, and nothing else, the program is denied something.
    about: &'static [&'static str],
    /// What the program says of that.
    denied: &'static str,
}

const CASES: &[Case] = &[
    Case {
        fragment: "base",
        package: "coreutils",
        lines: "ro: [/usr/bin/true]",
        command: &["/usr/bin/true"],
        prints: "",
        about: &["/lib", "/lib64", "/usr/lib", "/usr/lib64"],
        denied: "libc.so.6: cannot open shared object file",
    },
    Case {
        fragment: "base",
        package: "coreutils",
        lines: "ro: [/usr/bin/true]",
        command: &["/usr/bin/true"],
        prints: "",
        about: &["/lib/ld-*.so.*", "/lib64/ld-*.so.*"],
        denied: "or its loader",
    },
    Case {
        fragment: "base",
        package: "dash",
        lines: "ro: [/usr/bin/sh]",
        command: &["/usr/bin/sh", "-c", "echo x > /dev/null && echo done"],
        prints: "done",
        about: &["/dev/null"],
        denied: "cannot create /dev/null: Permission denied",
    },
    Case {
        fragment: "shell",
        package: "coreutils",
        lines: "ro: [/usr/bin/sh]",
        command: &["/usr/bin/sh", "-c", "id -un 0 && echo done"],
        prints: "root\ndone\n",
        about: &["/bin", "/usr/bin"],
        denied: "id: Permission denied",
    },
    Case {
        fragment: "users",
        package: "coreutils",
        lines: "ro: [/usr/bin/id]",
        command: &["/usr/bin/id", "-u", "bin"],
        prints: "2\n",
        about: &["/etc/passwd"],
        denied: "no such user",
    },
    Case {
        fragment: "python",
        package: "python3",
        lines: "",
        command: &["/usr/bin/python3", "-c", "import json, ssl; print('done')"],
        prints: "done\n",
        about: &["/usr/bin/python3*"],
        denied: "the policy does not allow it",
    },
    Case {
        fragment: "node",
        package: "nodejs",
        lines: "",
        command: &["/usr/bin/node", "-e", "console.log('done')"],
        prints: "done\n",
        about: &["/usr/bin/node", "/usr/bin/nodejs"],
        denied: "the policy does not allow it",
    },
    Case {
        fragment: "java",
        package: "default-jdk-headless",
        lines: "",
        command: &["/usr/bin/java", "-Djava.io.tmpdir={dir}", "{dir}/A.java"],
        prints: "done\n",
        about: &["/usr/bin/java", "/usr/lib/jvm"],
        denied: "the policy does not allow it",
    },
    Case {
        fragment: "git",
        package: "git",
        lines: "environment: {set: {HOME: \"{dir}\"}}",
        command: &[
            "/usr/bin/git",
            "--exec-path=/usr/lib/git-core",
            "sh-i18n--envsubst",
            "--variables",
            "$done",
        ],
        prints: "done",
        about: &["/usr/lib/git-core"],
        denied: "Permission denied",
    },
    Case {
        fragment: "build",
        package: "gcc",
        lines: "environment: {set: {TMPDIR: \"{dir}\"}}",
        command: &[
            "/usr/bin/sh",
            "-c",
            "gcc -o {dir}/a {dir}/a.c && {dir}/a && echo done",
        ],
        prints: "done\n",
        about: &["/usr/lib/gcc", "/usr/libexec"],
        denied: "cannot execute",
    },
    Case {
        fragment: "tls",
        package: "openssl",
        lines: "ro: [/usr/bin/openssl]",
        command: &[
            "/usr/bin/openssl",
            "storeutl",
            "-noout",
            "-certs",
            "/etc/ssl/certs",
        ],
        prints: "Total found:",
        about: &[
            "/etc/ssl/certs",
            "/usr/share/ca-certificates",
            "/usr/local/share/ca-certificates",
        ],
        denied: "Permission denied",
    },
    Case {
        fragment: "dns",
        package: "libc-bin",
        lines: "best-effort: true\nro: [/usr/bin/sh, /usr/bin/getent, /usr/bin/cat]\nallow: [netlink]",
        command: &[
            "/usr/bin/sh",
            "-c",
            "cat /etc/hosts && getent ahosts localhost",
        ],
        prints: "STREAM",
        about: &["/etc/hosts"],
        denied: "/etc/hosts: Permission denied",
    },
];

const JAVA: &str =
    "class A { public static void main(String[] words) { System.out.println(\"done\"); } }";

fn main() -> ExitCode {
    let programs = CASES.iter().map(|case| {
        let (program, line) = (case.command[0], case.about[0]);
        let name = format!("fragments::{}_lets_{program}_by_{line}", case.fragment);
        Test::may_skip(name, || as_outcome(try_program(case)))
    });
    let lines = FRAGMENTS.iter().map(|fragment| {
        let name = format!(
            "fragments::each_file_of_{}_is_read_by_its_line_alone",
            fragment.name
        );
        Test::may_skip(name, || as_outcome(lines::try_each(fragment)))
    });
    let tests = [
        Test::new("fragments::each_has_a_case", all_tried),
        Test::new("fragments::none_opens_what_is_secret", secrets),
        Test::may_skip("fragments::a_terminal_is_used_and_no_other_opened", || {
            as_outcome(terminal::try_terminal())
        }),
        Test::may_skip("fragments::base_executes_nothing_but_the_loader", || {
            as_outcome(executes_nothing())
        }),
    ];
    trial::main(programs.chain(lines).chain(tests).collect())
}

fn as_outcome(tried: Result<(), Skip>) -> Outcome {
    if Kernel::probe().abi() < Abi::new(2) {
        return Outcome::Absent("this kernel has no Landlock that allows renames".to_owned());
    }
    match tried {
        Ok(()) => Outcome::Passed,
        Err(Skip(reason)) => Outcome::Skipped(reason),
    }
}

/// What `base`, a fragment and further lines say together, but for the lines about these paths.
fn manifest(fragment: &str, lines: &str, without: &[&str]) -> String {
    let names = ["base", fragment];
    let include = if fragment == "base" {
        &names[..1]
    } else {
        &names
    };
    let text = format!("version: 1\ninclude: [{}]\n{lines}\n", include.join(", "));
    let (whole, _) = Manifest::parse(fragment, &text, Format::Yaml, &Variables::default())
        .unwrap_or_else(|faults| panic!("{faults}"));
    let name = format!("<{fragment}>");
    let is_left_out = |line: &&PathLine| {
        let own = line
            .source
            .origin()
            .is_some_and(|origin| *origin.file == *Path::new(&name));
        own && without.iter().any(|path| line.path == Path::new(path))
    };
    let (left_out, kept): (Vec<_>, Vec<_>) = whole.policy.paths().iter().partition(is_left_out);
    assert_eq!(
        left_out.len(),
        without.len(),
        "{fragment} has not each of {without:?}"
    );
    let mut policy = kept
        .into_iter()
        .cloned()
        .fold(Policy::builder(), PolicyBuilder::path_line);
    policy = whole
        .policy
        .ports()
        .iter()
        .cloned()
        .fold(policy, PolicyBuilder::port_line);
    policy = whole
        .policy
        .classes()
        .iter()
        .cloned()
        .fold(policy, PolicyBuilder::class_line);
    if whole.policy.best_effort() {
        policy = policy.best_effort();
    }
    let mut manifest = Manifest::from(policy.build().expect("lines that were read"));
    manifest.environment = whole.environment;
    manifest.to_yaml().expect("a text")
}

/// Runs a command under a manifest of this text.
fn run(world: &World, manifest: &str, command: &[&str]) -> Output {
    let file = world.outside().join("policy.yaml");
    std::fs::write(&file, manifest).expect("a manifest");
    Command::new(executable("landlock-runner"))
        .args(["--log", "off", "--policy"])
        .arg(file)
        .arg("--")
        .args(command)
        .env("LC_ALL", "C")
        .current_dir("/")
        .output()
        .expect("landlock-runner starts")
}

fn try_program(case: &Case) -> Result<(), Skip> {
    let program = Path::new(case.command[0]);
    need_found(case.command[0], case.package, || {
        program.exists().then(|| program.into())
    })?;
    let try_in = |without: &[&str]| {
        let world = World::new();
        let directory = world.inside();
        let fill = |text: &str| text.replace("{dir}", &directory.display().to_string());
        std::fs::write(directory.join("A.java"), JAVA).expect("a file");
        std::fs::write(directory.join("a.c"), "int main(void) { return 0; }").expect("a file");
        let lines = format!("rw: [{{dir}}]\n{}", case.lines);
        let text = manifest(case.fragment, &fill(&lines), without);
        let command: Vec<_> = case.command.iter().map(|word| fill(word)).collect();
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        run(&world, &text, &command)
    };
    let with = try_in(&[]);
    let said = stderr(&with);
    assert!(with.status.success(), "{}: {said}", case.fragment);
    assert!(
        stdout(&with).contains(case.prints),
        "{}: {said}",
        case.fragment
    );
    let without = try_in(case.about);
    let said = stderr(&without);
    let same = without.status.success() && stdout(&without).contains(case.prints);
    assert!(!same, "{}: {:?} is not needed", case.fragment, case.about);
    assert!(said.contains(case.denied), "{}: {said}", case.fragment);
    Ok(())
}

/// A program beneath /usr/lib runs outside, and not with `base`.
fn executes_nothing() -> Result<(), Skip> {
    const PROGRAM: &str = "/usr/lib/apt/apt-helper";
    let program = need_found(PROGRAM, "apt", || {
        Path::new(PROGRAM).exists().then(|| PROGRAM.into())
    })?;
    let outside = Command::new(program).arg("--version").output();
    assert!(outside.is_ok_and(|output| output.status.success()));
    let world = World::new();
    let inside = run(&world, &manifest("base", "", &[]), &[PROGRAM, "--version"]);
    assert_eq!(inside.status.code(), Some(126), "{}", stderr(&inside));
    let said = stderr(&inside);
    assert!(said.contains("the policy does not allow it"), "{said}");
    Ok(())
}

fn all_tried() {
    for fragment in FRAGMENTS {
        let tried =
            CASES.iter().any(|case| case.fragment == fragment.name) || fragment.name == "terminal";
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
            "/proc/1/environ",
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
