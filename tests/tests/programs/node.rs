//! node needs beyond its libraries OpenSSL's configuration, without which it does not start, and
//! its script with the modules that this loads. Its worker threads and its thread pool need
//! nothing; the programs that it starts need what they need.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, each_user};
use crate::server::{free_ports, listener};
use ringfence_tests::install::need;

const SCRIPT: &str = r"
const { execFileSync } = require('child_process');
const fs = require('fs');
const http = require('http');
const { Worker } = require('worker_threads');

const port = Number(process.argv[2]);

async function collect(answer) {
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const child = execFileSync('cat', ['site/page'], { encoding: 'utf8' });
    const file = await fs.promises.readFile('site/page', 'utf8');
    fs.writeFileSync('work/effect', [answer, page, child, file].join());
    process.exit(0);
}

new Worker('require(`worker_threads`).parentPort.postMessage(40 + 2)', { eval: true })
    .once('message', answer => {
        const server = http.createServer((request, reply) => reply.end('served'));
        server.listen(port, '127.0.0.1', () => collect(answer));
    });
";

pub fn tests() -> Vec<Test> {
    [
        each_user("node_serves_fetches_and_writes_where_it_may", does_its_job),
        each_user("node_cannot_touch_another_folder", touches_nothing_else),
        each_user("node_cannot_connect_to_another_port", connects_nowhere_else),
        each_user(
            "node_cannot_start_a_program_that_is_not_listed",
            starts_nothing_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn does_its_job(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    scene.file("site/script.js", SCRIPT);
    scene.allows(&sandbox, &["node", "site/script.js", &port.to_string()]);
    assert_eq!(scene.text("work/effect"), "42,served,a page,a page");
    Ok(())
}

fn touches_nothing_else(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    scene.file("elsewhere/secret", "a secret");
    let read = "console.log(fs.readFileSync('elsewhere/secret', 'utf8'))";
    scene.refuses(&sandbox, &["node", "-e", read], |output| {
        stdout(output).contains("a secret")
    });
    let remove = "fs.rmSync('elsewhere/secret')";
    scene.refuses(&sandbox, &["node", "-e", remove], |_| {
        !scene.path("elsewhere/secret").exists()
    });
    Ok(())
}

fn connects_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    let (_listener, forbidden) = listener();
    let script = format!(
        "const socket = net.connect({forbidden}, '127.0.0.1', () => {{
            console.log('connected');
            socket.destroy();
        }})"
    );
    scene.refuses(&sandbox, &["node", "-e", &script], |output| {
        stdout(output).contains("connected")
    });
    Ok(())
}

fn starts_nothing_else(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    let script = "child_process.execFileSync('/usr/bin/touch', ['work/effect'])";
    scene.refuses(&sandbox, &["node", "-e", script], |_| {
        scene.path("work/effect").exists()
    });
    Ok(())
}

fn prepare(scene: &Scene, port: u16) -> Result<Sandbox, Skip> {
    need("node", "nodejs")?;
    scene.folders(&["site", "work", "elsewhere"]);
    scene.file("site/page", "a page");
    Ok(scene.sandbox(&format!(
        "--with-deps --with-deps-of cat --ro /etc/ssl/openssl.cnf --ro site --rw work \
         --bind-tcp {port} --connect-tcp {port}"
    )))
}
