//! Command lines of landrun as manifests.

use ringfence_export::import::{self, Imported};

fn imported(line: &str) -> Imported {
    import::landrun(line.split(' ').map(Into::into)).unwrap()
}

fn yaml(line: &str) -> String {
    imported(line).manifest.to_yaml().unwrap()
}

#[test]
fn every_flag_has_its_line() {
    let yaml = yaml(
        "/usr/bin/landrun --ro /etc,/srv --rox=/usr --rw /tmp --rwx /opt --unix /run/s --bind-tcp 80,443 \
         --connect-tcp 5432 --env HOME --env A=b --best-effort --ldd -- psql -h x --ro y",
    );
    let expected = "\
version: 1
command:
  - psql
  - \"-h\"
  - x
  - \"--ro\"
  - y
ro:
  - /usr
fs:
  - {path: /etc, access: [read]}
  - {path: /srv, access: [read]}
  - {path: /tmp, access: [read, write, create, remove, rename, ioctl]}
  - {path: /opt, access: [read, execute, write, create, remove, rename, ioctl]}
connect-unix:
  - /run/s
bind-tcp:
  - 80
  - 443
connect-tcp:
  - 5432
best-effort: true
with-deps: true
environment:
  clear: true
  keep: [HOME]
  set:
    A: b
";
    assert_eq!(yaml, expected);
}

#[test]
fn what_is_to_be_recorded_of_the_command_is_a_key() {
    let imported = imported("landrun --log-enable-subprocesses --rox /usr ls");
    assert!(imported.manifest.policy.audit());
    assert!(
        !self::imported("landrun --rox /usr ls")
            .manifest
            .policy
            .audit()
    );
}

#[test]
fn the_words_behind_the_command_are_its_own() {
    let imported = imported("landrun --rox /usr ls --ro /x");
    assert_eq!(imported.manifest.command, ["ls", "--ro", "/x"]);
    assert_eq!(imported.manifest.policy.paths().len(), 1);
}

#[test]
fn a_missing_path_may_be_missing_only_where_landrun_ignores_it() {
    let optional = |line| imported(line).manifest.policy.paths()[0].optional;
    assert!(optional("--rox /usr --ignore-missing ls"));
    assert!(!optional("--rox /usr ls"));
}

#[test]
fn only_a_flag_leaves_a_part_alone() {
    let unrestricted = |line| imported(line).manifest.policy.unrestricted();
    let none = unrestricted("landrun ls");
    assert!(!none.fs && !none.net && !none.ipc && !none.syscalls);
    assert!(unrestricted("--unrestricted-filesystem ls").fs);
    assert!(unrestricted("--unrestricted-network ls").net);
    assert!(unrestricted("--unrestricted-scoped ls").ipc);
}

#[test]
fn what_landrun_would_refuse_is_refused() {
    for (line, why) in [
        ("--rwo /usr ls", "did you mean --rw"),
        ("-r /usr ls", "no flag -r"),
        ("--connect-tcp x ls", "`x` is no port"),
        ("--connect-tcp 65536 ls", "`65536` is no port"),
        ("--ro", "missing argument"),
        ("--best-effort=1 ls", "unexpected argument"),
    ] {
        let error = import::landrun(line.split(' ').map(Into::into)).unwrap_err();
        assert!(error.to_string().contains(why), "{line}: {error}");
    }
}
