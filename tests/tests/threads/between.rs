//! What threads of a restricted process may do to each other, and to what others of them started.
//!
//! Where the kernel restricts all at once they share a domain. Before, each has its own, of the same ruleset, and what is
//! allowed within a domain is not from one to another.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::Child;

use ringfence::{Abi, Access, Class, Kernel, Policy, PolicyBuilder};

use crate::children::waiting;
use crate::scene::{Case, Scene, enforce, prepare};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "a_thread_signals_children_of_others_as_the_kernel_lets_it",
            signal,
        ),
        Case::new(
            "a_thread_inspects_children_of_others_as_the_kernel_lets_it",
            inspect,
        ),
        Case::new(
            "a_thread_connects_to_abstract_sockets_of_others_as_the_kernel_lets_it",
            connect,
        ),
    ]
}

/// Whether what one thread made in its domain is within the domain of the others.
fn shared() -> bool {
    Kernel::probe().abi() >= Abi::new(8)
}

/// All files, so that just the domain counts; programs can be started.
fn policy() -> PolicyBuilder {
    Policy::builder()
        .allow(Access::RO, "/")
        .allow(Access::WRITE, "/dev/null")
        .unrestricted_net()
        .unrestricted_syscalls()
}

fn enforce_with_thread<T: Send, U>(
    policy: PolicyBuilder,
    other: impl FnOnce() -> T + Send,
    own: impl FnOnce(T) -> U,
) -> U {
    let sandbox = prepare(policy);
    let (go, gone) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            let _ = gone.recv();
            other()
        });
        enforce(sandbox);
        drop(go);
        own(other.join().expect("no panic"))
    })
}

fn signal(_: &Scene) {
    // Twin: without a sandbox, the child of another thread.
    let mut free = std::thread::spawn(waiting).join().expect("no panic");
    free.kill().expect("it is ours");
    free.wait().expect("it is ours");

    let scoped = Kernel::probe().abi() >= Abi::new(6);
    let other = || {
        let mut own = waiting();
        own.kill().expect("the thread's own");
        own.wait().expect("the thread's own");
        waiting()
    };
    let (killed, mut child) =
        enforce_with_thread(policy(), other, |mut child| (child.kill(), child));
    assert_eq!(killed.is_ok(), shared() || !scoped, "{killed:?}");
    // It may be waited for by any thread, and ends by itself when its input does.
    child.wait().expect("it is ours");
}

/// What is asked as ptrace is.
fn inspect(_: &Scene) {
    let exe = |child: &Child| std::fs::read_link(format!("/proc/{}/exe", child.id()));
    let free = std::thread::spawn(waiting).join().expect("no panic");
    exe(&free).expect("it is ours");
    end(free);

    let policy = policy().unrestricted_ipc();
    let other = || {
        let child = waiting();
        exe(&child).expect("the thread's own");
        child
    };
    let (found, child) = enforce_with_thread(policy, other, |child| (exe(&child), child));
    assert_eq!(found.is_ok(), shared(), "{found:?}");
    end(child);
}

fn end(mut child: Child) {
    child.kill().expect("signals are left alone");
    child.wait().expect("it is ours");
}

fn connect(_: &Scene) {
    let listen = |name: &str| -> io::Result<UnixListener> {
        let name = format!("ringfence-{name}-{}", std::process::id());
        UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
    };
    let reach = |listener: &UnixListener| UnixStream::connect_addr(&listener.local_addr()?);
    let early = listen("early").expect("a free name");
    reach(&early).expect("it listens");

    let scoped = Kernel::probe().abi() >= Abi::new(6);
    let other = move || {
        let listener = listen("late").expect("a free name");
        reach(&listener).expect("the thread's own");
        listener
    };
    let policy = policy().allow_class(Class::ConnectUnix);
    let (late, early) = enforce_with_thread(policy, other, |late| (reach(&late), reach(&early)));
    assert_eq!(late.is_ok(), shared() || !scoped, "{late:?}");
    // What was made before the restriction is outside of every domain.
    assert_eq!(early.is_ok(), !scoped, "{early:?}");
}
