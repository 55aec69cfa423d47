//! Which files are opened, which one it was, and what happens when none can be.

use std::env;
use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use tempfile::TempDir;

use super::super::file::Opened;
use super::super::{Environment, Error, closure};
use super::{bare_system, closure_on, libraries};

/// Set in the process in which descriptors may become scarce.
const CHILD: &str = "RINGFENCE_TEST_FEW_DESCRIPTORS";

/// Whether `act` opens `path`, other than as a mere place.
fn is_opened_by(path: &Path, act: impl FnOnce()) -> bool {
    let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, path, WatchFlags::OPEN).unwrap();
    act();
    let mut buffer = [MaybeUninit::uninit(); 512];
    Reader::new(&watch, &mut buffer).next().is_ok()
}

#[test]
fn what_is_no_regular_file_is_not_even_opened() {
    let home = TempDir::new().unwrap();
    let fifo = home.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for (name, special) in [("a", fifo.as_path()), ("b", Path::new("/dev/full"))] {
        let link = home.path().join(name);
        symlink(special, &link).unwrap();
        let opened = is_opened_by(special, || {
            let refused = Opened::open(&link).unwrap_err();
            assert_eq!(refused.to_string(), "it is not a regular file");
        });
        assert!(!opened, "{}", special.display());
    }
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(is_opened_by(&file, || _ = Opened::open(&file).unwrap()));
}

#[test]
fn each_file_is_listed_with_its_identity() {
    let closure = closure(Path::new("/bin/sh"), &Environment::default()).unwrap();
    for file in closure.files {
        let metadata = fs::metadata(&file.path).unwrap();
        let identity = (metadata.dev(), metadata.ino());
        assert_eq!((file.device, file.inode), identity, "{file:?}");
    }
}

#[test]
fn a_lack_of_descriptors_is_an_error_and_not_a_library_that_is_missing() {
    if env::var_os(CHILD).is_some() {
        return search_with_few_descriptors();
    }
    // In a process of its own: the other tests need descriptors too.
    let module = module_path!().split_once("::").unwrap().1;
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\" \"$@\" --exact --nocapture"])
        .arg(env::current_exe().unwrap())
        .arg(format!(
            "{module}::a_lack_of_descriptors_is_an_error_and_not_a_library_that_is_missing"
        ))
        .env(CHILD, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let complaint = String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{complaint}"
    );
}

/// Frees one descriptor after the other: there must not be an answer before there is the whole of it.
fn search_with_few_descriptors() {
    let search = || closure_on(bare_system(), Path::new("/bin/ls"), &Environment::default());
    let whole = search().unwrap();
    let mut hoard: Vec<_> = (0..).map_while(|_| File::open("/dev/null").ok()).collect();
    let mut lacking = Vec::new();
    let answer = loop {
        match search() {
            Err(Error::NoDescriptors { path, .. }) => lacking.push(path),
            answer => break answer.unwrap(),
        }
        hoard.pop().expect("a descriptor to free");
    };
    assert_eq!(answer.files, whole.files);
    assert_eq!(lacking.last(), libraries(&whole).first());
}
