//! Ways out, sent as code: each is denied to a job, and succeeds as the same user without a sandbox.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use ringfence_tests::trial::{Outcome, Test};

use crate::client::get;
use crate::server::Server;
use crate::{may_skip, test};

pub fn tests() -> Vec<Test> {
    let held = TRIES.iter().map(|attack| {
        let name = attack.name.replace(' ', "_");
        may_skip(&format!("attacks::{name}_is_denied"), || try_it(attack))
    });
    let rest = [
        test(
            "attacks::reading_the_passwords_of_the_machine_is_denied",
            shadow,
        ),
        test("attacks::ending_the_server_is_denied", end),
    ];
    held.chain(rest).collect()
}

/// Ends with the number of the error that an act meets, or with 0.
pub const PRELUDE: &str = "\
import ctypes, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *(ctypes.c_long(argument) for argument in arguments)) < 0:
        raise OSError(ctypes.get_errno(), 'denied')
def attempt(act):
    try:
        act()
    except OSError as error:
        print(error, file=sys.stderr)
        sys.exit(error.errno)
    sys.exit(0)
";

struct Attack {
    name: &'static str,
    /// An expression. `D` is the directory of the test, `P` the server's number, `PORT` and `UDP` ports.
    act: &'static str,
    errno: i64,
}

const fn attack(name: &'static str, act: &'static str, errno: i64) -> Attack {
    Attack { name, act, errno }
}

const TRIES: [Attack; 22] = [
    attack(
        "reading a file of the server",
        "open(D + '/secret').read()",
        13,
    ),
    attack(
        "reading the manifest",
        "open(D + '/policy.yaml').read()",
        13,
    ),
    attack(
        "reading the environment of the server",
        "open(f'/proc/{P}/environ').read()",
        13,
    ),
    attack(
        "listing the descriptors of the server",
        "os.listdir(f'/proc/{P}/fd')",
        13,
    ),
    attack("listing the jobs", "os.listdir(D + '/state/jobs')", 13),
    attack("writing outside", "open(D + '/outside/new', 'w')", 13),
    attack(
        "making a directory outside",
        "os.mkdir(D + '/outside/directory')",
        13,
    ),
    attack(
        "removing a file outside",
        "os.remove(D + '/outside/file')",
        13,
    ),
    attack(
        "changing a mode outside",
        "os.chmod(D + '/outside', 0o700)",
        1,
    ),
    attack(
        "writing to shared memory",
        "[open('/dev/shm/' + D[-6:], 'w'), os.remove('/dev/shm/' + D[-6:])]",
        13,
    ),
    attack(
        "reading through a symlink",
        "[os.symlink(D + '/secret', 'link'), open('link').read()]",
        13,
    ),
    attack(
        "linking a file in from outside",
        "os.link(D + '/secret', 'hard')",
        18,
    ),
    attack(
        "connecting by TCP",
        "socket.create_connection(('127.0.0.1', PORT))",
        13,
    ),
    attack(
        "sending by UDP",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', UDP))",
        13,
    ),
    attack(
        "connecting to a UNIX socket",
        "socket.socket(socket.AF_UNIX).connect(D + '/outside/socket')",
        13,
    ),
    attack("listening", "socket.socket().listen()", 13),
    attack("signalling the server", "os.kill(P, 0)", 1),
    // PTRACE_SEIZE, which stops nothing by itself.
    attack("tracing the server", "call(101, 0x4206, P, 0, 0)", 1),
    // CLONE_NEWUSER.
    attack("making a user namespace", "call(272, 0x10000000)", 1),
    attack("beginning a session", "os.setsid()", 1),
    attack("making a memory file", "os.memfd_create('x')", 1),
    // Parameters at the address of a buffer that is large enough.
    attack(
        "setting up io_uring",
        "call(425, 1, ctypes.addressof(ctypes.create_string_buffer(256)))",
        38,
    ),
];

fn try_it(attack: &Attack) -> Outcome {
    let server = Server::start();
    let socket = server.path("outside/socket");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o777)).expect("ours");
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let code = format!(
        "{PRELUDE}D, P, PORT, UDP = {:?}, {}, {}, {}\nattempt(lambda: {})",
        server.path("").display().to_string().trim_end_matches('/'),
        server.pid(),
        server.address.port(),
        datagrams.local_addr().expect("its address").port(),
        attack.act
    );
    let run = server.python(&code);
    assert_eq!(run.exit, Some(attack.errno), "{run:?}");
    assert_eq!(get(server.address, "/health").status, 200);
    server.assert_clean();
    let twin = server.twin(&code);
    if twin.exit == Some(attack.errno) {
        return Outcome::Skipped(format!("denied without a sandbox too: {}", twin.stderr));
    }
    assert_eq!(twin.exit, Some(0), "without a sandbox: {twin:?}");
    Outcome::Passed
}

/// A file mode denies it too, so that there is no twin.
fn shadow() {
    let server = Server::start();
    let run = server.python(&format!(
        "{PRELUDE}attempt(lambda: open('/etc/shadow').read())"
    ));
    assert_eq!(run.exit, Some(13), "{run:?}");
}

/// The twin would end the server; signalling it is tried with one above.
fn end() {
    let server = Server::start();
    let code = "import os\nfor number in (15, 9):\n    \
        try: os.kill(os.getppid(), number)\n    \
        except PermissionError: print('denied')";
    assert_eq!(server.python(code).stdout, "denied\ndenied\n");
    assert_eq!(get(server.address, "/health").status, 200);
}
