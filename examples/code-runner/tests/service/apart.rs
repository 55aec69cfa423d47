//! Two jobs at once: neither sees, changes or ends the other.

use ringfence_tests::trial::Test;
use serde_json::json;

use crate::server::{Server, Setup};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("apart::a_job_has_no_way_to_another", others),
        test("apart::a_job_that_kills_all_it_can_kills_itself", kill_all),
    ]
}

/// What a job tries on another, and how it is denied.
const TRIES: [(&str, &str, i64); 9] = [
    ("reads its file", "open(f'{directory}/own').read()", 13),
    ("lists its directory", "os.listdir(directory)", 13),
    (
        "enters it and lists",
        "os.chdir(directory); os.listdir('.')",
        13,
    ),
    ("writes into it", "open(f'{directory}/new', 'w')", 13),
    ("changes its mode", "os.chmod(directory, 0o700)", 1),
    (
        "reads its environment",
        "open(f'/proc/{pid}/environ').read()",
        13,
    ),
    ("lists its descriptors", "os.listdir(f'/proc/{pid}/fd')", 13),
    ("signals it", "os.kill(pid, 0)", 1),
    // PTRACE_SEIZE, which stops nothing by itself.
    ("traces it", "call(101, 0x4206, pid, 0, 0)", 1),
];

fn others() {
    let server = Setup::new().policy("wall: 10s", "wall: 300s").start();
    let mut victim = server.stream(
        "python",
        "import os, time\nopen('own', 'w').write('mine')\n\
         print(os.getcwd(), os.getpid())\ntime.sleep(300)",
    );
    let told = victim.stdout();
    let (directory, pid) = told.split_once(' ').expect("two words");
    for (what, act, errno) in TRIES {
        let code = format!(
            "{}directory, pid = {directory:?}, {pid}\nattempt(lambda: [{}])",
            crate::attacks::PRELUDE,
            act.replace("; ", ", ")
        );
        let run = server.python(&code);
        assert_eq!(run.exit, Some(errno), "{what}: {run:?}");
        let twin = server.twin(&code);
        assert_eq!(twin.exit, Some(0), "without a sandbox {what}: {twin:?}");
    }
    assert!(
        server
            .path("state/jobs")
            .join(directory)
            .join("own")
            .exists()
    );
}

fn kill_all() {
    let server = Server::start();
    let mut victim = server.stream("python", "import time\nprint(1)\ntime.sleep(2)\nprint(2)");
    assert_eq!(victim.stdout(), "1");
    let run = server.python("import os\nos.kill(-1, 9)");
    assert_eq!(run.limit, None, "{run:?}");
    let run = server.python("import os\nos.kill(0, 9)");
    assert_eq!((run.exit, run.signal), (None, Some(9)));
    assert_eq!(victim.stdout(), "2");
    assert_eq!(victim.line().expect("its end")["exit"], json!(0));
}
