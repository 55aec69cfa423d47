//! Profiles read by AppArmor's own parser. They are compiled, not enforced: that takes a kernel with
//! AppArmor.

use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use ringfence::{Access, Class, Plan, Policy, PolicyBuilder};
use ringfence_export::apparmor;
use ringfence_manifest::Manifest;
use ringfence_tests::install::{Skip, need, need_found};
use ringfence_tests::trial::{Outcome, Test};

use crate::examples;

type Job = fn() -> Result<(), Skip>;

pub fn tests() -> Vec<Test> {
    let tests: [(&str, Job); 3] = [
        ("takes_the_profiles_of_all_examples", all_examples),
        ("takes_every_kind_of_line", || {
            lines();
            Ok(())
        }),
        ("reads_any_path_as_itself", || {
            any_path();
            Ok(())
        }),
    ];
    tests
        .map(|(name, run)| {
            Test::may_skip(format!("apparmor::parser_{name}"), move || {
                match parser().and_then(|()| run()) {
                    Ok(()) => Outcome::Passed,
                    Err(Skip(reason)) => Outcome::Skipped(reason),
                }
            })
        })
        .into()
}

fn parser() -> Result<(), Skip> {
    need("apparmor_parser", "apparmor")?;
    let abi = || Some(PathBuf::from("/etc/apparmor.d/abi/3.0")).filter(|path| path.exists());
    need_found("/etc/apparmor.d/abi/3.0", "apparmor", abi).map(drop)
}

/// Compiles a profile, and shows the expressions that its rules become.
fn parse(profile: &str) -> Output {
    let mut child = Command::new("/usr/sbin/apparmor_parser")
        .args(["--skip-kernel-load", "--skip-cache", "--dump=rule-exprs"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(profile.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn takes(manifest: &Manifest, looked_up: Option<&Plan>) {
    let exported = apparmor(manifest, looked_up, "tool").expect("it can be exported");
    let output = parse(&exported.files[0].text);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{}", exported.files[0].text);
}

fn all_examples() -> Result<(), Skip> {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    for manifest in examples::all(scratch.path())? {
        let looked_up = examples::looked_up(&manifest)?;
        takes(&manifest, looked_up.as_ref());
    }
    Ok(())
}

fn manifest(policy: PolicyBuilder) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.policy = policy.build().expect("valid");
    manifest.command = vec!["/usr/bin/a tool".to_owned()];
    manifest
}

fn lines() {
    let policies = [
        Policy::builder(),
        Policy::builder().rw("/").connect_tcp(1).bind_udp(2),
        Policy::builder()
            .ro("/proc/self")
            .allow(Access::all(), "/x"),
        Policy::builder().allow_except(Access::RW, "/home", ["a b", "c"]),
        Policy::builder()
            .unrestricted_fs()
            .unrestricted_net()
            .unrestricted_ipc(),
    ];
    let of_class = |class| Policy::builder().allow_class(class);
    // Some classes have to be allowed by lines about paths.
    let of_classes = Class::ALL.map(of_class).into_iter();
    let of_classes = of_classes.filter(|policy| policy.clone().build().is_ok());
    for policy in policies.into_iter().chain(of_classes) {
        let mut manifest = manifest(policy);
        manifest.dependencies.of_command = true;
        manifest.limits.memory = Some(1 << 30);
        manifest.limits.processes = Some(9);
        manifest.limits.open_files = Some(9);
        manifest.limits.file_size = Some(9);
        manifest.limits.cpu = Some(std::time::Duration::from_secs(9));
        takes(&manifest, None);
    }
    // The twin: it does not take everything.
    assert!(
        !parse("abi <abi/3.0>,\nprofile tool {\n  /x nonsense,\n}\n")
            .status
            .success()
    );
}

/// The parser's own expression for the path is the path, letter by letter.
fn any_path() {
    let byte = prop_oneof![
        4 => prop::sample::select(b" \t\n\r\"'\\*?[]{}()@$^#,;:<>|&!~%+-._=/az09".to_vec()),
        1 => 1..=255_u8,
    ];
    let name = prop::collection::vec(byte, 1..12);
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let tried = runner.run(&name, |name| {
        let path = PathBuf::from(std::ffi::OsString::from_vec(
            [b"/q/".to_vec(), name].concat(),
        ));
        let policy = Policy::builder().allow(Access::READ, &path).build();
        // A name of dots and slashes alone is the directory.
        prop_assume!(policy.is_ok() && same(&path) != Path::new("/q"));
        let manifest = manifest(Policy::builder().allow(Access::READ, &path));
        let exported = apparmor(&manifest, None, "tool").expect("it can be exported");
        let output = parse(&exported.files[0].text);
        prop_assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let meant = read_back(&output.stderr);
        prop_assert_eq!(
            meant,
            Some(same(&path).as_os_str().as_bytes().to_vec()),
            "{}",
            exported.files[0].text
        );
        Ok(())
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => panic!("{why}: {input:x?}"),
        Err(error) => panic!("{error}"),
    }
}

/// Without slashes and dots that say nothing.
fn same(path: &Path) -> PathBuf {
    path.components().collect()
}

/// The path that the expression of the first rule beneath `/q/` stands for, if it stands for one: the
/// part before the one that takes in all beneath, in which every character with a meaning is escaped.
fn read_back(dump: &[u8]) -> Option<Vec<u8>> {
    const BENEATH: &[u8] = b"(|/|/[^\\x00]*)";
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|part| part == what);
    let from = find(dump, b"   ->   /q/")? + b"   ->   ".len();
    let text = &dump[from..];
    let text = &text[..find(text, BENEATH)?];
    let mut path = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'\\' => bytes.next()?,
            b'*' | b'.' | b'(' | b')' | b'[' | b']' | b'|' | b'+' | b'^' | b'$' => return None,
            byte => byte,
        });
    }
    Some(path)
}
