//! Threads that cannot be restricted: then none is.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use ringfence::{Access, Class, EnforceError, Policy};

use crate::attempt::{FREE, attempts, restricted};
use crate::crew::{ALL, Crew};
use crate::raw;
use crate::scene::{Case, Scene, prepare, skip};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_thread_that_hears_no_signal_stops_it_for_all", deaf),
        Case::new("a_signal_that_comes_after_a_refusal_does_no_harm", late),
        Case::new(
            "a_thread_in_sixteen_layers_stops_it_for_all",
            sixteen_layers,
        ),
        Case::new(
            "a_thread_that_may_not_restrict_itself_stops_it_for_all",
            forbidden,
        ),
        Case::new(
            "a_thread_with_a_filter_of_its_own_is_restricted",
            own_filter,
        ),
        Case::new(
            "threads_with_as_many_filters_but_not_the_same_are_restricted",
            as_many_filters,
        ),
        Case::new("a_thread_in_vfork_is_waited_for", |scene| vfork(scene, 300)),
        Case::new("a_thread_that_stays_in_vfork_stops_it_for_all", |scene| {
            vfork(scene, 8000);
        }),
        Case::new("a_ring_that_the_kernel_polls_stops_it_for_all", polled_ring),
    ]
}

/// Whether the kernel restricts all threads by itself, so that these are no obstacle.
fn at_once() -> bool {
    ringfence::Kernel::probe().abi() >= ringfence::Abi::new(8)
}

/// Whether threads are called by a signal: also where the kernel restricts them all at once, if one may load
/// modules, which each gives up by itself.
fn called() -> bool {
    let sets = rustix::thread::capabilities(None).expect("one's own");
    let module = rustix::thread::CapabilitySet::SYS_MODULE;
    !at_once() || (sets.permitted | sets.inheritable).contains(module)
}

/// Starts a thread that does `first`, waits, does `last`, and tries everything. Returns what ends it.
fn odd_thread<'s>(
    scope: &'s std::thread::Scope<'s, '_>,
    scene: &'s Scene,
    first: fn(&Scene),
    last: fn(&Scene),
) -> impl FnOnce() -> crate::attempt::Attempts {
    let (go, gone) = mpsc::channel::<()>();
    let (ready, is_ready) = mpsc::channel();
    let builder = std::thread::Builder::new().name("odd".to_owned());
    let thread = builder
        .spawn_scoped(scope, move || {
            first(scene);
            ready.send(()).expect("it is waited for");
            let _ = gone.recv();
            last(scene);
            attempts(scene)
        })
        .expect("a thread");
    is_ready.recv().expect("it gets that far");
    move || {
        drop(go);
        thread.join().expect("no panic")
    }
}

fn refused(scene: &Scene) -> EnforceError {
    match scene.sandbox().enforce() {
        Err(error) => error,
        Ok(_) => panic!("it is refused"),
    }
}

fn deaf(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let odd = odd_thread(scope, scene, |_| raw::block_kept_signal(true), |_| {});
        if !called() {
            scene.enforce();
            assert_eq!(odd(), restricted());
            return crew.assert_all(scene, restricted());
        }
        let begun = Instant::now();
        let error = refused(scene);
        assert!(begun.elapsed() < Duration::from_secs(8));
        let sentence = error.to_string();
        assert!(
            sentence.contains("(odd)") && sentence.contains("signal 33"),
            "{sentence}"
        );
        assert!(matches!(error, EnforceError::AbsentThread { .. }));
        assert_eq!(odd(), FREE);
        crew.assert_all(scene, FREE);
    });
}

/// The signal waits for the thread until it unblocks it, long after; then all is restricted.
fn late(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let block = |_: &Scene| raw::block_kept_signal(true);
        let unblock = |_: &Scene| raw::block_kept_signal(false);
        let odd = odd_thread(scope, scene, block, unblock);
        if called() {
            refused(scene);
            assert_eq!(odd(), FREE);
            scene.enforce();
        } else {
            scene.enforce();
            assert_eq!(odd(), restricted());
        }
        crew.assert_all(scene, restricted());
    });
}

fn everything() -> ringfence::PolicyBuilder {
    Policy::builder()
        .allow(Access::RW, "/")
        .unrestricted_net()
        .unrestricted_ipc()
        .unrestricted_syscalls()
}

fn sixteen_layers(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let stack = |_: &Scene| {
            for _ in 0..16 {
                prepare(everything())
                    .enforce_this_thread()
                    .expect("a layer");
            }
        };
        let odd = odd_thread(scope, scene, stack, |_| {});
        if at_once() {
            // The kernel puts its own stack in the place of the thread's.
            scene.enforce();
            assert_eq!(odd(), restricted());
            return crew.assert_all(scene, restricted());
        }
        let error = refused(scene);
        let sentence = error.to_string();
        assert!(
            sentence.contains("(odd)") && sentence.contains("16 Landlock layers"),
            "{sentence}"
        );
        assert!(!error.landlock_holds());
        assert_eq!(odd(), FREE);
        crew.assert_all(scene, FREE);
    });
}

/// A filter that forbids Landlock's calls to one thread.
fn forbidden(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let forbid = |_: &Scene| {
            let call = "landlock_restrict_self".parse().expect("a call");
            let policy = everything_but_calls().deny_syscall(call, ringfence::Action::Errno(1));
            prepare(policy).enforce_this_thread().expect("a filter");
        };
        let odd = odd_thread(scope, scene, forbid, |_| {});
        let error = refused(scene);
        assert!(error.to_string().contains("(odd)"), "{error}");
        assert!(!error.landlock_holds());
        assert_eq!(odd(), FREE);
        crew.assert_all(scene, FREE);
    });
}

fn everything_but_calls() -> ringfence::PolicyBuilder {
    Policy::builder()
        .unrestricted_fs()
        .unrestricted_net()
        .unrestricted_ipc()
}

fn own_filter(scene: &Scene) {
    let crew = Crew::new(scene, ALL);
    std::thread::scope(|scope| {
        let filter = |_: &Scene| {
            let policy = everything_but_calls().deny_class(Class::KernelInterfaces);
            prepare(policy).enforce_this_thread().expect("a filter");
        };
        let odd = odd_thread(scope, scene, filter, |_| {});
        scene.enforce();
        assert_eq!(odd(), restricted());
        crew.assert_all(scene, restricted());
    });
}

/// In a fork, which has none of the other threads: those have no filter, and their number would tell.
fn as_many_filters(scene: &Scene) {
    let filter = |_: &Scene| {
        let policy = everything_but_calls().deny_class(Class::KernelInterfaces);
        prepare(policy).enforce_this_thread().expect("a filter");
    };
    let code = raw::fork(|| {
        std::thread::scope(|scope| {
            let odd = odd_thread(scope, scene, filter, |_| {});
            filter(scene);
            scene.enforce();
            assert_eq!(attempts(scene), restricted());
            assert_eq!(odd(), restricted());
        });
        0
    });
    std::process::exit(code.expect("it is not killed"));
}

fn vfork(scene: &Scene, milliseconds: u64) {
    let crew = Crew::new(scene, ALL);
    let (answered, answer) = mpsc::channel();
    let thread = {
        let scene = scene.clone();
        std::thread::spawn(move || {
            raw::vfork_for(Duration::from_millis(milliseconds));
            answer.recv().expect("an answer");
            attempts(&scene)
        })
    };
    std::thread::sleep(Duration::from_millis(100));
    // The kernel alone would wait until it is out, and everybody with it.
    let expected = if milliseconds < 5000 {
        scene.enforce();
        restricted()
    } else {
        let sentence = refused(scene).to_string();
        assert!(sentence.contains("vfork"), "{sentence}");
        FREE
    };
    answered.send(()).expect("the thread waits");
    crew.assert_all(scene, expected);
    assert_eq!(thread.join().expect("no panic"), expected);
}

fn polled_ring(scene: &Scene) {
    let Ok(ring) = io_uring::IoUring::<io_uring::squeue::Entry>::builder()
        .setup_sqpoll(60_000)
        .build(4)
    else {
        skip("this kernel has no rings that it polls for this user");
    };
    let crew = Crew::new(scene, ALL);
    if !called() {
        scene.enforce();
        return crew.assert_all(scene, restricted());
    }
    let begun = Instant::now();
    let sentence = refused(scene).to_string();
    assert!(sentence.contains("io_uring"), "{sentence}");
    assert!(begun.elapsed() < Duration::from_secs(3));
    crew.assert_all(scene, FREE);
    drop(ring);
}
