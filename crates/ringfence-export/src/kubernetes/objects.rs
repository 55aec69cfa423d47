//! The objects, and their YAML.

use std::collections::BTreeMap;
use std::time::Duration;

use ringfence_manifest::Manifest;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_saphyr::LitString;

use super::{DIRECTORY, KubernetesOptions};
use crate::exported::ExportError;

/// An object, in the order that people write one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<String, LitString>,
    #[serde(skip_serializing_if = "Value::is_null")]
    spec: Value,
}

impl Document {
    pub(super) fn new(
        api_version: &'static str,
        kind: &'static str,
        name: &str,
        spec: Value,
    ) -> Self {
        Self {
            api_version,
            kind,
            metadata: json!({"name": name, "labels": labels(name)}),
            data: BTreeMap::new(),
            spec,
        }
    }
}

/// What the container is made of.
pub(super) struct Container<'c> {
    pub(super) options: KubernetesOptions<'c>,
    pub(super) manifest: &'c Manifest,
    /// Whether a seccomp profile was written for it.
    pub(super) has_profile: bool,
    /// Whether it writes outside of volumes.
    pub(super) writes_root: bool,
}

/// By these all objects of an export are found.
pub(super) fn labels(name: &str) -> Value {
    json!({"app.kubernetes.io/name": name})
}

/// The object as one document of a file.
pub(super) fn document(document: &Document) -> Result<String, ExportError> {
    // Long texts stay on their line: folding is for prose.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(document, options);
    text.map(|text| format!("---\n{text}"))
        .map_err(|_| ExportError::Option {
            what: "an object of Kubernetes",
            value: document.kind.to_owned(),
            why: "YAML cannot say it",
        })
}

/// The manifest, as a file in a volume.
pub(super) fn config_map(name: &str, manifest: String) -> Result<String, ExportError> {
    let mut map = Document::new("v1", "ConfigMap", name, Value::Null);
    map.data.insert(format!("{name}.yaml"), LitString(manifest));
    document(&map)
}

/// The Pod, or a Deployment of it.
pub(super) fn workload(container: &Container<'_>) -> Result<String, ExportError> {
    let name = container.options.name;
    let pod = pod(container);
    document(&if container.options.deployment {
        let spec = json!({
            "replicas": 1,
            "selector": {"matchLabels": labels(name)},
            "template": {"metadata": {"labels": labels(name)}, "spec": pod},
        });
        Document::new("apps/v1", "Deployment", name, spec)
    } else {
        Document::new("v1", "Pod", name, pod)
    })
}

fn pod(container: &Container<'_>) -> Value {
    let Container {
        options, manifest, ..
    } = container;
    let KubernetesOptions { name, .. } = options;
    let policy = format!("{DIRECTORY}/{name}.yaml");
    let profile = if container.has_profile {
        json!({"type": "Localhost", "localhostProfile": format!("ringfence/{name}.json")})
    } else {
        json!({"type": "RuntimeDefault"})
    };
    let mut resources = Map::new();
    if let Some(bytes) = manifest.limits.memory {
        resources.insert("limits".to_owned(), json!({"memory": bytes.to_string()}));
    }
    let words = manifest.command.iter().map(|word| unexpanded(word));
    let mut spec = json!({
        "containers": [{
            "name": name,
            "image": options.image,
            "command": [unexpanded(options.runner), "--policy", policy, "--"],
            "args": words.collect::<Vec<_>>(),
            "resources": resources,
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": !container.writes_root,
                "runAsNonRoot": true,
                "seccompProfile": profile,
            },
            "volumeMounts": [{"name": "ringfence", "mountPath": DIRECTORY, "readOnly": true}],
        }],
        "volumes": [{"name": "ringfence", "configMap": {"name": name}}],
        // A key to the cluster, for who needs none.
        "automountServiceAccountToken": reads_token(manifest),
    });
    if let (Some(wall), Some(spec)) = (manifest.limits.wall, spec.as_object_mut()) {
        spec.insert(
            "activeDeadlineSeconds".to_owned(),
            json!(whole_seconds(wall)),
        );
    }
    spec
}

/// A word that Kubernetes hands on as it is: there `$(NAME)` is a variable, and `$$` a dollar.
fn unexpanded(word: &str) -> String {
    word.replace('$', "$$")
}

/// Whether a line is about where Kubernetes puts the token of the Pod.
fn reads_token(manifest: &Manifest) -> bool {
    let lines = manifest.policy.paths().iter();
    let paths = lines.map(|line| &line.path);
    paths.into_iter().any(|path| {
        ["/var/run/secrets", "/run/secrets"]
            .iter()
            .any(|secrets| path.starts_with(secrets))
    })
}

/// At least one: none would mean no limit.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}
