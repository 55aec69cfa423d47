//! Jobs: programs that a server starts in sandboxes of their own, on the running kernel.
//!
//! The program is its own job: `jobs probe ACT ARGUMENT...`. Where the kernel cannot enforce a
//! policy, the same tests prove the refusal.

#![forbid(unsafe_code)]

mod asynchronous;
mod cgroups;
mod closed;
mod confined;
mod ends;
mod faults;
mod leaks;
mod limits;
mod probe;
mod scene;
mod start;
mod templates;
mod together;
mod users;

use std::process::ExitCode;

use ringfence_tests::trial;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("probe") => return probe::main(&arguments.collect::<Vec<_>>()),
        Some("cgroup") => return cgroups::main(&arguments.collect::<Vec<_>>()),
        Some("handed-on") => return limits::main(&arguments.collect::<Vec<_>>()),
        Some("closed") => return closed::main(&arguments.collect::<Vec<_>>()),
        Some("reuse") => return ends::reuse(),
        Some("descriptors") => return templates::count_descriptors(),
        Some("leaks") => return leaks::main(),
        Some("fault") => return faults::main(&arguments.collect::<Vec<_>>()),
        _ => {}
    }
    let tests = [
        start::tests(),
        ends::tests(),
        limits::tests(),
        asynchronous::tests(),
        cgroups::tests(),
        confined::tests(),
        closed::tests(),
        templates::tests(),
        together::tests(),
        faults::tests(),
        users::tests(),
        leaks::tests(),
    ];
    trial::main(tests.into_iter().flatten().collect())
}
