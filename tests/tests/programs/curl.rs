//! The command of the project's first page, as written: `tool` is a copy of curl. It needs no
//! `--with-deps`, since the loader, the libraries and the program are all under `/usr`; nor the
//! resolver's files, since curl knows `localhost` by itself.
//!
//! Root runs it with the very paths, if they are not in use; others with the same paths below a
//! temporary folder, and only if they may serve on port 443.

use std::path::{Path, PathBuf};

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use rustix::process::geteuid;

use crate::scene::{PATH, Scene, Skip, each_user, refused, run};
use crate::server::fixed_ports;
use crate::tls::{CERTIFICATE, PAGE, certify, serve};
use ringfence_tests::install::need;

const COMMAND: &str = "landlock-runner --ro /usr --ro /etc/ssl/certs --rw /var/lib/tool \
    --rw /tmp --connect-tcp 443 -- /usr/local/bin/tool \"$@\"";

pub fn tests() -> Vec<Test> {
    each_user("a_tool_reaches_port_443_and_not_8443", reaches_one_port)
}

fn reaches_one_port(scene: &Scene) -> Result<(), Skip> {
    let curl = need("curl", "curl")?;
    need("update-ca-certificates", "ca-certificates")?;
    let _turn = fixed_ports(&[443, 8443])?;
    certify(scene)?;
    let _servers = [serve(scene, 443), serve(scene, 8443)];
    let tool = Tool::install(scene, &curl)?;

    let output = run(&mut tool.sandboxed(scene, "https://localhost"));
    assert!(output.status.success(), "{output:?}");
    assert!(tool.page().contains(PAGE), "{}", tool.page());

    std::fs::remove_file(tool.folder.join("page")).expect("our own file");
    refused(
        &mut tool.sandboxed(scene, "https://localhost:8443"),
        &mut tool.plain(scene, "https://localhost:8443"),
        |_| tool.page().contains(PAGE),
    );
    Ok(())
}

/// curl under another name, with a folder of its own; removed afterwards.
struct Tool {
    program: PathBuf,
    folder: PathBuf,
    command: String,
}

impl Tool {
    fn install(scene: &Scene, curl: &Path) -> Result<Self, Skip> {
        let (program, folder) = ("/usr/local/bin/tool", "/var/lib/tool");
        let tool = if geteuid().is_root() {
            for path in [program, folder] {
                if Path::new(path).exists() {
                    return Err(Skip(format!("{path} is already taken on this machine")));
                }
            }
            Self {
                program: program.into(),
                folder: folder.into(),
                command: COMMAND.to_owned(),
            }
        } else {
            let [own_program, own_folder] = ["tool", "state"].map(|name| scene.path(name));
            Self {
                command: COMMAND
                    .replace("--ro /usr ", &format!("--ro /usr --ro {program} "))
                    .replace(program, &own_program.display().to_string())
                    .replace(folder, &own_folder.display().to_string()),
                program: own_program,
                folder: own_folder,
            }
        };
        std::fs::copy(curl, &tool.program).expect("a copy of curl");
        std::fs::create_dir(&tool.folder).expect("a new folder");
        scene.give(&tool.folder);
        std::fs::copy(scene.path(CERTIFICATE), tool.folder.join("ca"))
            .expect("a copy of the certificate");
        Ok(tool)
    }

    fn sandboxed(&self, scene: &Scene, url: &str) -> std::process::Command {
        let runner = executable("landlock-runner");
        let directory = runner.parent().expect("an executable is in a folder");
        let mut command = self.shell(scene, &self.command, url);
        command.env("PATH", format!("{}:{PATH}", directory.display()));
        command
    }

    /// The same without the wrapper.
    fn plain(&self, scene: &Scene, url: &str) -> std::process::Command {
        let (_, tool) = self.command.split_once(" -- ").expect("the command");
        self.shell(scene, tool, url)
    }

    fn shell(&self, scene: &Scene, script: &str, url: &str) -> std::process::Command {
        let [ca, page] = ["ca", "page"].map(|name| self.folder.join(name).display().to_string());
        scene.plain(&[
            "sh",
            "-c",
            script,
            "sh",
            "--silent",
            "--show-error",
            "--verbose",
            "--cacert",
            &ca,
            "--output",
            &page,
            url,
        ])
    }

    fn page(&self) -> String {
        std::fs::read_to_string(self.folder.join("page")).unwrap_or_default()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.program);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
