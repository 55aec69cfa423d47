//! Real programs of Debian under policies as tight as a careful operator would write them.
//!
//! Each does an allowed job whose effect is checked, and is refused a forbidden one; each refusal
//! has a twin, the same command without the sandbox, that succeeds ([`scene::Scene::refuses`]).
//! What a program turned out to need, and why, is at the top of its file.

#![forbid(unsafe_code)]

mod archive;
mod curl;
mod gcc;
mod git;
mod install;
mod nginx;
mod openssl;
mod psql;
mod python;
mod scene;
mod server;
mod shell;
mod sqlite;
mod tls;

use std::process::ExitCode;

fn main() -> ExitCode {
    let tests = [
        archive::tests(),
        curl::tests(),
        gcc::tests(),
        git::tests(),
        nginx::tests(),
        openssl::tests(),
        psql::tests(),
        python::tests(),
        shell::tests(),
        sqlite::tests(),
    ];
    ringfence_tests::trial::main(tests.into_iter().flatten().collect())
}
