//! Lines about ports.

use ringfence::{Class, PortClass, PortLine, Ports, Source};

use super::{Policy, add, add_each};
use crate::border::Text;
use crate::error::Error;

/// Allows to connect TCP sockets to these ports, at any address (ABI 4): `443`, `80,443`, `8000-8010`, or
/// `any` to leave this class alone.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_connect_tcp(policy: Option<&mut Policy>, ports: Text) {
    port_lines(policy, PortClass::ConnectTcp, &ports);
}

/// Allows to bind TCP sockets to these ports (ABI 4); 0 stands for a port of the kernel's choice.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_bind_tcp(policy: Option<&mut Policy>, ports: Text) {
    port_lines(policy, PortClass::BindTcp, &ports);
}

/// Allows to send datagrams to these ports, at any address (ABI 10), and with it to bind a port of the
/// kernel's choice.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_connect_udp(policy: Option<&mut Policy>, ports: Text) {
    port_lines(policy, PortClass::ConnectUdp, &ports);
}

/// Allows to bind UDP sockets to these ports (ABI 10); 0 stands for a port of the kernel's choice.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_bind_udp(policy: Option<&mut Policy>, ports: Text) {
    port_lines(policy, PortClass::BindUdp, &ports);
}

/// Allows a range of ports by numbers: `first` to `last`, both included, as `word` says: `connect-tcp`,
/// `bind-tcp`, `connect-udp` or `bind-udp`. A number above 65535 is an error and never another port.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_port_range(
    policy: Option<&mut Policy>,
    word: Text,
    first: u32,
    last: u32,
) {
    add(policy, |policy| {
        let class = port_class(&word)?;
        Ok(policy.port_line(PortLine {
            class,
            ports: Ports::from(port(first)?..=port(last)?),
            source: Source::Api,
        }))
    });
}

fn port_lines(policy: Option<&mut Policy>, class: PortClass, ports: &Text) {
    add(policy, |policy| {
        let lines = Ports::list(ports.utf8("the ports")?)?;
        Ok(add_each(lines, policy, |policy, ports| {
            policy.port_line(PortLine {
                class,
                ports,
                source: Source::Api,
            })
        }))
    });
}

/// Reads the name of a class of ports.
pub fn port_class(name: &Text) -> Result<PortClass, Error> {
    let name = name.utf8("the class")?;
    match name.parse()? {
        Class::Port(class) => Ok(class),
        _ => Err(Error::argument(format!(
            "`{name}` has no ports; those that have are connect-tcp, bind-tcp, connect-udp and bind-udp"
        ))),
    }
}

/// A port as a number that is one.
pub fn port(number: u32) -> Result<u16, Error> {
    u16::try_from(number)
        .map_err(|_| Error::argument(format!("{number} is no port: they go from 0 to 65535")))
}
