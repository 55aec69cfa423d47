//! The C library, as C programs meet it: installed, found by pkg-config, compiled against and run.
//!
//! `capi write-agreement` writes the policies and questions anew that C, Python and Rust are held against.

#![forbid(unsafe_code)]

mod agreement;
mod arguments;
mod behaviour;
mod build;
mod examples;
mod fork_server;
mod header;
mod library;
mod memory;

use std::process::ExitCode;

use ringfence_tests::trial;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("write-agreement") {
        agreement::write();
        return ExitCode::SUCCESS;
    }
    let tests = [
        agreement::tests(),
        arguments::tests(),
        behaviour::tests(),
        build::tests(),
        examples::tests(),
        fork_server::tests(),
        memory::tests(),
    ];
    trial::main(tests.into_iter().flatten().collect())
}
