//! What the sandbox allows while a technique is tried.

use std::path::Path;

use ringfence::{Access, Class, Policy, PolicyBuilder, PortClass, Ports, Syscall};
use ringfence_tests::wrapper::{NOBODY, Sandbox};

use crate::catalog::Technique;
use crate::stage::Stage;
use crate::wanted;

/// The policy that a technique's scene names, with the technique's own program in it.
///
/// Where the kernel cannot enforce a line the sandbox starts all the same: what is left of it is
/// what the plan says, and that is on trial.
pub fn sandbox(technique: &Technique, stage: &Stage, program: &Path) -> Sandbox {
    let sandbox = Sandbox::empty()
        .allow(Access::RO, program)
        .switch("--best-effort", PolicyBuilder::best_effort)
        .flags(["--log", "off"]);
    technique
        .scene
        .iter()
        .fold(sandbox, |sandbox, word| with(sandbox, word, stage))
}

/// The same sandbox with all classes of the technique left alone, as far as a policy can.
pub fn lifted(sandbox: Sandbox, technique: &Technique) -> Sandbox {
    technique
        .classes
        .iter()
        .filter_map(|text| wanted::named(wanted::split(text).0))
        .fold(sandbox, |sandbox, class| match class {
            Class::Port(port) => sandbox.ports(port, Ports::Any),
            Class::ConnectUnix => sandbox.allow(Access::CONNECT_UNIX, "/"),
            class if Policy::builder().allow_class(class).build().is_ok() => {
                sandbox.allow_class(class)
            }
            // Denied but for what paths allow.
            _ => sandbox,
        })
}

fn with(sandbox: Sandbox, word: &str, stage: &Stage) -> Sandbox {
    let (inside, outside) = (stage.inside(), stage.outside());
    let ports = &stage.ports;
    match word {
        // These allow nothing; what they stage is in stage.rs and attempt.rs.
        "nothing" | "program" | "mounted" | "terminal" | "console" | "input-udp" | "input-unix"
        | "input-memory" => sandbox,
        "tcp-client" => sandbox.ports(PortClass::ConnectTcp, ports.tcp_allowed),
        "tcp-server" => sandbox.ports(PortClass::BindTcp, Ports::from(ports.bind_allowed())),
        "udp-client" => sandbox.ports(PortClass::ConnectUdp, ports.udp_allowed),
        "udp-server" => sandbox.ports(PortClass::BindUdp, Ports::from(ports.bind_allowed())),
        "unix" => sandbox.allow(Access::CONNECT_UNIX, inside),
        "zone" => sandbox.allow(Access::RW, inside),
        // Without the right to execute.
        "fills-zone" => sandbox.allow(Access::READ | Access::WRITE | Access::CREATE, inside),
        "reads-proc" => sandbox.allow(Access::READ, "/proc"),
        "reads-outside" => sandbox.allow(Access::READ, outside),
        "makes-sockets" => sandbox.switch("--allow-syscalls=socket", |policy| {
            policy.allow_syscall(Syscall::SOCKET)
        }),
        "set-user-id" => sandbox.allow(Access::RO, outside.join("set-user-id")),
        "as-nobody" => sandbox.as_user(NOBODY),
        "loader" => with_libraries(sandbox),
        unknown => panic!("no scene has the word {unknown}"),
    }
}

/// The same sandbox, in which dynamic programs find what they are linked with.
pub fn with_libraries(sandbox: Sandbox) -> Sandbox {
    ["/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"]
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .fold(sandbox, |sandbox, path| sandbox.allow(Access::RO, path))
}
