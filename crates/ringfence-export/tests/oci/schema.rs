//! The schema of the OCI runtime specification.

use jsonschema::Registry;
use serde_json::{Value, json};

const FILES: [(&str, &str); 3] = [
    (
        "config-linux.json",
        include_str!("../schemas/oci/config-linux.json"),
    ),
    (
        "defs-linux.json",
        include_str!("../schemas/oci/defs-linux.json"),
    ),
    ("defs.json", include_str!("../schemas/oci/defs.json")),
];

/// What the specification does not allow of a profile.
pub fn faults(profile: &Value) -> Vec<String> {
    const BASE: &str = "https://oci.invalid/schema/";
    let mut registry = Registry::new();
    for (name, text) in FILES {
        let schema: Value = serde_json::from_str(text).expect("JSON");
        registry = registry
            .add(format!("{BASE}{name}"), schema)
            .expect("a schema");
    }
    let registry = registry.prepare().expect("schemas");
    let schema = json!({"$ref": format!("{BASE}config-linux.json#/linux/properties/seccomp")});
    let validator = jsonschema::options()
        .offline()
        .with_registry(&registry)
        .build(&schema)
        .expect("a schema");
    validator
        .iter_errors(profile)
        .map(|fault| fault.to_string())
        .collect()
}

#[test]
fn the_schema_sees_an_action_an_operator_and_a_type_that_are_not() {
    let rule = |rule: Value| json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]});
    let good = json!({
        "names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
        "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}],
    });
    assert_eq!(faults(&rule(good)), [""; 0]);
    for bad in [
        json!({"names": ["read"], "action": "SCMP_ACT_DENY"}),
        json!({"names": [], "action": "SCMP_ACT_ALLOW"}),
        json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": "EPERM"}),
        json!({"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "="}]}),
    ] {
        assert_ne!(faults(&rule(bad.clone())), [""; 0], "{bad}");
    }
}
