//! Whole logs, round trips, and texts that were made to deceive.

use proptest::prelude::*;
use ringfence::{AccessFs, Class, PortClass};

use super::record::{Kind, read};
use super::*;
use crate::question::Asked;

fn log(text: &str) -> Log {
    let mut log = Log::default();
    log.text(text.as_bytes());
    log.end_of_text();
    log
}

/// As in the kernel's Documentation/admin-guide/LSM/landlock.rst.
const OF_THE_MANUAL: &str = "\
type=LANDLOCK_ACCESS msg=audit(1729738800.268:30): domain=195ba459b blockers=scope.signal opid=1 ocomm=\"systemd\"
type=LANDLOCK_DOMAIN msg=audit(1729738800.268:30): domain=195ba459b status=allocated mode=enforcing pid=286 uid=0 exe=\"/root/sandboxer\" comm=\"sandboxer\"
type=SYSCALL msg=audit(1729738800.268:30): arch=c000003e syscall=62 success=no exit=-1 a0=1 a1=f ppid=272 pid=286 auid=0 uid=0 comm=\"kill\" exe=\"/usr/bin/kill\" key=(null)
type=PROCTITLE msg=audit(1729738800.268:30): proctitle=6B696C6C0031
type=LANDLOCK_DOMAIN msg=audit(1729738800.324:31): domain=195ba459b status=deallocated denials=1
";

#[test]
fn the_records_of_an_event_come_together() {
    let log = log(OF_THE_MANUAL);
    let [denial] = log.denials() else {
        panic!("{log:?}");
    };
    assert_eq!(denial.act.to_string(), "signal pid 1 (systemd)");
    assert_eq!((denial.domain, denial.times), (0x1_95ba_459b, 1));
    let process = denial.processes.first().unwrap();
    assert_eq!((process.pid, &*process.comm), (286, &b"kill"[..]));
    let domain = log.domain_of(denial).unwrap();
    assert_eq!(domain.maker.as_ref().unwrap().exe, b"/root/sandboxer");
    assert_eq!((domain.read, domain.denials), (1, Some(1)));
    let tally = log.tally();
    assert_eq!((tally.records, tally.other), (3, 1));
    assert!(tally.unreadable.is_empty() && tally.doubtful == 0);
}

#[test]
fn records_that_are_mixed_or_repeated_are_told_apart_by_time_and_number() {
    let denied = |time: &str, path: &str| {
        format!(
            "type=1423 msg=audit({time}): domain=1 blockers=fs.read_file path=\"{path}\" dev=\"vda\" ino=2\n"
        )
    };
    let called = |time: &str, pid: u32| {
        format!("type=1300 msg=audit({time}): syscall=2 pid={pid} comm=\"p{pid}\" exe=\"/p\"\n")
    };
    // Two events at once, the calls in the wrong order; and a serial that comes again after a boot.
    let text = [
        denied("1.000:7", "/a"),
        denied("1.000:8", "/b"),
        called("1.000:8", 8),
        called("1.000:7", 7),
        called("9.000:7", 9),
        denied("9.000:7", "/a"),
    ];
    let log = log(&text.concat());
    let seen: Vec<_> = log
        .denials()
        .iter()
        .map(|denial| {
            let pids: Vec<_> = denial.processes.iter().map(|process| process.pid).collect();
            (denial.act.to_string(), denial.times, pids)
        })
        .collect();
    let expected = [
        ("read /a".to_owned(), 2, vec![7, 9]),
        ("read /b".to_owned(), 1, vec![8]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(log.denials()[0].first.millis, 1000);
    assert_eq!(log.denials()[0].last.millis, 9000);
}

#[test]
fn what_happened_before_the_time_is_left_out_and_who_made_the_domain_is_not() {
    let mut log = Log::since(1_729_738_800_269);
    log.text(OF_THE_MANUAL.as_bytes());
    assert!(log.denials().is_empty());
    assert!(log.domains().all(|(_, domain)| domain.maker.is_some()));
}

#[test]
fn each_act_is_asked_about_in_the_words_of_a_policy() {
    let act = |fields: &str| {
        let text = format!("audit(1.000:1): domain=1 {fields}");
        match read(Kind::Access, text.as_bytes()).unwrap().unwrap().event {
            Event::Denied { act, .. } => act,
            other => panic!("{other:?}"),
        }
    };
    let file = |blockers: &str| {
        act(&format!(
            "blockers={blockers} path=\"/srv/x\" dev=\"vda\" ino=2"
        ))
    };
    for (act, text, questions) in [
        (file("fs.read_file"), "read /srv/x", 1),
        (file("fs.read_dir"), "read /srv/x", 1),
        (file("fs.execute"), "execute /srv/x", 1),
        (file("fs.write_file,fs.truncate"), "write /srv/x", 1),
        (file("fs.make_reg"), "create in /srv/x", 1),
        (file("fs.make_reg,fs.refer"), "create,rename in /srv/x", 1),
        (file("fs.remove_dir"), "remove in /srv/x", 1),
        (file("fs.make_char"), "make-device in /srv/x", 1),
        (file("fs.resolve_unix"), "connect-unix /srv/x", 1),
        (file("fs.change_topology"), "mount /srv/x", 1),
        (file("fs.of_tomorrow"), "fs.of_tomorrow /srv/x", 0),
        (
            act("blockers=fs.ioctl_dev path=\"/dev/tty\" dev=\"devtmpfs\" ino=9 ioctlcmd=0x5401"),
            "ioctl /dev/tty",
            1,
        ),
        (
            act("blockers=net.connect_tcp daddr=127.0.0.1 dest=443"),
            "connect-tcp 443 (127.0.0.1)",
            1,
        ),
        (
            act("blockers=net.bind_tcp saddr=::1 src=80"),
            "bind-tcp 80 (::1)",
            1,
        ),
        (act("blockers=net.bind_udp"), "bind-udp 0", 1),
        (
            act("blockers=net.connect_send_udp daddr=::1 dest=53"),
            "connect-udp 53 (::1)",
            1,
        ),
        (
            act("blockers=scope.abstract_unix_socket path=0061620A"),
            "abstract-unix @ab\\n",
            1,
        ),
        (
            act("blockers=ptrace opid=1 ocomm=\"init\""),
            "ptrace pid 1 (init)",
            1,
        ),
    ] {
        assert_eq!(act.to_string(), text);
        assert_eq!(act.questions().len(), questions, "{text}");
    }
    let made = file("fs.make_reg").questions();
    let Asked::Path(rights, path) = &made[0].asked else {
        panic!("{made:?}");
    };
    assert_eq!(
        (*rights, path.parent()),
        (AccessFs::MAKE_REG, Some("/srv/x".as_ref()))
    );
}

#[test]
fn a_record_that_is_cut_off_anywhere_is_never_another_one() {
    let whole = "type=1423 msg=audit(1.000:1): domain=1 blockers=fs.read_file path=\"/etc/shadow\" dev=\"vda\" ino=2";
    let of = |text: &str| log(text).denials().first().map(|denial| denial.act.clone());
    let act = of(whole).unwrap();
    for end in 0..whole.len() {
        let cut = &whole[..end];
        assert!(of(cut).is_none_or(|cut| cut == act), "{cut}");
        let tally = log(cut).tally().clone();
        let is_told = tally.other
            + tally.calls
            + tally.doubtful
            + tally.records
            + tally.unreadable.values().sum::<u64>();
        assert_eq!(is_told, u64::from(end > 0), "{cut}");
    }
}

#[test]
fn a_flood_is_counted_and_takes_bounded_memory() {
    let mut log = Log::default();
    let path = "A".repeat(8000);
    let times = 6000;
    for number in 0..times {
        let text = format!(
            "type=1423 msg=audit(1.000:{number}): domain={number:x} blockers=fs.read_file path=\"/{path}{number}\" dev=\"v\" ino=2\n"
        );
        log.text(text.as_bytes());
    }
    let kept = u64::try_from(log.denials().len()).unwrap();
    assert!(kept > 1000 && kept < times, "{kept}");
    assert_eq!(log.tally().left_out, times - kept);
    assert_eq!(log.tally().records, times);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,20}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..20),
        Just(b"x blockers=fs.read_file path=\"/\"".to_vec()),
        Just(b"(null)".to_vec()),
        Just(b"\n".to_vec()),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let rights: Vec<_> = AccessFs::all().iter().collect();
    let fs = prop::collection::vec(prop::sample::select(rights), 1..4)
        .prop_map(|rights| rights.into_iter().map(Blocker::Fs).collect::<Vec<_>>());
    let of_file = (fs, bytes(), any::<Option<u16>>()).prop_map(|(blockers, path, call)| Act {
        blockers,
        object: match call {
            Some(call) => Object::Ioctl(path, call),
            None => Object::Path(path),
        },
    });
    let address = any::<Option<std::net::IpAddr>>();
    let of_port = (
        prop::sample::select(&PortClass::ALL[..]),
        any::<u16>(),
        address,
    )
        .prop_map(|(class, port, address)| Act {
            blockers: vec![Blocker::Port(class)],
            object: Object::Port(port, address.map(|address| address.to_string())),
        });
    let of_process = (any::<bool>(), any::<u32>(), bytes()).prop_map(|(traces, pid, name)| Act {
        blockers: vec![Blocker::Class(if traces {
            Class::Ptrace
        } else {
            Class::Signal
        })],
        object: Object::Process(pid, name),
    });
    let of_socket = bytes().prop_map(|name| Act {
        blockers: vec![Blocker::Class(Class::AbstractUnix)],
        object: Object::AbstractSocket(name),
    });
    let of_mount = bytes().prop_map(|name| Act {
        blockers: vec![Blocker::Class(Class::Mount)],
        object: Object::Name(name),
    });
    prop_oneof![of_file, of_port, of_process, of_socket, of_mount]
}

fn records() -> impl Strategy<Value = Record> {
    let maybe = || prop::option::of(bytes());
    let denied =
        (any::<u64>(), acts(), bytes(), any::<u64>()).prop_map(|(domain, act, device, number)| {
            let is_file = matches!(
                act.object,
                Object::Path(_) | Object::Ioctl(..) | Object::Name(_)
            );
            Event::Denied {
                domain,
                act,
                inode: is_file.then_some(Inode { device, number }),
            }
        });
    let made = (any::<u64>(), any::<u32>(), any::<u32>(), maybe(), maybe()).prop_map(
        |(domain, pid, uid, exe, comm)| Event::Made {
            domain,
            pid,
            uid,
            exe,
            comm,
        },
    );
    let ended = any::<(u64, u64)>().prop_map(|(domain, denials)| Event::Ended { domain, denials });
    let called =
        (any::<u32>(), maybe(), maybe(), any::<u32>()).prop_map(|(pid, exe, comm, call)| {
            Event::Called {
                pid,
                exe,
                comm,
                call,
            }
        });
    let stamp = (0..u64::MAX / 1000, any::<u64>());
    let event = prop_oneof![denied, made, ended, called];
    (stamp, event).prop_map(|((millis, serial), event)| Record {
        stamp: Stamp { millis, serial },
        event,
    })
}

proptest! {
    #[test]
    fn a_record_that_is_written_reads_back_as_the_same(record in records()) {
        let text = record.to_string();
        prop_assert!(text.bytes().all(|byte| (b' '..0x7f).contains(&byte)), "{}", text);
        prop_assert_eq!(line::read(text.as_bytes(), false), line::Line::Record(record), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut log = Log::default();
        log.text(&text);
        log.message(&text);
        log.end_of_text();
    }

    #[test]
    fn a_record_between_the_garbage_of_others_is_still_read(
        record in records(),
        garbage in prop::collection::vec("[^\n]{0,60}", 0..5),
    ) {
        let text = format!("{}\n{record}\n", garbage.join("\n"));
        let alone = log(&record.to_string());
        let among = log(&text);
        prop_assert!(among.tally().records >= alone.tally().records);
    }
}
