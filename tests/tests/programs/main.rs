//! Real programs of Debian under policies as tight as a careful operator would write them.
//!
//! Each does an allowed job whose effect is checked, and is refused a forbidden one; each refusal
//! has a twin, the same command without the sandbox, that succeeds ([`scene::Scene::refuses`]).
//! What a program turned out to need, and why, is at the top of its file.

#![forbid(unsafe_code)]

mod apt;
mod archive;
mod bubblewrap;
mod cargo;
mod classes;
mod curl;
mod fallbacks;
mod ffmpeg;
mod gcc;
mod git;
mod imagemagick;
mod java;
mod nginx;
mod node;
mod openssl;
mod page;
mod policies;
mod postgres;
mod psql;
mod python;
mod rsync;
mod scene;
mod server;
mod shell;
mod sqlite;
mod ssh_keygen;
mod tls;
mod vim;

use std::process::ExitCode;

use ringfence_tests::trial;

fn main() -> ExitCode {
    let tests = [
        apt::tests(),
        archive::tests(),
        bubblewrap::tests(),
        cargo::tests(),
        classes::tests(),
        curl::tests(),
        fallbacks::tests(),
        ffmpeg::tests(),
        gcc::tests(),
        git::tests(),
        imagemagick::tests(),
        java::tests(),
        nginx::tests(),
        node::tests(),
        openssl::tests(),
        page::tests(),
        policies::tests(),
        postgres::tests(),
        psql::tests(),
        python::tests(),
        rsync::tests(),
        shell::tests(),
        sqlite::tests(),
        ssh_keygen::tests(),
        vim::tests(),
    ];
    trial::main_at_once(trial::waiting(), tests.into_iter().flatten().collect())
}
