//! Processes that do not hold still meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::attempt::{FREE, attempts, is_free, restricted};
use crate::children;
use crate::crew::{ALL, Crew, nap};
use crate::raw;
use crate::scene::{Case, Scene, enforce, prepare, refused_if};

/// What depends on who comes first is tried this often.
const ROUNDS: usize = 50;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "threads_that_start_and_end_meanwhile_are_restricted",
            |scene| {
                spawners(scene, Duration::from_millis(60));
            },
        )
        .rounds(ROUNDS),
        Case::new(
            "ten_threads_that_start_others_for_a_second_are_restricted",
            |scene| {
                spawners(scene, Duration::from_secs(1));
            },
        ),
        Case::new("two_threads_that_enforce_at_once_both_succeed", at_once).rounds(ROUNDS),
        Case::new(
            "children_that_threads_start_meanwhile_are_restricted",
            commands,
        )
        .rounds(ROUNDS),
        Case::new("a_process_forked_meanwhile_restricts_itself", forks).rounds(ROUNDS),
        Case::new(
            "threads_that_look_into_their_process_meanwhile_do_not_stop_it",
            onlookers,
        )
        .rounds(ROUNDS),
        Case::new("setuid_in_other_threads_meanwhile_does_no_harm", identities).rounds(ROUNDS),
        Case::new("handlers_of_the_program_go_on_meanwhile", handlers).rounds(ROUNDS),
        Case::new(
            "a_process_whose_first_thread_has_ended_is_restricted",
            first_ended,
        ),
    ]
}

/// Runs `enforce` in the middle of `threads` that do `work` over and over. `work` gets whether the
/// process is restricted.
fn amid(scene: &Scene, threads: usize, time: Duration, work: impl Fn(&AtomicBool) + Sync) {
    amid_with(scene, scene.policy(), threads, time, work);
}

fn amid_with(
    scene: &Scene,
    policy: ringfence::PolicyBuilder,
    threads: usize,
    time: Duration,
    work: impl Fn(&AtomicBool) + Sync,
) {
    let (over, enforced) = (AtomicBool::new(false), AtomicBool::new(false));
    let rounds = AtomicU32::new(0);
    let ready = std::sync::Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                assert_eq!(attempts(scene), FREE, "the twin");
                ready.wait();
                while !over.load(SeqCst) {
                    work(&enforced);
                    rounds.fetch_add(1, SeqCst);
                }
                assert_eq!(attempts(scene), restricted());
            });
        }
        ready.wait();
        while rounds.load(SeqCst) < 20 {
            nap(Duration::from_millis(1));
        }
        let begun = Instant::now();
        enforce(prepare(policy));
        enforced.store(true, SeqCst);
        let before = rounds.load(SeqCst);
        assert_eq!(attempts(scene), restricted());
        while begun.elapsed() < time || rounds.load(SeqCst) < before + 20 {
            nap(Duration::from_millis(1));
        }
        over.store(true, SeqCst);
    });
}

/// Each thread that is started lives for some milliseconds, and longer if the process is restricted
/// then, to see whether it was forgotten.
fn spawners(scene: &Scene, time: Duration) {
    let forgotten = AtomicU32::new(0);
    amid(scene, 10, time, |enforced| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(5) && !enforced.load(SeqCst) {
                    std::thread::yield_now();
                }
                if enforced.load(SeqCst) && is_free(scene) {
                    forgotten.fetch_add(1, SeqCst);
                }
            });
        });
    });
    assert_eq!(forgotten.load(SeqCst), 0, "a thread was forgotten");
}

fn at_once(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let both = [(); 2].map(|()| {
            scope.spawn(|| {
                scene.enforce();
                attempts(scene)
            })
        });
        for thread in both {
            assert_eq!(thread.join().expect("no panic"), restricted());
        }
    });
    crew.assert_all(scene, restricted());
}

/// Each child tries to read the file. Those that a thread starts later are in its sandbox.
fn commands(scene: &Scene) {
    let policy = children::may_start(scene.policy());
    let (free, denied) = (AtomicU32::new(0), AtomicU32::new(0));
    amid_with(scene, policy, 3, Duration::ZERO, |enforced| {
        let before = enforced.load(SeqCst);
        let status = children::command().arg(scene.outside()).status();
        match status.expect("it starts").code() {
            Some(0) if !before => free.fetch_add(1, SeqCst),
            Some(13) => denied.fetch_add(1, SeqCst),
            code => panic!("{code:?}, enforced: {before}"),
        };
    });
    assert!(free.load(SeqCst) > 0 && denied.load(SeqCst) > 0);
}

fn forks(scene: &Scene) {
    amid(scene, 2, Duration::ZERO, |enforced| {
        let code = raw::fork(|| {
            let crew = Crew::new(
                scene,
                if enforced.load(SeqCst) {
                    &ALL[..0]
                } else {
                    &ALL[..2]
                }
                .iter()
                .copied(),
            );
            scene.enforce();
            let theirs = crew.attempts();
            let all = theirs.iter().all(|&found| found == restricted());
            i32::from(!(all && attempts(scene) == restricted()))
        });
        // A child may find out first that the kernel cannot.
        refused_if(code);
        assert!(code == Some(0), "{code:?}");
    });
}

/// Each look takes a lock of the process that the kernel holds while it restricts all threads at once.
fn onlookers(scene: &Scene) {
    amid(scene, 3, Duration::ZERO, |_| {
        std::fs::read_link("/proc/self/exe").expect("one's own");
        std::fs::read("/proc/self/maps").expect("one's own");
    });
}

/// The C library calls all threads by the same signal.
fn identities(scene: &Scene) {
    amid(scene, 3, Duration::ZERO, |_| {
        let own = nix::unistd::getuid();
        nix::unistd::setuid(own).expect("one's own");
    });
}

/// Two threads that send signals to the process without a pause.
fn handlers(scene: &Scene) {
    raw::count_sigusr1();
    let sent = AtomicU32::new(0);
    let crew = Crew::new(scene, ALL);
    amid(scene, 2, Duration::ZERO, |_| {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::USR1).expect("one's own");
        sent.fetch_add(1, SeqCst);
    });
    crew.assert_all(scene, restricted());
    let handled = raw::handled();
    assert!(handled > 0 && handled <= sent.load(SeqCst), "{handled}");
}

/// It stays in the list of threads, where nobody waits for it.
fn first_ended(scene: &Scene) {
    let scene = scene.clone();
    let crew = Crew::new(&scene, ALL);
    let first = rustix::process::getpid().as_raw_nonzero();
    std::thread::spawn(move || {
        let status = format!("/proc/self/task/{first}/status");
        while !std::fs::read_to_string(&status).is_ok_and(|text| text.contains("State:\tZ")) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let begun = Instant::now();
        scene.enforce();
        assert!(begun.elapsed() < Duration::from_secs(2));
        let fine = attempts(&scene) == restricted()
            && crew.attempts().iter().all(|&found| found == restricted());
        std::process::exit(i32::from(!fine));
    });
    raw::end_this_thread_alone()
}
