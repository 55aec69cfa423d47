//! Ports → a NetworkPolicy: what connects is egress, what is bound is ingress, and nothing else passes.

use std::cmp::Ordering;

use ringfence::{Class, Plan, PortClass, Ports, Standing};
use serde_json::{Value, json};

use super::objects::{Document, labels};

/// The policy of a plan; none if it leaves all ports alone.
pub(super) fn policy(plan: &Plan, name: &str) -> Option<Document> {
    let left_alone =
        |class: &PortClass| plan.standing(Class::Port(*class)) == Standing::Unrestricted;
    if PortClass::ALL.iter().all(left_alone) {
        return None;
    }
    let rules = |classes: [PortClass; 2]| {
        let mut ports: Vec<Value> = Vec::new();
        for class in classes {
            if left_alone(&class) {
                ports.extend(rule(class, &Ports::Any));
                continue;
            }
            let lines = plan.ports().iter().map(|port| &port.line);
            let lines = lines.filter(|line| line.class == class);
            ports.extend(lines.filter_map(|line| rule(class, &line.ports)));
        }
        // A rule without ports would allow every one.
        if ports.is_empty() {
            json!([])
        } else {
            json!([{"ports": ports}])
        }
    };
    let spec = json!({
        "podSelector": {"matchLabels": labels(name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": rules([PortClass::BindTcp, PortClass::BindUdp]),
        "egress": rules([PortClass::ConnectTcp, PortClass::ConnectUdp]),
    });
    Some(Document::new(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        spec,
    ))
}

/// The ports of a line; none if it is about port 0 alone, which is no port of the network.
pub(super) fn rule(class: PortClass, ports: &Ports) -> Option<Value> {
    let protocol = match class {
        PortClass::BindTcp | PortClass::ConnectTcp => "TCP",
        PortClass::BindUdp | PortClass::ConnectUdp => "UDP",
    };
    let (first, last) = match ports {
        Ports::Any => return Some(json!({"protocol": protocol})),
        Ports::Range(range) => ((*range.start()).max(1), *range.end()),
    };
    match last.cmp(&first) {
        Ordering::Less => None,
        Ordering::Equal => Some(json!({"protocol": protocol, "port": first})),
        Ordering::Greater => Some(json!({"protocol": protocol, "port": first, "endPort": last})),
    }
}
