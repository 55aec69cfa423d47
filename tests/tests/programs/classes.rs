//! Programs that need a class of acts which neither a path nor a port tells apart: what they say
//! where it is denied, and the flag that lets them.

use ringfence::{Abi, Kernel};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, Skip, each_user, root};
use ringfence_tests::install::need;

/// A program, a policy, and the flag that it needs beyond.
struct Need {
    test: &'static str,
    package: &'static str,
    command: &'static [&'static str],
    policy: &'static str,
    flag: &'static str,
    /// What it says without the flag.
    refusal: &'static str,
    /// What it prints with it.
    answer: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        test: "strace_needs_a_word_to_trace",
        package: "strace",
        command: &["strace", "-o", "work/trace", "echo", "traced"],
        policy: "--with-deps --with-deps-of echo --rw work",
        flag: "--allow debug",
        refusal: "ptrace(PTRACE_TRACEME, ...): Operation not permitted",
        answer: "traced",
    },
    // Its Python is among the libraries. Memory it would rather read by `/proc/PID/mem`, and goes
    // on with ptrace where it may not.
    Need {
        test: "gdb_needs_a_word_to_run_a_program",
        package: "gdb",
        command: &["gdb", "-batch", "-ex", "run", "true"],
        policy: "--with-deps --with-deps-of sh --with-deps-of true --ro /usr/lib",
        flag: "--allow debug",
        refusal: "ptrace: Operation not permitted",
        answer: "exited normally",
    },
    Need {
        test: "unshare_needs_a_word_for_namespaces",
        package: "util-linux",
        command: &["unshare", "--user", "echo", "unshared"],
        policy: "--with-deps --with-deps-of echo",
        flag: "--allow namespaces",
        refusal: "unshare failed: Operation not permitted",
        answer: "unshared",
    },
    Need {
        test: "ip_needs_a_word_for_netlink",
        package: "iproute2",
        command: &["ip", "-o", "link"],
        policy: "--with-deps",
        flag: "--allow netlink",
        refusal: "Cannot open netlink socket: Address family not supported",
        answer: "lo:",
    },
    // So does all that calls getifaddrs: the C library asks the kernel by netlink.
    Need {
        test: "node_needs_a_word_to_list_interfaces",
        package: "nodejs",
        command: &["node", "-e", "console.log(os.networkInterfaces())"],
        policy: "--with-deps --ro /etc/ssl/openssl.cnf",
        flag: "--allow netlink",
        refusal: "uv_interface_addresses",
        answer: "127.0.0.1",
    },
    Need {
        test: "node_needs_a_word_to_watch_files",
        package: "nodejs",
        command: &[
            "node",
            "-e",
            "fs.watch('work').close(); console.log('watched')",
        ],
        policy: "--with-deps --ro /etc/ssl/openssl.cnf --ro work",
        flag: "--allow notifications",
        refusal: "ENOSYS: function not implemented, watch 'work'",
        answer: "watched",
    },
    // Its own process, even: the filter cannot tell by the number whose it is.
    Need {
        test: "renice_needs_a_word_for_a_process_by_its_number",
        package: "dash",
        command: &["sh", "-c", "renice -n 5 -p $$ || exit 1"],
        policy: "--with-deps --with-deps-of renice",
        flag: "--allow scheduling",
        refusal: "failed to set priority",
        answer: "new priority 5",
    },
    // So do OpenMP's bound threads (OMP_PROC_BIND): the C library names each by its number.
    Need {
        test: "taskset_needs_a_word_for_a_thread_by_its_number",
        package: "dash",
        command: &["sh", "-c", "taskset -cp 0 $$ || exit 1"],
        policy: "--with-deps --with-deps-of taskset",
        flag: "--allow scheduling",
        refusal: "affinity: Operation not permitted",
        answer: "new affinity list: 0",
    },
    Need {
        test: "chroot_needs_the_word_for_namespaces",
        package: "dash",
        command: &["sh", "-c", "chroot / echo changed || exit 1"],
        policy: "--with-deps --with-deps-of chroot --with-deps-of echo",
        flag: "--allow namespaces",
        refusal: "cannot change root directory to '/': Operation not permitted",
        answer: "changed",
    },
    // It has a datagram socket as well, of UDP.
    Need {
        test: "ping_needs_a_word_for_its_socket",
        package: "iputils-ping",
        command: &["ping", "-c1", "-W5", "127.0.0.1"],
        policy: "--with-deps --connect-udp any",
        flag: "--allow other-sockets",
        refusal: "ping: socket: Protocol not supported",
        answer: "1 received",
    },
    Need {
        test: "dmesg_needs_a_word_for_the_kernels_messages",
        package: "util-linux",
        command: &["dmesg", "--syslog"],
        policy: "--with-deps",
        flag: "--allow kernel-interfaces",
        refusal: "read kernel buffer failed: Operation not permitted",
        answer: "]",
    },
    Need {
        test: "python_needs_a_word_for_its_fork_server",
        package: "python3",
        command: &["python3", "-c", FORK_SERVER],
        policy: "--with-deps --ro /usr/lib --rw /dev/shm --rw work --env TMPDIR=work",
        flag: "--allow connect-unix",
        refusal: "PermissionError: [Errno 13] Permission denied",
        answer: "[42]",
    },
    Need {
        test: "ssh_agent_needs_a_word_for_unix_sockets",
        package: "openssh-client",
        command: &["ssh-agent", "echo", "started"],
        policy: "--with-deps --with-deps-of echo --fs read,write=/dev/null --rw work --env TMPDIR=work",
        flag: "--allow connect-unix",
        refusal: "unix_listener: socket: Permission denied",
        answer: "started",
    },
];

/// The one of `multiprocessing`'s ways to start processes that talks over a UNIX socket by path.
const FORK_SERVER: &str = "
import multiprocessing
multiprocessing.set_start_method('forkserver')
print(multiprocessing.Pool(1).map(abs, [-42]))
";

/// Those that root alone can do, sandbox or not.
const ROOTS: [&str; 3] = ["chroot", "ping", "dmesg"];

pub fn tests() -> Vec<Test> {
    // From then on, Landlock governs UNIX sockets by their paths.
    let by_path = Kernel::probe_abi().abi() >= Abi::new(9);
    NEEDS
        .iter()
        .filter(|need| !(by_path && need.flag == "--allow connect-unix"))
        .flat_map(|need| {
            let job = |scene: &Scene| need.holds(scene);
            if ROOTS.iter().any(|program| need.test.starts_with(program)) {
                root(need.test, job)
            } else {
                each_user(need.test, job)
            }
        })
        .collect()
}

impl Need {
    fn holds(&self, scene: &Scene) -> Result<(), Skip> {
        need(self.command[0], self.package)?;
        scene.folders(&["work"]);
        let answers = |output: &_| stdout(output).contains(self.answer);

        let tight = scene.sandbox(self.policy);
        scene.refuses_saying(self.refusal, &tight, self.command, answers);

        let wider = scene.sandbox(&format!("{} {}", self.policy, self.flag));
        let output = scene.allows(&wider, self.command);
        assert!(answers(&output), "{output:?}");
        Ok(())
    }
}
