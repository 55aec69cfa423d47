//! Every denial of the tables takes effect.

use std::collections::BTreeSet;

use super::{answer, filter};
use crate::seccomp::denials::{DENIALS, calls_of};
use crate::seccomp::ioctls::IOCTL_TYPES;
use crate::seccomp::program;
use crate::seccomp::{Action, Arch, CallData, Is, Syscall, Test};
use crate::{Class, Policy};

/// Arguments that meet all of the tests, and nothing else.
fn meeting(tests: &[Test]) -> [u64; 6] {
    let mut arguments = [0; 6];
    for test in tests {
        arguments[usize::from(test.argument())] |= match test.is() {
            Is::Exactly(value) => value,
            // No value that any denial excludes.
            Is::Not(_) => 0x0012_3456 & test.mask(),
            Is::NonZero => test.mask() & test.mask().wrapping_neg(),
        };
    }
    assert!(tests.iter().all(|test| test.holds(arguments)), "{tests:?}");
    arguments
}

/// ABI 1, on which no class of the table is left to Landlock alone.
fn strict() -> crate::Filter {
    filter(Policy::builder().ro("/usr"), 1)
}

#[test]
fn every_denial_is_in_force_on_every_architecture_that_has_its_call() {
    let filter = strict();
    for arch in Arch::ALL {
        let program = filter.compile(arch).expect("short enough");
        let mut tried = 0;
        for denial in DENIALS {
            let Some(number) = denial.call.number(arch) else {
                continue;
            };
            let call = CallData {
                number,
                audit: arch.audit(),
                instruction_pointer: 0,
                arguments: meeting(denial.when),
            };
            let answered = program.run(&call).and_then(program::action);
            assert_eq!(
                answered,
                Some(Action::Errno(denial.errno)),
                "{denial:?} on {arch}"
            );
            tried += 1;
        }
        assert!(tried > 100, "{tried} on {arch}");
    }
}

#[test]
fn every_denial_falls_with_its_class() {
    for denial in DENIALS {
        let policy = match denial.class {
            // Not told by a class line.
            Class::Truncate | Class::Mount => continue,
            class => Policy::builder().ro("/usr").allow_class(class),
        };
        let filter = filter(policy.best_effort(), 1);
        let answered = filter.verdict(denial.call).decide(meeting(denial.when));
        assert_eq!(answered, Action::Allow, "{denial:?}");
    }
}

#[test]
fn no_line_of_the_table_repeats_another() {
    let mut lines = BTreeSet::new();
    for denial in DENIALS {
        assert!(
            lines.insert(format!("{:?} {:?}", denial.call, denial.when)),
            "{denial:?}"
        );
    }
}

#[test]
fn every_call_of_the_table_is_one_of_its_class() {
    for denial in DENIALS {
        assert!(calls_of(denial.class).any(|call| call == denial.call));
    }
}

#[test]
fn what_a_test_names_is_within_its_mask() {
    for test in DENIALS.iter().flat_map(|denial| denial.when) {
        if let Is::Exactly(value) | Is::Not(value) = test.is() {
            assert_eq!(value & !test.mask(), 0, "{test:?}");
        }
        assert_ne!(test.mask(), 0, "{test:?}");
    }
}

#[test]
fn an_ioctl_type_is_denied_but_for_what_it_lists() {
    const IOCTL: Syscall = Syscall::IOCTL;
    let filter = strict();
    for kind in IOCTL_TYPES {
        let mut denied = 0;
        for number in 0..=0xff_u64 {
            let command = u64::from(kind.byte) << 8 | number;
            let listed = kind
                .but
                .iter()
                .any(|&but| u64::from(but) & 0xffff == command);
            let answered = answer(&filter, IOCTL, &[0, command]);
            assert!(
                listed || answered == Action::Errno(kind.errno),
                "{command:#x}"
            );
            denied += u32::from(answered == Action::Errno(kind.errno));
        }
        assert!(denied > 200);
        for &but in kind.but {
            // Metadata, which the table says more of, has commands of such a type.
            let metadata = DENIALS.iter().any(|denial| {
                denial.call == IOCTL
                    && denial
                        .when
                        .iter()
                        .any(|test| test.holds([0, but.into(), 0, 0, 0, 0]))
            });
            let passes = answer(&filter, IOCTL, &[0, but.into()]) == Action::Allow;
            assert!(passes || metadata, "{but:#x}");
            // The kernel does not look at the upper half.
            let upper = u64::from(but) | 1 << 63;
            assert_eq!(answer(&filter, IOCTL, &[0, upper]) == Action::Allow, passes);
        }
    }
}
