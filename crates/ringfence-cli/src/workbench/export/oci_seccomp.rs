//! `ringfence export oci-seccomp`.

use clap::{Arg, ArgAction, Command};
use ringfence::Arch;
use ringfence_export::OciOptions;

use super::Format;

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
    let arch = Arg::new("arch")
        .long("arch")
        .value_name("ARCH")
        .value_parser(arch)
        .help("The architecture of the nodes: x86_64, aarch64 or riscv64");
    command
        .arg(match Arch::NATIVE {
            Some(native) => arch.default_value(native.to_string()),
            None => arch.required(true),
        })
        .arg(
            Arg::new("abi")
                .long("abi")
                .value_name("N")
                .value_parser(clap::value_parser!(u32))
                .default_value("0")
                .help("The Landlock ABI that something in the container applies; 0 counts on none"),
        )
        .arg(
            Arg::new("with-runner")
                .long("with-runner")
                .action(ArgAction::SetTrue)
                .help("The container starts its command by landlock-runner: let its calls pass"),
        )
}

fn arch(text: &str) -> Result<Arch, String> {
    let found = Arch::ALL.into_iter().find(|arch| arch.to_string() == text);
    found.ok_or_else(|| "the architectures are x86_64, aarch64, riscv64".to_owned())
}
