//! `ringfence export apparmor`.

use clap::{Arg, Command};

use super::{Format, look_up};

pub(super) const FORMAT: Format = Format {
    name: "apparmor",
    about: "A profile of AppArmor, as a starting point",
    flags,
    export: |subject, matches| {
        let stem = subject.file.file_stem().and_then(|stem| stem.to_str());
        let name = matches.get_one::<String>("name").map(String::as_str);
        let looked_up = look_up(&subject.manifest.policy);
        let name = name.or(stem).unwrap_or_default();
        ringfence_export::apparmor(&subject.manifest, looked_up.as_ref(), name)
    },
};

fn flags(command: Command) -> Command {
    command.arg(
        Arg::new("name")
            .long("name")
            .value_name("NAME")
            .help("The name of the profile; the manifest's if none is given"),
    )
}
