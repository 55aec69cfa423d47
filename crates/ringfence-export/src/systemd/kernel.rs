//! Classes of acts, ports and calls that a plan denies → what systemd can deny as well.

use std::collections::BTreeMap;

use ringfence::{
    Access, Action, Class, Plan, Policy, PortClass, Ports, Standing, Syscall, SyscallEffect,
    Verdict,
};

use super::Directive;
use super::base::Base;
use crate::wrapper;

/// Calls that systemd 252 has no names for: newer ones, and those that no kernel has any more.
const UNKNOWN_TO_SYSTEMD: &str = "_sysctl afs_syscall cachestat create_module fchmodat2 fchroot file_getattr file_setattr \
                                  get_kernel_syms getpmsg getxattrat listmount listns listxattrat lsm_get_self_attr \
                                  lsm_list_modules lsm_set_self_attr map_shadow_stack mseal nfsservctl open_tree_attr putpmsg \
                                  query_module removexattrat rseq_slice_yield security setxattrat statmount tuxcall uprobe \
                                  uretprobe uselib vserver";

/// The most `SocketBindAllow=` of a unit, of all protocols together.
const MOST_PORTS: usize = 128;

/// Address families by their numbers in `linux/socket.h`, those that a policy can allow.
const FAMILIES: [(u64, &str); 4] = [
    (2, "AF_INET"),
    (10, "AF_INET6"),
    (16, "AF_NETLINK"),
    (43, "AF_SMC"),
];

/// What systemd is told about the kernel's interfaces.
#[derive(Default)]
pub(super) struct Fence {
    pub(super) directives: Vec<Directive>,
    /// The calls that it denies.
    pub(super) calls: Vec<&'static str>,
    /// The port classes that it restricts.
    pub(super) ports: Vec<PortClass>,
    /// The classes that directives of their own are about.
    pub(super) classes: Vec<Class>,
    pub(super) notes: Vec<String>,
}

/// What follows from the plan of the newest kernel, whose filter closes least: on an older one the
/// wrapper closes more by itself.
pub(super) fn fence(policy: &Policy, plan: &Plan, base: Option<&Base>) -> Fence {
    let mut fence = Fence::default();
    if base.is_some_and(|base| base.families) {
        fence.notes.push(
            "the unit restricts address families itself (RestrictAddressFamilies=); to its list another would be \
             added, so that it stays as it is"
                .to_owned(),
        );
    } else {
        fence.families(plan);
    }
    fence.ports(policy, plan);
    fence.namespaces(plan);
    fence.capabilities(policy, plan);
    fence.calls(policy, plan);
    fence
}

impl Fence {
    fn add(&mut self, text: impl Into<String>, from: impl Into<String>) {
        self.directives.push(Directive::new(text, from));
    }

    fn families(&mut self, plan: &Plan) {
        let Some(filter) = plan.filter() else { return };
        if plan.standing(Class::OtherSockets) != Standing::Seccomp {
            return;
        }
        let verdict = filter.verdict(Syscall::SOCKET);
        let can_be_made = |family| {
            // Every type, and the protocols that a filter tells apart: any, TCP, UDP, SCTP, MPTCP.
            let protocols = [0, 6, 17, 132, 262];
            (1..=10)
                .flat_map(|kind| protocols.map(|protocol| [family, kind, protocol, 0, 0, 0]))
                .any(|arguments| verdict.decide(arguments) == Action::Allow)
        };
        let mut names = vec!["AF_UNIX"];
        names.extend(
            FAMILIES
                .iter()
                .filter(|(family, _)| can_be_made(*family))
                .map(|(_, name)| *name),
        );
        self.classes.push(Class::OtherSockets);
        if !names.contains(&"AF_NETLINK") {
            self.classes.push(Class::Netlink);
        }
        self.add(
            format!("RestrictAddressFamilies={}", names.join(" ")),
            "other-sockets, and families that no line about ports needs; AF_UNIX is for logs and readiness",
        );
    }

    fn ports(&mut self, policy: &Policy, plan: &Plan) {
        let binds = policy.ports().iter().filter(|line| line.class.binds());
        if binds.count() > MOST_PORTS {
            self.notes.push(format!(
                "SocketBindAllow= is left out: systemd holds {MOST_PORTS} of them, and ignores all where there are more"
            ));
            return;
        }
        for (class, protocol) in [(PortClass::BindTcp, "tcp"), (PortClass::BindUdp, "udp")] {
            let lines: Vec<_> = plan
                .ports()
                .iter()
                .filter(|port| port.line.class == class)
                .collect();
            // A port of the kernel's choice is 0, which the directive cannot name.
            if plan.standing(Class::Port(class)) == Standing::Unrestricted
                || lines.iter().any(|port| port.line.ports.contains(0))
            {
                continue;
            }
            self.ports.push(class);
            for line in policy.ports().iter().filter(|line| line.class == class) {
                if let Ports::Range(_) = line.ports {
                    self.add(
                        format!("SocketBindAllow={protocol}:{}", line.ports),
                        line.to_string(),
                    );
                }
            }
            self.add(
                format!("SocketBindDeny={protocol}"),
                format!("{}: no other line allows it", class.name()),
            );
        }
    }

    fn namespaces(&mut self, plan: &Plan) {
        if plan.standing(Class::Namespaces) == Standing::Seccomp {
            self.classes.push(Class::Namespaces);
            self.add("RestrictNamespaces=yes", "namespaces: no line allows it");
        }
        if plan.standing(Class::ForeignCalls) == Standing::Seccomp {
            self.classes.push(Class::ForeignCalls);
            self.add(
                "SystemCallArchitectures=native",
                "foreign-calls: no line allows it",
            );
        }
    }

    /// Capabilities that are good for nothing but what is denied.
    fn capabilities(&mut self, policy: &Policy, plan: &Plan) {
        let mut dropped = Vec::new();
        let mut from = Vec::new();
        let no_line = |word| !policy.paths().iter().any(|line| line.access.contains(word));
        if plan.standing(Class::KernelInterfaces) == Standing::Seccomp {
            from.push(Class::KernelInterfaces);
            dropped.extend(["CAP_SYS_MODULE", "CAP_SYS_BOOT", "CAP_SYS_PACCT"]);
            // A clock can be set by `ioctl` too.
            if plan.standing(Class::Ioctl) == Standing::Landlock && no_line(Access::IOCTL) {
                dropped.push("CAP_SYS_TIME");
            }
        }
        if plan.standing(Class::Namespaces) == Standing::Seccomp {
            from.push(Class::Namespaces);
            dropped.push("CAP_SYS_CHROOT");
        }
        if plan.standing(Class::MakeDevice) == Standing::Landlock && no_line(Access::MAKE_DEVICE) {
            from.push(Class::MakeDevice);
            dropped.push("CAP_MKNOD");
        }
        if !dropped.is_empty() {
            let names: Vec<_> = from.iter().map(|class| class.name()).collect();
            self.add(
                format!("CapabilityBoundingSet=~{}", dropped.join(" ")),
                format!("{}: no line allows it", names.join(", ")),
            );
        }
    }

    /// Calls that are denied whatever their arguments, and that the wrapper itself does not need.
    fn calls(&mut self, policy: &Policy, plan: &Plan) {
        let Some(filter) = plan.filter() else { return };
        let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in plan.denied_calls() {
            let among = |names: &str| names.split(' ').any(|name| name == row.call);
            if row.by_arguments || wrapper::NEEDS.contains(&row.call) || among(UNKNOWN_TO_SYSTEMD) {
                continue;
            }
            let Ok(call) = row.call.parse::<Syscall>() else {
                continue;
            };
            let Verdict::Always(action) = filter.verdict(call) else {
                continue;
            };
            let denied_by_name = matches!(
                policy.syscalls().effect_on(call),
                Some(SyscallEffect::Deny(_))
            );
            let from = if denied_by_name {
                "deny-syscalls".to_owned()
            } else if row.classes.is_empty() {
                // Not on the list of allowed ones, which is made for the command and not for the wrapper.
                continue;
            } else {
                row.classes.join(", ")
            };
            let answer = match *action {
                Action::EPERM => String::new(),
                action => format!(":{action}"),
            };
            self.calls.push(row.call);
            listed
                .entry(from)
                .or_default()
                .push(format!("{}{answer}", row.call));
        }
        for (from, calls) in listed {
            let from = if from == "deny-syscalls" {
                "lines that deny system calls".to_owned()
            } else {
                format!("{from}: no line allows it")
            };
            self.add(format!("SystemCallFilter=~{}", calls.join(" ")), from);
        }
        if !self.calls.is_empty() {
            self.add(
                "SystemCallErrorNumber=EPERM",
                "what the wrapper answers to denied calls",
            );
        }
        if policy.syscalls().is_allow_list() {
            self.notes.push(
                "the list of allowed calls (`syscalls: only`) is enforced by landlock-runner alone: systemd's would \
                 have to hold what the wrapper itself needs"
                    .to_owned(),
            );
        }
    }
}
