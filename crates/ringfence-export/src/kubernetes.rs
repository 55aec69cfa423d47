//! Manifest → objects of Kubernetes whose container starts the command by `landlock-runner`.
//!
//! The manifest travels in a ConfigMap, whole, with its includes and variables resolved. Beside it go
//! what the cluster can enforce by itself: a seccomp profile, a NetworkPolicy, limits of the Pod.

use std::path::Path;

use ringfence::{Access, Arch, Class, Kernel, PathLine, Plan, Standing};
use ringfence_manifest::Manifest;

use crate::exported::{ExportError, Exported, ExportedFile, Fate};
use crate::line::Line;
use crate::oci::{self, OciOptions, oci_seccomp};

mod network;
mod objects;

/// What enforces most lines, in accounts.
const RUNNER: &str = "landlock-runner";

/// Where the ConfigMap is seen in the container.
const DIRECTORY: &str = "/etc/ringfence";

/// The most that a ConfigMap may hold, keys included.
const MOST_BYTES: usize = 1 << 20;

/// What a manifest does not say of a container.
#[derive(Clone, Copy, Debug)]
pub struct KubernetesOptions<'o> {
    /// The name of all objects; a DNS label.
    pub name: &'o str,
    /// The image, which holds the command and `landlock-runner`.
    pub image: &'o str,
    /// Where `landlock-runner` is in the image.
    pub runner: &'o str,
    /// Whether a Deployment is written instead of a Pod.
    pub deployment: bool,
    /// The architecture of the nodes.
    pub arch: Arch,
}

/// Writes a ConfigMap, a NetworkPolicy and a Pod or Deployment, and the seccomp profile that it names.
///
/// # Errors
/// A name that is no DNS label, a manifest without a command, a relative path, a line that lets the
/// command change its own manifest, and what a Deployment does not take.
pub fn kubernetes(
    manifest: &Manifest,
    options: KubernetesOptions<'_>,
) -> Result<Exported, ExportError> {
    check(manifest, options)?;
    let mut inside = manifest.clone();
    inside.limits.wall = None;
    let policy_text = inside.to_yaml()?;
    if policy_text.len() + options.name.len() + ".yaml".len() > MOST_BYTES {
        return Err(ExportError::Option {
            what: "a ConfigMap",
            value: format!("{}.yaml", options.name),
            why: "it is longer than the 1 MiB that Kubernetes takes; bake the manifest into the image",
        });
    }

    let plan = Plan::new(manifest.policy.clone(), Kernel::with_abi(u32::MAX));
    let oci = OciOptions {
        arch: options.arch,
        abi: 0,
        runner: true,
    };
    let profile = match oci_seccomp(&inside, oci) {
        Ok(profile) => profile,
        Err(ExportError::Nothing(_)) => Exported::default(),
        Err(error) => return Err(error),
    };
    let network = network::policy(&plan, options.name);
    let written: Vec<&Path> = written(manifest).collect();
    let container = objects::Container {
        options,
        manifest,
        has_profile: !profile.files.is_empty(),
        writes_root: !written.is_empty()
            || CHANGES
                .iter()
                .any(|class| plan.standing(*class) == Standing::Unrestricted),
    };
    let mut text = objects::config_map(options.name, policy_text)?;
    if let Some(policy) = &network {
        text += &objects::document(policy)?;
    }
    text += &objects::workload(&container)?;

    let mut account: Vec<_> = Line::all(manifest)
        .iter()
        .enumerate()
        // Of lines before those about limits, both have the same.
        .map(|(number, line)| fate(line, profile.account.get(number), network.is_some()))
        .collect();
    account.extend(plan.open().map(Fate::open));
    let mut files = vec![ExportedFile {
        // Not the name that the manifest is likely to have.
        name: format!("{}-kubernetes.yaml", options.name),
        text,
    }];
    files.extend(profile.files.into_iter().map(|profile| ExportedFile {
        name: format!("ringfence/{}.json", options.name),
        ..profile
    }));
    let mut notes = notes(&container, network.is_some(), &written);
    notes.extend(profile.notes);
    Ok(Exported {
        files,
        account,
        notes,
    })
}

fn check(manifest: &Manifest, options: KubernetesOptions<'_>) -> Result<(), ExportError> {
    let refused = |what, value: &str, why| {
        Err(ExportError::Option {
            what,
            value: value.to_owned(),
            why,
        })
    };
    if !is_dns_label(options.name) {
        return refused(
            "a name in Kubernetes",
            options.name,
            "write at most 63 small letters, digits and `-`, with no `-` at either end",
        );
    }
    for (what, value) in [
        ("an image", options.image),
        ("landlock-runner", options.runner),
    ] {
        if value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return refused(what, value, "write a name without spaces");
        }
    }
    if manifest.command.is_empty() {
        return Err(ExportError::NoCommand("a container"));
    }
    for line in Line::all(manifest) {
        match line {
            Line::Path(path) if !path.path.is_absolute() => {
                return Err(ExportError::line(
                    &line,
                    "the path is relative, and the manifest lies elsewhere in the container; write the \
                     whole path",
                ));
            }
            Line::Path(path) if changes_manifest(path) => {
                return Err(ExportError::line(
                    &line,
                    format!(
                        "it lets the command change {DIRECTORY}, where its manifest is, and \
                         landlock-runner refuses that; leave it out with `except`, or narrow the path"
                    ),
                ));
            }
            Line::Wall(_) if options.deployment => {
                return Err(ExportError::line(
                    &line,
                    "a Deployment starts its Pods anew and takes no time limit; export a Pod",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A label of RFC 1123, which names of containers have to be.
fn is_dns_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(inner)
}

/// What lets a command put something else in the place of a file.
const CHANGING: Access = Access::WRITE
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME);

/// The same as classes of acts, that a policy may leave alone.
const CHANGES: [Class; 5] = [
    Class::Write,
    Class::Truncate,
    Class::Create,
    Class::Remove,
    Class::Rename,
];

fn changes_manifest(line: &PathLine) -> bool {
    let directory = Path::new(DIRECTORY);
    let left_out = line
        .except
        .iter()
        .any(|except| directory.starts_with(line.path.join(except)));
    let within = directory.starts_with(&line.path) || line.path.starts_with(directory);
    line.access.intersects(CHANGING) && within && !left_out
}

/// The paths that are written, but for devices, which are no part of the image.
fn written(manifest: &Manifest) -> impl Iterator<Item = &Path> {
    manifest
        .policy
        .paths()
        .iter()
        .filter(|line| line.access.intersects(CHANGING) && !line.path.starts_with("/dev"))
        .map(|line| line.path.as_path())
}

/// `in_profile` is what the seccomp profile makes of the line, if there is one.
fn fate(line: &Line<'_>, in_profile: Option<&Fate>, has_network: bool) -> Fate {
    let both = |other: &str| format!("{RUNNER}, {other}");
    match line {
        Line::Port(port) if has_network => match network::rule(port.class, &port.ports) {
            Some(_) => Fate::by(line, both("NetworkPolicy"), ""),
            None => Fate::by(line, RUNNER, "a NetworkPolicy has no port 0"),
        },
        Line::Syscalls(_) => match in_profile {
            Some(fate) if fate.by.as_deref() == Some(oci::BY) => Fate::by(line, both(oci::BY), ""),
            Some(fate) => fate.clone(),
            None => Fate::by(line, RUNNER, ""),
        },
        Line::Unrestricted(_) => Fate::by(line, RUNNER, "left alone"),
        Line::Class(class) if class.allow && has_network && of_network(class.class) => Fate::by(
            line,
            RUNNER,
            "left alone; the NetworkPolicy still lets pass only the ports of TCP and UDP that lines allow",
        ),
        Line::Class(class) if class.allow => Fate::by(line, RUNNER, "left alone"),
        Line::Audit => Fate::by(line, RUNNER, "where audit is on, on the node"),
        Line::Memory(_) => Fate::by(
            line,
            both("the kubelet"),
            "of each process; of the container",
        ),
        Line::Wall(_) => Fate::by(line, "the kubelet", "activeDeadlineSeconds of the Pod"),
        Line::Processes(_) => Fate::by(
            line,
            RUNNER,
            "counts those of the user id on the whole node; a limit of the Pod is the kubelet's own \
             (podPidsLimit)",
        ),
        _ => Fate::by(line, RUNNER, ""),
    }
}

/// Classes whose packets a NetworkPolicy sees.
fn of_network(class: Class) -> bool {
    [
        Class::OtherStreams,
        Class::OtherSockets,
        Class::ListenUnbound,
        Class::TcpFastOpen,
    ]
    .contains(&class)
}

fn notes(container: &objects::Container<'_>, has_network: bool, written: &[&Path]) -> Vec<String> {
    let name = container.options.name;
    let mut notes = vec![format!(
        "the image has to hold {} and a user that is not root; it does not start where the kernel of the \
         node cannot enforce a line; on old ones more classes stay open than those named here (`ringfence \
         plan --abi N`)",
        container.options.runner
    )];
    notes.push(if container.has_profile {
        format!(
            "copy ringfence/{name}.json to /var/lib/kubelet/seccomp/ringfence/ on every node; without it the \
             Pod does not start"
        )
    } else {
        "system calls are left alone, so that the profile is the container runtime's own (RuntimeDefault)"
            .to_owned()
    });
    if has_network {
        notes.push(
            "a NetworkPolicy holds only where the network plugin of the cluster enforces it; names are \
             resolved only if the policy allows the port (connect-udp 53)"
                .to_owned(),
        );
    } else {
        notes.push("the network is left alone, so that there is no NetworkPolicy".to_owned());
    }
    if written.is_empty() && container.writes_root {
        notes.push(
            "the manifest leaves writing alone, so that readOnlyRootFilesystem is off".to_owned(),
        );
    }
    if !written.is_empty() {
        let paths: Vec<_> = written
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        notes.push(format!(
            "no volume is made up: {} lie in the container's own layer and end with it, and \
             readOnlyRootFilesystem is off; mount volumes there and switch it on",
            paths.join(", ")
        ));
    }
    notes
}
