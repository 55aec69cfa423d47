//! The journal, by journalctl.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use super::since::Since;
use super::source::{Pipe, Source};

/// Starts journalctl, if there is a journal that this user may read.
pub(super) fn journal(follow: bool, since: Option<Since>) -> Result<Source, String> {
    let journalctl = || {
        let mut command = Command::new("journalctl");
        command.args(["--system", "--no-pager", "--output=json", "--all"]);
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    };
    let tried = journalctl().arg("--lines=0").output();
    let tried = tried.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "journalctl is not installed".to_owned(),
        _ => format!("journalctl cannot be started: {error}"),
    })?;
    let said = String::from_utf8_lossy(&tried.stderr);
    if !tried.status.success() || said.starts_with("No journal files") {
        let said = said.lines().next().unwrap_or("journalctl fails");
        return Err(format!("{said} It needs the group systemd-journal or adm"));
    }
    let mut command = journalctl();
    command
        .arg("--quiet")
        .arg("--output-fields=_TRANSPORT,_AUDIT_TYPE,_AUDIT_ID,_SOURCE_REALTIME_TIMESTAMP,MESSAGE");
    if follow {
        command.arg("--follow");
        if since.is_none() {
            command.arg("--lines=0");
        }
    }
    if let Some(since) = since {
        command.arg(format!("--since=@{}", since.millis() / 1000));
    }
    for kind in ["1423", "1424", "1300"] {
        command.args(["_TRANSPORT=audit", &format!("_AUDIT_TYPE={kind}"), "+"]);
    }
    command.arg("_TRANSPORT=kernel");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("journalctl cannot be started: {error}"))?;
    let from = child.stdout.take().ok_or("journalctl has no output")?;
    Ok(Source::Pipe(Pipe {
        from: File::from(OwnedFd::from(from)),
        child: Some(child),
    }))
}
