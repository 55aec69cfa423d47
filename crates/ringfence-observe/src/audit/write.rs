//! Records as the kernel and auditd write them.

use std::fmt;

use ringfence::PortClass;

use super::act::{Act, Object};
use super::blocker::Blocker;
use super::fields::{encoded, hex};
use super::record::{Event, Inode, Kind, Record};

impl fmt::Display for Record {
    /// As the kernel and auditd write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.event {
            Event::Denied { .. } => Kind::Access,
            Event::Made { .. } | Event::Ended { .. } => Kind::Domain,
            Event::Called { .. } => Kind::Syscall,
        };
        write!(f, "type={} msg=audit({}): ", kind.number(), self.stamp)?;
        let text = |text: &Option<Vec<u8>>| match text {
            Some(text) => encoded(text),
            None => "(null)".to_owned(),
        };
        match &self.event {
            Event::Denied { domain, act, inode } => {
                let names: Vec<_> = act.blockers.iter().map(ToString::to_string).collect();
                write!(f, "domain={domain:x} blockers={}", names.join(","))?;
                write_object(f, act)?;
                match inode {
                    Some(Inode { device, number }) => {
                        write!(f, " dev={} ino={number}", encoded(device))
                    }
                    None => Ok(()),
                }?;
                match &act.object {
                    Object::Ioctl(_, call) => write!(f, " ioctlcmd={call:#x}"),
                    _ => Ok(()),
                }
            }
            Event::Made {
                domain,
                pid,
                uid,
                exe,
                comm,
            } => {
                write!(
                    f,
                    "domain={domain:x} status=allocated mode=enforcing pid={pid} uid={uid}"
                )?;
                write!(f, " exe={} comm={}", text(exe), text(comm))
            }
            Event::Ended { domain, denials } => {
                write!(f, "domain={domain:x} status=deallocated denials={denials}")
            }
            Event::Called {
                pid,
                exe,
                comm,
                call,
            } => {
                write!(
                    f,
                    "syscall={call} pid={pid} comm={} exe={}",
                    text(comm),
                    text(exe)
                )
            }
        }
    }
}

fn write_object(f: &mut fmt::Formatter<'_>, act: &Act) -> fmt::Result {
    match &act.object {
        Object::Path(path) | Object::Ioctl(path, _) => write!(f, " path={}", encoded(path)),
        Object::Name(name) => write!(f, " name={}", encoded(name)),
        Object::Port(port, address) => {
            let class = act.blockers.iter().find_map(|blocker| match blocker {
                Blocker::Port(class) => Some(*class),
                _ => None,
            });
            let (at, number) = match class {
                Some(PortClass::BindTcp | PortClass::BindUdp) => ("saddr", "src"),
                _ => ("daddr", "dest"),
            };
            if let Some(address) = address {
                write!(f, " {at}={address}")?;
            }
            write!(f, " {number}={port}")
        }
        Object::AbstractSocket(name) => write!(f, " path=00{}", hex(name)),
        Object::Process(pid, name) => write!(f, " opid={pid} ocomm={}", encoded(name)),
        Object::Unsaid => f.write_str(" path=(null)"),
    }
}
