//! A systemd as process 1 of its own namespaces: processes, mounts, control groups, network.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const SYSTEMD: &str = "/lib/systemd/systemd";

/// Far more than any of the services here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Its own control groups, `/run` and loopback (Debian package iproute2), a folder under a short name, and
/// then systemd.
const SETUP: &str = "mount -t cgroup2 none /sys/fs/cgroup && mount -t tmpfs none /run && \
                     ip link set lo up && mount --bind \"$1\" /srv && shift && exec \"$@\"";

/// A systemd that runs until this is dropped.
pub struct Machine(Child);

impl Machine {
    /// Whether this machine can have one, or why not.
    pub fn possible() -> Result<(), String> {
        if !Path::new(SYSTEMD).exists() {
            return Err(format!(
                "{SYSTEMD} is not installed (Debian package systemd)"
            ));
        }
        let tried = namespaces(Path::new("/")).arg("true").output();
        match tried {
            Ok(Output { status, .. }) if status.success() => Ok(()),
            Ok(Output { stderr, .. }) => Err(format!(
                "namespaces with a /run and control groups of their own cannot be had here: {}",
                String::from_utf8_lossy(&stderr).trim()
            )),
            Err(error) => Err(format!(
                "unshare cannot be started (Debian package util-linux): {error}"
            )),
        }
    }

    /// Starts it with the units of a directory, and these services. What the directory is in they also
    /// see at `/srv`, which is no place that systemd's protections are about.
    pub fn start(units: &Path, services: &[&str]) -> Self {
        let wants: Vec<_> = services
            .iter()
            .map(|name| format!("Wants={name}.service\n"))
            .collect();
        std::fs::write(
            units.join("tests.target"),
            format!(
                "[Unit]\nDescription=tests\nDefaultDependencies=no\n{}",
                wants.concat()
            ),
        )
        .expect("a unit");
        for name in services {
            // Nothing of what services of a whole machine wait for is there.
            let directory = units.join(format!("{name}.service.d"));
            std::fs::create_dir_all(&directory).expect("a folder");
            std::fs::write(
                directory.join("alone.conf"),
                "[Unit]\nDefaultDependencies=no\n",
            )
            .expect("a drop-in");
        }
        let folder = units.parent().expect("a directory in a folder");
        let child = namespaces(folder)
            .args([
                SYSTEMD,
                "--system",
                "--unit=tests.target",
                "--log-target=null",
            ])
            .args(["--show-status=no", "--crash-reboot=no"])
            .env("container", "ringfence")
            .env("SYSTEMD_UNIT_PATH", units)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unshare starts");
        Self(child)
    }

    /// Waits until something holds, and ends the machine.
    pub fn until(mut self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < LIMIT, "not in {LIMIT:?}: {what}");
            let ended = self.0.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "systemd ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // `--kill-child` takes process 1 along, and that all that it has started.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `unshare`, to which a command is yet to be added; `/srv` is this folder there.
fn namespaces(folder: &Path) -> Command {
    let mut unshare = Command::new("unshare");
    unshare
        .args([
            "--pid",
            "--mount-proc",
            "--mount",
            "--fork",
            "--ipc",
            "--uts",
            "--cgroup",
        ])
        .args(["--net", "--kill-child", "sh", "-c", SETUP, "sh"])
        .arg(folder);
    unshare
}
