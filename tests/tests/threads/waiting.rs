//! Threads that are restricted wherever they wait.

use crate::attempt::restricted;
use crate::crew::{ALL, Crew, Wait};
use crate::scene::{Case, Scene};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_second_thread_is_restricted_too", |scene| {
            all_of(scene, &[Wait::Message]);
        }),
        Case::new("threads_are_restricted_however_they_wait", |scene| {
            all_of(scene, &ALL);
        })
        .rounds(50),
        Case::new("threads_that_block_all_signals_are_restricted", |scene| {
            all_of(scene, &[Wait::Masked; 8]);
        }),
        Case::new(
            "threads_that_allocate_all_the_time_are_restricted",
            |scene| {
                all_of(scene, &[Wait::Allocate; 6]);
            },
        )
        .rounds(50),
        Case::new("a_thousand_threads_are_restricted", |scene| {
            all_of(scene, &[Wait::Message; 1000]);
        }),
        Case::new("a_mutex_that_a_thread_holds_delays_nobody", held_mutex),
        Case::new("a_process_may_restrict_itself_twice", |scene| {
            let crew = Crew::new(scene, ALL);
            scene.enforce();
            scene.enforce();
            crew.assert_all(scene, restricted());
        }),
    ]
}

fn all_of(scene: &Scene, waits: &[Wait]) {
    let crew = Crew::new(scene, waits.iter().copied());
    scene.enforce();
    crew.assert_all(scene, restricted());
}

/// The holder sleeps with the lock, and others wait for it.
fn held_mutex(scene: &Scene) {
    let lock = std::sync::Mutex::new(());
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let guard = lock.lock();
            std::thread::sleep(std::time::Duration::from_secs(4));
            drop(guard);
            crate::attempt::attempts(scene)
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        let waiting = scope.spawn(|| {
            drop(lock.lock());
            crate::attempt::attempts(scene)
        });
        let begun = std::time::Instant::now();
        scene.enforce();
        assert!(begun.elapsed() < std::time::Duration::from_secs(3));
        for thread in [holder, waiting] {
            assert_eq!(thread.join().expect("no panic"), restricted());
        }
    });
}
