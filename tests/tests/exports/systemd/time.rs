//! `limits: wall`, which is systemd's, in a service under every protection that systemd has.

use std::fs;

use tempfile::TempDir;

use super::export;
use super::machine::Machine;

/// All that systemd can hide or protect, since no line here is about it.
const EVERYTHING: [&str; 8] = [
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
];

pub fn ends_a_service(folder: &TempDir) {
    let units = folder.path().join("units");
    let state = folder.path().join("state");
    for made in [&units, &state] {
        fs::create_dir(made).expect("a folder");
    }
    for (name, wall) in [("timed", "500ms"), ("untimed", "30s")] {
        let manifest = folder.path().join(format!("{name}.yaml"));
        let script = format!("sleep 2; echo > /srv/state/{name}");
        let text = format!(
            "version: 1\ninclude: [base]\nro: [/usr/bin, /bin]\nrw: [/srv/state]\ncommand: [/bin/sh, -c, \
             '{script}']\nenvironment: {{set: {{PATH: /usr/bin:/bin}}}}\nlimits: {{wall: {wall}}}\n"
        );
        fs::write(&manifest, text).expect("the manifest");
        export(&[
            manifest.to_str().expect("UTF-8"),
            "--whole-unit",
            "--installed-in",
            "/srv/units",
            "-o",
            units.to_str().expect("UTF-8"),
        ]);
        let unit = units.join(format!("{name}.service"));
        let text = fs::read_to_string(&unit).expect("it was written");
        for directive in EVERYTHING {
            assert!(
                text.lines().any(|line| line == directive),
                "{directive}: {text}"
            );
        }
        let result = format!(
            "Type=exec\nExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT > /srv/state/{name}.result'\n"
        );
        fs::write(&unit, text.replace("Type=exec\n", &result)).expect("it is ours");
    }
    let result =
        |name: &str| fs::read_to_string(state.join(format!("{name}.result"))).unwrap_or_default();
    Machine::start(&units, &["timed", "untimed"]).until("both have ended", || {
        result("timed").ends_with('\n') && result("untimed").ends_with('\n')
    });
    assert_eq!(result("timed"), "timeout\n");
    assert!(!state.join("timed").exists());
    assert_eq!(result("untimed"), "success\n");
    assert!(state.join("untimed").exists());
}
