//! The example policies, each proved by `ringfence test` with the real program.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use ringfence_manifest::{Manifest, Variables};
use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::psql::programs;
use crate::scene::{Scene, Skip, denied, ordinary_user, run, words};
use crate::server::free_ports;
use crate::tls;
use ringfence_tests::install::need;

pub fn tests() -> Vec<Test> {
    let every = Test::new("policies_are_all_proved", all_tried);
    [
        ordinary_user("policy_nginx_holds", nginx),
        ordinary_user("policy_postgresql_holds", postgresql),
        ordinary_user("policy_redis_holds", redis),
        ordinary_user("policy_python_web_holds", python_web),
        ordinary_user("policy_document_converter_holds", document_converter),
        ordinary_user("policy_ci_build_holds", ci_build),
        ordinary_user("policy_ai_agent_holds", ai_agent),
    ]
    .into_iter()
    .flatten()
    .chain([every])
    .collect()
}

const NAMES: [&str; 7] = [
    "nginx",
    "postgresql",
    "redis",
    "python-web",
    "document-converter",
    "ci-build",
    "ai-agent",
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/policies")
}

fn all_tried() {
    let Ok(entries) = std::fs::read_dir(directory()) else {
        // Not beside its sources: in a virtual machine.
        return;
    };
    for entry in entries {
        let entry = entry.expect("an entry");
        let text = std::fs::read_to_string(entry.path()).expect("a manifest");
        assert_eq!(
            ringfence_manifest::format(&text),
            Ok(text),
            "ringfence fmt changes it"
        );
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let name = name.strip_suffix(".yaml").expect("a manifest");
        assert!(NAMES.contains(&name), "{name} is not proved");
    }
}

/// Proves a policy with these values of its variables, and these words behind the file.
fn prove(
    scene: &Scene,
    name: &str,
    values: &[(&str, String)],
    command: &[&str],
) -> Result<(), Skip> {
    let example = directory().join(format!("{name}.yaml"));
    let Ok(text) = std::fs::read_to_string(&example) else {
        return Err(Skip(
            "the example policies are not on this machine".to_owned(),
        ));
    };
    // Where every user can read it, and beside what the policy lets the command write.
    scene.file("policy.yaml", &text);
    let workbench = executable("ringfence").display().to_string();
    let policy = scene.path("policy.yaml").display().to_string();
    let mut line = vec![
        workbench,
        "test".to_owned(),
        policy,
        "--require-all".to_owned(),
    ];
    for (name, value) in values {
        line.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    if !command.is_empty() {
        line.push("--".to_owned());
        line.extend(command.iter().map(|word| (*word).to_owned()));
    }
    let line: Vec<_> = line.iter().map(String::as_str).collect();
    let output = run(&mut scene.plain(&line));
    assert!(
        output.status.success(),
        "{name}\n{}{}",
        stdout(&output),
        stderr(&output)
    );

    let variables = values
        .iter()
        .fold(Variables::default(), |variables, (name, value)| {
            variables.set(*name, value)
        });
    let (manifest, _) =
        Manifest::read(&example, &variables).unwrap_or_else(|faults| panic!("{faults}"));
    let rows = stdout(&output)
        .lines()
        .filter(|line| line.starts_with("holds"))
        .count();
    assert_eq!(rows, manifest.expectations.len(), "{}", stdout(&output));
    Ok(())
}

fn at(scene: &Scene, name: &str) -> String {
    scene.path(name).display().to_string()
}

fn nginx(scene: &Scene) -> Result<(), Skip> {
    need("nginx", "nginx-light")?;
    let [port] = free_ports();
    scene.folders(&["conf", "pages", "state"]);
    scene.file("pages/index.html", "a page");
    let pages = at(scene, "pages");
    scene.file(
        "conf/nginx.conf",
        &format!(
            "pid pid; events {{}} http {{ access_log off; client_body_temp_path body; proxy_temp_path \
             proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi; server {{ \
             listen 127.0.0.1:{port}; root {pages}; }} }}"
        ),
    );
    let values = [
        ("CONF", at(scene, "conf")),
        ("PAGES", pages),
        ("STATE", at(scene, "state")),
        ("PORT", port.to_string()),
    ];
    prove(scene, "nginx", &values, &[])
}

fn postgresql(scene: &Scene) -> Result<(), Skip> {
    let programs = programs()?;
    let [port] = free_ports();
    let (bin, data) = (programs.display().to_string(), at(scene, "data"));
    let initdb = format!("{bin}/initdb -A trust -U tester --no-sync -D {data}");
    let made = run(&mut scene.plain(&words(&initdb)));
    assert!(made.status.success(), "{}", stderr(&made));
    let values = [("BIN", bin), ("DATA", data), ("PORT", port.to_string())];
    prove(scene, "postgresql", &values, &[])
}

fn redis(scene: &Scene) -> Result<(), Skip> {
    need("redis-server", "redis-server")?;
    let [port] = free_ports();
    scene.folders(&["data"]);
    let values = [("DATA", at(scene, "data")), ("PORT", port.to_string())];
    prove(scene, "redis", &values, &[])
}

/// Asks its upstream before it answers anyone: it is ready only if that has answered.
const APPLICATION: &str = "\
import http.server, pathlib, ssl, sys, urllib.request
here = pathlib.Path(__file__).parent
trusting = ssl.create_default_context(cafile=here / 'certificate.pem')
page = urllib.request.urlopen((here / 'upstream').read_text(), context=trusting, timeout=20).read()
assert b's_server' in page
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
";

fn python_web(scene: &Scene) -> Result<(), Skip> {
    need("python3", "python3")?;
    tls::certify(scene)?;
    let [port, upstream, other] = free_ports();
    let _service = tls::serve(scene, upstream);
    scene.folders(&["app"]);
    scene.file("app/app.py", APPLICATION);
    scene.file("app/certificate.pem", &scene.text(tls::CERTIFICATE));
    scene.file("app/upstream", &format!("https://localhost:{upstream}/"));
    let values = |upstream: u16| {
        [
            ("APP", at(scene, "app")),
            ("PORT", port.to_string()),
            ("UPSTREAM", upstream.to_string()),
        ]
    };
    prove(scene, "python-web", &values(upstream), &[])?;
    // The same service at a port that the policy does not name.
    let workbench = executable("ringfence").display().to_string();
    let policy = at(scene, "policy.yaml");
    let mut line = vec![workbench, "run".to_owned(), "--policy".to_owned(), policy];
    for (name, value) in values(other) {
        line.extend(["--set".to_owned(), format!("{name}={value}")]);
    }
    let line: Vec<_> = line.iter().map(String::as_str).collect();
    let elsewhere = &mut scene.plain(&line);
    denied(&run(elsewhere), elsewhere);
    Ok(())
}

fn document_converter(scene: &Scene) -> Result<(), Skip> {
    need("convert", "imagemagick")?;
    scene.folders(&["job"]);
    scene.file("job/in.ppm", "P3 1 1 255 10 20 30\n");
    prove(
        scene,
        "document-converter",
        &[("JOB", at(scene, "job"))],
        &[],
    )?;
    assert!(scene.path("job/out.png").exists());
    Ok(())
}

fn ci_build(scene: &Scene) -> Result<(), Skip> {
    need("make", "make")?;
    need("gcc", "gcc")?;
    scene.folders(&["tree", "tmp"]);
    scene.file("tree/Makefile", "all: program\n\t./program > out\n");
    scene.file(
        "tree/program.c",
        "#include <stdio.h>\nint main(void) { puts(\"done\"); return 0; }\n",
    );
    let values = [("TREE", at(scene, "tree")), ("TMP", at(scene, "tmp"))];
    prove(scene, "ci-build", &values, &[])?;
    assert_eq!(scene.text("tree/out"), "done\n");
    Ok(())
}

fn ai_agent(scene: &Scene) -> Result<(), Skip> {
    need("git", "git")?;
    scene.folders(&[
        "project",
        "project/src",
        "project/.git",
        "project/.git/hooks",
    ]);
    scene.file("project/.env", "TOKEN=1");
    scene.file("project/src/main.py", "print('done')\n");
    scene.folders(&[".ssh"]);
    scene.file(".ssh/id_ed25519", "a key");
    let engine = scene.path("engine.sock");
    let _engine = UnixListener::bind(&engine).expect("a socket in the scene");
    std::fs::set_permissions(&engine, Permissions::from_mode(0o777)).expect("our own socket");
    let session = "python3 src/main.py > src/out && ! cat .env && ! touch .git/hooks/pre-commit";
    let values = [
        ("PROJECT", at(scene, "project")),
        ("HOME", scene.path("").display().to_string()),
        ("ENGINE", engine.display().to_string()),
    ];
    prove(
        scene,
        "ai-agent",
        &values,
        &["/usr/bin/bash", "-c", session],
    )?;
    assert_eq!(scene.text("project/src/out"), "done\n");
    assert!(!scene.path("project/.git/hooks/pre-commit").exists());
    // The twin: nothing but the sandbox keeps the agent from secrets and hooks.
    let free = "cat .env ../.ssh/id_ed25519 /proc/1/stat && touch .git/hooks/pre-commit";
    let output = run(scene
        .plain(&["/usr/bin/bash", "-c", free])
        .current_dir(scene.path("project")));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("TOKEN=1"));
    assert!(scene.path("project/.git/hooks/pre-commit").exists());
    Ok(())
}
