//! `ringfence schema`: the JSON Schema of manifests, for editors.

use clap::Command;

use super::print_json;

pub(super) fn command() -> Command {
    Command::new("schema")
        .about("Print the JSON Schema of manifests, which editors use to complete and check them")
        .after_help("Example:\n  ringfence schema > manifest.schema.json")
}

pub(super) fn main() -> u8 {
    print_json(&ringfence_manifest::schema())
}
