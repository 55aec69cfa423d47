//! openssl needs its configuration for requests and certificates, and nothing else: randomness
//! comes from a system call. To a server it is given an address: a name would need the resolver's
//! files (`/etc/hosts`, `/etc/nsswitch.conf`, `/etc/resolv.conf`) and UDP.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stderr;

use crate::scene::{Scene, Skip, each_user, words};
use crate::server::free_ports;
use crate::tls::{CERTIFICATE, certify, serve};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro /etc/ssl/openssl.cnf --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "openssl_makes_a_certificate_where_it_may_write",
            makes_a_certificate,
        ),
        each_user("openssl_cannot_write_a_key_elsewhere", writes_nowhere_else),
        each_user(
            "openssl_connects_to_the_allowed_port_alone",
            connects_to_one_port,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn makes_a_certificate(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let request = "openssl req -x509 -newkey ed25519 -nodes -subj /CN=localhost \
        -keyout work/key.pem -out work/certificate.pem";
    scene.allows(&scene.sandbox(POLICY), &words(request));
    let verify = "openssl verify -CAfile work/certificate.pem work/certificate.pem";
    scene.prepare(&words(verify));
    assert!(scene.text("work/key.pem").contains("PRIVATE KEY"));
    Ok(())
}

fn writes_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let genpkey = [
        "openssl",
        "genpkey",
        "-algorithm",
        "ed25519",
        "-out",
        "elsewhere/key.pem",
    ];
    scene.refuses(&scene.sandbox(POLICY), &genpkey, |_| {
        scene.text("elsewhere/key.pem").contains("PRIVATE KEY")
    });
    Ok(())
}

fn connects_to_one_port(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    certify(scene)?;
    let [allowed, forbidden] = free_ports();
    let _servers = [serve(scene, allowed), serve(scene, forbidden)];
    let sandbox = scene.sandbox(&format!(
        "--with-deps --ro /etc/ssl/openssl.cnf --ro {CERTIFICATE} --connect-tcp {allowed}"
    ));
    let [allowed, forbidden] = [allowed, forbidden].map(|port| format!("127.0.0.1:{port}"));
    let client = |address| {
        let command = ["openssl", "s_client", "-brief", "-verify_return_error"];
        [&command[..], &["-CAfile", CERTIFICATE, "-connect", address]].concat()
    };
    let connected = |output: &_| stderr(output).contains("CONNECTION ESTABLISHED");

    assert!(connected(&scene.allows(&sandbox, &client(&allowed))));
    scene.refuses(&sandbox, &client(&forbidden), connected);
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("openssl", "openssl")?;
    scene.folders(&["work", "elsewhere"]);
    Ok(())
}
