//! The filters to hold beside each other, as files of BPF.

use std::fs;
use std::path::{Path, PathBuf};

use ringfence::{Arch, Class, Filter, Kernel, Plan, Policy};
use ringfence_sys::seccomp::Instruction;
use ringfence_tests::libseccomp::{Exporter, Layout, rules, verdict};

use crate::error::Error;

/// `BPF_RET | BPF_K` with SECCOMP_RET_ALLOW.
const ALLOW: Instruction = Instruction {
    code: 0x06,
    jump: [0, 0],
    operand: 0x7fff_0000,
};

/// Files that `loops.c` installs.
pub(super) struct Programs {
    /// The shortest: allows every call.
    pub(super) shortest: PathBuf,
    /// The filter as policies have it.
    pub(super) usual: PathBuf,
    /// Of it, the rules that libseccomp can express, compiled here.
    pub(super) rules: PathBuf,
    /// The same rules, compiled by libseccomp as a binary tree.
    pub(super) libseccomp: PathBuf,
    /// Instructions of the four.
    pub(super) lengths: [usize; 4],
}

impl Programs {
    pub(super) fn write(into: &Path) -> Result<Self, Error> {
        let failed = |why: String| Error::Compile {
            what: "a filter",
            why,
        };
        let arch = Arch::NATIVE.ok_or_else(|| failed("no filters for this machine".to_owned()))?;
        let compile = |filter: &Filter| -> Result<_, Error> {
            let program = filter
                .compile(arch)
                .map_err(|error| failed(error.to_string()))?;
            Ok(program.instructions().to_vec())
        };
        let usual = filter(|policy| policy);
        // "All of a type but these" is what libseccomp has no rule for.
        let plain = filter(|policy| {
            policy
                .allow_class(Class::Netlink)
                .allow_class(Class::MountAttributes)
        });
        let exporter = Exporter::build(into).map_err(failed)?;
        let known = exporter.known(arch);
        let mut rules = rules(&plain);
        rules.retain(|rule| known.contains(&rule.call));
        let same = Filter::new(|call| verdict(rules.iter().filter(|rule| rule.call == call)));
        let programs = [
            vec![ALLOW],
            compile(&usual)?,
            compile(&same)?,
            exporter.export(&rules, arch, Layout::Tree),
        ];
        Ok(Self {
            shortest: write(&programs[0], into.join("shortest.bpf"))?,
            usual: write(&programs[1], into.join("usual.bpf"))?,
            rules: write(&programs[2], into.join("rules.bpf"))?,
            libseccomp: write(&programs[3], into.join("libseccomp.bpf"))?,
            lengths: programs.map(|program| program.len()),
        })
    }
}

/// The filter of what a small tool gets.
fn filter(change: fn(ringfence::PolicyBuilder) -> ringfence::PolicyBuilder) -> Filter {
    let tool = Policy::builder()
        .ro("/usr")
        .rw("/var/lib/tool")
        .connect_tcp(443);
    let policy = change(tool).build().expect("its lines mean something");
    let plan = Plan::new(policy, Kernel::with_abi(7));
    plan.filter().expect("it is on by default")
}

fn write(program: &[Instruction], path: PathBuf) -> Result<PathBuf, Error> {
    let bytes: Vec<u8> = program
        .iter()
        .flat_map(|instruction| {
            let [code_low, code_high] = instruction.code.to_ne_bytes();
            let [yes, no] = instruction.jump;
            let [a, b, c, d] = instruction.operand.to_ne_bytes();
            [code_low, code_high, yes, no, a, b, c, d]
        })
        .collect();
    fs::write(&path, bytes).map_err(Error::io(format!("write {}", path.display())))?;
    Ok(path)
}
