//! apt-get download needs apt's and dpkg's configuration and state, the method that its source
//! names (`http`) with its libraries, a TMPDIR, the resolver's files, UDP to the name server, and
//! the source's port. `/etc/passwd` lets it, as root, find the user that its methods run as.
//!
//! The machine's own source is asked for a package that every Debian has, of ten kilobytes.

use std::path::PathBuf;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::install::package_lists;
use crate::scene::{Scene, Skip, each_user, run};

const POLICY: &str = "--with-deps --with-deps-of apt-get --with-deps-of dpkg \
    --ro /etc/apt --ro /etc/dpkg --ro /usr/share/dpkg --ro /var/lib/apt --ro /var/lib/dpkg \
    --ro /etc/passwd --ro /etc/hosts --ro /etc/nsswitch.conf --ro /etc/resolv.conf \
    --fs read,write=/dev/null --rw work --connect-udp any --bind-udp any";

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
    let source = Source::ask(scene)?;
    let sandbox = scene.sandbox(&source.policy(source.port));
    scene.allows(
        &sandbox,
        &download("cd work && exec apt-get download hostname"),
    );
    assert!(package(scene, "work").is_some());
    Ok(())
}

fn downloads_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let source = Source::ask(scene)?;
    let sandbox = scene.sandbox(&source.policy(source.port));
    let elsewhere = download("cd elsewhere && exec apt-get download hostname");
    scene.refuses(&sandbox, &elsewhere, |_| {
        package(scene, "elsewhere").is_some()
    });
    Ok(())
}

fn reaches_one_port(scene: &Scene) -> Result<(), Skip> {
    let source = Source::ask(scene)?;
    let sandbox = scene.sandbox(&source.policy(source.port + 1));
    let work = download("cd work && exec apt-get download hostname");
    scene.refuses(&sandbox, &work, |_| package(scene, "work").is_some());
    Ok(())
}

fn download(script: &str) -> [&str; 3] {
    ["sh", "-c", script]
}

fn package(scene: &Scene, folder: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(scene.path(folder)).expect("a folder of the scene");
    files
        .map(|file| file.expect("a folder can be read").path())
        .find(|file| file.extension().is_some_and(|extension| extension == "deb"))
}

/// Where this machine gets its packages from.
struct Source {
    method: String,
    port: u16,
    temporary: PathBuf,
}

impl Source {
    fn ask(scene: &Scene) -> Result<Self, Skip> {
        package_lists()?;
        scene.folders(&["work", "elsewhere"]);
        let address = scene.prepare(&["apt-get", "download", "--print-uris", "hostname"]);
        let address = stdout(&address);
        let (method, port) = if address.starts_with("'https://") {
            ("https", 443)
        } else if address.starts_with("'http://") {
            ("http", 80)
        } else {
            return Err(Skip(format!("this machine's source is {address}")));
        };
        scene.folders(&["probe"]);
        let probe = download("cd probe && exec apt-get download hostname");
        if !run(&mut scene.plain(&probe)).status.success() {
            return Err(Skip(format!("this machine cannot reach {address}")));
        }
        Ok(Self {
            method: method.to_owned(),
            port,
            temporary: scene.path("work"),
        })
    }

    fn policy(&self, port: u16) -> String {
        format!(
            "{POLICY} --with-deps-of /usr/lib/apt/methods/{} --connect-tcp {port} --env TMPDIR={}",
            self.method,
            self.temporary.display()
        )
    }
}
