//! Random policies: lines about places of a tree, nested and overlapping, and about ports.

use std::fmt;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::{
    Access, AccessFs, Class, Kernel, Plan, PolicyBuilder, PortClass, PortLine, Ports, Refusal,
    Source,
};

use crate::act::FRESH;
use crate::outside::{PORTS, Scene};
use crate::world::{DATAGRAMS, DIRECTORIES, FILES, PROGRAMS, Place, STREAMS};

/// A policy, before it is known where its places are.
#[derive(Clone)]
pub struct Sketch {
    lines: Vec<(Access, Where)>,
    ports: Vec<(PortClass, Which)>,
    /// Classes that it allows or denies as a whole.
    classes: Vec<(Class, bool)>,
    open: Open,
    /// Whether there is a filter of system calls.
    filter: bool,
}

/// What a line about a path names.
#[derive(Clone, Copy, Debug)]
enum Where {
    /// A place of the tree.
    In(Place),
    /// Something that acts make later: an optional line, without effect.
    Later(Place),
    /// The directory that the trees are in.
    Around,
    /// The root, or [`Self::Around`] where that is another mount: comparing two places, the kernel
    /// does not count a rule for the root that their mount is not.
    Root,
    /// The device that acts open.
    Device,
}

/// The ports of a line.
#[derive(Clone, Copy, Debug)]
enum Which {
    Any,
    /// Port 0: one of the kernel's choice.
    Zero,
    /// From the one to the other, counted from the first.
    Row(u16, u16),
}

/// What a policy leaves alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Nothing,
    Fs,
    Net,
    Ipc,
}

pub fn sketch() -> impl Strategy<Value = Sketch> {
    let line = (access(), place());
    let port = (select(&PortClass::ALL[..]), which());
    let open = prop_oneof![
        20 => Just(Open::Nothing),
        1 => Just(Open::Fs),
        2 => Just(Open::Net),
        2 => Just(Open::Ipc),
    ];
    let lines = prop_oneof![
        3 => prop::collection::vec(line, 0..7),
        1 => moving(),
    ];
    let ports = prop::collection::vec(port, 0..4);
    let classes = prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec((class(), any::<bool>()), 1..4),
    ];
    let filter = prop::bool::weighted(0.7);
    (lines, ports, classes, open, filter).prop_map(|(lines, ports, classes, open, filter)| Sketch {
        lines,
        ports,
        classes,
        open,
        filter,
    })
}

/// Lines under which it matters, when something is moved, that a line names the thing itself: what
/// they give by chance is seldom the same at three places.
fn moving() -> impl Strategy<Value = Vec<(Access, Where)>> {
    let things = [&DIRECTORIES[1..], &FILES].concat();
    let gift = (1..=Access::all().bits()).prop_map(Access::from_bits_truncate);
    (gift, select(things), select(&DIRECTORIES[1..])).prop_map(|(gift, thing, to)| {
        let change = Access::CREATE | Access::REMOVE | Access::RENAME;
        vec![
            (change, Where::In(DIRECTORIES[0])),
            (gift, Where::In(thing)),
            (gift, Where::In(to)),
        ]
    })
}

/// Any set of words, but more often one with which something can be done.
fn access() -> impl Strategy<Value = Access> {
    let change = Access::CREATE | Access::REMOVE | Access::RENAME;
    prop_oneof![
        2 => select(vec![Access::RO, change, Access::WRITE, Access::READ]),
        2 => select(vec![Access::RW, change | Access::WRITE, Access::all()]),
        3 => (1..=Access::all().bits()).prop_map(Access::from_bits_truncate),
    ]
}

fn place() -> impl Strategy<Value = Where> {
    let among = |places: &'static [Place]| select(places).prop_map(Where::In);
    prop_oneof![
        10 => among(&DIRECTORIES),
        3 => among(&FILES),
        1 => among(&PROGRAMS),
        1 => among(&STREAMS),
        1 => among(&DATAGRAMS),
        1 => select(&DIRECTORIES[..]).prop_map(Where::Later),
        1 => Just(Where::Around),
        1 => Just(Where::Root),
        1 => Just(Where::Device),
    ]
}

/// A class that a policy may allow as a whole.
fn class() -> impl Strategy<Value = Class> {
    select(vec![
        Class::Ioctl,
        Class::ConnectUnix,
        Class::AbstractUnix,
        Class::Signal,
        Class::TcpFastOpen,
        Class::ListenUnbound,
        Class::OtherStreams,
        Class::OtherSockets,
        Class::Netlink,
        Class::Metadata,
        Class::SharedIpc,
        Class::OtherProcesses,
        Class::Scheduling,
        Class::Notifications,
        Class::IoUring,
        Class::Namespaces,
        Class::Debug,
    ])
}

fn which() -> impl Strategy<Value = Which> {
    let all = 2 * PORTS;
    prop_oneof![
        1 => Just(Which::Any),
        1 => Just(Which::Zero),
        6 => (0..all, 0..all).prop_map(|(one, other)| Which::Row(one.min(other), one.max(other))),
    ]
}

/// Whether no kernel could enforce it.
fn contradicts_itself(policy: &PolicyBuilder, kernel: &Kernel) -> bool {
    let policy = policy.clone().build().expect("a valid policy");
    let left_alone = |refusal: &Refusal| matches!(refusal, Refusal::LeftAlone(_));
    Plan::new(policy, *kernel)
        .check()
        .is_err_and(|refused| refused.refusals.iter().any(left_alone))
}

impl Sketch {
    /// The policy for this scene, with lines that mean something on this kernel.
    pub fn builder(&self, scene: &Scene, around: &Path, kernel: &Kernel) -> PolicyBuilder {
        let mut policy = ringfence::Policy::builder();
        for &(access, place) in &self.lines {
            policy = match place {
                Where::In(place) => {
                    let access = if place.is_directory() {
                        access
                    } else {
                        self.for_files(access, kernel)
                    };
                    policy.allow(access, place.within(&scene.top))
                }
                Where::Later(place) => {
                    policy.allow_if_present(access, place.within(&scene.top).join(FRESH))
                }
                Where::Around => policy.allow(access, around),
                Where::Root => policy.allow(
                    access,
                    if scene.on_root {
                        Path::new("/")
                    } else {
                        around
                    },
                ),
                Where::Device => policy.allow(self.for_files(access, kernel), &scene.device),
            };
        }
        for &(class, which) in &self.ports {
            let ports = match which {
                Which::Any => Ports::Any,
                // No program can connect to it, and a line that says so is refused.
                Which::Zero if !class.binds() => continue,
                Which::Zero => Ports::from(0),
                Which::Row(from, to) => {
                    Ports::from(scene.first_port + from..=scene.first_port + to)
                }
            };
            policy = policy.port_line(PortLine {
                class,
                ports,
                source: Source::Api,
            });
        }
        let mut denied = Vec::new();
        for (number, &(class, allow)) in self.classes.iter().enumerate() {
            // A policy that contradicts itself is refused: the first line on a class counts.
            if self.classes[..number]
                .iter()
                .any(|&(other, _)| other == class)
            {
                continue;
            }
            if allow {
                policy = policy.allow_class(class);
            } else {
                denied.push(class);
            }
        }
        if !self.filter {
            policy = policy.unrestricted_syscalls();
        }
        policy = match self.open {
            Open::Nothing => policy,
            Open::Fs => policy.unrestricted_fs(),
            Open::Net => policy.unrestricted_net(),
            Open::Ipc => policy.unrestricted_ipc(),
        };
        // To demand what is left alone is a contradiction too.
        denied.into_iter().fold(policy, |policy, class| {
            let with = policy.clone().deny_class(class);
            if contradicts_itself(&with, kernel) {
                policy
            } else {
                with
            }
        })
    }

    /// A line that gives a file nothing is refused when the sandbox is made.
    fn for_files(&self, access: Access, kernel: &Kernel) -> Access {
        let mut mean = AccessFs::OF_FILES & AccessFs::known_to(kernel.abi());
        for class in self.classes.iter().filter(|(_, allow)| *allow) {
            match class.0 {
                Class::Ioctl => mean -= AccessFs::IOCTL_DEV,
                Class::ConnectUnix => mean -= AccessFs::RESOLVE_UNIX,
                _ => {}
            }
        }
        if access.rights().intersects(mean) {
            access
        } else {
            access | Access::READ
        }
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.open != Open::Nothing {
            write!(f, "[{:?} left alone] ", self.open)?;
        }
        for (access, place) in &self.lines {
            write!(f, "[{access} {place:?}] ")?;
        }
        if !self.filter {
            write!(f, "[no filter] ")?;
        }
        for (class, allow) in &self.classes {
            write!(
                f,
                "[{} {}] ",
                if *allow { "allow" } else { "deny" },
                class.name()
            )?;
        }
        for (class, which) in &self.ports {
            write!(f, "[{} {which:?}] ", class.name())?;
        }
        Ok(())
    }
}
