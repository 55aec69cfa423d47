//! Real sandboxes on the running kernel, natively and in each virtual machine of the matrix.
//!
//! What is expected is never written per kernel: it is the plan's own word for that kernel. Where
//! the kernel cannot enforce a policy, the same tests prove the refusal.
//!
//! The program is its own probe: `kernel probe ACT ARGUMENT...` tries one act and exits with its
//! errno. It restricts nothing else than such children.

#![forbid(unsafe_code)]

mod calls;
mod classes;
mod denials;
mod descriptors;
mod except;
mod expect;
mod files;
mod inheritance;
mod layers;
mod lookup;
mod ports;
mod probe;
mod processes;
mod refusals;
mod start;
mod within;
mod world;

use std::process::ExitCode;

use ringfence::Kernel;
use ringfence_tests::trial;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "probe") {
        return probe::main(&arguments.collect::<Vec<_>>());
    }
    let kernel = Kernel::probe();
    println!("landlock abi: {}", kernel.reported_abi());
    match kernel.errata() {
        Some(errata) => println!("landlock errata: {errata:#x}"),
        None => println!("landlock errata: unknown"),
    }
    let tests = [
        files::tests(),
        ports::tests(),
        calls::tests(),
        classes::tests(),
        processes::tests(),
        descriptors::tests(),
        inheritance::tests(),
        layers::tests(),
        lookup::tests(),
        except::tests(),
        refusals::tests(),
        start::tests(),
        within::tests(),
        denials::tests(),
    ];
    let code = trial::main(tests.into_iter().flatten().collect());
    println!("refusals proved: {}", expect::refusals_proved());
    code
}
