//! `ringfence export kubernetes`.

use clap::{Arg, ArgAction, Command};
use ringfence::Arch;
use ringfence_export::KubernetesOptions;

use super::{Format, arch_flag};

pub(super) const FORMAT: Format = Format {
    name: "kubernetes",
    about: "A ConfigMap, a NetworkPolicy and a Pod that starts the command by landlock-runner",
    flags,
    export: |subject, matches| {
        let text = |flag: &str| matches.get_one::<String>(flag).map(String::as_str);
        let stem = subject.file.file_stem().and_then(|stem| stem.to_str());
        let options = KubernetesOptions {
            name: text("name").or(stem).unwrap_or_default(),
            // Both are required or have a default.
            image: text("image").unwrap_or_default(),
            runner: text("runner").unwrap_or_default(),
            deployment: matches.get_flag("deployment"),
            arch: matches.get_one("arch").copied().unwrap_or(Arch::X86_64),
        };
        ringfence_export::kubernetes(&subject.manifest, options)
    },
};

fn flags(command: Command) -> Command {
    let text = |name, value: &'static str| Arg::new(name).long(name).value_name(value);
    command
        .arg(
            text("image", "IMAGE")
                .required(true)
                .help("The image, which holds the command and landlock-runner"),
        )
        .arg(text("name", "NAME").help("The name of the objects; the manifest's if none is given"))
        .arg(
            text("runner", "PATH")
                .default_value("/usr/local/bin/landlock-runner")
                .help("Where landlock-runner is in the image"),
        )
        .arg(
            Arg::new("deployment")
                .long("deployment")
                .action(ArgAction::SetTrue)
                .help("Write a Deployment instead of a Pod"),
        )
        .arg(arch_flag())
}
