//! For every lint a manifest that triggers it, and one like it that does not.

/// A lint, lines that trigger it, and lines like them that do not.
pub const CASES: &[(&str, &str, &str)] = &[
    (
        "missing-path",
        "ro: [nope]",
        "ro: [{path: nope, optional: true}]",
    ),
    // Of a file of PATH, a line for it alone counts too, and each right by itself.
    (
        "writable-programs",
        "fs: [{path: bin, access: write}]",
        "fs: [{path: bin, access: [read, execute]}]",
    ),
    (
        "writable-programs",
        "fs: [{path: bin, access: create}]",
        "fs: [{path: work, access: create}]",
    ),
    (
        "writable-programs",
        "fs: [{path: bin/tool, access: [read, write]}]",
        "ro: [bin/tool]\nrw: [bin/data]",
    ),
    (
        "writable-keys",
        "fs: [{path: .ssh, access: [create, rename]}]",
        "ro: [.ssh]",
    ),
    (
        "writable-keys",
        "fs: [{path: .ssh/deploy_key, access: write}]",
        "fs: [{path: .ssh/known_hosts, access: write}]",
    ),
    (
        "writable-startup",
        "fs: [{path: .config/autostart/tool.desktop, access: write}]",
        "fs: [{path: .config/tool, access: write}]",
    ),
    (
        "container-socket",
        "connect-unix: [runtime]",
        "connect-unix: [work]",
    ),
    (
        "container-socket",
        "allow: [connect-unix]",
        "allow: [abstract-unix]\ndeny: [connect-unix]",
    ),
    (
        "session-socket",
        "connect-unix: [{path: runtime/bus, optional: true}]",
        "connect-unix: [{path: runtime/tool.sock, optional: true}]",
    ),
    (
        "session-socket",
        "connect-unix: [runtime]",
        "fs: [{path: runtime, access: [read, write]}]",
    ),
    (
        "session-socket",
        "connect-unix: [{path: runtime/gnupg/S.agent, optional: true}]",
        "connect-unix: [work]",
    ),
    (
        "writable-startup",
        "fs: [{path: .gitconfig, access: [read, write]}]",
        "fs: [{path: .gitconfig, access: read}]",
    ),
    (
        "readable-secrets",
        "fs: [{path: .mozilla, access: read}]",
        "fs: [{path: .mozilla, access: write}]",
    ),
    (
        "readable-secrets",
        "ro: [.ssh/deploy_key]",
        "ro: [.ssh/deploy_key.pub, .ssh/known_hosts]",
    ),
    ("symlink", "ro: [link]", "ro: [work/deep]"),
    (
        "symlink",
        "ro: [/proc/mounts]",
        "fs: [{path: /proc/self/stat, access: read}]",
    ),
    ("redundant-line", "ro: [work, work/deep]", "ro: [work, bin]"),
    (
        "nested-rights",
        "fs: [{path: work, access: [read, write]}, {path: work/deep, access: read}]",
        "fs: [{path: work, access: read}, {path: work/deep, access: [read, write]}]",
    ),
    (
        "writable-and-executable",
        "rw: [work]",
        "fs: [{path: work, access: [read, write, create]}]",
    ),
    (
        "unrestricted-ports",
        "connect-tcp: [any, 443]",
        "connect-tcp: [443]",
    ),
    (
        "unrestricted-ports",
        "unrestricted: net\nbind-tcp: [80]",
        "unrestricted: net",
    ),
    ("unenforceable", "minimum-abi: 99", "minimum-abi: 0"),
    (
        "writable-programs",
        "fs: [{path: bin, access: [write, create]}]",
        "fs: [{path: bin, access: read}]",
    ),
    (
        "writable-keys",
        "fs: [{path: .ssh, access: [write]}]",
        "fs: [{path: ., access: [write], except: [.ssh]}]",
    ),
    (
        "writable-startup",
        "fs: [{path: ., access: [write]}]",
        "fs: [{path: work, access: [write]}]",
    ),
    (
        "readable-secrets",
        "fs: [{path: ., access: read}]",
        "fs: [{path: ., access: read, except: [.ssh, .aws, .azure, .docker, .kube, .gnupg, .netrc, .config, .git-credentials, .pgpass, .npmrc, .terraform.d, .vault-token, .cargo, .yarnrc.yml, .pypirc, .gem, .m2, .gradle, .composer, .my.cnf, .mylogin.cnf, .password-store, .local, .mozilla, .thunderbird, snap, .Xauthority, .ICEauthority]}]",
    ),
    (
        "container-socket",
        "connect-unix: [{path: /run, optional: true}]",
        "connect-unix: [work]",
    ),
    (
        "denied-command",
        "command: [ls]",
        "command: [ls]\nwith-deps: true",
    ),
    (
        "denied-command",
        "command: [ls]",
        "command: [ls]\ninclude: base\nro: [/usr/bin, /usr/lib]",
    ),
    (
        "denied-command",
        "command: [no-such-command]",
        "command: [ls]\nwith-deps: true",
    ),
    (
        "contradicted-expectation",
        "expect: [{allow: read, path: work}]",
        "ro: [work]\nexpect: [{allow: read, path: work}, {deny: read, path: bin}]",
    ),
    (
        "contradicted-expectation",
        "ro: [work]\nexpect: [{deny: read, path: work}]",
        "expect: [{deny: netlink}]",
    ),
    (
        "contradicted-expectation",
        "expect: [{deny: syscall, name: getpid}]",
        "syscalls: {deny: [getpid]}\nexpect: [{deny: syscall, name: getpid}]",
    ),
    // What the filter denies by itself, always or by its arguments.
    (
        "contradicted-expectation",
        "expect: [{allow: syscall, name: mount}]",
        "expect: [{deny: syscall, name: mount}, {deny: syscall, name: clone}, {allow: syscall, name: clone}]",
    ),
    (
        "contradicted-expectation",
        "command: [ls]\nexpect: [{allow: read, path: /usr/bin/ls}]",
        "command: [ls]\nwith-deps: true\nexpect: [{allow: read, path: /usr/bin/ls}]",
    ),
    (
        "denied-command",
        "command: [ls]\nwith-deps-of: [/no/such/program]",
        "command: [ls]\nwith-deps-of: [/usr/bin/ls]",
    ),
    (
        "unknown-lint",
        "lints: {allow: [symlnk]}",
        "lints: {allow: [symlink]}",
    ),
];
