//! Java needs its whole runtime, the machine's libraries, which it loads on demand, and its
//! configuration, which Debian keeps in `/etc/java-VERSION-openjdk` behind symbolic links. Its
//! performance data wants `/tmp`; without it, it goes on in silence.

use std::path::Path;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, each_user, libraries};
use crate::server::{free_ports, listener};
use ringfence_tests::install::{need, need_found};

const PROGRAM: &str = "site/Program.java";

const SOURCE: &str = r#"
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.util.concurrent.*;

class Program {
    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    public static void main(String[] arguments) throws Exception {
        try {
            int port = Integer.parseInt(arguments[1]);
            switch (arguments[0]) {
                case "converse" -> converse(port, Path.of(arguments[2]));
                case "connect" -> new Socket(LOOPBACK, port).close();
                case "write" -> new FileOutputStream(arguments[2]).close();
            }
            System.out.println("done");
        } catch (IOException error) {
            System.err.println(error);
            System.exit(1);
        }
    }

    /** Sends a line to itself, from one thread to another, and writes it to a file. */
    static void converse(int port, Path effect) throws Exception {
        var pool = Executors.newCachedThreadPool();
        try (var server = new ServerSocket(port, 1, LOOPBACK)) {
            var heard = pool.submit(() -> {
                try (var peer = server.accept()) {
                    return new String(peer.getInputStream().readAllBytes());
                }
            });
            try (var peer = new Socket(LOOPBACK, port)) {
                peer.getOutputStream().write("heard".getBytes());
            }
            Files.writeString(effect, heard.get());
        } finally {
            pool.shutdownNow();
        }
    }
}
"#;

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "java_compiles_converses_and_writes_where_it_may",
            does_its_job,
        ),
        each_user(
            "java_cannot_write_or_connect_elsewhere",
            touches_nothing_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn does_its_job(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    let port = port.to_string();
    scene.allows(
        &sandbox,
        &["java", PROGRAM, "converse", &port, "work/effect"],
    );
    assert_eq!(scene.text("work/effect"), "heard");
    Ok(())
}

fn touches_nothing_else(scene: &Scene) -> Result<(), Skip> {
    let [port] = free_ports();
    let sandbox = prepare(scene, port)?;
    let write = ["java", PROGRAM, "write", "0", "elsewhere/effect"];
    scene.refuses(&sandbox, &write, |_| {
        scene.path("elsewhere/effect").exists()
    });

    let (_listener, forbidden) = listener();
    let connect = ["java", PROGRAM, "connect", &forbidden.to_string()];
    scene.refuses(&sandbox, &connect, |output| stdout(output).contains("done"));
    Ok(())
}

fn prepare(scene: &Scene, port: u16) -> Result<Sandbox, Skip> {
    const JDK: &str = "default-jdk-headless";

    need("javac", JDK)?;
    let runtime = need_found("the folder of Java's runtime", JDK, || {
        let java = Path::new("/usr/bin/java").canonicalize().ok()?;
        java.ancestors().nth(2).map(Path::to_owned)
    })?;
    let settings = need_found("the folder of Java's configuration", JDK, || {
        let file = runtime.join("conf/net.properties").canonicalize().ok()?;
        file.parent().map(Path::to_owned)
    })?;
    scene.folders(&["site", "work", "elsewhere"]);
    scene.file(PROGRAM, SOURCE);
    let [runtime, settings] = [runtime, settings].map(|path| path.display().to_string());
    let libraries = libraries();
    Ok(scene.sandbox(&format!(
        "--with-deps --ro {runtime} --ro {settings} --ro {libraries} --ro site --rw work \
         --bind-tcp {port} --connect-tcp {port}"
    )))
}
