//! Every word on every ABI, from tables that are written by hand beside the code's own.

use std::path::Path;

use crate::{
    Abi, Access, AccessFs, AccessNet, Allowance, Class, Decision, Errata, Kernel, Mechanism,
    PathLine, Plan, Policy, PolicyBuilder, PortClass, Ports, Request, Scope, Source, Standing,
    WORDS,
};

fn plan(policy: PolicyBuilder, abi: Abi) -> Plan {
    Plan::new(
        policy.build().expect("a valid policy"),
        Kernel::with_abi(abi.number().into()),
    )
}

fn abi(number: u32) -> Abi {
    Abi::new(number)
}

/// What becomes of a line with one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Not enforced: the start is refused.
    Refused,
    /// Denied by the kernel whatever the policy says.
    Withheld,
    /// Enforced, though a part of the word's rights is open everywhere.
    Partly,
    /// Enforced.
    Whole,
}

/// The fate of each word on ABI 0, 1, … 11, by `landlock.h`'s history.
fn fate(word: &str, abi: u8) -> Fate {
    let from = |first: u8| match abi {
        0 => Fate::Refused,
        abi if abi < first => Fate::Refused,
        _ => Fate::Whole,
    };
    match (word, abi) {
        ("rename", 1) => Fate::Withheld,
        ("write", 1 | 2) => Fate::Partly,
        ("ioctl", _) => from(5),
        ("connect-unix", _) => from(9),
        _ => from(1),
    }
}

#[test]
fn every_word_on_every_abi_is_enforced_withheld_or_refused() {
    let words: Vec<_> = WORDS
        .iter()
        .filter(|word| word.access.bits().is_power_of_two())
        .collect();
    assert_eq!(words.len(), 9);
    for word in words {
        for abi in Abi::all() {
            let plan = plan(Policy::builder().allow(word.access, "/x"), abi);
            let path = plan.paths().next().expect("the one line");
            let seen = if plan.check().is_err() {
                assert_eq!(path.unenforced, word.access);
                assert!(path.granted.is_empty());
                Fate::Refused
            } else if path.withheld == word.access {
                Fate::Withheld
            } else if path.granted == word.rights {
                Fate::Whole
            } else {
                assert!(!path.granted.is_empty());
                Fate::Partly
            };
            assert_eq!(
                seen,
                fate(word.name, abi.number()),
                "{} on {abi}",
                word.name
            );
        }
    }
}

#[test]
fn every_port_class_on_every_abi_is_enforced_or_refused() {
    for class in PortClass::ALL {
        let first = match class {
            PortClass::BindTcp | PortClass::ConnectTcp => abi(4),
            PortClass::BindUdp | PortClass::ConnectUdp => abi(10),
        };
        for abi in Abi::all() {
            let line = crate::PortLine {
                class,
                ports: 443.into(),
                source: Source::Flag,
            };
            let plan = plan(Policy::builder().port_line(line), abi);
            assert_eq!(
                plan.check().is_ok(),
                abi >= first,
                "{} on {abi}",
                class.name()
            );
            if abi < first {
                let refused = plan.check().unwrap_err().to_string();
                let line = format!("`--{} 443`: {} needs {first}", class.name(), class.name());
                assert!(refused.contains(&line), "{refused}");
            }
        }
    }
}

#[test]
fn all_that_the_kernel_knows_is_handled() {
    let fs = [0, 13, 14, 15, 15, 16, 16, 16, 16, 17, 17, 17];
    let net = [0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 4, 4];
    let scopes = [0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2];
    for (abi, ((fs, net), scopes)) in Abi::all().zip(fs.into_iter().zip(net).zip(scopes)) {
        let plan = plan(Policy::builder(), abi);
        assert_eq!(plan.handled_fs.bits().count_ones(), fs, "{abi}");
        assert_eq!(plan.handled_net.bits().count_ones(), net, "{abi}");
        assert_eq!(plan.scoped.bits().count_ones(), scopes, "{abi}");
    }
}

#[test]
fn without_landlock_even_an_empty_policy_is_refused() {
    for kernel in [
        Kernel::with_abi(0),
        Kernel::without_landlock(crate::Availability::DisabledAtBoot),
    ] {
        let refused = Plan::new(Policy::default(), kernel).check().unwrap_err();
        assert!(refused.to_string().contains("needs ABI 1 (Linux 5.13)"));
        let lenient = Policy::builder().best_effort().build().unwrap();
        let plan = Plan::new(lenient, kernel);
        assert!(plan.check().is_ok() && plan.unenforced().count() == 1);
    }
}

#[test]
fn a_sandbox_that_would_hold_nothing_is_refused() {
    let only_ipc = || Policy::builder().unrestricted_fs().unrestricted_net();
    let only_net = || Policy::builder().unrestricted_fs().unrestricted_ipc();
    for abi in Abi::all() {
        assert_eq!(
            plan(only_ipc(), abi).check().is_ok(),
            abi >= self::abi(6),
            "{abi}"
        );
        assert_eq!(
            plan(only_net(), abi).check().is_ok(),
            abi >= self::abi(4),
            "{abi}"
        );
        // Who wants nothing gets nothing, everywhere.
        let nothing = plan(only_ipc().unrestricted_ipc(), abi);
        assert!(nothing.check().is_ok() && !nothing.makes_domain());
    }
}

#[test]
fn the_minimum_abi_refuses_even_best_effort() {
    let policy = || Policy::builder().ro("/").best_effort().minimum_abi(4);
    assert!(plan(policy(), abi(3)).check().is_err());
    assert!(plan(policy(), abi(4)).check().is_ok());
    // Of an ABI that is not known here the number still counts.
    let future = || Policy::builder().minimum_abi(42).build().unwrap();
    assert!(Plan::new(future(), Kernel::with_abi(41)).check().is_err());
    assert!(Plan::new(future(), Kernel::with_abi(42)).check().is_ok());
}

#[test]
fn denials_are_recorded_from_abi_7_on_and_only_when_asked_for() {
    for abi in Abi::all().skip(1) {
        let records = abi.number() >= 7;
        assert!(!plan(Policy::builder(), abi).records_denials());
        let asked = plan(Policy::builder().audit(), abi);
        assert_eq!(asked.records_denials(), records, "{abi}");
        assert_eq!(asked.check().is_ok(), records, "{abi}");
        let refusals: Vec<_> = asked
            .unenforced()
            .map(|refusal| refusal.to_string())
            .collect();
        let sentence = "`audit`: recording denials needs ABI 7 (Linux 6.15)";
        let expected = if records {
            None
        } else {
            Some(sentence.to_owned())
        };
        assert_eq!(refusals, Vec::from_iter(expected));
        assert!(
            plan(Policy::builder().audit().best_effort(), abi)
                .check()
                .is_ok()
        );
    }
}

#[test]
fn any_leaves_its_class_alone_and_not_its_neighbours() {
    let plan = plan(
        Policy::builder().connect_tcp(Ports::Any).bind_tcp(8080),
        abi(7),
    );
    assert_eq!(plan.handled_net, AccessNet::BIND_TCP);
    let connect = Class::Port(PortClass::ConnectTcp);
    assert_eq!(plan.standing(connect), Standing::Unrestricted);
    assert!(
        plan.decide(Request::Port(PortClass::ConnectTcp, 1))
            .is_allowed()
    );
    assert!(
        plan.decide(Request::Port(PortClass::BindTcp, 8080))
            .is_allowed()
    );
    assert!(
        !plan
            .decide(Request::Port(PortClass::BindTcp, 8081))
            .is_allowed()
    );
}

#[test]
fn sending_datagrams_implies_to_bind_a_port_of_the_kernels_choice() {
    let implied = |policy: PolicyBuilder| {
        let plan = plan(policy, abi(10));
        plan.ports()
            .iter()
            .any(|port| matches!(port.line.source, Source::Implied(_)))
    };
    assert!(implied(Policy::builder().connect_udp(53)));
    assert!(implied(Policy::builder().connect_udp(Ports::Any)));
    assert!(!implied(Policy::builder().connect_udp(53).bind_udp(0)));
    assert!(!implied(
        Policy::builder().connect_udp(53).bind_udp(Ports::Any)
    ));
    assert!(!implied(Policy::builder().bind_udp(53)));

    let plan = plan(Policy::builder().connect_udp(53), abi(10));
    assert!(
        plan.decide(Request::Port(PortClass::BindUdp, 0))
            .is_allowed()
    );
    assert!(
        !plan
            .decide(Request::Port(PortClass::BindUdp, 53))
            .is_allowed()
    );
}

#[test]
fn the_fix_that_lets_other_streams_pass_is_known() {
    let kernel = Kernel::with_abi(7);
    let standing = |policy: PolicyBuilder, kernel| {
        Plan::new(policy.build().unwrap(), kernel).standing(Class::OtherStreams)
    };
    let bare = || Policy::builder().unrestricted_syscalls();
    let unfixed = kernel.with_errata(Errata::empty());
    assert_eq!(standing(Policy::builder(), kernel), Standing::Seccomp);
    assert_eq!(standing(bare(), kernel), Standing::Unrestricted);
    assert_eq!(standing(bare(), unfixed), Standing::Landlock);
}

#[test]
fn no_class_is_without_a_word_on_any_abi() {
    for abi in Abi::all() {
        let plan = plan(Policy::builder().best_effort(), abi);
        for class in Class::ALL {
            match plan.standing(class) {
                Standing::Landlock => {
                    let since = class.since().expect("deniable on some kernel");
                    assert!(since <= abi, "{}", class.name());
                }
                Standing::Seccomp => assert!(plan.filter().is_some()),
                Standing::Open(since) => {
                    assert!(since.is_none_or(|since| since > abi), "{}", class.name());
                    assert!(!plan.open_because(class).is_empty(), "{}", class.name());
                }
                Standing::Unrestricted => panic!("{} on {abi}", class.name()),
            }
        }
    }
}

#[test]
fn the_oracle_names_the_lines_that_allow() {
    let plan = plan(
        Policy::builder()
            .ro("/usr")
            .allow(Access::WRITE, "/usr/local")
            .connect_tcp(443),
        abi(7),
    );
    let both = AccessFs::READ_FILE | AccessFs::WRITE_FILE;
    let decide = |rights, path: &'static str| plan.decide(Request::Path(rights, Path::new(path)));
    match decide(both, "/usr/local/x") {
        Decision::Allowed(Allowance::Paths(lines)) => {
            let lines: Vec<_> = lines.iter().map(|path| path.line.to_string()).collect();
            assert_eq!(lines, ["ro /usr", "write /usr/local"]);
        }
        other => panic!("{other:?}"),
    }
    match decide(both, "/usr/lib/x") {
        Decision::Denied { missing, .. } => assert_eq!(missing, AccessFs::WRITE_FILE),
        other => panic!("{other:?}"),
    }
    // A name that only begins alike is another path.
    assert!(!decide(AccessFs::READ_FILE, "/usrx/file").is_allowed());
    match plan.decide(Request::Port(PortClass::ConnectTcp, 443)) {
        Decision::Allowed(Allowance::Port(port)) => {
            assert_eq!(port.line.to_string(), "connect-tcp 443");
        }
        other => panic!("{other:?}"),
    }
    match plan.decide(Request::Port(PortClass::ConnectUdp, 53)) {
        Decision::Denied { by, .. } => assert_eq!(by, Mechanism::Seccomp),
        other => panic!("{other:?}"),
    }
    match plan.decide(Request::Class(Class::Stat)) {
        Decision::Allowed(Allowance::Open(since)) => assert_eq!(since, None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_oracle_asks_the_directory_about_its_entries() {
    let plan = plan(Policy::builder().rw("/srv/data"), abi(7));
    let decide = |rights, path: &'static str| {
        plan.decide(Request::Path(rights, Path::new(path)))
            .is_allowed()
    };
    assert!(decide(AccessFs::MAKE_REG, "/srv/data/new"));
    // The entry `data` is in /srv, which no line allows to change.
    assert!(!decide(AccessFs::REMOVE_DIR, "/srv/data"));
    assert!(decide(AccessFs::READ_DIR, "/srv/data"));
}

#[test]
fn on_abi_1_a_rename_is_denied_and_the_plan_says_so() {
    let plan = plan(Policy::builder().rw("/srv"), abi(1));
    assert!(plan.check().is_ok());
    let refer = Request::Path(AccessFs::REFER, Path::new("/srv/a"));
    assert!(!plan.decide(refer).is_allowed());
    assert_eq!(plan.standing(Class::Rename), Standing::Landlock);
    let truncate = Request::Path(AccessFs::TRUNCATE, Path::new("/etc/x"));
    match plan.decide(truncate) {
        Decision::Denied { by, .. } => assert_eq!(by, Mechanism::Seccomp),
        other => panic!("{other:?}"),
    }
    // A file that may be written may be truncated through its descriptor.
    let written = AccessFs::WRITE_FILE | AccessFs::TRUNCATE;
    assert!(
        plan.decide(Request::Path(written, Path::new("/srv/a")))
            .is_allowed()
    );
}

#[test]
fn the_report_is_the_same_in_words_and_rows() {
    let policy = Policy::builder()
        .path_line(PathLine {
            source: Source::Flag,
            ..PathLine::new(Access::RW, "/srv")
        })
        .connect_tcp(443);
    let report = plan(policy, abi(2)).report();
    assert!(!report.starts);
    assert_eq!(
        report.refusals,
        ["`connect-tcp 443`: connect-tcp needs ABI 4 (Linux 6.7)"]
    );
    let text = report.to_string();
    for row in report.lines.iter().chain(&report.denied) {
        assert!(text.contains(&format!("\n{}", row.item)), "{}", row.item);
    }
    assert!(text.contains("Landlock ABI 2, first in Linux 5.19"));
    assert!(text.contains("does not start"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn path() -> impl Strategy<Value = String> {
        "(/[ab]){1,4}"
    }

    fn access() -> impl Strategy<Value = Access> {
        (1..=Access::all().bits()).prop_map(Access::from_bits_truncate)
    }

    proptest! {
        /// One more line never takes away what was allowed.
        #[test]
        fn a_wider_policy_never_allows_less(
            lines in prop::collection::vec((access(), path()), 0..5),
            more in (access(), path()),
            asked in (access(), path()),
            number in 1_u32..=11,
        ) {
            let builder = lines
                .into_iter()
                .fold(Policy::builder(), |policy, (access, path)| policy.allow(access, path));
            let narrow = plan(builder.clone(), abi(number));
            let wide = plan(builder.allow(more.0, more.1), abi(number));
            let request = Request::Path(asked.0.rights(), Path::new(&asked.1));
            prop_assert!(!narrow.decide(request).is_allowed() || wide.decide(request).is_allowed());
        }

        /// A newer kernel never allows what an older one denies, but for renames on ABI 1, which it
        /// denies altogether, and truncating by name before ABI 3, which only the filter can deny.
        #[test]
        fn a_newer_kernel_never_denies_less(
            lines in prop::collection::vec((access(), path()), 0..5),
            asked in (access(), path()),
            number in 2_u32..=10,
        ) {
            let builder = lines
                .into_iter()
                .fold(Policy::builder(), |policy, (access, path)| policy.allow(access, path));
            let old = plan(builder.clone(), abi(number));
            let new = plan(builder, abi(number + 1));
            let rights = asked.0.rights() - AccessFs::TRUNCATE;
            let request = Request::Path(rights, Path::new(&asked.1));
            prop_assert!(old.decide(request).is_allowed() || !new.decide(request).is_allowed());
        }
    }
}

/// The scopes have no rule, so nothing but the ABI and the policy's switch decides on them.
#[test]
fn scopes_are_on_unless_switched_off() {
    let strict = plan(Policy::builder(), abi(6));
    assert_eq!(strict.scoped, Scope::all());
    let open = plan(Policy::builder().unrestricted_ipc(), abi(6));
    assert_eq!(open.scoped, Scope::empty());
    assert!(open.decide(Request::Class(Class::Signal)).is_allowed());
    assert!(!strict.decide(Request::Class(Class::Signal)).is_allowed());
}
