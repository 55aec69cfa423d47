//! The filter of system calls: what a policy says of classes and calls holds for real programs.

use std::os::unix::process::ExitStatusExt;

use ringfence::{Abi, Class, Kernel, PolicyBuilder};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{Sandbox, stderr};
use rustix::io::Errno;

use crate::expect::{Verdict, assert_refused, assert_verdict};
use crate::world::{World, probe, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new("calls::an_allowed_class_is_left_alone", allowed_classes),
        Test::new(
            "calls::metadata_is_denied_where_nothing_is_created",
            metadata,
        ),
        Test::new("calls::a_demand_that_cannot_be_met_is_refused", demand),
        Test::new("calls::nothing_may_stay_open_if_so_demanded", complete),
        Test::new("calls::a_denied_call_fails_as_the_policy_says", denied),
        Test::new("calls::a_call_that_kills_ends_the_program", killed),
        Test::new("calls::a_list_without_execve_is_refused", without_execve),
        Test::new("calls::only_listed_calls_pass", only),
        Test::new("calls::own_sockets_need_a_word_before_abi_9", own_sockets),
        Test::new("calls::what_it_starts_is_filtered_too", inherited),
        Test::new("calls::sandboxes_nest", nested),
        Test::may_skip("calls::root_loses_the_capability_to_load_modules", modules),
        Test::new(
            "calls::an_outer_filter_that_forbids_this_is_named",
            outer_filter,
        ),
        Test::new(
            "calls::best_effort_starts_where_no_filter_can_be_installed",
            without_filter,
        ),
    ]
}

fn has_landlock() -> bool {
    Kernel::probe().abi() > Abi::NONE
}

/// What must happen on a kernel with Landlock; elsewhere nothing starts.
fn expect(verdict: Verdict) -> Verdict {
    if has_landlock() {
        verdict
    } else {
        Verdict::Refused
    }
}

fn allowed_classes() {
    for (flag, change, act) in [
        (
            "--allow=notifications",
            (|policy| policy.allow_class(Class::Notifications))
                as fn(PolicyBuilder) -> PolicyBuilder,
            ["watch", "/"],
        ),
        (
            "--allow=netlink",
            |policy| policy.allow_class(Class::Netlink),
            ["netlink", ""],
        ),
        (
            "--allow=debug",
            |policy| policy.allow_class(Class::Debug),
            ["trace-me", ""],
        ),
    ] {
        assert!(unsandboxed(&act).status.success());
        assert_verdict(&Sandbox::for_probe(), &act, expect(Verdict::Filtered));
        let sandbox = Sandbox::for_probe().switch(flag, change);
        assert_verdict(&sandbox, &act, expect(Verdict::Allowed));
    }
}

fn metadata() {
    let world = World::new();
    let file = world.inside().join("file");
    let act = ["chmod".into(), file.clone()];
    let read = || Sandbox::for_probe().allow(ringfence::Access::RO, world.inside());
    let create = || Sandbox::for_probe().allow(ringfence::Access::RW, world.inside());
    assert_verdict(&read(), &act, expect(Verdict::Filtered));
    assert_verdict(&create(), &act, expect(Verdict::Allowed));
    let denied = create().switch("--deny=metadata", |policy| {
        policy.deny_class(Class::Metadata)
    });
    assert_verdict(&denied, &act, expect(Verdict::Filtered));
    let allowed = read().switch("--allow=metadata", |policy| {
        policy.allow_class(Class::Metadata)
    });
    assert_verdict(&allowed, &act, expect(Verdict::Allowed));
}

fn demand() {
    let act = probe(&["stat", "/"]);
    let output = Sandbox::for_probe().flags(["--deny", "stat"]).run(&act);
    assert_refused(&output);
    if has_landlock() {
        let message = stderr(&output);
        assert!(
            message.contains("`--deny stat`: no program starts without it"),
            "{message}"
        );
    }
    // What another line leaves alone is not denied either.
    let undone = ["--deny", "metadata", "--unrestricted-fs", "--best-effort"];
    let output = Sandbox::empty().flags(undone).run(&act);
    assert_eq!(output.status.code(), Some(125));
    let message = stderr(&output);
    assert!(
        message.contains("contradicts itself\n  `--deny metadata`: another line"),
        "{message}"
    );
}

fn complete() {
    let act = probe(&["stat", "/"]);
    let strict = || Sandbox::for_probe().flags(["--require-complete"]);
    let output = strict().flags(["--best-effort"]).run(&act);
    assert_refused(&output);
    let message = stderr(&output);
    assert!(message.contains("stat,indirect-execute"), "{message}");
    // The message itself says which classes to leave open knowingly.
    if has_landlock() {
        let named = message
            .split("`--allow ")
            .nth(1)
            .and_then(|rest| rest.split('`').next());
        let output = strict()
            .flags(["--allow", named.expect("it names them")])
            .run(&act);
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

fn denied() {
    let act = probe(&["directory"]);
    for (calls, errno) in [
        ("getcwd", Errno::PERM),
        ("getcwd:ENOSYS", Errno::NOSYS),
        ("getcwd:71", Errno::PROTO),
        (
            "@file-system:EPERM,getcwd:EACCES,execve:kill,@default:kill",
            Errno::ACCESS,
        ),
    ] {
        let flags = ["--deny-syscalls", calls];
        let output = Sandbox::for_probe().flags(flags).run(&act);
        if !has_landlock() || calls.contains("execve") {
            assert_eq!(output.status.code(), Some(125), "{}", stderr(&output));
        } else {
            assert_eq!(
                output.status.code(),
                Some(errno.raw_os_error()),
                "{}",
                stderr(&output)
            );
        }
    }
}

fn killed() {
    const SIGSYS: i32 = 31;
    let output = Sandbox::for_probe()
        .flags(["--deny-syscalls", "getcwd:kill"])
        .run(probe(&["directory"]));
    if has_landlock() {
        assert_eq!(output.status.signal(), Some(SIGSYS), "{}", stderr(&output));
    } else {
        assert_refused(&output);
    }
}

fn without_execve() {
    for (flag, calls, advice) in [
        (
            "--only-syscalls",
            "@basic-io",
            "add it with `--only-syscalls execve`",
        ),
        (
            "--deny-syscalls",
            "@default",
            "take it out of `--deny-syscalls`",
        ),
    ] {
        let output = Sandbox::for_probe()
            .flags([flag, calls])
            .run(probe(&["stat", "/"]));
        assert_eq!(output.status.code(), Some(125));
        let message = stderr(&output);
        assert!(message.contains(advice), "{message}");
    }
}

fn only() {
    let run = |more: &[&str], act: &[&str]| {
        Sandbox::for_probe()
            .flags([
                "--only-syscalls",
                "@default,@basic-io,@file-system,@signal,sigaltstack,prctl",
            ])
            .flags([
                "--only-syscalls",
                "getrandom,poll,ppoll,fcntl,arch_prctl,madvise,mremap,uname",
            ])
            .flags(more)
            .run(probe(act))
    };
    let listed = run(&[], &["stat", "/"]);
    let not_listed = run(&[], &["unix-pair", "stream"]);
    let answered = run(&["--other-syscalls", "ENOSYS"], &["unix-pair", "stream"]);
    // What the filter denies by itself stays denied for calls that are listed.
    let closed = run(&["--only-syscalls", "inotify_init1"], &["watch", "/"]);
    if has_landlock() {
        assert!(listed.status.success(), "{}", stderr(&listed));
        assert_eq!(not_listed.status.code(), Some(Errno::PERM.raw_os_error()));
        assert_eq!(answered.status.code(), Some(Errno::NOSYS.raw_os_error()));
        assert_eq!(closed.status.code(), Some(Errno::NOSYS.raw_os_error()));
    } else {
        for output in [listed, not_listed, answered, closed] {
            assert_refused(&output);
        }
    }
}

fn own_sockets() {
    let world = World::new();
    let inside = || Sandbox::for_probe().allow(ringfence::Access::RW, world.inside());
    let told_by_path = Kernel::probe().abi() >= Abi::new(9);
    let without_word = if told_by_path {
        Verdict::Allowed
    } else {
        Verdict::Filtered
    };
    let act = |name: &str| ["bind-unix".into(), world.inside().join(name)];
    assert_verdict(&inside(), &act("one"), expect(without_word));
    let allowed = inside().switch("--allow=connect-unix", |policy| {
        policy.allow_class(Class::ConnectUnix)
    });
    assert_verdict(&allowed, &act("two"), expect(Verdict::Allowed));
    // A pair of streams reaches nobody else, a datagram socket of a pair any path.
    assert_verdict(
        &inside(),
        &["unix-pair", "stream"],
        expect(Verdict::Allowed),
    );
    assert_verdict(&inside(), &["unix-pair", "dgram"], expect(without_word));
}

fn inherited() {
    let act = ["descend", "3", "netlink", ""];
    assert!(unsandboxed(&act).status.success());
    let probe = Sandbox::for_probe();
    assert_verdict(&probe, &act, expect(Verdict::Filtered));
}

fn modules() -> Outcome {
    let act = ["load-modules", ""];
    if !unsandboxed(&act).status.success() {
        return Outcome::Absent("this user has no CAP_SYS_MODULE to begin with".to_owned());
    }
    assert_verdict(&Sandbox::for_probe(), &act, expect(Verdict::Filtered));
    let allowed = Sandbox::for_probe().switch("--allow=kernel-interfaces", |policy| {
        policy.allow_class(Class::KernelInterfaces)
    });
    assert_verdict(&allowed, &act, expect(Verdict::Allowed));
    Outcome::Passed
}

/// The command line of a sandbox within another, which allows what the inner one needs.
fn within(outer: &[&str], inner: &[&str]) -> std::process::Output {
    let inner = Sandbox::for_probe()
        .flags(inner)
        .command(probe(&["stat", "/"]));
    let line = std::iter::once(inner.get_program()).chain(inner.get_args());
    let all = ["--fs", "ro=/", "--log", "off"];
    Sandbox::empty().flags(all).flags(outer).run(line)
}

fn nested() {
    let output = within(&[], &[]);
    if has_landlock() {
        assert!(output.status.success(), "{}", stderr(&output));
    } else {
        assert_refused(&output);
    }
}

fn outer_filter() {
    for (call, sentence) in [
        ("seccomp", "an outer seccomp filter forbids seccomp(2)"),
        (
            "seccomp:ENOSYS",
            "an outer seccomp filter forbids seccomp(2)",
        ),
        (
            "landlock_create_ruleset",
            "blocked by an outer seccomp filter",
        ),
        (
            "landlock_restrict_self",
            "an outer seccomp filter may forbid landlock_restrict_self",
        ),
        ("prctl", "an outer seccomp filter may forbid prctl"),
    ] {
        let output = within(&["--deny-syscalls", call], &[]);
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(125), "{call}: {message}");
        if has_landlock() {
            assert!(message.contains(sentence), "{call}: {message}");
        }
    }
}

fn without_filter() {
    for log in ["text", "off"] {
        let inner = ["--best-effort", "--log", log];
        let output = within(&["--deny-syscalls", "seccomp:ENOSYS"], &inner);
        if has_landlock() {
            assert!(output.status.success(), "{log}: {}", stderr(&output));
        } else {
            assert_refused(&output);
        }
    }
}
