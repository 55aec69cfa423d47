//! Paths of the policy: missing, optional, redundant, strange.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ringfence::{
    Abi, Access, AccessFs, Dependency, Kernel, PathError, PathLine, Plan, Policy, PrepareError,
    Request, Source,
};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{NOBODY, Sandbox, stderr};
use rustix::io::Errno;

use crate::expect::{Verdict, assert_refused, assert_verdict, verdict};
use crate::world::{World, is_root, probe};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "lookup::a_dependency_that_was_replaced_is_refused",
            replaced,
        ),
        Test::new(
            "lookup::a_symlink_that_a_sandboxed_program_may_make_is_refused",
            planted,
        ),
        Test::new(
            "lookup::a_path_that_comes_and_goes_is_allowed_or_an_error",
            comes_and_goes,
        ),
        Test::new("lookup::a_missing_path_is_named_with_a_proposal", missing),
        Test::new(
            "lookup::a_missing_optional_path_is_skipped_with_a_note",
            optional,
        ),
        Test::new(
            "lookup::a_redundant_line_is_dropped_and_changes_nothing",
            redundant,
        ),
        Test::new(
            "lookup::what_patterns_and_exceptions_came_to_is_shown_on_demand",
            expanded,
        ),
        Test::new(
            "lookup::a_relative_path_is_taken_from_where_the_wrapper_started",
            relative,
        ),
        Test::new("lookup::what_no_rule_can_name_is_refused", unnameable),
        Test::new(
            "lookup::a_directory_word_on_a_file_is_refused",
            directory_word,
        ),
        Test::new("lookup::a_symlink_loop_is_an_error", symlink_loop),
        Test::new(
            "lookup::a_closed_directory_on_the_way_is_named",
            closed_directory,
        ),
        Test::new("lookup::ten_thousand_lines_are_enforced", many),
    ]
}

/// Runs a harmless act; the message if the sandbox did not start for another reason than the
/// kernel's.
fn failure(sandbox: &Sandbox) -> Option<String> {
    let output = sandbox.run(probe(&["stat", "/"]));
    if sandbox.plan().check().is_err() {
        assert_refused(&output);
        return None;
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(125), "{message}");
    Some(message)
}

fn missing() {
    let world = World::new();
    let misspelt = world.path().join("insdie/file");
    let sandbox = Sandbox::for_probe().allow(Access::READ, &misspelt);
    if let Some(message) = failure(&sandbox) {
        let proposal = format!("did you mean {}?", world.inside().join("file").display());
        assert!(message.contains(&proposal), "{message}");
        assert!(message.contains(&format!("(`--fs read={}`)", misspelt.display())));
    }
    let nowhere = world.path().join("qqqqqq/wwww");
    if let Some(message) = failure(&Sandbox::for_probe().allow(Access::READ, nowhere)) {
        let nearest = format!("the nearest that exists is {};", world.path().display());
        assert!(message.contains(&nearest), "{message}");
    }
}

fn optional() {
    let world = World::new();
    let path = world.path().join("nowhere");
    let sandbox = Sandbox::for_probe()
        .flags(["--optional", "--ro"])
        .flags([&path])
        .flags(["--log", "text"]);
    let output = sandbox.run(probe(&["stat", "/"]));
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{message}");
    let note = format!("skipped `--optional --ro {}`", path.display());
    assert!(message.contains(&note), "{message}");
}

fn redundant() {
    let world = World::new();
    let file = world.inside().join("file");
    let sandbox = Sandbox::for_probe()
        .allow(Access::READ, &file)
        .allow(Access::RW, world.inside())
        .flags(["--verbose"]);
    let output = sandbox.run(probe(&["unlink".into(), file.clone()]));
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{message}");
    let note = format!("`--fs read={}` (redundant", file.display());
    assert!(message.contains(&note), "{message}");
}

fn expanded() {
    let world = World::new();
    let inside = world.inside();
    for name in [
        "a.conf",
        "b.conf",
        "forged.conf\nlandlock-runner: all is well",
    ] {
        std::fs::write(inside.join(name), "").expect("a file");
    }
    let pattern = format!("{}/*.conf*", inside.display());
    let sandbox = Sandbox::for_probe().flags([
        "--verbose",
        "--glob",
        "--fs",
        &format!("read={pattern}"),
        "--except",
        "empty",
        "--fs",
        &format!("remove={}", inside.display()),
    ]);
    let output = sandbox.run(probe(&["stat", "/"]));
    let message = stderr(&output);
    if output.status.code() != Some(0) {
        // Exceptions need a kernel with Landlock.
        assert_eq!(Kernel::probe().abi(), Abi::NONE, "{message}");
        return;
    }
    assert!(message.contains("3 paths match now"), "{message}");
    let shown = |name: &str| format!("landlock-runner:   {}\n", inside.join(name).display());
    for (name, expected) in [
        ("a.conf", true),
        ("b.conf", true),
        ("other/", false),
        ("empty", false),
    ] {
        assert_eq!(
            message.contains(&shown(name)),
            expected,
            "{name}: {message}"
        );
    }
    assert!(
        message.contains(": 1 entry; what is created later"),
        "{message}"
    );
    assert!(message.contains(&shown("other")), "{message}");
    let forged = |line: &str| line.starts_with("landlock-runner: all is well");
    assert!(!message.lines().any(forged), "{message}");
}

fn relative() {
    let world = World::new();
    let file = world.inside().join("file");
    let resolved = Sandbox::for_probe().allow(Access::READ, &file);
    let expected = verdict(
        &resolved,
        Request::Path(AccessFs::READ_FILE, &file),
        Errno::ACCESS,
    );
    let sandbox = Sandbox::for_probe()
        .in_directory(world.inside())
        .flags(["--chdir", "/"])
        .allow(Access::READ, "./file");
    assert_verdict(&sandbox, &[PathBuf::from("read"), file], expected);
}

fn unnameable() {
    // The wrapper's standard input is a pipe, which no path leads to.
    let sandbox = Sandbox::for_probe().allow(Access::READ, "/proc/self/fd/0");
    let mut command = sandbox.command(probe(&["stat", "/"]));
    let mut wrapper = command
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("landlock-runner starts");
    let pipe = wrapper.stdin.take();
    let output = wrapper.wait_with_output().expect("it ends");
    drop(pipe);
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(125), "{message}");
    assert!(message.contains("which no rule can name"), "{message}");
}

fn directory_word() {
    let world = World::new();
    let sandbox = Sandbox::for_probe().allow(Access::CREATE, world.inside().join("file"));
    if let Some(message) = failure(&sandbox) {
        assert!(message.contains("name its directory"), "{message}");
    }
}

fn symlink_loop() {
    let world = World::new();
    let link = world.path().join("loop");
    std::os::unix::fs::symlink("loop", &link).expect("a symlink");
    if let Some(message) = failure(&Sandbox::for_probe().allow(Access::READ, link)) {
        assert!(message.contains("symbolic links"), "{message}");
    }
}

fn closed_directory() {
    let world = World::new();
    let closed = world.path().join("closed");
    std::fs::create_dir_all(closed.join("deep")).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(&closed, mode(0o600)).expect("own directory");
    let mut sandbox = Sandbox::for_probe().allow(Access::READ, closed.join("deep"));
    let mut user = rustix::process::geteuid().as_raw();
    if is_root() {
        user = NOBODY;
        sandbox = sandbox.as_user(user);
    }
    if let Some(message) = failure(&sandbox) {
        let expected = format!("{} is closed to user {user}", closed.display());
        assert!(message.contains(&expected), "{message}");
    }
    std::fs::set_permissions(&closed, mode(0o700)).expect("own directory");
}

fn planted() {
    let world = World::new();
    let link = world.inside().join("cache");
    std::os::unix::fs::symlink(world.outside(), &link).expect("a symlink");
    let sandbox = Sandbox::for_probe()
        .allow(Access::RW, world.inside())
        .allow(Access::RW, &link);
    if let Some(message) = failure(&sandbox) {
        assert!(message.contains("lets programs make"), "{message}");
        let leads = format!(
            "it leads to {} through a symlink",
            world.outside().display()
        );
        assert!(message.contains(&leads), "{message}");
    }
    // Where no line lets programs make symlinks, the link is its owner's.
    let sandbox = Sandbox::for_probe()
        .allow(Access::READ, world.inside())
        .allow(Access::READ, &link);
    let output = sandbox.run(probe(&["stat", "/"]));
    match sandbox.plan().check() {
        Ok(()) => assert_eq!(output.status.code(), Some(0), "{}", stderr(&output)),
        Err(_) => assert_refused(&output),
    }
}

fn replaced() {
    let world = World::new();
    let path = world.inside().join("file");
    let prepare = |looked_into: &Path| {
        let file = std::fs::metadata(looked_into).expect("a file of the world");
        let line = PathLine {
            source: Source::Dependency(Box::new(Dependency {
                reason: "a test".to_owned(),
                device: file.dev(),
                inode: file.ino(),
            })),
            ..PathLine::new(Access::RO, &path)
        };
        let policy = Policy::builder().path_line(line).build().expect("a policy");
        Plan::new(policy, Kernel::probe()).prepare()
    };
    let (same, other) = (prepare(&path), prepare(&world.outside().join("file")));
    if Kernel::probe().abi() == Abi::NONE {
        assert!(same.is_err_and(|error| error.is_unsupported_by_kernel()));
        return;
    }
    assert!(same.is_ok(), "{same:?}");
    let refused = matches!(other, Err(PrepareError::Path(PathError::Replaced { .. })));
    assert!(refused, "{other:?}");
}

fn comes_and_goes() {
    let world = World::new();
    let path = world.path().join("flickering");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::fs::write(&path, "").expect("own directory");
                std::fs::remove_file(&path).expect("own file");
            }
        });
        let sandbox = Sandbox::for_probe().allow(Access::READ, &path);
        let codes = [(); 50].map(|()| sandbox.run(probe(&["stat", "/"])).status.code());
        over.store(true, Ordering::Relaxed);
        let expected = |code: &Option<i32>| matches!(code, Some(0 | 125));
        assert!(codes.iter().all(expected), "{codes:?}");
    });
}

fn many() {
    let world = World::new();
    let file = world.inside().join("file");
    let mut sandbox = Sandbox::for_probe();
    for number in 0..10_000 {
        let path = world.inside().join(format!("{number}"));
        std::fs::write(&path, "").expect("a file");
        sandbox = sandbox.flags(["--ro".into(), path]);
    }
    let expected = match sandbox.plan().check() {
        Ok(()) => Verdict::Allowed,
        Err(_) => Verdict::Refused,
    };
    let last = world.inside().join("9999");
    assert_verdict(&sandbox, &[PathBuf::from("read"), last], expected);
    let denied = match expected {
        Verdict::Refused => expected,
        _ => Verdict::Denied(Errno::ACCESS),
    };
    assert_verdict(&sandbox, &[PathBuf::from("read"), file], denied);
}
