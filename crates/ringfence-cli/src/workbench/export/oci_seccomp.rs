//! `ringfence export oci-seccomp`.

use clap::{Arg, ArgAction, Command};
use ringfence::Arch;
use ringfence_export::OciOptions;

use super::super::arguments::abi_flag;
use super::{Format, arch_flag};

pub(super) const FORMAT: Format = Format {
    name: "oci-seccomp",
    about: "The filter as a seccomp profile of docker, podman, runc, crun and Kubernetes",
    flags,
    export: |subject, matches| {
        let arch = matches.get_one::<Arch>("arch").copied();
        let options = OciOptions {
            // The flag has a default wherever there is a native one.
            arch: arch.unwrap_or(Arch::X86_64),
            abi: matches.get_one("abi").copied().unwrap_or_default(),
            runner: matches.get_flag("with-runner"),
        };
        ringfence_export::oci_seccomp(&subject.manifest, options)
    },
};

fn flags(command: Command) -> Command {
    command
        .arg(arch_flag())
        .arg(
            abi_flag("The Landlock ABI that something in the container applies; 0 counts on none")
                .default_value("0"),
        )
        .arg(
            Arg::new("with-runner")
                .long("with-runner")
                .action(ArgAction::SetTrue)
                .help("The container starts its command by landlock-runner: let its calls pass"),
        )
}
