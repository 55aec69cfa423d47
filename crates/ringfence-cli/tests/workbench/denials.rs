//! `ringfence denials` on texts: what is shown, what is left out, what is told of it, and how following ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::{stderr, stdout};

/// Two denials of one domain, a third of another, and what a program wrote to look like one.
const LOG: &str = "\
type=LANDLOCK_ACCESS msg=audit(1729738800.268:30): domain=195ba459b blockers=fs.read_file path=\"/etc/shadow\" dev=\"vda2\" ino=365
type=LANDLOCK_DOMAIN msg=audit(1729738800.268:30): domain=195ba459b status=allocated mode=enforcing pid=286 uid=0 exe=\"/usr/bin/landlock-runner\" comm=\"landlock-runner\"
type=SYSCALL msg=audit(1729738800.268:30): arch=c000003e syscall=257 success=no exit=-13 ppid=272 pid=286 auid=0 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\" key=(null)
type=LANDLOCK_ACCESS msg=audit(1729738801.500:31): domain=195ba459b blockers=fs.read_file path=\"/etc/shadow\" dev=\"vda2\" ino=365
type=UNKNOWN[1423] msg=audit(1729738802.000:32): domain=195ba459c blockers=net.connect_tcp daddr=10.0.0.1 dest=443
Nov 26 09:00:00 host evil: audit: type=1423 audit(1.000:1): domain=1 blockers=ptrace opid=1 ocomm=\"x\"
";

struct Text {
    _directory: tempfile::TempDir,
    file: PathBuf,
}

impl Text {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("audit.log");
        std::fs::write(&file, text).expect("a file");
        Self {
            _directory: directory,
            file,
        }
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = crate::command();
    command.arg("denials").args(arguments).env("TZ", "UTC");
    command
}

fn of_file(file: &Path, arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command.arg("--file").arg(file);
    command.output().expect("ringfence starts")
}

#[test]
fn alike_denials_are_shown_once_with_what_would_allow_them() {
    let text = Text::new(LOG);
    let output = of_file(&text.file, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let expected = "\
denied: read /etc/shadow
  fs.read_file, 2 times, 2024-10-24 03:00:00.268 to 2024-10-24 03:00:01.500
  domain 195ba459b, made by landlock-runner (pid 286, uid 0, /usr/bin/landlock-runner)
  done by cat (pid 286, /usr/bin/cat)
  to allow it, add
    --fs read=/etc/shadow
  or in the manifest
    fs:
      - {path: /etc/shadow, access: [read]}
  warning: that lets secrets be read: /etc/shadow

denied: connect-tcp 443 (10.0.0.1)
  net.connect_tcp, 2024-10-24 03:00:02.000
  domain 195ba459c; who made it is not among the records
  to allow it, add
    --connect-tcp 443
  or in the manifest
    connect-tcp:
      - 443
";
    assert_eq!(stdout(&output), expected);
    let told = "1 lines speak of Landlock's records where the kernel writes none";
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let mut child = command(&["--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ringfence starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(LOG.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(stdout(&output), stdout(&of_file(&Text::new(LOG).file, &[])));
}

#[test]
fn a_policy_is_asked_and_what_it_allows_came_from_elsewhere() {
    let text = Text::new(LOG);
    let output = of_file(&text.file, &["--connect-tcp", "443"]);
    let said = stdout(&output);
    assert!(
        said.contains("this policy allows it by `--connect-tcp 443`: another layer"),
        "{said}"
    );
    assert!(said.contains("--fs read=/etc/shadow"), "{said}");
}

#[test]
fn what_was_not_asked_for_is_left_out() {
    let text = Text::new(LOG);
    let shown = |arguments: &[&str]| {
        let output = of_file(&text.file, &[arguments, &["--json"]].concat());
        let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let denials = all["denials"].as_array().expect("a list").clone();
        let acts = denials
            .iter()
            .map(|denial| denial["denied"].as_str().map(str::to_owned));
        acts.collect::<Option<Vec<_>>>().expect("texts")
    };
    let (read, connect) = ("read /etc/shadow", "connect-tcp 443 (10.0.0.1)");
    assert_eq!(shown(&[]), [read, connect]);
    for (arguments, expected) in [
        (&["--pid", "286"][..], &[read][..]),
        (&["--pid", "1"], &[]),
        (&["--domain", "195ba459c"], &[connect]),
        (&["--exe", "cat"], &[read]),
        (&["--exe", "/usr/bin/landlock-runner"], &[read]),
        (&["--exe", "at"], &[]),
        (&["--since", "2024-10-24T03:00:02Z"], &[connect]),
        (&["--since", "today"], &[]),
    ] {
        assert_eq!(shown(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_understood_is_counted_and_fails() {
    let cut = "type=1423 msg=audit(1.000:1): domain=1 blockers=fs.read_file path=\"/etc/sha\n";
    let text = Text::new(&format!("{LOG}{cut}"));
    let output = of_file(&text.file, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("1 records could not be understood"), "{said}");
}

#[test]
fn names_do_not_reach_the_terminal_as_they_are() {
    // ESC, a line that looks like another denial, and bytes that are no text.
    let name = "2F1B5B33316D0A64656E6965643A20FF";
    let text = Text::new(&format!(
        "type=1423 msg=audit(1.000:1): domain=1 blockers=fs.read_file path={name} dev=\"v\" ino=1\n"
    ));
    let said = stdout(&of_file(&text.file, &[]));
    assert!(
        said.starts_with("denied: read /\\u{1b}[31m\\ndenied: \u{fffd}\n"),
        "{said}"
    );
    assert!(
        !said.contains('\u{1b}') && said.matches("\ndenied:").count() == 0,
        "{said}"
    );
    assert!(said.contains("a manifest cannot say it"), "{said}");
}

#[test]
fn what_cannot_be_used_says_why_and_what_to_do() {
    for (arguments, told) in [
        (
            &["--file", "/no/such/file"][..],
            "cannot read /no/such/file",
        ),
        (&["--file", "/"], "directory"),
        (&["--file", "/dev/null", "--since", "soon"], "write 10min"),
        (
            &["--file", "/dev/null", "--domain", "xyz"],
            "such as 195ba459b",
        ),
        (
            &["--file", "/dev/null", "--policy", "/no/such/file"],
            "cannot use",
        ),
        (&["--source", "netlink"], "add --follow"),
    ] {
        let output = command(arguments).output().expect("ringfence starts");
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let times = stderr(&output).matches(told).count();
        assert_eq!(times, 1, "{arguments:?}: {}", stderr(&output));
    }
    let nothing = command(&["--file", "/dev/null"])
        .output()
        .expect("ringfence starts");
    assert_eq!(stdout(&nothing), "no denials in /dev/null\n");
    assert_eq!(nothing.status.code(), Some(0));
}

struct Following {
    child: Child,
    shown: BufReader<ChildStdout>,
}

impl Following {
    fn start(file: &Path) -> Self {
        let mut child = command(&["--follow", "--json", "--file"])
            .arg(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ringfence starts");
        let shown = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, shown }
    }

    fn next(&mut self) -> String {
        let mut line = String::new();
        self.shown.read_line(&mut line).expect("a line");
        let shown: Value = serde_json::from_str(&line).expect("JSON");
        shown["denied"].as_str().expect("a denial").to_owned()
    }

    fn end(mut self) -> Value {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
        let mut rest = String::new();
        self.shown.read_to_string(&mut rest).expect("a text");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
        serde_json::from_str(&rest).expect("a summary")
    }
}

#[test]
fn a_file_is_followed_as_it_grows_and_as_another_takes_its_name_until_a_signal() {
    let line = |number: u32, path: &str| {
        format!(
            "type=1423 msg=audit(1.000:{number}): domain=1 blockers=fs.read_file path=\"{path}\" dev=\"v\" ino=1\n"
        )
    };
    let text = Text::new(&line(1, "/a"));
    let mut following = Following::start(&text.file);
    assert_eq!(following.next(), "read /a");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&text.file)
        .expect("a file");
    let second = line(2, "/b");
    let (begin, end) = second.split_at(40);
    file.write_all(begin.as_bytes()).expect("written");
    std::thread::sleep(std::time::Duration::from_millis(400));
    file.write_all(end.as_bytes()).expect("written");
    assert_eq!(following.next(), "read /b");
    std::fs::rename(&text.file, text.file.with_extension("log.1")).expect("renamed");
    std::fs::write(&text.file, line(3, "/c")).expect("a file");
    assert_eq!(following.next(), "read /c");
    let summary = following.end();
    assert_eq!(summary["records"], 3, "{summary}");
}

#[test]
fn a_pipe_that_stays_open_is_followed_until_a_signal() {
    let mut child = command(&["--follow", "--json", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ringfence starts");
    let mut input = child.stdin.take().expect("a pipe");
    let shown = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut following = Following { child, shown };
    input.write_all(LOG.as_bytes()).expect("it reads");
    assert_eq!(following.next(), "read /etc/shadow");
    assert_eq!(following.next(), "connect-tcp 443 (10.0.0.1)");
    // Nothing comes any more, and it is not stuck in reading.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(following.end()["doubtful"], 1);
    drop(input);
}
