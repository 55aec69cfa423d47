//! Functions in a restricted copy of this process, or in a thread: what they answer, and how each way
//! to go wrong is told from the others.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::time::Duration;

use ringfence::process::{ConfineError, Limit, Limits, ThreadError, in_thread};
use ringfence::{Class, Policy, confine};
use ringfence_sys::landlock::add_path_rule;
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{
    PidfdFlags, PidfdGetfdFlags, Resource, getpid, getrlimit, pidfd_getfd, pidfd_open,
};
use serde::{Deserialize, Serialize};

use crate::scene::{eventually, lives, sandbox, test, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "confined::a_function_answers_with_any_value_that_serde_knows",
            answers,
        ),
        test(
            "confined::what_the_policy_does_not_allow_is_denied_there_and_not_here",
            denied,
        ),
        test(
            "confined::a_panic_a_crash_a_kill_and_an_exit_are_told_apart",
            told_apart,
        ),
        test("confined::limits_end_it", limits),
        test("confined::an_answer_may_be_too_long", too_long),
        test(
            "confined::a_copy_that_was_started_is_read_by_its_end_and_what_it_wrote",
            started,
        ),
        test(
            "confined::it_has_no_descriptor_that_was_not_kept",
            descriptors,
        ),
        test(
            "confined::it_cannot_widen_the_sandbox_of_the_next_one",
            widening,
        ),
        test(
            "confined::an_answer_that_is_nested_too_deeply_is_refused",
            too_deep,
        ),
        test("confined::it_cannot_pretend_that_it_never_ran", pretends),
        test(
            "confined::a_crash_leaves_no_image_of_this_process_behind",
            no_core,
        ),
        test("confined::what_it_changes_stays_there", copy),
        test("confined::nothing_that_it_started_is_left", left_behind),
        test("confined::it_works_from_many_threads", threads),
        test("confined::a_thread_is_restricted_alone", thread),
    ]
}

fn nothing() -> Policy {
    Policy::builder().build().expect("a policy")
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Parsed {
    title: Option<String>,
    numbers: BTreeMap<String, Vec<f64>>,
    result: Result<u8, String>,
}

fn answers() {
    let input = "x=1.5,nan";
    let parsed = confine(nothing(), || Parsed {
        title: Some(input.to_owned()),
        numbers: BTreeMap::from([("x".to_owned(), vec![1.5, -0.0, f64::MAX])]),
        result: Err("no".to_owned()),
    });
    let expected = Parsed {
        title: Some("x=1.5,nan".to_owned()),
        numbers: BTreeMap::from([("x".to_owned(), vec![1.5, -0.0, f64::MAX])]),
        result: Err("no".to_owned()),
    };
    assert_eq!(parsed.expect("an answer"), expected);
    confine(nothing(), || ()).expect("an answer without a word");
    let long = confine(nothing(), || vec![7u8; 10 << 20]).expect("a long answer");
    assert_eq!(long.len(), 10 << 20);
}

fn denied() {
    let world = World::new();
    let file = world.outside().join("file");
    let read = || std::fs::read(&file).map_err(|error| error.raw_os_error());
    assert_eq!(confine(nothing(), read).expect("an answer"), Err(Some(13)));
    assert!(read().is_ok());
    let policy = Policy::builder()
        .ro(world.outside())
        .build()
        .expect("a policy");
    assert!(confine(policy, read).expect("an answer").is_ok());
    let spawned = confine(nothing(), || unsandboxed(&["exit", "0"]).status().is_ok());
    assert!(!spawned.expect("an answer"));
}

fn told_apart() {
    let sandbox = sandbox(Policy::builder());
    let run = |act: fn() -> u8| sandbox.confined().run(act);
    assert!(matches!(run(|| 1), Ok(1)));
    let panicked = run(|| panic!("no {}", "luck"));
    assert!(
        matches!(&panicked, Err(ConfineError::Panicked(text)) if text == "no luck"),
        "{panicked:?}"
    );
    let crashed = run(|| std::process::abort());
    assert!(
        matches!(crashed, Err(ConfineError::Crashed(6))),
        "{crashed:?}"
    );
    let killed = run(|| {
        let this = getpid();
        let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
        0
    });
    assert!(matches!(killed, Err(ConfineError::Killed)), "{killed:?}");
    let exited = run(|| std::process::exit(5));
    assert!(
        matches!(exited, Err(ConfineError::NoAnswer(5))),
        "{exited:?}"
    );
}

fn limits() {
    let sandbox = sandbox(Policy::builder());
    let within = |limits| sandbox.confined().limits(limits);
    let wall = Limits {
        wall: Some(Duration::from_millis(200)),
        ..Limits::default()
    };
    let late = within(wall).run(|| std::thread::sleep(Duration::from_secs(60)));
    assert!(
        matches!(late, Err(ConfineError::Limit(Limit::Wall))),
        "{late:?}"
    );
    let cpu = Limits {
        cpu: Some(Duration::from_secs(1)),
        ..Limits::default()
    };
    let busy = within(cpu).run(|| {
        loop {
            std::hint::spin_loop();
        }
    });
    let busy: Result<(), _> = busy;
    assert!(
        matches!(busy, Err(ConfineError::Limit(Limit::Cpu))),
        "{busy:?}"
    );
}

fn too_long() {
    let sandbox = sandbox(Policy::builder());
    let answer = |bytes: usize| {
        let confined = sandbox.confined().longest_answer(1000);
        confined.run(move || vec![0u8; bytes])
    };
    assert_eq!(answer(900).expect("it is short enough").len(), 900);
    assert!(matches!(answer(2000), Err(ConfineError::TooLong(1000))));
    assert!(matches!(answer(10 << 20), Err(ConfineError::TooLong(1000))));
}

fn started() {
    let sandbox = sandbox(Policy::builder());
    let confined = sandbox.confined().longest_answer(1000);
    let answer = |bytes: usize| {
        let copy = confined.start(move || vec![7u8; bytes])?;
        let mut written = Vec::new();
        let ended = copy.stream(|_, chunk| written.extend_from_slice(chunk));
        confined.read::<Vec<u8>>(ended.expect("an end"), &written)
    };
    assert_eq!(answer(900).expect("it is short enough"), vec![7; 900]);
    assert!(matches!(answer(2000), Err(ConfineError::TooLong(1000))));
    // Who collects it in a way of their own may have too much.
    let copy = confined.start(|| 1u8).expect("it starts");
    let ended = copy.stream(|_, _| {}).expect("an end");
    let long = confined.read::<u8>(ended, &[0; 1003]);
    assert!(matches!(long, Err(ConfineError::TooLong(1000))), "{long:?}");
    let none = confined.read::<u8>(ended, &[]);
    assert!(matches!(none, Err(ConfineError::NoAnswer(0))), "{none:?}");
}

#[derive(Debug, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Node(Box<Tree>),
    Nodes(Vec<Tree>),
}

/// Reading it would run over the end of this process's stack.
fn too_deep() {
    let sandbox = sandbox(Policy::builder());
    let nested = |levels: usize| {
        let grow = |tree, _| Tree::Node(Box::new(tree));
        (0..levels).fold(Tree::Nodes(vec![Tree::Leaf]), grow)
    };
    let flat = || (0..100_000).map(|_| Tree::Leaf).collect::<Vec<_>>();
    assert!(sandbox.confined().run(|| nested(50)).is_ok());
    assert_eq!(
        sandbox.confined().run(flat).expect("long, not deep").len(),
        100_000
    );
    // What an attacker writes is no value of anything: a length, then levels without an end.
    let hostile = || Hostile(4 << 20);
    let refused = sandbox.confined().run::<Hostile>(hostile);
    assert!(
        matches!(&refused, Err(ConfineError::Answer(why)) if why.contains("deep")),
        "{refused:?}"
    );
}

/// Writes what a tree of so many levels would be, without one.
#[derive(Debug)]
struct Hostile(usize);

impl Serialize for Hostile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple as _;

        let mut levels = serializer.serialize_tuple(self.0)?;
        for _ in 0..self.0 {
            levels.serialize_element(&1u8)?;
        }
        levels.end()
    }
}

impl<'de> Deserialize<'de> for Hostile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tree::deserialize(deserializer).map(|_| Self(0))
    }
}

fn descriptors() {
    let world = World::new();
    let file = std::fs::File::open(world.outside().join("file")).expect("a file");
    let sandbox = sandbox(Policy::builder());
    let read = || {
        let mut text = String::new();
        (&file).read_to_string(&mut text).map(|_| text).ok()
    };
    assert_eq!(sandbox.confined().run(read).expect("an answer"), None);
    let kept = sandbox.confined().keep(file.as_fd()).run(read);
    assert_eq!(kept.expect("an answer").as_deref(), Some("original"));
    let count = || {
        (3..1000)
            .filter(|&number| ringfence_sys::is_open(number))
            .count()
    };
    let open = sandbox.confined().run(count).expect("an answer");
    // The pipe of the answer.
    assert_eq!(open, 1);
    assert!(count() > open);
}

/// A ruleset takes rules for as long as somebody has it open, and `O_PATH` opens what may not be read.
fn widening() {
    let world = World::new();
    let file = world.outside().join("file");
    // To get at a descriptor by its number, as an attacker does without.
    let sandbox = sandbox(Policy::builder().allow_class(Class::Debug));
    let add_rules = || {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process");
        let root = open("/", OFlags::PATH, Mode::empty()).expect("no right is needed");
        (3..100)
            .filter_map(|number| pidfd_getfd(&this, number, PidfdGetfdFlags::empty()).ok())
            .filter(|ruleset| add_path_rule(ruleset.as_fd(), root.as_fd(), 1 << 2).is_ok())
            .count()
    };
    assert_eq!(sandbox.confined().run(add_rules).expect("an answer"), 0);
    let read = || std::fs::read(&file).is_ok();
    assert!(!sandbox.confined().run(read).expect("an answer"));
}

fn pretends() {
    let sandbox = sandbox(Policy::builder().allow_class(Class::Debug));
    let pretend = || {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process");
        for number in 3..100 {
            if let Ok(answer) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()) {
                // What the copy writes if Landlock fails.
                let _ = rustix::io::write(&answer, &[1, 11, 0, 0, 0, 1, 0, 0, 0]);
            }
        }
        std::process::exit(1)
    };
    let pretended: Result<(), _> = sandbox.confined().run(pretend);
    assert!(
        matches!(pretended, Err(ConfineError::Panicked(_))),
        "{pretended:?}"
    );
}

fn no_core() {
    let sandbox = sandbox(Policy::builder());
    let most = || getrlimit(Resource::Core).maximum;
    let there = sandbox.confined().run(most).expect("an answer");
    assert!(there.is_some_and(|bytes| bytes <= 1), "{there:?}");
}

fn copy() {
    let mut here = 1;
    let there = confine(nothing(), || {
        here += 1;
        here
    });
    assert_eq!(there.expect("an answer"), 2);
    assert_eq!(here, 1);
}

fn left_behind() {
    let sandbox = sandbox(crate::scene::policy());
    #[expect(clippy::zombie_processes, reason = "it is to be left behind")]
    let pid = sandbox.confined().run(|| {
        let child = unsandboxed(&["sleep", "60"]).spawn().expect("it starts");
        child.id().cast_signed()
    });
    let pid = pid.expect("an answer");
    eventually("it is gone", || !lives(pid));
}

fn threads() {
    let sandbox = sandbox(Policy::builder());
    let limits = Limits {
        wall: Some(Duration::from_secs(30)),
        ..Limits::default()
    };
    std::thread::scope(|scope| {
        for number in 0..8u32 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for round in 0..20u32 {
                    let confined = sandbox.confined().limits(limits);
                    let answer = confined.run(|| vec![number; round as usize]);
                    assert_eq!(answer.expect("an answer").len(), round as usize);
                }
            });
        }
    });
}

fn thread() {
    let world = World::new();
    let file = world.outside().join("file");
    let read = || std::fs::read(&file).map_err(|error| error.raw_os_error());
    let there = in_thread(sandbox(Policy::builder()), read).expect("a result");
    assert_eq!(there, Err(Some(13)));
    assert!(read().is_ok());
    let panicked = in_thread(sandbox(Policy::builder()), || panic!("no luck"));
    let panicked: Result<(), _> = panicked;
    assert!(matches!(&panicked, Err(ThreadError::Panicked(text)) if text == "no luck"));
}
