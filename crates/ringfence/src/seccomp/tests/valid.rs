//! What the kernel asks of a program before it takes it (`net/core/filter.c`, `bpf_check_classic`;
//! `kernel/seccomp.c`, `seccomp_check_filter`), written down a second time.

use crate::seccomp::{Arch, Filter, Program};

/// Why the kernel would refuse the program.
pub(super) fn fault(program: &Program) -> Option<String> {
    // Numbers as in the headers, not the compiler's own constants.
    const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const AND_CONSTANT: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
    const JUMP_ALWAYS: u16 = 0x05; // BPF_JMP | BPF_JA
    const JUMP_IF: [u16; 4] = [0x15, 0x25, 0x35, 0x45]; // JEQ, JGT, JGE, JSET with BPF_K
    const RETURN_CONSTANT: u16 = 0x06; // BPF_RET | BPF_K
    const SIZE_OF_SECCOMP_DATA: u32 = 64;

    let instructions = program.instructions();
    if !(1..=4096).contains(&instructions.len()) {
        return Some(format!("{} instructions", instructions.len()));
    }
    for (at, instruction) in instructions.iter().enumerate() {
        let left = instructions.len() - at - 1;
        let operand = instruction.operand;
        let inside = match instruction.code {
            LOAD_WORD => operand % 4 == 0 && operand < SIZE_OF_SECCOMP_DATA,
            AND_CONSTANT | RETURN_CONSTANT => true,
            JUMP_ALWAYS => usize::try_from(operand).is_ok_and(|distance| distance < left),
            code if JUMP_IF.contains(&code) => instruction
                .jump
                .iter()
                .all(|&distance| usize::from(distance) < left),
            _ => return Some(format!("unknown instruction {at}")),
        };
        if !inside {
            return Some(format!("instruction {at} leads outside"));
        }
    }
    let ends = instructions.last().map(|last| last.code) == Some(RETURN_CONSTANT);
    (!ends).then(|| "the last instruction is no return".to_owned())
}

/// Instructions that no way through the program reaches. The kernel takes them, but they are a
/// fault of the compiler.
pub(super) fn unreachable(program: &Program) -> Vec<usize> {
    let instructions = program.instructions();
    let mut reached = vec![false; instructions.len()];
    reached[0] = true;
    for (at, instruction) in instructions.iter().enumerate() {
        if !reached[at] {
            continue;
        }
        match instruction.code {
            0x06 => {}
            0x05 => reached[at + 1 + instruction.operand as usize] = true,
            code if code & 0x07 == 0x05 => {
                for distance in instruction.jump {
                    reached[at + 1 + usize::from(distance)] = true;
                }
            }
            _ => reached[at + 1] = true,
        }
    }
    (0..reached.len()).filter(|&at| !reached[at]).collect()
}

#[test]
fn the_programs_of_policies_are_what_the_kernel_takes() {
    for filter in super::filters() {
        for arch in Arch::ALL {
            let program = filter.compile(arch).expect("short enough");
            assert_eq!(fault(&program), None, "{program:?}");
            assert_eq!(unreachable(&program), [0; 0], "{program:?}");
        }
    }
}

#[test]
fn faults_are_seen() {
    let program = Filter::permissive()
        .compile(Arch::X86_64)
        .expect("short enough");
    let change = |at: usize, change: fn(&mut ringfence_sys::seccomp::Instruction)| {
        let mut instructions = program.instructions().to_vec();
        change(&mut instructions[at]);
        fault(&Program::new(instructions).expect("as short"))
    };
    let last = program.instructions().len() - 1;
    assert_eq!(change(0, |_| ()), None);
    assert!(change(0, |load| load.operand = 64).is_some());
    assert!(change(0, |load| load.operand = 2).is_some());
    assert!(change(1, |branch| branch.jump[0] = 200).is_some());
    assert!(change(2, |load| load.code = 0x61).is_some());
    assert!(change(last, |answer| answer.code = 0x54).is_some());
}
