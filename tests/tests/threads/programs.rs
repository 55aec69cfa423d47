//! What a program does with threads and signals by itself, and goes on to do.

use std::time::{Duration, Instant};

use crate::attempt::{attempts, restricted};
use crate::crew::{ALL, Crew};
use crate::raw;
use crate::scene::{Case, Scene, skip};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("setuid_still_reaches_every_thread", setuid),
        Case::new("threads_can_still_be_cancelled", |scene| {
            let crew = Crew::new(scene, ALL);
            assert!(raw::cancelling_works());
            scene.enforce();
            assert!(raw::cancelling_works());
            crew.assert_all(scene, restricted());
        }),
        Case::new("handlers_still_run_on_their_own_stack", own_stack),
        Case::new("sleeping_threads_sleep_as_long_as_they_meant_to", sleep),
    ]
}

/// Every thread has the new identity, though the C library uses the signal that called them.
fn setuid(scene: &Scene) {
    if !rustix::process::geteuid().is_root() {
        skip("only root can become somebody else");
    }
    let crew = Crew::new(scene, ALL);
    scene.enforce();
    nix::unistd::setuid(65534.into()).expect("the policy leaves it alone");
    for task in std::fs::read_dir("/proc/self/task").expect("/proc") {
        let path = task.expect("an entry").path().join("status");
        let status = std::fs::read_to_string(path).expect("no thread ends here");
        assert!(status.contains("Uid:\t65534\t65534\t65534"), "{status}");
    }
    crew.assert_all(scene, restricted());
}

fn own_stack(scene: &Scene) {
    raw::count_sigusr1();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (ready, stack) = std::sync::mpsc::channel();
    let theirs = scene.clone();
    let thread = std::thread::spawn(move || {
        ready
            .send(raw::small_alternate_stack())
            .expect("it is waited for");
        let _ = gone.recv();
        attempts(&theirs)
    });
    let stack = stack.recv().expect("it gets that far");
    let signal = || {
        let before = raw::handled();
        assert_eq!(raw::signal_thread(&thread, libc::SIGUSR1), 0);
        while raw::handled() == before {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(stack.contains(&raw::handler_stack()));
    };
    signal();
    scene.enforce();
    signal();
    drop(go);
    assert_eq!(thread.join().expect("no panic"), restricted());
}

fn sleep(scene: &Scene) {
    let thread = std::thread::spawn(|| {
        let begun = Instant::now();
        std::thread::sleep(Duration::from_millis(300));
        begun.elapsed()
    });
    std::thread::sleep(Duration::from_millis(50));
    scene.enforce();
    let slept = thread.join().expect("no panic");
    assert!(slept >= Duration::from_millis(300), "{slept:?}");
}
