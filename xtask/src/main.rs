//! `cargo xtask`: what a shell script would do elsewhere.
#![forbid(unsafe_code)]

mod artifacts;
mod bench;
mod book;
mod counts;
mod escapes;
mod failures;
mod header;
mod install;
mod installed;
mod kernels;
mod learned;
mod oldest;
mod package;
mod processor;
mod python;
mod step;
mod suite;
mod supply;
mod syscalls;
mod tool;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds and checks ringfence")]
struct Cli {
    /// The task runs beside steps of another, and ends with it
    #[arg(long, hide = true)]
    beside: bool,

    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the static executables into target/static
    Build,
    /// Run everything: format, lints, documentation, tests here and on every kernel of the matrix
    Test(suite::Options),
    /// Measure landlock-runner against a C program that makes the fewest system calls, and a peer
    Bench(bench::Options),
    /// Run the tests on one kernel after the other, in virtual machines
    Kernels(kernels::Options),
    /// Write docs/escapes.md: what closes each way out, here and on each kernel that was run last
    Escapes,
    /// Write the header of the C library anew, from its code
    Header,
    /// Build the C library and install it, its header and its pkg-config file
    InstallC(install::Options),
    /// Write docs/learned.md: what is learned of real programs, and whether it holds
    Learned,
    /// Build the Python package's wheel, install it in a new environment, and test it there
    Python(python::Options),
    /// Build the Debian package into target/package
    Package(package::Options),
    /// Check licences, sources and duplicates of dependencies, and list them
    Supply,
    /// Build the documentation into target/book
    Book,
    /// Write the pages of the reference that are made from the code
    Reference,
    /// Write the library's table of system calls anew, from the newest kernel headers
    Syscalls,
}

fn main() -> ExitCode {
    let Cli { beside, task } = Cli::parse();
    let begun = if beside {
        step::end_with_the_run()
    } else {
        Ok(())
    };
    match begun.and_then(|()| run(task)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Build => {
            for executable in artifacts::release()? {
                println!("{executable}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Escapes => {
            escapes::write()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Header => {
            header::write()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::InstallC(options) => {
            install::run(&options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Learned => {
            learned::write()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Syscalls => {
            syscalls::generate()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Python(options) => python::run(&options),
        Task::Package(options) => {
            package::run(&options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Supply => {
            supply::check()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Book => {
            println!("{}", book::build()?.display());
            Ok(ExitCode::SUCCESS)
        }
        Task::Reference => {
            book::reference()?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Test(options) => suite::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Kernels(options) => {
            let summary = kernels::run(&options)?;
            print!("{summary}");
            Ok(if summary.acceptable(&options) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}
