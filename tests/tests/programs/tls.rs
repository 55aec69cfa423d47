//! A TLS server with a throw-away certificate that is its own authority.

use crate::scene::{Scene, Skip, words};
use crate::server::{Server, answers};
use ringfence_tests::install::need;

/// The certificate to trust, in the folder of the scene.
pub const CERTIFICATE: &str = "tls/certificate.pem";

/// What the server's page holds.
pub const PAGE: &str = "s_server";

/// Makes the certificate of `localhost`.
pub fn certify(scene: &Scene) -> Result<(), Skip> {
    need("openssl", "openssl")?;
    scene.folders(&["tls"]);
    let request = format!(
        "openssl req -x509 -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout tls/key.pem -out {CERTIFICATE}"
    );
    scene.prepare(&words(&request));
    Ok(())
}

/// Serves a page that reports the connection. Low ports need the user of the tests.
pub fn serve(scene: &Scene, port: u16) -> Server {
    let command = format!(
        "openssl s_server -www -key tls/key.pem -cert {CERTIFICATE} -accept 127.0.0.1:{port}"
    );
    Server::start(&mut scene.service(&words(&command)), || answers(port))
}
