//! What an act needs around it: files to try it on, sockets that listen.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ringfence::{Class, PortClass};

use super::outcome::Found;
use super::output::Standing;

/// Why an act on a missing path tells nothing.
pub(super) const NOTHING: &str =
    "nothing is there, so nothing is proved; correct the path, or create it";

/// What an act needs to be there; taken away with it.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) words: Vec<String>,
    made: Vec<PathBuf>,
    tcp: Option<TcpListener>,
    unix: Option<UnixListener>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for path in &self.made {
            // What the act took away, or never made, is not there.
            let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
        }
    }
}

/// A name that nobody else has, in a directory.
fn fresh(directory: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    directory.join(format!(".ringfence-test-{}-{number}", std::process::id()))
}

pub(super) fn on_path(word: &str, path: &Path) -> Result<Scene, Found> {
    let mut scene = Scene::default();
    let is_directory = path.is_dir();
    let directory = match path.parent() {
        _ if is_directory => path,
        // A name alone, of a file in the current directory.
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent.unwrap_or(path),
    };
    if !directory.is_dir() {
        return Err((Standing::Fails, NOTHING.to_owned()));
    }
    let cannot = |error: io::Error| {
        let directory = directory.display();
        let sentence = format!("cannot be tried: no file can be made in {directory}: {error}");
        (Standing::Untried, sentence)
    };
    let mut file = || {
        let path = fresh(directory);
        scene.made.push(path.clone());
        File::create_new(&path).map_err(cannot).map(|_| path)
    };
    let about = match word {
        "write" if is_directory => vec![file()?],
        "remove" => vec![file()?],
        "create" | "make-device" => {
            let path = fresh(directory);
            scene.made.push(path.clone());
            vec![path]
        }
        // The word is about another directory.
        "rename" => {
            let from = file()?;
            let other = fresh(directory);
            std::fs::create_dir(&other).map_err(cannot)?;
            let to = other.join("moved");
            scene.made.extend([to.clone(), other]);
            vec![from, to]
        }
        _ => vec![path.to_owned()],
    };
    scene.words.push(word.to_owned());
    for path in about {
        let path = path.into_os_string().into_string();
        let no_text = |path: OsString| {
            let sentence = format!("cannot be tried: {} is no UTF-8", path.display());
            (Standing::Untried, sentence)
        };
        scene.words.push(path.map_err(no_text)?);
    }
    Ok(scene)
}

pub(super) fn on_port(class: PortClass, port: u16, address: Option<IpAddr>) -> Scene {
    let at = SocketAddr::new(address.unwrap_or(Ipv4Addr::LOCALHOST.into()), port);
    let mut scene = Scene::default();
    scene.words = vec![class.name().to_owned(), at.to_string()];
    // A port that is taken answers too.
    if class == PortClass::ConnectTcp && port != 0 && at.ip().is_loopback() {
        scene.tcp = TcpListener::bind(at).ok();
    }
    scene
}

/// Whether a process can try the class without harm and without unsafe code.
pub(super) fn is_tried(class: Class) -> bool {
    [
        Class::AbstractUnix,
        Class::Metadata,
        Class::TcpFastOpen,
        Class::Signal,
        Class::Ptrace,
        Class::Debug,
        Class::Netlink,
        Class::OtherSockets,
        Class::OtherStreams,
        Class::ListenUnbound,
        Class::IoUring,
        Class::Namespaces,
        Class::Notifications,
        Class::Mount,
        Class::SharedIpc,
        Class::Stat,
        Class::OtherProcesses,
        Class::Scheduling,
    ]
    .contains(&class)
}

pub(super) fn on_class(class: Class) -> Result<Scene, Found> {
    let mut scene = Scene::default();
    scene.words.push(class.name().to_owned());
    match class {
        Class::AbstractUnix => {
            let name = fresh(Path::new("")).display().to_string();
            let listener = UnixAddr::from_abstract_name(&name)
                .and_then(|address| UnixListener::bind_addr(&address));
            scene.unix = Some(listener.map_err(|error| unlistened(&error))?);
            scene.words.push(name);
        }
        Class::Metadata => {
            let path = fresh(&std::env::temp_dir());
            File::create_new(&path).map_err(|error| {
                let sentence = format!(
                    "cannot be tried: no file can be made at {}: {error}",
                    path.display()
                );
                (Standing::Untried, sentence)
            })?;
            scene.words.push(path.display().to_string());
            scene.made.push(path);
        }
        Class::TcpFastOpen => {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| unlistened(&error))?;
            scene.words.push(
                listener
                    .local_addr()
                    .map_err(|error| unlistened(&error))?
                    .to_string(),
            );
            scene.tcp = Some(listener);
        }
        _ => {}
    }
    Ok(scene)
}

fn unlistened(error: &io::Error) -> Found {
    let sentence = format!("cannot be tried: nothing can listen: {error}");
    (Standing::Untried, sentence)
}
