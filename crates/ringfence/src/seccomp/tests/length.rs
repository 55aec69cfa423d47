//! Programs that are too long for the kernel.

use crate::seccomp::{Action, Arch, Filter, FilterTooLong, Is, Test, Verdict};

/// So many tests, one after the other.
fn chain(tests: u64) -> Verdict {
    (0..tests).fold(Verdict::Always(Action::Allow), |otherwise, value| {
        let test = Test::new(0, u64::MAX, Is::Exactly(value)).expect("the first argument");
        Verdict::If(
            test,
            Box::new(Verdict::Always(Action::EPERM)),
            Box::new(otherwise),
        )
    })
}

fn of_length(tests: u64) -> Result<usize, FilterTooLong> {
    let filter = Filter::new(|call| match call.name() {
        "read" => chain(tests),
        _ => Verdict::Always(Action::Allow),
    });
    let program = filter.compile(Arch::Riscv64)?;
    Ok(program.instructions().len())
}

#[test]
fn a_filter_that_the_kernel_would_not_take_is_refused_with_a_sentence() {
    let longest = (1..5_000)
        .take_while(|&tests| of_length(tests).is_ok())
        .last();
    let longest = longest.expect("some fit");
    assert!((4080..=4096).contains(&of_length(longest).expect("it fits")));
    let refused = of_length(longest + 1).expect_err("one more does not fit");
    assert!((4097..4110).contains(&refused.instructions));
    assert_eq!(
        refused.to_string(),
        format!(
            "the filter has {} instructions, and the kernel takes 4096 at most; \
             name fewer system calls one by one",
            refused.instructions
        )
    );
}

#[test]
fn the_filters_of_policies_are_far_from_the_limit() {
    for filter in super::filters() {
        for arch in Arch::ALL {
            let length = filter
                .compile(arch)
                .expect("short enough")
                .instructions()
                .len();
            assert!(length < 1024, "{length} instructions");
        }
    }
}
