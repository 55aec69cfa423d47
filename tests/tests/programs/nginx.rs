//! nginx, as an ordinary user, needs its site for reading and one folder for its PID and for
//! temporary files, which it makes at start whether they are used or not. It needs none of the
//! users' and groups' files, `/dev/null` or `/etc/nginx`, if the configuration names neither a
//! user nor MIME types and `-e` keeps it from its compiled-in log file.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stderr};

use crate::scene::{Scene, Skip, denied, ordinary_user, run};
use crate::server::{Server, answers, free_ports};
use ringfence_tests::install::need;

pub fn tests() -> Vec<Test> {
    [
        ordinary_user("nginx_serves_a_site_that_it_may_only_read", serves),
        ordinary_user("nginx_cannot_listen_on_a_second_port", listens_on_one_port),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn serves(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    prepare(scene, &[port])?;
    let mut nginx = scene.sandboxed(&sandbox(scene, port), &NGINX);
    let _server = Server::start(&mut nginx, || answers(port));
    assert!(page(port).ends_with("a page"), "{}", page(port));
    Ok(())
}

fn listens_on_one_port(scene: &Scene) -> Result<(), Skip> {
    let [allowed, forbidden] = free_ports();
    prepare(scene, &[allowed, forbidden])?;
    let mut nginx = scene.sandboxed(&sandbox(scene, allowed), &NGINX);
    let output = run(&mut nginx);
    denied(&output, &nginx);
    let bind = format!("bind() to 127.0.0.1:{forbidden} failed (13: Permission denied)");
    assert!(stderr(&output).contains(&bind), "{}", stderr(&output));
    assert!(!answers(forbidden) && !answers(allowed));

    let _twin = Server::start(&mut scene.plain(&NGINX), || answers(forbidden));
    assert!(page(allowed).ends_with("a page") && page(forbidden).ends_with("a page"));
    Ok(())
}

const NGINX: [&str; 7] = ["nginx", "-e", "stderr", "-p", ".", "-c", "site/nginx.conf"];

fn sandbox(scene: &Scene, port: u16) -> Sandbox {
    scene.sandbox(&format!("--with-deps --ro site --rw run --bind-tcp {port}"))
}

fn prepare(scene: &Scene, ports: &[u16]) -> Result<(), Skip> {
    need("nginx", "nginx-light")?;
    scene.folders(&["site", "run"]);
    scene.file("site/index.html", "a page");
    let listens = ports.iter().map(|port| format!("listen 127.0.0.1:{port};"));
    let listens = listens.collect::<Vec<_>>().join(" ");
    scene.file(
        "site/nginx.conf",
        &format!(
            "daemon off;
pid run/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path run/body;
    proxy_temp_path run/proxy;
    fastcgi_temp_path run/fastcgi;
    uwsgi_temp_path run/uwsgi;
    scgi_temp_path run/scgi;
    server {{ {listens} root site; }}
}}
"
        ),
    );
    Ok(())
}

/// What the server answers, with its headers.
fn page(port: u16) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server listens");
    stream
        .write_all(b"GET / HTTP/1.0\r\n\r\n")
        .expect("a request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    answer
}
