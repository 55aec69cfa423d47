//! Findings in the Static Analysis Results Interchange Format, version 2.1.0.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use ringfence_manifest::Finding;
use serde::Serialize;

use super::super::NAME;
use super::report::{Report, level};
use crate::check::LINTS;

#[derive(Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

impl Log {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let rule = |lint: &crate::check::Lint| Rule {
            id: lint.name,
            short_description: Message {
                text: lint.summary.to_owned(),
            },
        };
        let findings = report.findings.iter();
        Self {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: NAME,
                        version: env!("CARGO_PKG_VERSION"),
                        rules: LINTS.iter().map(rule).collect(),
                    },
                },
                // Readers would count UTF-16 units otherwise.
                column_kind: "unicodeCodePoints",
                results: findings
                    .map(|finding| Outcome::of(report, finding))
                    .collect(),
            }],
        }
    }
}

impl Outcome {
    fn of(report: &Report<'_>, finding: &Finding) -> Self {
        // A result has a place; what is about the manifest as a whole is put at its beginning.
        let (file, start_line, start_column) =
            report.position(finding).unwrap_or((report.file, 1, 1));
        let mut text = finding.message.clone();
        if !finding.help.is_empty() {
            text.push('\n');
            text.push_str(&finding.help);
        }
        Self {
            rule_id: finding.code,
            level: level(finding),
            message: Message { text },
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: ArtifactLocation { uri: uri(file) },
                    region: Region {
                        start_line,
                        start_column,
                    },
                },
            }],
        }
    }
}

/// A path as a URI: relative where the path is.
fn uri(path: &Path) -> String {
    let scheme = if path.is_absolute() { "file://" } else { "" };
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.fold(scheme.to_owned(), |mut uri, &byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(byte.into());
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_uri_is_escaped_in_a_path() {
        assert_eq!(uri(Path::new("a/policy.yaml")), "a/policy.yaml");
        assert_eq!(uri(Path::new("/a b/c#d?e%")), "file:///a%20b/c%23d%3Fe%25");
        assert_eq!(uri(Path::new("c:é")), "c%3A%C3%A9");
    }
}
