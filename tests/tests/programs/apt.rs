//! apt-get download needs apt's and dpkg's configuration and state, the method that its source
//! names (`http`) with its libraries, a TMPDIR, the resolver's files, UDP to the name server, and
//! the source's port. `/etc/passwd` lets it, as root, find the user that its methods run as.
//!
//! The machine's own source is asked for a package that every Debian has, of ten kilobytes.

use std::path::PathBuf;
use std::sync::LazyLock;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, each_user, run};
use ringfence_tests::install::package_lists;

const POLICY: &str = "--with-deps --with-deps-of apt-get --with-deps-of dpkg \
    --ro /etc/apt --ro /etc/dpkg --ro /usr/share/dpkg --ro /var/lib/apt --ro /var/lib/dpkg \
    --ro /etc/passwd --ro /etc/hosts --ro /etc/nsswitch.conf --ro /etc/resolv.conf \
    --fs read,write=/dev/null --rw work --connect-udp any --bind-udp any";

const WORK: [&str; 3] = ["sh", "-c", "cd work && exec apt-get download hostname"];
const ELSEWHERE: [&str; 3] = ["sh", "-c", "cd elsewhere && exec apt-get download hostname"];

pub fn tests() -> Vec<Test> {
    [
        each_user("apt_downloads_a_package_where_it_may_write", downloads),
        each_user(
            "apt_cannot_download_a_package_elsewhere",
            downloads_nowhere_else,
        ),
        each_user(
            "apt_cannot_reach_a_source_at_another_port",
            reaches_one_port,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn downloads(scene: &Scene) -> Result<(), Skip> {
    let source = prepare(scene)?;
    scene.allows(&source.sandbox(scene, source.port), &WORK);
    assert!(package(scene, "work").is_some());
    Ok(())
}

fn downloads_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let source = prepare(scene)?;
    let sandbox = source.sandbox(scene, source.port);
    scene.refuses(&sandbox, &ELSEWHERE, |_| {
        package(scene, "elsewhere").is_some()
    });
    Ok(())
}

fn reaches_one_port(scene: &Scene) -> Result<(), Skip> {
    let source = prepare(scene)?;
    let sandbox = source.sandbox(scene, source.port + 1);
    scene.refuses(&sandbox, &WORK, |_| package(scene, "work").is_some());
    Ok(())
}

fn prepare(scene: &Scene) -> Result<&'static Source, Skip> {
    static SOURCE: LazyLock<Result<Source, String>> =
        LazyLock::new(|| Source::ask().map_err(|Skip(reason)| reason));

    scene.folders(&["work", "elsewhere"]);
    SOURCE.as_ref().map_err(|reason| Skip(reason.clone()))
}

fn package(scene: &Scene, folder: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(scene.path(folder)).expect("a folder of the scene");
    files
        .map(|file| file.expect("a folder can be read").path())
        .find(|file| file.extension().is_some_and(|extension| extension == "deb"))
}

/// Where this machine gets its packages from.
struct Source {
    method: &'static str,
    port: u16,
}

impl Source {
    fn ask() -> Result<Self, Skip> {
        package_lists()?;
        let scene = Scene::ordinary()?;
        let address = scene.prepare(&["apt-get", "download", "--print-uris", "hostname"]);
        let address = stdout(&address);
        let source = [("'http://", "http", 80), ("'https://", "https", 443)]
            .into_iter()
            .find(|(start, ..)| address.starts_with(start));
        let Some((_, method, port)) = source else {
            return Err(Skip(format!("this machine's source is {address}")));
        };
        scene.folders(&["work"]);
        if !run(&mut scene.plain(&WORK)).status.success() {
            return Err(Skip(format!("this machine does not reach {address}")));
        }
        Ok(Self { method, port })
    }

    fn sandbox(&self, scene: &Scene, port: u16) -> Sandbox {
        let temporary = scene.path("work");
        scene.sandbox(&format!(
            "{POLICY} --with-deps-of /usr/lib/apt/methods/{} --connect-tcp {port} --env TMPDIR={}",
            self.method,
            temporary.display()
        ))
    }
}
