//! What a sandboxed program starts is sandboxed too.

use std::path::PathBuf;

use ringfence::{Access, AccessFs, PortClass, Request};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::expect::{assert_verdict, verdict};
use crate::ports::listener;
use crate::world::{World, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "inheritance::a_child_and_a_grandchild_are_denied_the_same_files",
            files,
        ),
        Test::new(
            "inheritance::a_child_and_a_grandchild_are_denied_the_same_ports",
            ports,
        ),
    ]
}

fn files() {
    let world = World::new();
    for zone in [world.inside(), world.outside()] {
        let file = zone.join("file");
        for depth in ["1", "2"] {
            let act: [PathBuf; 4] = ["descend".into(), depth.into(), "read".into(), file.clone()];
            assert_eq!(unsandboxed(&act).status.code(), Some(0));
            let sandbox = Sandbox::for_probe().allow(Access::READ, world.inside());
            let request = Request::Path(AccessFs::READ_FILE, &file);
            assert_verdict(&sandbox, &act, verdict(&sandbox, request, Errno::ACCESS));
        }
    }
}

fn ports() {
    let (_open, port) = listener();
    for depth in ["1", "2"] {
        let act = ["descend", depth, "connect-tcp", &port.to_string()];
        assert_eq!(unsandboxed(&act).status.code(), Some(0));
        let sandbox = Sandbox::for_probe();
        let request = Request::Port(PortClass::ConnectTcp, port);
        assert_verdict(&sandbox, &act, verdict(&sandbox, request, Errno::ACCESS));
    }
}
