//! Lines about ports.

use ringfence::{Class, Kernel, Plan, Policy, PolicyBuilder, PortClass, PortLine, Ports, Standing};

use super::{Setting, counted, described};
use crate::observation::Observation;

pub(super) fn add(
    mut policy: PolicyBuilder,
    observation: &Observation,
    setting: &Setting<'_>,
    included: &[&str],
    notes: &mut Vec<String>,
) -> PolicyBuilder {
    let chosen = chosen_by_the_kernel();
    let existing = setting.existing();
    for (&(class, port), count) in &observation.ports {
        let by_fragment = port == 53 && !class.binds() && included.contains(&"dns");
        let is_given = existing
            .as_ref()
            .is_some_and(|existing| existing.allows(class, port));
        if by_fragment || is_given {
            continue;
        }
        let text = counted(count);
        let own = observation.ports.contains_key(&(own_bind(class), 0));
        let (ports, text) = if !can_name_ports(class, setting.kernel) {
            notes.push(format!(
                "{} {port}: this kernel cannot tell ports of this kind apart, so that all are allowed",
                class.name()
            ));
            (Ports::Any, format!("{text}, port {port}"))
        } else if !class.binds() && own && chosen.contains(&port) {
            let text = format!("{text}, to a port that the kernel chose for it, such as {port}");
            (Ports::Range(chosen.clone()), text)
        } else {
            (Ports::from(port), text)
        };
        let known = policy.lines().ports().iter();
        if known
            .clone()
            .any(|line| line.class == class && line.ports == ports)
        {
            continue;
        }
        policy = policy.port_line(PortLine {
            class,
            ports,
            source: described(&text),
        });
    }
    policy
}

/// The bind that lets a program connect to itself.
fn own_bind(class: PortClass) -> PortClass {
    match class {
        PortClass::ConnectTcp | PortClass::BindTcp => PortClass::BindTcp,
        PortClass::ConnectUdp | PortClass::BindUdp => PortClass::BindUdp,
    }
}

/// Whether a line about single ports of this class starts on a kernel.
pub(super) fn can_name_ports(class: PortClass, kernel: Kernel) -> bool {
    let Ok(nothing) = Policy::builder().build() else {
        return false;
    };
    Plan::new(nothing, kernel).standing(Class::Port(class)) == Standing::Landlock
}

/// The ports that the kernel gives to sockets that ask for none.
fn chosen_by_the_kernel() -> std::ops::RangeInclusive<u16> {
    let text =
        std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut numbers = text
        .split_whitespace()
        .filter_map(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(first), Some(last)) => first..=last,
        _ => 32768..=60999,
    }
}
