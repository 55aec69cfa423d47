//! Which places are sensitive, by the reason. A name that ends in `/` is a directory in which every file counts.

use super::Kind;

/// Where names begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// The home directory.
    Home,
    /// The directory of the user's sockets, `/run/user/NUMBER`.
    Runtime,
    /// `/`.
    System,
}

impl Kind {
    /// The places of this kind, but for those that the environment names.
    pub(super) fn names(self) -> [(Root, &'static [&'static str]); 3] {
        let (home, runtime, system) = match self {
            Self::Programs => (PROGRAMS_AT_HOME, NONE, NONE),
            Self::Keys => (KEYS_AT_HOME, NONE, KEYS_OF_SYSTEM),
            Self::Startup => (STARTUP_AT_HOME, NONE, STARTUP_OF_SYSTEM),
            Self::Secrets => (SECRETS_AT_HOME, NONE, SECRETS_OF_SYSTEM),
            Self::ContainerSocket => (ENGINES_AT_HOME, ENGINES_OF_USER, ENGINES_OF_SYSTEM),
            Self::AgentSocket => (AGENTS_AT_HOME, AGENTS_OF_USER, NONE),
            Self::SessionSocket => (NONE, SESSION_OF_USER, SESSION_OF_SYSTEM),
        };
        [
            (Root::Home, home),
            (Root::Runtime, runtime),
            (Root::System, system),
        ]
    }
}

const NONE: &[&str] = &[];

/// Login shells put these on PATH, before what the system has.
const PROGRAMS_AT_HOME: &[&str] = &[".local/bin/", "bin/", ".cargo/bin/", "go/bin/"];

/// Whoever writes here logs in, or lets a login start a command (`ProxyCommand`, `rc`).
const KEYS_AT_HOME: &[&str] = &[".ssh/authorized_keys", ".ssh/"];
const KEYS_OF_SYSTEM: &[&str] = &[
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssh/",
    "root/.ssh/authorized_keys",
    "root/.ssh/",
];

/// What runs by itself, or what programs that are run every day take commands from.
const STARTUP_AT_HOME: &[&str] = &[
    // Shells.
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bashrc",
    ".bash_aliases",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".zlogout",
    ".config/fish/config.fish",
    ".config/fish/",
    // Logins and sessions.
    ".pam_environment",
    ".xprofile",
    ".xsession",
    ".xsessionrc",
    ".xinitrc",
    ".config/environment.d/",
    ".config/autostart/",
    ".config/systemd/user/",
    ".local/share/systemd/user/",
    ".local/share/dbus-1/services/",
    ".local/share/applications/",
    // git runs aliases, pagers, filters and hooks that stand there.
    ".gitconfig",
    ".config/git/",
    // Editors and debuggers.
    ".vimrc",
    ".vim/",
    ".config/nvim/",
    ".emacs",
    ".emacs.d/",
    ".config/emacs/",
    ".gdbinit",
    ".tmux.conf",
    // Linkers, wrappers and registries of builds.
    ".cargo/config.toml",
    ".cargo/config",
    ".npmrc",
    ".config/pip/",
];
const STARTUP_OF_SYSTEM: &[&str] = &[
    "etc/profile",
    "etc/profile.d/",
    "etc/bash.bashrc",
    "etc/environment",
    "etc/zsh/",
    "etc/crontab",
    "etc/anacrontab",
    "etc/cron.d/",
    "etc/cron.hourly/",
    "etc/cron.daily/",
    "etc/cron.weekly/",
    "etc/cron.monthly/",
    "var/spool/cron/",
    "etc/systemd/",
    "run/systemd/system/",
    "usr/lib/systemd/",
    "usr/local/lib/systemd/",
    "etc/init.d/",
    "etc/rc.local",
    "etc/xdg/autostart/",
    "etc/udev/rules.d/",
    "etc/apt/apt.conf.d/",
    "etc/gitconfig",
    // What every program loads, and who may become whom.
    "etc/ld.so.preload",
    "etc/ld.so.conf.d/",
    "etc/pam.d/",
    "etc/sudoers",
    "etc/sudoers.d/",
];

/// What lets whoever reads it be somebody.
const SECRETS_AT_HOME: &[&str] = &[
    // Private keys.
    ".ssh/id_ed25519",
    ".ssh/id_rsa",
    ".ssh/",
    ".gnupg/private-keys-v1.d",
    ".gnupg/",
    ".config/sops/",
    // Clouds and clusters.
    ".aws/credentials",
    ".aws/",
    ".azure/",
    ".config/gcloud/",
    ".config/rclone/",
    ".kube/config",
    ".terraform.d/credentials.tfrc.json",
    ".vault-token",
    // Registries and forges.
    ".docker/config.json",
    ".config/containers/auth.json",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".composer/auth.json",
    ".git-credentials",
    ".config/git/credentials",
    ".config/gh/hosts.yml",
    ".config/glab-cli/config.yml",
    ".config/hub",
    // Passwords, for programs or for people.
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".password-store/",
    ".local/share/keyrings/",
    ".local/share/kwalletd/",
    ".config/keepassxc/",
    ".config/op/",
    // Cookies and passwords of browsers and mail.
    ".mozilla/",
    ".thunderbird/",
    ".config/google-chrome/",
    ".config/chromium/",
    ".config/BraveSoftware/",
    ".config/microsoft-edge/",
    ".config/vivaldi/",
    ".config/opera/",
    "snap/firefox/common/.mozilla/",
    "snap/chromium/common/chromium/",
    // Whoever has these draws on the screen and reads the keyboard.
    ".Xauthority",
    ".ICEauthority",
];
const SECRETS_OF_SYSTEM: &[&str] = &[
    "etc/shadow",
    "etc/gshadow",
    "etc/security/opasswd",
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssl/private/",
    "etc/krb5.keytab",
    "etc/wireguard/",
    "etc/NetworkManager/system-connections/",
    "etc/kubernetes/admin.conf",
    "root/.ssh/id_ed25519",
    "root/.ssh/",
];

/// An engine starts what it is told as root, or as the user outside of the sandbox.
const ENGINES_AT_HOME: &[&str] = &[".docker/run/docker.sock", ".docker/desktop/docker.sock"];
const ENGINES_OF_USER: &[&str] = &[
    "docker.sock",
    "podman/podman.sock",
    "containerd/containerd.sock",
    "buildkit/buildkitd.sock",
    "libvirt/libvirt-sock",
    "libvirt/virtqemud-sock",
];
const ENGINES_OF_SYSTEM: &[&str] = &[
    "run/docker.sock",
    "var/run/docker.sock",
    "run/containerd/containerd.sock",
    "run/k3s/containerd/containerd.sock",
    "run/podman/podman.sock",
    "run/crio/crio.sock",
    "run/buildkit/buildkitd.sock",
    "run/libvirt/libvirt-sock",
    "run/libvirt/virtqemud-sock",
    "var/lib/lxd/unix.socket",
    "var/snap/lxd/common/lxd/unix.socket",
    "var/lib/incus/unix.socket",
];

/// An agent signs and decrypts for whoever asks.
const AGENTS_AT_HOME: &[&str] = &[
    ".gnupg/S.gpg-agent",
    ".gnupg/",
    ".ssh/agent/",
    ".1password/agent.sock",
];
const AGENTS_OF_USER: &[&str] = &[
    "ssh-agent.socket",
    "openssh_agent",
    "gnupg/",
    "keyring/",
    "gcr/",
];

/// The buses start programs and units; who draws on the same screen sees and types; sound is a microphone;
/// a terminal multiplexer or an editor runs commands.
const SESSION_OF_USER: &[&str] = &[
    "bus",
    "systemd/private",
    "at-spi/",
    "wayland-0",
    "wayland-1",
    "pipewire-0",
    "pipewire-0-manager",
    "pulse/native",
    "emacs/server",
];
const SESSION_OF_SYSTEM: &[&str] = &[
    "run/dbus/system_bus_socket",
    "run/systemd/private",
    "tmp/.X11-unix/",
    "run/screen/",
];
