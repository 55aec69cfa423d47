//! Manifest → an AppArmor profile, as a starting point.
//!
//! AppArmor has rules for paths, whole families of sockets, signals, tracing and limits; it has none
//! for ports, and one permission for all ways to change a file. The account says of each line what of
//! it is kept.

use std::path::{Path, PathBuf};

use ringfence::{Access, Class, Found, Kernel, PathPlan, Plan, PolicyBuilder, PortClass, Standing};
use ringfence_manifest::Manifest;

use crate::exported::{ExportError, Exported, ExportedFile, Fate};
use crate::landlockconfig::NOTHING_THERE;
use crate::line::Line;

mod rules;

use rules::{beneath, permissions, quoted, wider};

/// What enforces its lines, in accounts.
const BY: &str = "AppArmor";

/// Classes that a profile denies by saying nothing of them.
const DENIED: [Class; 13] = [
    Class::Read,
    Class::Execute,
    Class::Write,
    Class::Truncate,
    Class::Create,
    Class::Remove,
    Class::Rename,
    Class::MakeDevice,
    Class::ConnectUnix,
    Class::Signal,
    Class::Ptrace,
    Class::Mount,
    Class::Debug,
];

/// Writes an AppArmor profile.
///
/// AppArmor sees paths with every symlink resolved, so lines are written as they stand and, if
/// `looked_up` is a plan of the same policy out of [`Plan::prepare`], as what they led to.
///
/// # Errors
/// A name that would mean something else, a relative path, and a pattern that was not looked up.
pub fn apparmor(
    manifest: &Manifest,
    looked_up: Option<&Plan>,
    name: &str,
) -> Result<Exported, ExportError> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !(name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(inner)) {
        return Err(ExportError::Option {
            what: "the name of a profile",
            value: name.to_owned(),
            why: "write letters, digits, `.`, `_` and `-`",
        });
    }
    // What another kernel could do is not asked here, but what the policy leaves alone.
    let policy = PolicyBuilder::from(manifest.policy.clone()).best_effort();
    let plan = Plan::new(policy.lines().clone(), Kernel::with_abi(u32::MAX));
    let mut profile = Profile::default();
    profile.head(manifest);
    let mut paths = looked_up.unwrap_or(&plan).paths();
    let mut account = Vec::new();
    for line in Line::all(manifest) {
        account.push(match line {
            Line::Path(_) => {
                let Some(of) = paths.next() else {
                    return Err(ExportError::line(&line, "it was not looked up"));
                };
                profile.path(&line, &of)?
            }
            Line::Port(port) => port_fate(&line, port.class, &plan),
            Line::Class(class) if class.allow => Fate::by(&line, BY, "left alone"),
            Line::Class(class) if denies(class.class, &plan) => Fate::by(&line, BY, ""),
            Line::Class(_) => Fate::lost(&line, "AppArmor 3 has no rule for it"),
            Line::Syscalls(_) => Fate::lost(&line, "AppArmor knows no system calls"),
            Line::Unrestricted(_) => Fate::by(&line, BY, "left alone"),
            Line::Audit => Fate::by(
                &line,
                BY,
                "which records what it denies by itself; its records are not those of Landlock",
            ),
            limit => profile.limit(&limit),
        });
    }
    profile.left_alone(&plan);
    profile.sockets(&plan);
    profile.processes(&plan);
    let open = Class::ALL
        .into_iter()
        .filter(|&class| plan.standing(class) != Standing::Unrestricted && !denies(class, &plan));
    account.extend(open.map(Fate::open));
    Ok(Exported {
        files: vec![ExportedFile {
            name: name.to_owned(),
            text: profile.text(name, manifest.command.first()),
        }],
        account,
        notes: notes(manifest, looked_up.is_some()),
    })
}

fn may_tcp(plan: &Plan) -> bool {
    may(plan, [PortClass::BindTcp, PortClass::ConnectTcp])
}

fn may_udp(plan: &Plan) -> bool {
    may(plan, [PortClass::BindUdp, PortClass::ConnectUdp])
}

/// Whether any port of these classes is allowed: sockets are allowed as a whole there.
fn may(plan: &Plan, classes: [PortClass; 2]) -> bool {
    let mut lines = plan.ports().iter();
    lines.any(|port| classes.contains(&port.line.class))
        || classes
            .iter()
            .any(|&class| is_left_alone(plan, Class::Port(class)))
}

fn is_left_alone(plan: &Plan, class: Class) -> bool {
    plan.standing(class) == Standing::Unrestricted
}

/// Whether the profile denies this class, where no line allows it.
fn denies(class: Class, plan: &Plan) -> bool {
    match class {
        Class::Port(PortClass::BindTcp | PortClass::ConnectTcp)
        | Class::TcpFastOpen
        | Class::ListenUnbound
        | Class::OtherStreams => !may_tcp(plan),
        // A rule for datagrams of the internet is one for ping, too.
        Class::Port(PortClass::BindUdp | PortClass::ConnectUdp) | Class::OtherSockets => {
            !may_udp(plan)
        }
        Class::Netlink => !is_left_alone(plan, Class::OtherSockets),
        class => DENIED.contains(&class),
    }
}

fn port_fate(line: &Line<'_>, class: PortClass, plan: &Plan) -> Fate {
    if is_left_alone(plan, Class::Port(class)) {
        return Fate::by(line, BY, "left alone");
    }
    let protocol = match class {
        PortClass::BindTcp | PortClass::ConnectTcp => "TCP",
        PortClass::BindUdp | PortClass::ConnectUdp => "UDP",
    };
    Fate::lost(
        line,
        format!(
            "AppArmor 3 knows no ports: every port of {protocol} is open, to bind and to connect"
        ),
    )
}

/// The rules of a profile, in the order in which they are written.
#[derive(Default)]
struct Profile {
    rules: Vec<String>,
}

impl Profile {
    /// What the command needs to start.
    fn head(&mut self, manifest: &Manifest) {
        let dependencies = &manifest.dependencies;
        if dependencies.of_command || !dependencies.of.is_empty() {
            self.rules.push("include <abstractions/base>".to_owned());
        }
        let command = manifest.command.first().map(PathBuf::from);
        let command = command.filter(|path| dependencies.of_command && path.is_absolute());
        for program in command.iter().chain(&dependencies.of) {
            self.rules.push(format!("{} mrix,", quoted(program)));
        }
    }

    fn path(&mut self, line: &Line<'_>, plan: &PathPlan<'_>) -> Result<Fate, ExportError> {
        let written = plan.line;
        let mut notes: Vec<String> = wider(written.access)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut paths: Vec<&Path> = Vec::new();
        match plan.found {
            Found::Entries(entries) if written.pattern => {
                paths.extend(entries.granted());
                notes.push(format!("as what it matched now ({} paths)", paths.len()));
            }
            Found::Missing if written.pattern => return Ok(Fate::by(line, BY, NOTHING_THERE)),
            _ if written.pattern => {
                return Err(ExportError::line(
                    line,
                    "what the pattern matches could not be looked up here; export it where the sandbox can \
                     be made",
                ));
            }
            Found::At(path) | Found::CoveredAt(path) => paths.extend([&*written.path, &**path]),
            _ => paths.push(&written.path),
        }
        paths.dedup();
        let granted = permissions(written.access);
        for path in paths {
            if !path.is_absolute() {
                return Err(ExportError::line(
                    line,
                    "the path is relative, and AppArmor knows none; write the whole path",
                ));
            }
            if granted.is_empty() {
                continue;
            }
            let deny = |except| format!("deny {} mrwlkx,", beneath(&path.join(except)));
            let denied: Vec<_> = written.except.iter().map(deny).collect();
            if let Some(rest) = of_itself(path) {
                self.add(format!("owner {rest} {granted},"));
                notes.push("of any process of the same user".to_owned());
            } else {
                self.add(format!("{} {granted},", beneath(path)));
            }
            for rule in denied {
                self.add(rule);
            }
        }
        if !written.except.is_empty() {
            notes.push("what is left out is denied whatever other lines say".to_owned());
        }
        if granted.is_empty() {
            return Ok(Fate::lost(line, notes.join("; ")));
        }
        Ok(Fate::by(line, BY, notes.join("; ")))
    }

    /// Several lines may lead to the same.
    fn add(&mut self, rule: String) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    fn limit(&mut self, line: &Line<'_>) -> Fate {
        let (resource, most) = match line {
            Line::Memory(bytes) => ("as", *bytes),
            Line::Cpu(time) => ("cpu", time.as_secs() + u64::from(time.subsec_nanos() > 0)),
            Line::Processes(count) => ("nproc", *count),
            Line::OpenFiles(count) => ("nofile", *count),
            Line::FileSize(bytes) => ("fsize", *bytes),
            _ => return Fate::lost(line, "AppArmor has no such limit"),
        };
        self.rules.push(format!("set rlimit {resource} <= {most},"));
        Fate::by(line, BY, "")
    }

    /// Parts of the file system that the policy leaves alone.
    fn left_alone(&mut self, plan: &Plan) {
        let words = [
            (Class::Read, Access::READ),
            (Class::Execute, Access::EXECUTE),
            (Class::Write, Access::WRITE),
            (Class::Create, Access::CREATE),
            (Class::Remove, Access::REMOVE),
            (Class::Rename, Access::RENAME),
            (Class::ConnectUnix, Access::CONNECT_UNIX),
        ];
        let open = words
            .into_iter()
            .filter(|(class, _)| is_left_alone(plan, *class));
        let open = open.fold(Access::empty(), |open, (_, access)| open | access);
        if !open.is_empty() {
            self.rules.push(format!(
                "{} {},",
                beneath(Path::new("/")),
                permissions(open)
            ));
        }
        if is_left_alone(plan, Class::Mount) {
            self.rules
                .extend(["mount,", "umount,", "pivot_root,"].map(str::to_owned));
        }
    }

    fn sockets(&mut self, plan: &Plan) {
        let mut rule = |rule: &str| self.rules.push(rule.to_owned());
        if is_left_alone(plan, Class::OtherSockets) {
            rule("network,");
        }
        for (may, kind) in [(may_tcp(plan), "stream"), (may_udp(plan), "dgram")] {
            if may {
                rule(&format!("network inet {kind},"));
                rule(&format!("network inet6 {kind},"));
            }
        }
        if is_left_alone(plan, Class::Netlink) {
            rule("network netlink,");
        }
        let by_path = plan
            .paths()
            .any(|path| path.line.access.intersects(Access::CONNECT_UNIX));
        let any = [Class::AbstractUnix, Class::ConnectUnix];
        if by_path || any.iter().any(|&class| is_left_alone(plan, class)) {
            rule("unix,");
        } else {
            rule("unix (create, getattr, setattr, getopt, setopt, shutdown) type=stream,");
            rule("unix (send, receive) type=stream peer=(label=@{profile_name}),");
        }
    }

    fn processes(&mut self, plan: &Plan) {
        let mut rule = |rule: &str| self.rules.push(rule.to_owned());
        // What others do to it is no matter of the policy.
        if is_left_alone(plan, Class::Signal) {
            rule("signal,");
        } else {
            rule("signal (receive),");
            rule("signal (send) peer=@{profile_name},");
        }
        if is_left_alone(plan, Class::Ptrace) {
            rule("ptrace,");
        } else {
            rule("ptrace (readby, tracedby),");
            if is_left_alone(plan, Class::Debug) {
                rule("ptrace (read, trace) peer=@{profile_name},");
            }
        }
    }

    fn text(&self, name: &str, command: Option<&String>) -> String {
        let command = command.map(Path::new).filter(|path| path.is_absolute());
        let attached = command.map_or(String::new(), |path| format!(" {}", quoted(path)));
        let rules = self.rules.join("\n  ");
        format!(
            "abi <abi/3.0>,\n\ninclude <tunables/global>\n\nprofile {name}{attached} {{\n  {rules}\n}}\n"
        )
    }
}

/// A path of the process itself, as AppArmor sees it: by a number.
fn of_itself(path: &Path) -> Option<String> {
    let rest = path
        .strip_prefix("/proc/self")
        .or_else(|_| path.strip_prefix("/proc/thread-self"))
        .ok()?;
    let beneath = beneath(&Path::new("/").join(rest));
    let rest = beneath.trim_matches('"');
    Some(format!("\"@{{PROC}}/@{{pid}}{rest}\""))
}

fn notes(manifest: &Manifest, looked_up: bool) -> Vec<String> {
    let mut notes = vec![
        "a starting point: try it with `aa-complain` first; what it denies is in the audit log".to_owned(),
        "no capability is granted; add lines such as `capability net_bind_service,` if the command is \
         started as root and needs one"
            .to_owned(),
        "older kernels do not govern UNIX sockets, and AppArmor 3 neither io_uring nor user namespaces".to_owned(),
    ];
    if !looked_up {
        notes.push(
            "AppArmor sees paths with symlinks resolved, and the lines could not be looked up here: export it \
             where the sandbox can be made, or write paths without symlinks"
                .to_owned(),
        );
    }
    if manifest.dependencies.of_command || !manifest.dependencies.of.is_empty() {
        notes.push(
            "with-deps is said by <abstractions/base>, which allows every library and more"
                .to_owned(),
        );
    }
    let command = manifest.command.first().map(Path::new);
    if !command.is_some_and(Path::is_absolute) {
        notes.push(
            "the profile is attached to no program, as the manifest names none with its whole path: start it \
             by `aa-exec -p`, or AppArmorProfile= of systemd"
                .to_owned(),
        );
    }
    notes
}
