//! Single acts, each of which needs a right of its own.

use ringfence_tests::trial::Test;

use crate::cases::{Case, test};

const PYTHON: &[(&str, &str)] = &[("python3", "python3")];

/// An act of Python in directories `a` and `b` that are there, each with a file `x`.
const fn act(name: &'static str, job: &'static [&'static str]) -> Case {
    Case {
        name,
        needs: PYTHON,
        before: "mkdir a b; echo a > a/x; echo b > b/x; echo s > s.sh",
        job,
        shows: "find a b s.sh -printf '%p %y %l\\n' | sort",
    }
}

const ACTS: &[Case] = &[
    act(
        "a_file_that_is_read",
        &["python3", "-c", "open('a/x').read()"],
    ),
    act(
        "a_file_that_is_changed",
        &["python3", "-c", "open('a/x', 'r+').write('c')"],
    ),
    act(
        "a_file_that_is_truncated_by_name",
        &["python3", "-c", "import os; os.truncate('a/x', 0)"],
    ),
    act(
        "a_file_that_is_made",
        &["python3", "-c", "open('a/new', 'x').write('c')"],
    ),
    act(
        "a_file_that_is_removed",
        &["python3", "-c", "import os; os.unlink('a/x')"],
    ),
    act(
        "a_directory_that_is_made",
        &["python3", "-c", "import os; os.mkdir('a/new')"],
    ),
    act(
        "a_directory_that_is_removed",
        &["sh", "-c", "mkdir b/new && rmdir b/new"],
    ),
    act(
        "a_directory_that_is_listed",
        &["python3", "-c", "import os; print(os.listdir('a'))"],
    ),
    act(
        "a_symlink",
        &["python3", "-c", "import os; os.symlink('x', 'a/new')"],
    ),
    act(
        "a_fifo",
        &["python3", "-c", "import os; os.mkfifo('a/new')"],
    ),
    act(
        "a_rename_within_a_directory",
        &["python3", "-c", "import os; os.rename('a/x', 'a/new')"],
    ),
    act(
        "a_rename_to_another_directory",
        &["python3", "-c", "import os; os.rename('a/x', 'b/new')"],
    ),
    act(
        "a_rename_over_a_file_elsewhere",
        &["python3", "-c", "import os; os.rename('a/x', 'b/x')"],
    ),
    act(
        "a_link_in_another_directory",
        &["python3", "-c", "import os; os.link('a/x', 'b/new')"],
    ),
    act(
        "a_link_in_the_same_directory",
        &["python3", "-c", "import os; os.link('a/x', 'a/new')"],
    ),
    act(
        "a_rename_by_descriptors",
        &[
            "python3",
            "-c",
            "import os; a, b = (os.open(n, os.O_PATH) for n in 'ab'); os.rename('x', 'new', src_dir_fd=a, dst_dir_fd=b)",
        ],
    ),
    act(
        "a_file_without_a_name",
        &[
            "python3",
            "-c",
            "import os; fd = os.open('a', os.O_TMPFILE | os.O_RDWR); os.write(fd, b'c')",
        ],
    ),
    act(
        "a_script_and_its_interpreter",
        &[
            "sh",
            "-c",
            "cp s.sh a/tool; printf '#!/usr/bin/mawk -f\\nBEGIN { print 1 }\\n' > a/tool; chmod +x a/tool; a/tool",
        ],
    ),
    act(
        "a_program_by_descriptor",
        &[
            "python3",
            "-c",
            "import os; os.execve(os.open('/usr/bin/true', os.O_RDONLY), ['true'], {})",
        ],
    ),
    act(
        "a_thread_that_becomes_a_program",
        &[
            "python3",
            "-c",
            "import os, threading; threading.Thread(target=lambda: os.execv('/usr/bin/true', ['true'])).start(); threading.Event().wait(20); print('not executed')",
        ],
    ),
    act("a_changed_directory", &["sh", "-c", "cd a && cat x ../b/x"]),
    act(
        "a_socket_in_a_directory",
        &[
            "python3",
            "-c",
            "import socket; s = socket.socket(socket.AF_UNIX); s.bind('a/s'); s.listen(); c = socket.socket(socket.AF_UNIX); c.connect('a/s')",
        ],
    ),
    act(
        "a_server_and_its_client",
        &[
            "python3",
            "-c",
            "import socket; s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname()); print('connected')",
        ],
    ),
    act(
        "a_datagram",
        &[
            "python3",
            "-c",
            "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); s.sendto(b'x', s.getsockname()); print(s.recv(9))",
        ],
    ),
    act(
        "a_message_to_an_address",
        &[
            "python3",
            "-c",
            "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); c = socket.socket(type=socket.SOCK_DGRAM); c.sendmsg([b'x'], [], 0, s.getsockname()); print(s.recv(9))",
        ],
    ),
    act(
        "a_mode_that_is_changed",
        &["python3", "-c", "import os; os.chmod('a/x', 0o600)"],
    ),
    act(
        "a_list_of_processors",
        &[
            "python3",
            "-c",
            "import os; os.sched_setaffinity(0, os.sched_getaffinity(0)); os.nice(0)",
        ],
    ),
    act(
        "a_file_of_proc",
        &[
            "python3",
            "-c",
            "print(len(open('/proc/self/comm').read()) > 0)",
        ],
    ),
    Case {
        name: "a_script_whose_interpreter_is_a_script",
        needs: &[],
        before: "printf '#!/bin/sh\necho ran $1\n' > middle; printf '#!middle\n' > tool; chmod +x middle tool",
        job: &["./tool"],
        shows: "",
    },
    Case {
        name: "a_program_with_a_loader_of_its_own",
        needs: &[("gcc", "gcc")],
        before: "loader=$(readelf -l /usr/bin/true | sed -n 's/.*interpreter: \\(.*\\)]/\\1/p'); cp $loader loader; \
            echo 'int main(void) { return 0; }' > a.c; gcc -Wl,--dynamic-linker=$PWD/loader -o tool a.c",
        job: &["./tool"],
        shows: "",
    },
];

pub fn tests() -> Vec<Test> {
    ACTS.iter().map(test).collect()
}
