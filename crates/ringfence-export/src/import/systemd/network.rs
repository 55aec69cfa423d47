//! Address families, ports, addresses → lines.

use ringfence::{Action, Class, PortClass, PortLine, Ports, Source, Syscall};

use super::{Import, ImportError};
use crate::unit::Backslash;

/// "Address family not supported", as systemd answers.
const EAFNOSUPPORT: u16 = 97;

const INTERNET: [&str; 2] = ["AF_INET", "AF_INET6"];

impl Import {
    pub(super) fn network(&mut self) -> Result<(), ImportError> {
        let mut internet = true;
        let private = self.settings.is_on("PrivateNetwork")?;
        let (families, denies_some) = self.families()?;
        if let Some(families) = &families {
            if families.is_empty() && !denies_some {
                // No socket at all; pairs can still be made, as in the unit.
                self.change(|policy| {
                    policy.deny_syscall(Syscall::SOCKET, Action::Errno(EAFNOSUPPORT))
                });
            } else if !families.iter().any(|family| family == "AF_UNIX") {
                self.note(
                    "the unit denies to make UNIX sockets (no AF_UNIX); in the manifest they can be made, and \
                     connected to nothing outside",
                );
            }
            // A socket of either family binds the port of a line, so that both have to be allowed.
            internet = INTERNET
                .iter()
                .all(|name| families.iter().any(|family| family == name));
            if families.iter().any(|family| family == "AF_NETLINK") && !private {
                self.change(|policy| policy.allow_class(Class::Netlink));
            }
            for family in families {
                match family.as_str() {
                    "AF_UNIX" => self.note(
                        "the unit allows UNIX sockets (AF_UNIX); the manifest denies to connect them: add paths under \
                         `connect-unix:`, or `allow: [connect-unix]`",
                    ),
                    "AF_INET" | "AF_INET6" | "AF_NETLINK" => {}
                    _ => self.note(format!(
                        "the unit allows {family}; `allow: [other-sockets]` would allow all other families with it"
                    )),
                }
            }
        }
        let by_more_than_ports = [
            "IPAddressDeny",
            "IPAddressAllow",
            "IPIngressFilterPath",
            "IPEgressFilterPath",
            "NetworkNamespacePath",
        ]
        .iter()
        .find_map(|key| self.settings.last(key));
        self.ports(private || !internet || by_more_than_ports.is_some())?;
        if let Some(value) = by_more_than_ports {
            self.note(format!(
                "{value}: a manifest has no addresses and no networks beside the machine's, and a line about a port \
                 allows it at every address; so none is made of SocketBindAllow="
            ));
        }
        if !private && internet {
            self.note(
                "the unit lets every port be connected to, and bound where SocketBindDeny= does not say otherwise; the \
                 manifest denies it: add lines under `connect-tcp:`, `connect-udp:`, `bind-tcp:`, `bind-udp:`",
            );
        }
        Ok(())
    }

    /// The families that are allowed, if the unit lists those; and whether it lists those that are denied.
    fn families(&mut self) -> Result<(Option<Vec<String>>, bool), ImportError> {
        let mut allowed: Option<Vec<String>> = None;
        let mut denying = false;
        for value in self.settings.all("RestrictAddressFamilies") {
            if value.text == "none" {
                allowed = Some(Vec::new());
                denying = false;
                continue;
            }
            let (takes, text) = match value.text.strip_prefix('~') {
                Some(text) => (true, text),
                None => (false, value.text.as_str()),
            };
            let names =
                crate::unit::words(text, Backslash::Quotes).map_err(|why| value.error(why))?;
            if allowed.is_none() {
                denying = takes;
            }
            let list = allowed.get_or_insert_default();
            if takes == denying {
                list.extend(names);
            } else {
                list.retain(|family| !names.contains(family));
            }
        }
        if denying && let Some(denied) = allowed {
            let internet = INTERNET
                .iter()
                .any(|name| denied.iter().any(|family| family == name));
            self.note(
                "the unit denies some address families and leaves open the others; the manifest denies all but those \
                 that its lines need",
            );
            // What is denied is no more than that: nothing is allowed by it.
            return Ok((internet.then(Vec::new), true));
        }
        Ok((allowed, false))
    }

    /// `SocketBindAllow=`, where the unit restricts no more than a line can.
    fn ports(&mut self, nothing: bool) -> Result<(), ImportError> {
        let _ = self.settings.all("SocketBindDeny");
        for value in self.settings.all("SocketBindAllow") {
            if nothing {
                self.left_out(
                    &value,
                    "other directives of the unit restrict such sockets further than a port does",
                );
                continue;
            }
            let fields: Vec<_> = value.text.split(':').collect();
            if fields.iter().any(|part| matches!(*part, "ipv4" | "ipv6")) {
                self.left_out(&value, "a line about a port is for both kinds of address");
                continue;
            }
            let classes: &[PortClass] = match fields.first() {
                Some(&"tcp") => &[PortClass::BindTcp],
                Some(&"udp") => &[PortClass::BindUdp],
                _ => &[PortClass::BindTcp, PortClass::BindUdp],
            };
            let ports = match fields.as_slice() {
                ["any" | "tcp" | "udp"] => {
                    self.left_out(
                        &value,
                        "it is for every port; write `any` under `bind-tcp:` if that is meant",
                    );
                    continue;
                }
                [ports] | ["tcp" | "udp", ports] => ports,
                _ => return Err(value.error("it is no port")),
            };
            let ports: Ports = ports
                .parse()
                .map_err(|error| value.error(format!("{error}")))?;
            for &class in classes {
                let ports = ports.clone();
                self.change(|policy| {
                    policy.port_line(PortLine {
                        class,
                        ports,
                        source: Source::Api,
                    })
                });
            }
        }
        Ok(())
    }
}
