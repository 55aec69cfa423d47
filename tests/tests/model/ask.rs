//! Asks the plan about an act.

use std::fmt;
use std::path::Path;

use ringfence::{
    AccessFs, Class, Decision, Entry, Errata, FileKind, Mechanism, Plan, PortClass, Request,
    Standing,
};
use rustix::io::Errno;

use crate::act::{
    Act, FRESH, Look, Making, OTHER, Object, Opening, Other, Protocol, Reach, STAGED,
};
use crate::outside::Scene;
use crate::perform::{bound_port, path_of};
use crate::stage::replaced;

/// What must happen when an act is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeds.
    Allowed,
    /// It fails with one of these.
    Denied(Vec<Errno>),
    /// The plan calls open what some kernels deny: it may fail so, or succeed.
    Either(Vec<Errno>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, errnos) = match self {
            Self::Allowed => return f.write_str("allowed"),
            Self::Denied(errnos) => ("denied", errnos),
            Self::Either(errnos) => ("open, or denied", errnos),
        };
        let mut numbers: Vec<_> = errnos.iter().map(|errno| errno.raw_os_error()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        write!(f, "{what} with one of the errors {numbers:?}")
    }
}

impl Verdict {
    /// What holds if both must agree.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Allowed, verdict) | (verdict, Self::Allowed) => verdict,
            (Self::Either(mut errnos), Self::Either(more)) => {
                errnos.extend(more);
                Self::Either(errnos)
            }
            (Self::Denied(mut errnos), Self::Denied(more) | Self::Either(more))
            | (Self::Either(more), Self::Denied(mut errnos)) => {
                errnos.extend(more);
                // EXDEV asks a program to copy instead, which is no way out if a right is missing.
                if errnos.contains(&Errno::ACCESS) {
                    errnos.retain(|&errno| errno != Errno::XDEV);
                }
                Self::Denied(errnos)
            }
        }
    }
}

/// What must happen in nested sandboxes.
pub fn verdict(act: Act, plans: &[Plan], scene: &Scene) -> Verdict {
    let verdict = plans
        .iter()
        .map(|plan| Question { plan, scene }.verdict(act))
        .fold(Verdict::Allowed, Verdict::and);
    if act.changes_directory() && one_leaves_files_alone_and_another_not(plans) {
        verdict.and(Verdict::Denied(vec![Errno::XDEV]))
    } else {
        verdict
    }
}

/// Where one domain of a stack governs files, the kernel counts `REFER` as denied by each of them,
/// those included that leave files alone and would not deny it by themselves. No plan speaks of
/// other sandboxes, so that this is known here only.
fn one_leaves_files_alone_and_another_not(plans: &[Plan]) -> bool {
    let leaves_alone = |plan: &Plan| plan.standing(Class::Read) == Standing::Unrestricted;
    plans
        .iter()
        .any(|plan| plan.makes_domain() && leaves_alone(plan))
        && plans
            .iter()
            .any(|plan| plan.makes_domain() && !leaves_alone(plan))
}

/// Whether an act that is denied has its effect all the same: to create a file and to open it are
/// two steps, and the second alone may be denied.
pub fn happens_although_denied(act: Act, plans: &[Plan], scene: &Scene) -> bool {
    match act {
        Act::Make(Making::ToWrite | Making::ToRead, place) => {
            let path = place.within(&scene.top).join(FRESH);
            let request = Request::Path(AccessFs::MAKE_REG, &path);
            plans.iter().all(|plan| plan.decide(request).is_allowed())
        }
        _ => false,
    }
}

/// One plan, and where its act takes place.
struct Question<'q> {
    plan: &'q Plan,
    scene: &'q Scene,
}

impl Question<'_> {
    fn verdict(&self, act: Act) -> Verdict {
        let top = &self.scene.top;
        let from = |object| path_of(object, self.scene, STAGED);
        match act {
            Act::Open(how, place) => self.path(opened(how), &place.within(top)),
            Act::List(place) => self.path(AccessFs::READ_DIR, &place.within(top)),
            Act::Make(what, place) => {
                let made = self.path(self.made(what), &place.within(top).join(FRESH));
                match what {
                    Making::Bound => made.and(self.unix_socket()),
                    _ => made,
                }
            }
            Act::Remove(kind, place) => self.path(kind.remove(), &place.within(top).join(STAGED)),
            Act::Rename(object, to) => self.ask(Request::Rename {
                from: entry(object, &from(object)),
                to: &to.within(top).join(FRESH),
                over: None,
            }),
            Act::RenameOver(object, to) => self.ask(Request::Rename {
                from: entry(object, &from(object)),
                to: &to.within(top).join(FRESH),
                over: Some(replaced(object)),
            }),
            Act::Exchange(one, other) => self.ask(Request::Exchange(
                entry(one, &from(one)),
                entry(other, &path_of(other, self.scene, OTHER)),
            )),
            Act::Link(object, to) => self.ask(Request::Link {
                from: entry(object, &from(object)),
                to: &to.within(top).join(FRESH),
            }),
            Act::Execute(place) => {
                // The kernel opens a program for reading.
                let rights = AccessFs::EXECUTE | AccessFs::READ_FILE;
                self.path(rights, &place.within(top))
            }
            Act::Control => {
                let rights = AccessFs::READ_FILE | AccessFs::WRITE_FILE | AccessFs::IOCTL_DEV;
                self.path(rights, &self.scene.device)
            }
            Act::Change(..) => self.class(Class::Metadata, Errno::PERM),
            Act::Look(Look::Stat | Look::ReadLink, _) => self.class(Class::Stat, Errno::PERM),
            Act::Look(Look::Watch, _) => self.class(Class::Notifications, Errno::NOSYS),
            Act::ConnectStream(place) | Act::SendDatagram(place) => {
                self.path(AccessFs::RESOLVE_UNIX, &place.within(top))
            }
            Act::Reach(how, port) => self.reach(how, self.scene.first_port + port),
            Act::Bind(protocol, port) => {
                let class = match protocol {
                    Protocol::Tcp => PortClass::BindTcp,
                    Protocol::Udp => PortClass::BindUdp,
                };
                self.ask(Request::Port(class, bound_port(self.scene, port)))
            }
            Act::Other(other) => self.other(other),
        }
    }

    fn ask(&self, request: Request<'_>) -> Verdict {
        judge(&self.plan.decide(request), Errno::ACCESS)
    }

    fn path(&self, rights: AccessFs, path: &Path) -> Verdict {
        self.ask(Request::Path(rights, path))
    }

    /// Of a class that Landlock denies the filter may deny the calls as well, and come first.
    fn class(&self, class: Class, errno: Errno) -> Verdict {
        match judge(&self.plan.decide(Request::Class(class)), errno) {
            Verdict::Denied(errnos) => Verdict::Denied([&errnos[..], &FILTER_ERRORS].concat()),
            verdict => verdict,
        }
    }

    /// Whether a UNIX socket can be made at all: the filter sees no paths.
    fn unix_socket(&self) -> Verdict {
        match self.plan.standing(Class::ConnectUnix) {
            Standing::Seccomp => Verdict::Denied(FILTER_ERRORS.to_vec()),
            _ => Verdict::Allowed,
        }
    }

    fn made(&self, what: Making) -> AccessFs {
        match what {
            Making::ToWrite | Making::Named => AccessFs::MAKE_REG | AccessFs::WRITE_FILE,
            Making::ToRead => AccessFs::MAKE_REG | AccessFs::READ_FILE,
            Making::Nameless => AccessFs::WRITE_FILE,
            Making::Node(kind) => kind.make(),
            Making::Bound => FileKind::Socket.make(),
            Making::Whiteout => match self.plan.kernel().errata() {
                Some(fixed) if fixed.contains(Errata::WHITEOUTS) => AccessFs::MAKE_REG,
                _ => AccessFs::MAKE_CHAR,
            },
        }
    }

    fn reach(&self, how: Reach, port: u16) -> Verdict {
        let connect = |class| self.ask(Request::Port(class, port));
        match how {
            Reach::Tcp => connect(PortClass::ConnectTcp),
            // The kernel also binds a port of its choice.
            Reach::UdpConnect | Reach::UdpSend => {
                connect(PortClass::ConnectUdp).and(self.ask(Request::Port(PortClass::BindUdp, 0)))
            }
            Reach::Mptcp => self.reach_by(Class::OtherStreams, port),
            // A fix that stable kernels have got too, and no erratum tells of.
            Reach::TcpFastOpen => match self.reach_by(Class::TcpFastOpen, port) {
                Verdict::Allowed => match connect(PortClass::ConnectTcp) {
                    Verdict::Denied(errnos) => Verdict::Either(errnos),
                    verdict => verdict,
                },
                verdict => verdict,
            },
        }
    }

    /// A class that the right to connect governs, if anything does: then a line may allow the port.
    fn reach_by(&self, class: Class, port: u16) -> Verdict {
        match self.plan.decide(Request::Class(class)) {
            Decision::Denied {
                by: Mechanism::Landlock,
                ..
            } => self.ask(Request::Port(PortClass::ConnectTcp, port)),
            decision => judge(&decision, Errno::ACCESS),
        }
    }

    fn other(&self, other: Other) -> Verdict {
        match other {
            Other::ListenUnbound => self.class(Class::ListenUnbound, Errno::ACCESS),
            Other::ConnectAbstract => self.class(Class::AbstractUnix, Errno::PERM),
            Other::SignalOutside => self.class(Class::Signal, Errno::PERM),
            Other::SignalSelf => match self.plan.kernel().errata() {
                Some(fixed) if fixed.contains(Errata::THREAD_SIGNALS) => Verdict::Allowed,
                _ => Verdict::Either(vec![Errno::PERM]),
            },
            Other::LimitOutside => self.class(Class::OtherProcesses, Errno::PERM),
            Other::SlowOutside => self.class(Class::Scheduling, Errno::PERM),
            // The call is one of those that trace processes of the sandbox as well.
            Other::TraceOutside => self
                .class(Class::Ptrace, Errno::PERM)
                .and(self.class(Class::Debug, Errno::PERM)),
            Other::OpenQueue => self.class(Class::MessageQueues, Errno::ACCESS),
            Other::UnlinkQueue => self.class(Class::SharedIpc, Errno::PERM),
            Other::Netlink => self.class(Class::Netlink, Errno::AFNOSUPPORT),
            Other::Raw => self.class(Class::OtherSockets, Errno::AFNOSUPPORT),
            Other::Pair => Verdict::Allowed,
            Other::DatagramPair => self.unix_socket(),
            Other::IoUring => self.class(Class::IoUring, Errno::NOSYS),
            Other::Namespace => self.class(Class::Namespaces, Errno::PERM),
            Other::Mount => self.class(Class::Mount, Errno::PERM),
        }
    }
}

fn opened(how: Opening) -> AccessFs {
    match how {
        Opening::Read => AccessFs::READ_FILE,
        Opening::Write | Opening::Append => AccessFs::WRITE_FILE,
        Opening::ReadWrite => AccessFs::READ_FILE | AccessFs::WRITE_FILE,
        Opening::WriteTruncated | Opening::Resize => AccessFs::WRITE_FILE | AccessFs::TRUNCATE,
        Opening::ReadTruncated => AccessFs::READ_FILE | AccessFs::TRUNCATE,
        Opening::Truncate => AccessFs::TRUNCATE,
    }
}

fn entry(object: Object, path: &Path) -> Entry<'_> {
    Entry {
        path,
        kind: object.kind(),
    }
}

/// What a decision means to the program; `errno` is how Landlock words this denial.
fn judge(decision: &Decision<'_>, errno: Errno) -> Verdict {
    match decision {
        Decision::Allowed(_) => Verdict::Allowed,
        Decision::Widens { .. } => Verdict::Denied(vec![Errno::XDEV]),
        Decision::Denied { missing, .. } if *missing == AccessFs::REFER => {
            Verdict::Denied(vec![Errno::XDEV])
        }
        Decision::Denied {
            by: Mechanism::Landlock,
            ..
        } => Verdict::Denied(vec![errno]),
        _ => Verdict::Denied(FILTER_ERRORS.to_vec()),
    }
}

/// What filters answer with.
const FILTER_ERRORS: [Errno; 5] = [
    Errno::PERM,
    Errno::ACCESS,
    Errno::NOSYS,
    Errno::AFNOSUPPORT,
    Errno::PROTONOSUPPORT,
];
