//! That a real service works behind both fences: the example policy of a web application in Python.

use std::fs;
use std::path::Path;

use ringfence_tests::trial::Outcome;
use tempfile::TempDir;

use super::machine::Machine;
use super::{example, export, on_a_machine};

/// It answers only if it was denied what the policy does not allow.
const APPLICATION: &str = "\
import http.server, socket, ssl, sys

def denied(act):
    try:
        act()
    except PermissionError:
        return
    sys.exit('not denied')

denied(lambda: open('/etc/shadow'))
denied(lambda: socket.create_connection(('127.0.0.1', 8000)))
ssl.create_default_context()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
";

/// Asks until it is answered.
const NEIGHBOUR: &str = "\
import socket, sys, time

limit = time.time() + 20
while True:
    try:
        socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()
        break
    except OSError:
        if time.time() > limit:
            sys.exit('no answer')
        time.sleep(0.05)
";

pub fn an_application_answers() -> Outcome {
    if !Path::new("/usr/bin/python3").exists() {
        return Outcome::Skipped("python3 is not installed (Debian package python3)".to_owned());
    }
    if example("python-web").is_none() {
        return Outcome::Skipped("the example policies are not on this machine".to_owned());
    }
    on_a_machine(answers)
}

fn answers(folder: &TempDir) {
    let at = folder.path().display();
    let units = folder.path().join("units");
    for made in [&units, &folder.path().join("app")] {
        fs::create_dir(made).expect("a folder");
    }
    fs::write(folder.path().join("app/app.py"), APPLICATION).expect("the application");
    fs::write(folder.path().join("neighbour.py"), NEIGHBOUR).expect("its neighbour");
    let manifest = folder.path().join("web.yaml");
    let text = fs::read(example("python-web").expect("it is there")).expect("it can be read");
    fs::write(&manifest, text).expect("the manifest");
    export(&[
        manifest.to_str().expect("UTF-8"),
        "--whole-unit",
        "--set",
        &format!("APP={at}/app"),
        "--set",
        "PORT=8000",
        "-o",
        units.to_str().expect("UTF-8"),
    ]);
    let python = "/usr/bin/python3";
    for (name, command) in [
        ("open", format!("{python} {at}/app/app.py 8001")),
        ("ask", format!("{python} {at}/neighbour.py 8000")),
    ] {
        let text = format!(
            "[Unit]\nAfter=web.service\n[Service]\nExecStart={command}\nExecStopPost=/bin/sh -c 'echo \
             $SERVICE_RESULT > {at}/{name}'\n"
        );
        fs::write(units.join(format!("{name}.service")), text).expect("a unit");
    }
    let result = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    Machine::start(&units, &["web", "open", "ask"]).until("both have ended", || {
        result("open").ends_with('\n') && result("ask").ends_with('\n')
    });
    assert_eq!(result("ask"), "success\n");
    // The twin: without a fence nothing is denied, and the application ends.
    assert_eq!(result("open"), "exit-code\n");
}
