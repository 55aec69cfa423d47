//! Good policies, and the line that each of them is broken by.

/// A job, the lines that it needs besides those of [`SYSTEM`], and which of them is taken out.
pub struct Case {
    pub name: &'static str,
    /// A script that makes the folder of the job.
    pub before: &'static str,
    /// Lines by key and item of a manifest, that which is taken out last.
    pub lines: &'static [(&'static str, &'static str)],
    pub job: &'static [&'static str],
    /// What the explanation says lacks, and the end of what it was about.
    pub lacks: (&'static str, &'static str),
}

/// What every program here needs.
pub const SYSTEM: &[(&str, &str)] = &[
    ("ro", "/usr"),
    ("ro", "/etc"),
    ("fs", "{path: /lib, access: [ro], optional: true}"),
    ("fs", "{path: /lib64, access: [ro], optional: true}"),
    ("fs", "{path: /bin, access: [ro], optional: true}"),
    ("fs", "{path: /dev/null, access: [read, write]}"),
];

/// In these stand: WORK for the folder, PORT and SOCKET and ABSTRACT for what a server listens at outside, FREE
/// for a port that nobody uses, PROCESS for a process outside, INOTIFY for the number of a call.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    Case {
        name: "a_file_that_is_read",
        before: "echo x > in",
        lines: &[("fs", "{path: WORK/in, access: [read]}")],
        job: &["cat", "in"],
        lacks: ("read", "/in"),
    },
    Case {
        name: "a_directory_that_is_listed",
        before: "mkdir in; echo x > in/a",
        lines: &[("fs", "{path: WORK/in, access: [read]}")],
        job: &["ls", "in"],
        lacks: ("read", "/in"),
    },
    Case {
        name: "a_program_that_is_executed",
        before: "mkdir bin; cp /usr/bin/true bin/tool",
        lines: &[("ro", "WORK/bin")],
        job: &["sh", "-c", "bin/tool"],
        lacks: ("read,execute", "/bin/tool"),
    },
    Case {
        name: "the_command_itself",
        before: "mkdir bin; cp /usr/bin/true bin/tool",
        lines: &[("ro", "WORK/bin")],
        job: &["bin/tool"],
        lacks: ("read,execute", "/bin/tool"),
    },
    Case {
        name: "a_script_that_is_executed",
        before: "printf '#!/bin/sh\\necho ran\\n' > job; chmod +x job",
        lines: &[("ro", "WORK/job")],
        job: &["sh", "-c", "./job"],
        lacks: ("read,execute", "/job"),
    },
    Case {
        name: "an_interpreter",
        before: "mkdir bin; cp /bin/sh bin/shell; printf '#!%s/bin/shell\\necho ran\\n' \"$PWD\" > job; chmod +x job",
        lines: &[("ro", "WORK/job"), ("ro", "WORK/bin")],
        job: &["./job"],
        lacks: ("read,execute", "/bin/shell"),
    },
    Case {
        name: "a_loader",
        before: "loader=$(readelf -l /usr/bin/true | sed -n 's/.*interpreter: \\(.*\\)]/\\1/p'); mkdir lib; \
            cp $loader lib/loader; echo 'int main(void) { return 0; }' > a.c; \
            gcc -Wl,--dynamic-linker=$PWD/lib/loader -o tool a.c",
        lines: &[("ro", "WORK/tool"), ("ro", "WORK/lib")],
        job: &["./tool"],
        lacks: ("read,execute", "/lib/loader"),
    },
    Case {
        name: "a_library",
        before: "echo 'int two(void) { return 2; }' > two.c; mkdir lib; gcc -shared -fPIC -o lib/libtwo.so two.c; \
            echo 'int two(void); int main(void) { return two() - 2; }' > a.c; \
            gcc -o tool a.c -Llib -ltwo -Wl,-rpath,$PWD/lib",
        lines: &[("ro", "WORK/tool"), ("ro", "WORK/lib")],
        job: &["./tool"],
        lacks: ("read", "/lib/libtwo.so"),
    },
    Case {
        name: "a_file_that_is_changed",
        before: "echo x > out",
        lines: &[("fs", "{path: WORK/out, access: [write]}")],
        job: &["sh", "-c", "echo y >> out"],
        lacks: ("write", "/out"),
    },
    Case {
        name: "a_file_that_is_truncated_by_name",
        before: "echo x > out",
        lines: &[("fs", "{path: WORK/out, access: [write]}")],
        job: &["perl", "-e", "truncate('out', 0) or die $!"],
        lacks: ("write", "/out"),
    },
    Case {
        name: "the_writing_of_a_file_that_may_be_read",
        before: "echo x > out",
        lines: &[("fs", "{path: WORK, access: [read]}"), ("fs", "{path: WORK/out, access: [write]}")],
        job: &["perl", "-e", "open(my $f, '+<', 'out') or die $!; print $f 'y'"],
        lacks: ("write", "/out"),
    },
    Case {
        name: "a_file_that_is_made",
        before: "mkdir out",
        lines: &[("fs", "{path: WORK/out, access: [write, create]}")],
        job: &["sh", "-c", "echo y > out/new"],
        lacks: ("write,create", "/out/new"),
    },
    Case {
        name: "the_making_of_a_file_that_may_be_written",
        before: "mkdir out",
        lines: &[("fs", "{path: WORK, access: [write]}"), ("fs", "{path: WORK/out, access: [create]}")],
        job: &["sh", "-c", "echo y > out/new"],
        lacks: ("create", "/out/new"),
    },
    Case {
        name: "a_directory_that_is_made",
        before: "mkdir out",
        lines: &[("fs", "{path: WORK/out, access: [create]}")],
        job: &["mkdir", "out/new"],
        lacks: ("create", "/out/new"),
    },
    Case {
        name: "a_symlink",
        before: "mkdir out",
        lines: &[("fs", "{path: WORK/out, access: [create]}")],
        job: &["ln", "-s", "x", "out/new"],
        lacks: ("create", "/out/new"),
    },
    Case {
        name: "a_fifo",
        before: "mkdir out",
        lines: &[("fs", "{path: WORK/out, access: [create]}")],
        job: &["mkfifo", "out/new"],
        lacks: ("create", "/out/new"),
    },
    Case {
        name: "a_file_that_is_removed",
        before: "mkdir out; echo x > out/old",
        lines: &[("fs", "{path: WORK/out, access: [remove]}")],
        job: &["perl", "-e", "unlink('out/old') or die $!"],
        lacks: ("remove", "/out/old"),
    },
    Case {
        name: "a_directory_that_is_removed",
        before: "mkdir -p out/old",
        lines: &[("fs", "{path: WORK/out, access: [remove]}")],
        job: &["rmdir", "out/old"],
        lacks: ("remove", "/out/old"),
    },
    Case {
        name: "a_rename_within_a_directory",
        before: "mkdir out; echo x > out/old",
        lines: &[("fs", "{path: WORK, access: [create]}"), ("fs", "{path: WORK/out, access: [remove]}")],
        job: &["perl", "-e", "rename('out/old', 'out/new') or die $!"],
        lacks: ("remove", "/out/old"),
    },
    Case {
        name: "a_rename_to_another_directory",
        before: "mkdir a b; echo x > a/x",
        lines: &[("fs", "{path: WORK, access: [create, remove]}"), ("fs", "{path: WORK, access: [rename]}")],
        job: &["perl", "-e", "rename('a/x', 'b/x') or die $!"],
        lacks: ("rename", "/a/x"),
    },
    Case {
        name: "a_link_in_another_directory",
        before: "mkdir a b; echo x > a/x",
        lines: &[("fs", "{path: WORK, access: [create, remove]}"), ("fs", "{path: WORK, access: [rename]}")],
        job: &["perl", "-e", "link('a/x', 'b/x') or die $!"],
        lacks: ("rename", "/a/x"),
    },
    Case {
        name: "a_device_that_is_written",
        before: "",
        lines: &[("fs", "{path: /dev/zero, access: [write]}")],
        job: &["sh", "-c", "echo x > /dev/zero"],
        lacks: ("write", "/dev/zero"),
    },
    Case {
        name: "its_own_entry_of_proc",
        before: "",
        lines: &[("fs", "{path: /proc/self, access: [read]}")],
        job: &["perl", "-e", "open(my $f, '<', '/proc/self/comm') or die $!; print scalar <$f>"],
        lacks: ("read", "/proc/self/comm"),
    },
    Case {
        name: "the_only_port_that_is_connected_to",
        before: "",
        lines: &[("connect-tcp", "PORT")],
        job: &["perl", "-MIO::Socket::INET", "-e", "IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => PORT) or die $@"],
        lacks: ("connect-tcp or bind-tcp", "a TCP socket"),
    },
    Case {
        name: "one_of_two_ports",
        before: "",
        lines: &[("connect-tcp", "1"), ("connect-tcp", "PORT")],
        job: &["perl", "-MIO::Socket::INET", "-e", "IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => PORT) or die $@"],
        lacks: ("connect-tcp", "port PORT"),
    },
    Case {
        name: "a_port_that_is_bound",
        before: "",
        lines: &[("connect-tcp", "1"), ("bind-tcp", "FREE")],
        job: &["perl", "-MIO::Socket::INET", "-e", "IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => FREE, Listen => 1) or die $@"],
        lacks: ("bind-tcp", "port FREE"),
    },
    Case {
        name: "datagrams",
        before: "",
        lines: &[("connect-udp", "any")],
        job: &["perl", "-MSocket", "-e", "socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!; send($s, 'x', 0, pack_sockaddr_in(9, inet_aton('127.0.0.1'))) or die $!"],
        lacks: ("connect-udp or bind-udp", "a UDP socket"),
    },
    Case {
        name: "netlink",
        before: "",
        lines: &[("allow", "netlink")],
        job: &["perl", "-e", "socket(my $s, 16, 3, 0) or die $!"],
        lacks: ("netlink", ""),
    },
    Case {
        name: "notifications",
        before: "",
        lines: &[("allow", "notifications")],
        job: &["perl", "-e", "syscall(INOTIFY, 0) >= 0 or die $!"],
        lacks: ("notifications", ""),
    },
    Case {
        name: "modes_of_files",
        before: "echo x > a",
        lines: &[("allow", "metadata")],
        job: &["chmod", "600", "a"],
        lacks: ("metadata", ""),
    },
    Case {
        name: "priorities",
        before: "",
        lines: &[("allow", "scheduling")],
        job: &["perl", "-e", "setpriority(0, $$, getpriority(0, $$)) or die $!"],
        lacks: ("scheduling", ""),
    },
    Case {
        name: "shared_memory",
        before: "",
        lines: &[("allow", "shared-ipc")],
        job: &["perl", "-e", "my $m = shmget(0, 4096, 0600); defined $m or die $!; shmctl($m, 0, 0)"],
        lacks: ("shared-ipc", ""),
    },
    Case {
        name: "a_signal_to_another_process",
        before: "",
        lines: &[("allow", "signal")],
        job: &["perl", "-e", "kill(0, PROCESS) or die $!"],
        lacks: ("signal", "process PROCESS"),
    },
    Case {
        name: "unix_sockets",
        before: "",
        lines: &[("allow", "connect-unix")],
        job: &["perl", "-MSocket", "-e", "socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die $!; connect($s, pack_sockaddr_un('SOCKET')) or die $!"],
        lacks: ("connect-unix", ""),
    },
    Case {
        name: "abstract_unix_sockets",
        before: "",
        lines: &[("allow", "connect-unix"), ("allow", "abstract-unix")],
        job: &["perl", "-MSocket", "-e", "socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die $!; connect($s, pack('S', 1) . qq(\\0ABSTRACT)) or die $!"],
        lacks: ("abstract-unix", ""),
    },
    Case {
        name: "listening_without_a_port",
        before: "",
        lines: &[("connect-tcp", "1"), ("allow", "listen-unbound")],
        job: &["perl", "-MSocket", "-e", "socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!; listen($s, 1) or die $!"],
        lacks: ("listen-unbound", ""),
    },
    Case {
        name: "a_fragment",
        before: "",
        lines: &[("include", "base")],
        job: &["sh", "-c", "head -c 1 /dev/zero > /dev/null"],
        lacks: ("read", "/dev/zero"),
    },
];
