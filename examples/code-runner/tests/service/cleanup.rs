//! The directory of a job is gone in the end, whatever the job made of it, and nothing else is.

use ringfence_tests::trial::Test;

use crate::server::{Server, Setup, eventually};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("cleanup::symlinks_are_removed_and_not_followed", symlinks),
        test("cleanup::odd_names_modes_and_kinds_are_removed", odd),
        test("cleanup::a_tree_is_removed_however_deep", deep),
        test(
            "cleanup::directories_that_the_job_closed_are_removed",
            closed,
        ),
        test(
            "cleanup::what_a_killed_server_left_is_removed_at_the_next_start",
            leftover,
        ),
        test("cleanup::a_job_cannot_move_its_directory_away", moved),
    ]
}

fn symlinks() {
    let server = Server::start();
    let outside = server.path("outside");
    let run = server.python(&format!(
        "import os\noutside = {:?}\n\
         os.symlink(outside, 'directory'); os.symlink(outside + '/file', 'file')\n\
         os.mkdir('deep'); os.symlink(outside, 'deep/directory'); os.symlink('..', 'deep/up')\n\
         os.symlink('/', 'root'); os.symlink('loop', 'loop'); os.symlink('nowhere', 'x')\n\
         os.remove('main.py'); os.symlink(outside + '/file', 'main.py')",
        outside.display().to_string()
    ));
    assert_eq!(run.exit, Some(0), "{run:?}");
    server.assert_clean();
    let kept = std::fs::read_to_string(outside.join("file")).expect("it is still there");
    assert_eq!(kept, "original");
}

fn odd() {
    let server = Server::start();
    let run = server.python(
        "import os\n\
         os.mkdir(b'\\xff\\xfe'); open(b'\\xff\\xfe/\\x01\\n\"', 'w'); open('...', 'w'); open(' ', 'w')\n\
         open('n' * 255, 'w'); os.mkdir('moved-0'); open('moved-0/x', 'w'); os.mkdir('moved-0/moved-0')\n\
         os.close(os.open('file', os.O_CREAT | os.O_WRONLY, 0)); os.mkdir('directory', 0)\n\
         os.mkfifo('fifo'); os.mkfifo('moved-0/fifo', 0)\n\
         os.link('main.py', 'hard'); open('open', 'w').write('x')\n\
         [open(f'{number}', 'w') for number in range(100)]",
    );
    assert_eq!(run.exit, Some(0), "{run:?}");
    server.assert_clean();
}

fn deep() {
    let server = Setup::new()
        .policy("wall: 10s", "wall: 60s")
        .policy("cpu: 10s", "cpu: 60s")
        .start();
    // Deeper than a path can be long, than a stack could recurse, and than files could be open.
    let run = server.python(
        "import os\n\
         for depth in range(5_000):\n    \
         os.mkdir('d'); os.mkdir('e'); open('f', 'w').close(); os.chdir('d')",
    );
    assert_eq!(run.exit, Some(0), "{run:?}");
    server.assert_clean();
    assert_eq!(server.sh("echo 1").stdout, "1\n");
}

/// Only a policy that leaves `metadata` alone lets a job close a directory that has something in it.
fn closed() {
    let server = Setup::new()
        .policy("  - metadata #", "  # - metadata")
        .start();
    for mode in ["0", "0o400", "0o500", "0o200", "0o100"] {
        let run = server.python(&format!(
            "import os\n\
             os.makedirs('a/b/c/d'); open('a/b/c/d/file', 'w'); os.makedirs('x/y'); open('x/y/z', 'w')\n\
             for path in ['a/b/c/d/file', 'a/b/c/d', 'a/b/c', 'a/b', 'a', 'x/y']: os.chmod(path, {mode})\n\
             os.chmod('x', 0o500); os.chmod('.', {mode})"
        ));
        assert_eq!(run.exit, Some(0), "{run:?}");
    }
    server.assert_clean();
}

fn leftover() {
    let server = Server::start();
    let mut job = server.stream(
        "python",
        "import os, time\nos.makedirs('a/b')\nprint(1)\ntime.sleep(5)",
    );
    assert_eq!(job.stdout(), "1");
    assert_eq!(server.workspaces().len(), 1);
    let server = server.replace();
    assert_eq!(server.workspaces(), Vec::<String>::new());
    // Nobody is left to end the job before it ends by itself.
    eventually("the job has ended", || server.processes().is_empty());
}

fn moved() {
    let server = Server::start();
    let state = server.path("state").display().to_string();
    for act in [
        "os.rename(os.getcwd(), os.path.dirname(os.getcwd()) + '/other')".to_owned(),
        format!("os.rename(os.getcwd(), {state:?} + '/other')"),
        "os.rmdir(os.getcwd())".to_owned(),
        "os.mkdir('../other')".to_owned(),
    ] {
        let run = server.python(&format!(
            "{}attempt(lambda: {act})",
            crate::attacks::PRELUDE
        ));
        assert!(matches!(run.exit, Some(13 | 18)), "{act}: {run:?}");
    }
    server.assert_clean();
}
