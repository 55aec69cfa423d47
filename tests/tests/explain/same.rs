//! The explained run denies what the plain run denies, and lets pass what it lets pass, to the same error.

use std::process::Output;

use ringfence::{Arch, Kernel, Plan, Policy, Syscall, Verdict};
use ringfence_tests::filtering::{self, number};
use ringfence_tests::install::need;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::scene::{Scene, system};
use crate::watching;

const POLICY: &str = system!(
    "  - {path: /dev/null, access: [read, write]}
  - {path: WORK/in, access: [rw]}
  - {path: WORK, access: [read]}
"
);

/// Acts on files, each with what came of it; `in` may be changed, what is beside it only read, what is outside
/// of the folder nothing.
const ACTS: &str = r"
import ctypes, fcntl, os, signal, socket, subprocess, sys, threading
def act(name, do):
    try:
        do(); print(name, 'done')
    except OSError as error:
        print(name, error.errno)
out = sys.argv[1]
for place in ('in', '.', out):
    at = lambda name: os.path.join(place, name)
    act('read', lambda: open(at('x')).read())
    act('list', lambda: os.listdir(place))
    act('append', lambda: open(at('x'), 'a').write('y'))
    act('truncate', lambda: os.truncate(at('x'), 0))
    act('open and truncate', lambda: os.open(at('x'), os.O_RDONLY | os.O_TRUNC))
    act('make', lambda: open(at('new'), 'x'))
    act('unnamed', lambda: os.open(place, os.O_TMPFILE | os.O_RDWR))
    act('make directory', lambda: os.mkdir(at('d')))
    act('symlink', lambda: os.symlink('x', at('s')))
    act('fifo', lambda: os.mkfifo(at('f')))
    act('link', lambda: os.link(at('x'), at('l')))
    act('link in', lambda: os.link(at('x'), 'in/l2'))
    act('rename', lambda: os.rename(at('x'), at('y')))
    act('rename back', lambda: os.rename(at('y'), at('x')))
    act('rename out', lambda: os.rename('in/x', at('z')))
    act('rename in', lambda: os.rename(at('x'), 'in/w'))
    act('remove', lambda: os.unlink(at('x')))
    act('remove directory', lambda: os.rmdir(at('d')))
    act('execute', lambda: os.execv(at('tool'), ['tool']) if os.fork() == 0 else os.wait())
    act('mode', lambda: os.chmod(at('y'), 0o600))
    act('times', lambda: os.utime(at('y')))
    act('attribute', lambda: os.setxattr(at('y'), 'user.a', b'b'))
    act('look', lambda: os.stat(place))
    act('enter', lambda: os.chdir(place) or os.chdir(sys.argv[2]))
act('spawn', lambda: subprocess.run(['true'], check=True))
act('spawn outside', lambda: subprocess.run([out + '/tool']))
act('signal', lambda: os.kill(os.getppid(), 0))
act('signal all', lambda: os.kill(1, 0))
act('signal itself', lambda: os.kill(os.getpid(), 0))
act('memory of another', lambda: open(f'/proc/{os.getppid()}/mem'))
act('control a device', lambda: fcntl.ioctl(open('/dev/null'), 0x5413, bytes(8)))
for family in range(46):
    for kind in (1, 2, 3, 5):
        act(f'socket {family} {kind}', lambda: socket.socket(family, kind).close())
act('pair', lambda: [end.close() for end in socket.socketpair()])
libc = ctypes.CDLL(None, use_errno=True)
def call(number):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
    return ctypes.get_errno()
for number in sys.argv[3:]:
    print('call', number, call(int(number)))
def many():
    for _ in range(100):
        assert call(int(sys.argv[3])) == first
first = call(int(sys.argv[3]))
threads = [threading.Thread(target=many) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print('threads', first)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
print('with signals blocked', call(int(sys.argv[3])))
";

pub fn tests() -> Vec<Test> {
    vec![
        watching("explain::all_has_ended_when_it_ends_traced_or_not", || {
            need("perl", "perl")?;
            let scene = Scene::new("mkdir in");
            scene.policy(POLICY);
            let arch = Arch::NATIVE.expect("an architecture that is known");
            let clone = Syscall::CLONE.number(arch).expect("a call everywhere");
            // CLONE_UNTRACED and SIGCHLD.
            let job = format!(
                "open(my $f, '>', 'new'); \
                 if (!syscall({clone}, 0x00800011, 0, 0, 0, 0)) {{ sleep 1; syswrite(STDERR, qq(late\\n)) }}"
            );
            let ran = scene
                .run(&["--explain"], &["perl", "-e", &job])
                .output()
                .expect("ringfence starts");
            let said = stderr(&ran);
            let at = |text| {
                said.find(text)
                    .unwrap_or_else(|| panic!("no {text}: {said}"))
            };
            assert!(at("late") < at("denied once: perl"), "{said}");
            Ok(())
        }),
        watching(
            "explain::some_hundreds_of_acts_end_as_in_the_plain_run",
            || {
                need("python3", "python3")?;
                let numbers = denied_calls();
                assert!(numbers.len() > 60, "too few calls are tried: {numbers:?}");
                let [plain, explained] = both(POLICY, |scene| {
                    let outside = scene.path("outside").display().to_string();
                    let work = scene.path("work").display().to_string();
                    let mut words = vec!["python3", "-c", ACTS, &outside, &work];
                    words.extend(numbers.iter().map(String::as_str));
                    words.into_iter().map(str::to_owned).collect()
                });
                for act in [
                    "read 13",
                    "list done",
                    "socket 16 3",
                    "call ",
                    "threads 1",
                    "with signals blocked 1",
                ] {
                    assert!(plain.contains(act), "`{act}` is not tried: {plain}");
                }
                let differ: Vec<_> = plain
                    .lines()
                    .zip(explained.lines())
                    .filter(|(a, b)| a != b)
                    .collect();
                assert!(differ.is_empty(), "plain and explained differ: {differ:?}");
                assert_eq!(plain.lines().count(), explained.lines().count());
                Ok(())
            },
        ),
        watching(
            "explain::a_program_that_traps_calls_itself_gets_its_own_signals",
            || {
                need("python3", "python3")?;
                let [plain, explained] = both(POLICY, |_| {
                    filtering::job(filtering::TRAP, &[Syscall::GETPPID])
                });
                assert!(plain.starts_with("caught\n"), "{plain}");
                assert_eq!(explained, plain);
                Ok(())
            },
        ),
        watching(
            "explain::a_filter_that_asks_a_tracer_is_answered_as_where_there_is_none",
            || {
                need("python3", "python3")?;
                // What the watcher does not look at, what it does, and what the policy denies.
                let calls = [Syscall::GETPPID, Syscall::RENAMEAT2, Syscall::MOUNT];
                for data in [0, 1, 0xffff] {
                    let [plain, explained] =
                        both(POLICY, |_| filtering::job(filtering::TRACE | data, &calls));
                    let told = format!("{} -1 38\n", number(Syscall::GETPPID));
                    assert!(plain.starts_with(&told), "{plain}");
                    assert_eq!(explained, plain, "data {data}");
                }
                Ok(())
            },
        ),
        watching(
            "explain::exit_codes_and_signals_are_the_commands_own",
            || {
                use std::os::unix::process::ExitStatusExt as _;

                let scene = Scene::new("");
                scene.policy(
                    POLICY
                        .split("  - {path: WORK/in")
                        .next()
                        .expect("its beginning"),
                );
                for script in [
                    "exit 0",
                    "exit 42",
                    "exit 255",
                    "kill -9 $$",
                    "kill -15 $$",
                    "kill -31 $$",
                ] {
                    let run = |flags: &[&str]| {
                        let mut command = scene.run(flags, &["sh", "-c", script]);
                        command.output().expect("ringfence starts").status
                    };
                    let (plain, explained) = (run(&[]), run(&["--explain"]));
                    assert_eq!(explained.code(), plain.code(), "{script}");
                    assert_eq!(explained.signal(), plain.signal(), "{script}");
                }
                Ok(())
            },
        ),
        watching(
            "explain::what_runs_does_not_outlive_the_one_who_watches",
            || {
                let scene = Scene::new("");
                scene.policy("version: 1\nunrestricted: [fs]\n");
                let mut watcher = scene
                    .run(&["--explain"], &["sh", "-c", "sleep 1; echo x > on"])
                    .spawn()
                    .expect("ringfence starts");
                std::thread::sleep(std::time::Duration::from_millis(500));
                watcher.kill().expect("it runs");
                watcher.wait().expect("it ends");
                std::thread::sleep(std::time::Duration::from_millis(1500));
                assert!(!scene.path("work/on").exists(), "the command ran on");
                let whole = scene
                    .run(&["--explain"], &["sh", "-c", "sleep 1; echo x > on"])
                    .output();
                assert!(whole.expect("ringfence starts").status.success());
                assert!(scene.path("work/on").exists());
                Ok(())
            },
        ),
    ]
}

/// The numbers of calls that the filter of the policy denies whatever they are about: none is ever made.
fn denied_calls() -> Vec<String> {
    let policy = Policy::builder().rw("/in").build().expect("a policy");
    let filter = Plan::new(policy, Kernel::probe())
        .filter()
        .expect("it is on by default");
    let arch = Arch::NATIVE.expect("a machine that is known");
    let denied = Syscall::all().filter(|call| {
        matches!(filter.verdict(*call), Verdict::Always(action) if *action != ringfence::Action::Allow)
    });
    let known = denied.filter_map(|call| call.number(arch));
    // Newer ones, and on x86-64 those of x32.
    let mut numbers: Vec<_> = known.chain([1000, 0x4000_0001]).collect();
    // One that has the most common error, for threads.
    numbers.insert(0, number(Syscall::MOUNT));
    numbers.iter().map(u32::to_string).collect()
}

/// What a job prints in the plain run and in the explained one.
fn both(policy: &str, words: impl Fn(&Scene) -> Vec<String>) -> [String; 2] {
    [&[][..], &["--explain"]].map(|flags| {
        let scene = Scene::new("true");
        let before = "mkdir in ../outside; for d in in . ../outside; do echo x > $d/x; cp /usr/bin/true $d/tool; done";
        scene.begin(before);
        scene.policy(policy);
        let words = words(&scene);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let ran: Output = scene.run(flags, &words).output().expect("ringfence starts");
        assert!(ran.status.success(), "{flags:?}: {}", stderr(&ran));
        stdout(&ran)
    })
}
