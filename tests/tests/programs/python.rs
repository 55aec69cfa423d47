//! Python needs its standard library beyond what `--with-deps` finds, and the libraries that its
//! extension modules load on import (`ssl`: libssl, `sqlite3`: libsqlite3): no header of the
//! interpreter names those. Random numbers come from a system call and need no path.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, each_user, libraries};
use crate::server::listener;
use ringfence_tests::install::need;

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "python_imports_modules_and_writes_where_it_may",
            imports_and_writes,
        ),
        each_user("python_cannot_read_another_folder", reads_nowhere_else),
        each_user("python_cannot_connect_to_a_port", connects_nowhere),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn imports_and_writes(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let script = "import ctypes, hashlib, json, random, sqlite3, ssl, subprocess, tempfile
with tempfile.TemporaryFile(dir='work'):
    json.dump({'answer': 42}, open('work/answer', 'w'))";
    scene.allows(&sandbox, &["python3", "-c", script]);
    assert_eq!(scene.text("work/answer"), "{\"answer\": 42}");
    Ok(())
}

fn reads_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.folders(&["elsewhere"]);
    scene.file("elsewhere/secret", "a secret");
    let script = "print(open('elsewhere/secret').read())";
    scene.refuses(&sandbox, &["python3", "-c", script], |output| {
        stdout(output).contains("a secret")
    });
    let script = "import os; print(os.listdir('elsewhere'))";
    scene.refuses(&sandbox, &["python3", "-c", script], |output| {
        stdout(output).contains("secret")
    });
    Ok(())
}

fn connects_nowhere(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let (_listener, port) = listener();
    let script = format!(
        "import socket; socket.create_connection(('127.0.0.1', {port})); print('connected')"
    );
    scene.refuses(&sandbox, &["python3", "-c", &script], |output| {
        stdout(output).contains("connected")
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<Sandbox, Skip> {
    let policy = policy(scene)?;
    scene.folders(&["work"]);
    Ok(scene.sandbox(&format!("{policy} --rw work")))
}

/// What Python needs to import whatever belongs to it.
pub fn policy(scene: &Scene) -> Result<String, Skip> {
    need("python3", "python3")?;
    let script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = scene.prepare(&["python3", "-c", script]);
    let modules = stdout(&output);
    let libraries = libraries();
    Ok(format!("--with-deps --ro {modules} --ro {libraries}"))
}
