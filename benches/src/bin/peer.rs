//! The peer: what a program written with the crate `landlock` does for the same command line.
//!
//! `peer [--ro PATH | --rw PATH | --connect-tcp PORT]... -- COMMAND [ARGUMENT]...`
#![forbid(unsafe_code)]

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::Command;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};

/// The crate lowers this by itself to what the running kernel has.
const NEWEST: ABI = ABI::V9;

fn main() -> Result<(), Box<dyn Error>> {
    let ro = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
    let rw = ro | write_rights();
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;

    let mut arguments = std::env::args_os().skip(1);
    while let Some(flag) = arguments.next().filter(|flag| flag != "--") {
        let value = arguments.next().ok_or("a flag has no value")?;
        ruleset = match flag.to_str() {
            Some("--ro") => ruleset.add_rule(PathBeneath::new(PathFd::new(value)?, ro))?,
            Some("--rw") => ruleset.add_rule(PathBeneath::new(PathFd::new(value)?, rw))?,
            _ => {
                let port = value.to_str().ok_or("a port is a number")?.parse()?;
                ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?
            }
        };
    }
    ruleset.restrict_self()?;

    let program = arguments.next().ok_or("no command is given")?;
    Err(Command::new(program).args(arguments).exec().into())
}

/// What `rw` has beyond `ro`.
fn write_rights() -> BitFlags<AccessFs> {
    AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSym
        | AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}
