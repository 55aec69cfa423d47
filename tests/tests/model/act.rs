//! Random acts: what they are. `perform.rs` does them, `ask.rs` asks the plan about them.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use ringfence::FileKind;

use crate::outside::PORTS;
use crate::world::{DATAGRAMS, DIRECTORIES, FILES, PROGRAMS, Place, STREAMS};

/// The name of what an act makes, or moves something to.
pub const FRESH: &str = "fresh";
/// The name of what is made before an act, to be removed or moved.
pub const STAGED: &str = "staged";
/// The name of a second such thing.
pub const OTHER: &str = "other";

/// One thing that a program may try.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Open(Opening, Place),
    List(Place),
    Make(Making, Place),
    Remove(FileKind, Place),
    /// Renames to a directory.
    Rename(Object, Place),
    /// Renames to a directory where something of the same kind is replaced.
    RenameOver(Object, Place),
    Exchange(Object, Object),
    Link(Object, Place),
    Execute(Place),
    /// An ioctl on a device.
    Control,
    Change(Change, Place),
    Look(Look, Place),
    ConnectStream(Place),
    SendDatagram(Place),
    /// An act on one of the ports that are listened on.
    Reach(Reach, u16),
    /// Binds one of the free ports; the one after them is port 0.
    Bind(Protocol, u16),
    Other(Other),
}

/// What is done to a file that exists.
#[derive(Clone, Copy, Debug)]
pub enum Opening {
    Read,
    Write,
    ReadWrite,
    Append,
    /// `O_WRONLY | O_TRUNC`.
    WriteTruncated,
    /// `O_RDONLY | O_TRUNC`.
    ReadTruncated,
    /// `truncate(2)`, which opens nothing.
    Truncate,
    /// Opened to write, then `ftruncate(2)`.
    Resize,
}

/// What is made in a directory.
#[derive(Clone, Copy, Debug)]
pub enum Making {
    /// By opening it to write.
    ToWrite,
    /// By opening it to read.
    ToRead,
    /// `O_TMPFILE`.
    Nameless,
    /// `O_TMPFILE`, given a name later.
    Named,
    /// By `mknod(2)` or its like.
    Node(FileKind),
    /// A socket that is bound.
    Bound,
    /// Character device 0:0, which needs no privilege.
    Whiteout,
}

/// What is moved or linked.
#[derive(Clone, Copy, Debug)]
pub enum Object {
    /// Made just before, in this directory.
    Staged(FileKind, Place),
    /// A file or directory that is always there.
    Fixed(Place),
}

/// A change that is no access to what a file holds.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Mode,
    Owner,
    Times,
    Attribute,
}

/// A look at a file that is no access to what it holds.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    Stat,
    ReadLink,
    Watch,
}

/// How a port is reached.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    Tcp,
    TcpFastOpen,
    Mptcp,
    UdpConnect,
    UdpSend,
}

/// How a port is bound.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// Acts that need neither a path nor a port.
#[derive(Clone, Copy, Debug)]
pub enum Other {
    ListenUnbound,
    ConnectAbstract,
    SignalOutside,
    SignalSelf,
    LimitOutside,
    SlowOutside,
    TraceOutside,
    OpenQueue,
    UnlinkQueue,
    Netlink,
    Raw,
    Pair,
    DatagramPair,
    IoUring,
    Namespace,
    Mount,
}

pub fn act() -> impl Strategy<Value = Act> {
    let file = || select(&FILES[..]);
    let directory = || select(&DIRECTORIES[..]);
    let listening = 0..PORTS;
    let free = 0..=PORTS;
    prop_oneof![
        12 => (opening(), file()).prop_map(|(how, place)| Act::Open(how, place)),
        2 => directory().prop_map(Act::List),
        10 => (making(), directory()).prop_map(|(what, place)| Act::Make(what, place)),
        4 => (kind(), directory()).prop_map(|(kind, place)| Act::Remove(kind, place)),
        8 => (object(), directory()).prop_map(|(object, to)| Act::Rename(object.not_around(to), to)),
        3 => (object(), directory())
            .prop_map(|(object, to)| Act::RenameOver(object.not_around(to), to)),
        4 => (object(), object()).prop_map(|(one, other)| {
            Act::Exchange(one.not_around(other.place()), other.not_around(one.place()))
        }),
        4 => (linkable(), directory()).prop_map(|(object, to)| Act::Link(object, to)),
        1 => select(&PROGRAMS[..]).prop_map(Act::Execute),
        1 => Just(Act::Control),
        3 => (change(), file()).prop_map(|(change, place)| Act::Change(change, place)),
        2 => (look(), directory()).prop_map(|(look, place)| Act::Look(look, place)),
        2 => select(&STREAMS[..]).prop_map(Act::ConnectStream),
        1 => select(&DATAGRAMS[..]).prop_map(Act::SendDatagram),
        6 => (reach(), listening).prop_map(|(how, port)| Act::Reach(how, port)),
        4 => (select(vec![Protocol::Tcp, Protocol::Udp]), free)
            .prop_map(|(protocol, port)| Act::Bind(protocol, port)),
        5 => other().prop_map(Act::Other),
    ]
}

fn opening() -> impl Strategy<Value = Opening> {
    select(vec![
        Opening::Read,
        Opening::Write,
        Opening::ReadWrite,
        Opening::Append,
        Opening::WriteTruncated,
        Opening::ReadTruncated,
        Opening::Truncate,
        Opening::Resize,
    ])
}

fn making() -> impl Strategy<Value = Making> {
    prop_oneof![
        2 => Just(Making::ToWrite),
        1 => Just(Making::ToRead),
        1 => Just(Making::Nameless),
        1 => Just(Making::Named),
        1 => Just(Making::Bound),
        1 => Just(Making::Whiteout),
        6 => prop_oneof![10 => kind(), 1 => Just(FileKind::BlockDevice)].prop_map(Making::Node),
    ]
}

fn kind() -> impl Strategy<Value = FileKind> {
    prop_oneof![
        4 => Just(FileKind::Regular),
        4 => Just(FileKind::Directory),
        1 => Just(FileKind::Symlink),
        1 => Just(FileKind::Socket),
        1 => Just(FileKind::Fifo),
        1 => Just(FileKind::CharDevice),
    ]
}

fn object() -> impl Strategy<Value = Object> {
    prop_oneof![
        4 => (kind(), select(&DIRECTORIES[..])).prop_map(|(kind, place)| Object::Staged(kind, place)),
        3 => select(&FILES[..]).prop_map(Object::Fixed),
        // All but the top.
        3 => select(&DIRECTORIES[1..]).prop_map(Object::Fixed),
    ]
}

/// Directories have one name only.
fn linkable() -> impl Strategy<Value = Object> {
    object().prop_map(|object| match object {
        Object::Staged(FileKind::Directory, place) => Object::Staged(FileKind::Regular, place),
        Object::Fixed(place) if place.is_directory() => Object::Staged(FileKind::Regular, place),
        object => object,
    })
}

fn change() -> impl Strategy<Value = Change> {
    select(vec![
        Change::Mode,
        Change::Owner,
        Change::Times,
        Change::Attribute,
    ])
}

fn look() -> impl Strategy<Value = Look> {
    select(vec![Look::Stat, Look::ReadLink, Look::Watch])
}

fn reach() -> impl Strategy<Value = Reach> {
    prop_oneof![
        3 => Just(Reach::Tcp),
        1 => Just(Reach::TcpFastOpen),
        1 => Just(Reach::Mptcp),
        2 => Just(Reach::UdpConnect),
        2 => Just(Reach::UdpSend),
    ]
}

fn other() -> impl Strategy<Value = Other> {
    select(vec![
        Other::ListenUnbound,
        Other::ConnectAbstract,
        Other::SignalOutside,
        Other::SignalSelf,
        Other::LimitOutside,
        Other::SlowOutside,
        Other::TraceOutside,
        Other::OpenQueue,
        Other::UnlinkQueue,
        Other::Netlink,
        Other::Raw,
        Other::Pair,
        Other::DatagramPair,
        Other::IoUring,
        Other::Namespace,
        Other::Mount,
    ])
}

impl Object {
    fn place(self) -> Place {
        match self {
            Self::Staged(_, place) | Self::Fixed(place) => place,
        }
    }

    /// The directory that it is in.
    fn directory(self) -> &'static Path {
        match self {
            Self::Staged(_, place) => Path::new(place.0),
            Self::Fixed(place) => Path::new(place.0).parent().unwrap_or(Path::new("")),
        }
    }

    /// Nothing can be moved into itself: a directory above `to` becomes one that is made in it.
    fn not_around(self, to: Place) -> Self {
        match self {
            Self::Fixed(place) if place.is_directory() && place.holds(to) => {
                Self::Staged(FileKind::Directory, place)
            }
            object => object,
        }
    }

    pub fn kind(self) -> FileKind {
        match self {
            Self::Staged(kind, _) => kind,
            Self::Fixed(place) if place.is_directory() => FileKind::Directory,
            Self::Fixed(_) => FileKind::Regular,
        }
    }
}

impl Act {
    /// The kind of act, for the tally.
    pub fn name(&self) -> String {
        let (group, of) = match self {
            Self::Open(how, _) => ("open", format!("{how:?}")),
            Self::List(_) => return "list".to_owned(),
            Self::Make(Making::Node(kind), _) => ("make", format!("{kind:?}")),
            Self::Make(what, _) => ("make", format!("{what:?}")),
            Self::Remove(kind, _) => ("remove", format!("{kind:?}")),
            Self::Rename(object, _) => ("rename", format!("{:?}", object.kind())),
            Self::RenameOver(object, _) => ("rename-over", format!("{:?}", object.kind())),
            Self::Exchange(..) => return "exchange".to_owned(),
            Self::Link(object, _) => ("link", format!("{:?}", object.kind())),
            Self::Execute(_) => return "execute".to_owned(),
            Self::Control => return "ioctl".to_owned(),
            Self::Change(change, _) => ("change", format!("{change:?}")),
            Self::Look(look, _) => ("look", format!("{look:?}")),
            Self::ConnectStream(_) => return "connect-unix".to_owned(),
            Self::SendDatagram(_) => return "send-unix".to_owned(),
            Self::Reach(how, _) => ("reach", format!("{how:?}")),
            Self::Bind(protocol, _) => ("bind", format!("{protocol:?}")),
            Self::Other(other) => ("other", format!("{other:?}")),
        };
        format!("{group}-{}", of.to_lowercase())
    }

    /// Whether something is moved or linked from one directory to another.
    pub fn changes_directory(&self) -> bool {
        match self {
            Self::Rename(object, to) | Self::RenameOver(object, to) | Self::Link(object, to) => {
                object.directory() != Path::new(to.0)
            }
            Self::Exchange(one, other) => one.directory() != other.directory(),
            _ => false,
        }
    }

    /// Whether two threads may do these at the same time: not if the one changes where the other
    /// finds what it needs.
    pub fn goes_with(&self, other: Self) -> bool {
        let quiet = |act: &Self| !act.touches_tree() && !matches!(act, Self::Other(_));
        self.has_no_place() || other.has_no_place() || quiet(self) && quiet(&other)
    }

    /// Whether it finds what it needs whatever becomes of a tree.
    fn has_no_place(&self) -> bool {
        match self {
            Self::Control | Self::Reach(..) | Self::Bind(..) => true,
            Self::Other(other) => {
                !matches!(other, Other::Mount | Other::OpenQueue | Other::UnlinkQueue)
            }
            _ => false,
        }
    }

    /// Whether a connection or a datagram may wait somewhere afterwards.
    pub fn reaches_socket(&self) -> bool {
        matches!(
            self,
            Self::ConnectStream(_)
                | Self::SendDatagram(_)
                | Self::Reach(..)
                | Self::Other(Other::ConnectAbstract)
        )
    }

    /// Whether a tree may be another afterwards.
    pub fn touches_tree(&self) -> bool {
        !matches!(
            self,
            Self::List(_)
                | Self::Execute(_)
                | Self::Control
                | Self::ConnectStream(_)
                | Self::SendDatagram(_)
                | Self::Reach(..)
                | Self::Bind(..)
                | Self::Other(_)
        )
    }
}
