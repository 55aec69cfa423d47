//! The schemas of Kubernetes.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// By version and kind.
static SCHEMAS: LazyLock<[(&str, &str, Validator); 4]> = LazyLock::new(|| {
    let text = include_str!("../schemas/kubernetes-1.31.json");
    let all: Value = serde_json::from_str(text).expect("JSON");
    [
        ("v1", "ConfigMap", "core.v1"),
        ("v1", "Pod", "core.v1"),
        ("apps/v1", "Deployment", "apps.v1"),
        ("networking.k8s.io/v1", "NetworkPolicy", "networking.v1"),
    ]
    .map(|(version, kind, group)| {
        let schema = json!({
            "$schema": all["$schema"],
            "$defs": all["$defs"],
            "$ref": format!("#/$defs/io.k8s.api.{group}.{kind}"),
        });
        let validator = jsonschema::options().offline().build(&schema);
        (version, kind, validator.expect("a schema"))
    })
});

/// What Kubernetes does not allow of an object.
pub fn faults(object: &Value) -> Vec<String> {
    let found = SCHEMAS
        .iter()
        .find(|(version, kind, _)| object["apiVersion"] == *version && object["kind"] == *kind);
    let Some((_, _, validator)) = found else {
        return vec![format!(
            "no schema for {} {}",
            object["apiVersion"], object["kind"]
        )];
    };
    validator
        .iter_errors(object)
        .map(|fault| fault.to_string())
        .collect()
}

#[test]
fn the_schema_sees_a_word_too_many_and_a_wrong_type() {
    let pod = |spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "spec": spec});
    let container = json!([{"name": "tool", "image": "tool"}]);
    assert_eq!(faults(&pod(json!({"containers": container}))), [""; 0]);
    for bad in [
        json!({}),
        json!({"containers": container, "activeDeadlineSecond": 1}),
        json!({"containers": container, "activeDeadlineSeconds": "1"}),
        json!({"containers": [{"name": "tool", "command": "tool"}]}),
    ] {
        assert_ne!(faults(&pod(bad.clone())), [""; 0], "{bad}");
    }
}
