//! Profiles loaded by the real runtimes: what the policy denies fails with the filter's own answer,
//! and succeeds in the same container without the profile.

use std::path::Path;

use nix::errno::Errno;
use ringfence::{Action, Arch, Class, Group, Policy, PolicyBuilder, Syscall};
use ringfence_export::{OciOptions, oci_seccomp};
use ringfence_manifest::Manifest;
use ringfence_tests::executable;
use ringfence_tests::install::Skip;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{stderr, stdout};
use serde_json::Value;

use crate::container::{Container, Runtime, this_program};
use crate::probe;

/// What is tried in a container.
type Job = fn(&Container) -> Result<(), Skip>;

pub fn tests() -> Vec<Test> {
    let jobs: [(&str, Job); 3] = [
        ("denies_what_the_policy_denies", denies),
        ("denies_a_call_by_name", denies_by_name),
        ("lets_landlock_runner_start_its_command", starts_the_runner),
    ];
    let runtimes = [("crun", Runtime::Crun), ("runc", Runtime::Runc)];
    let test = |name: String, runtime, job: Job| {
        Test::may_skip(name, move || {
            match Container::new(runtime).and_then(|container| job(&container)) {
                Ok(()) => Outcome::Passed,
                Err(Skip(reason)) => Outcome::Skipped(reason),
            }
        })
    };
    runtimes
        .into_iter()
        .flat_map(|(of, runtime)| {
            jobs.map(|(name, job)| test(format!("oci::{of}_{name}"), runtime, job))
        })
        .collect()
}

fn profile(policy: PolicyBuilder, runner: bool) -> Result<Value, Skip> {
    let Some(arch) = Arch::NATIVE else {
        return Err(Skip("no filters for this architecture".to_owned()));
    };
    let mut manifest = Manifest::default();
    manifest.policy = policy.build().expect("valid");
    let options = OciOptions {
        arch,
        abi: 0,
        runner,
    };
    let exported = oci_seccomp(&manifest, options).expect("it can be said");
    Ok(serde_json::from_str(&exported.files[0].text).expect("JSON"))
}

/// What the probe says in the container.
fn probed(container: &Container, profile: Option<&Value>) -> String {
    let program = this_program();
    let name = program.file_name().expect("a file").to_string_lossy();
    let inside = format!("/ringfence/{name}");
    let output = container.run(profile, &[&program], &[&inside, probe::FLAG]);
    assert!(
        output.status.success(),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    stdout(&output)
}

fn denies(container: &Container) -> Result<(), Skip> {
    assert_eq!(probed(container, None), probe::expected(&[]));
    let tool = profile(Policy::builder().ro("/usr"), false)?;
    let denied = [
        ("unshare-user", Errno::EPERM),
        ("netlink", Errno::EAFNOSUPPORT),
        ("io_uring", Errno::ENOSYS),
        ("chmod", Errno::EPERM),
        ("ptrace", Errno::EPERM),
    ];
    assert_eq!(probed(container, Some(&tool)), probe::expected(&denied));
    // What another policy allows, its profile does.
    let creates = profile(Policy::builder().rw("/srv"), false)?;
    let but_chmod: Vec<_> = denied
        .into_iter()
        .filter(|(act, _)| *act != "chmod")
        .collect();
    assert_eq!(
        probed(container, Some(&creates)),
        probe::expected(&but_chmod)
    );
    Ok(())
}

fn denies_by_name(container: &Container) -> Result<(), Skip> {
    let policy = Policy::builder()
        .unrestricted_ipc()
        .allow_class(Class::Debug)
        .deny_syscall(Syscall::UNSHARE, Action::Errno(71));
    let profile = profile(policy, false)?;
    let output = probed(container, Some(&profile));
    for line in ["unshare 71", "unshare-user 71", "ptrace 0", "read 0"] {
        assert!(output.lines().any(|said| said == line), "{line}: {output}");
    }
    Ok(())
}

fn starts_the_runner(container: &Container) -> Result<(), Skip> {
    container.file("secret", "of the container");
    container.file(
        "policy.yaml",
        "version: 1\nro: [/usr, /bin, /lib, /lib64, /probe-file]\n",
    );
    let runner = executable("landlock-runner");
    // `@sandbox` is not among them.
    let service = Group::named("@system-service").expect("a group").calls();
    let policy =
        || Policy::builder().only_syscalls(service.iter().copied().chain([Syscall::EXECVE]));
    let with_runner = profile(policy(), true)?;
    let run = |profile, command: &[&str]| container.run(profile, &[Path::new(&runner)], command);
    let wrapped = |file| {
        [
            "/ringfence/landlock-runner",
            "--policy",
            "/policy.yaml",
            "--",
            "cat",
            file,
        ]
    };

    let output = run(Some(&with_runner), &wrapped(probe::FILE));
    assert_eq!(stdout(&output), "to read", "{}", stderr(&output));
    let output = run(Some(&with_runner), &wrapped("/secret"));
    assert!(!output.status.success());
    assert!(
        stderr(&output).contains("Permission denied"),
        "{}",
        stderr(&output)
    );
    // The twins: the profile alone denies no path, and without the flag the wrapper has no Landlock.
    let output = run(Some(&with_runner), &["cat", "/secret"]);
    assert_eq!(stdout(&output), "of the container", "{}", stderr(&output));
    let without = profile(policy(), false)?;
    let output = run(Some(&without), &wrapped(probe::FILE));
    assert_eq!(output.status.code(), Some(125), "{}", stderr(&output));
    Ok(())
}
