//! A compiled filter, and an interpreter for it.

use std::fmt;

use ringfence_sys::seccomp::Instruction;
use ringfence_sys::seccomp::answer::{ALLOW, DATA, ERRNO, KILL_PROCESS};
use ringfence_sys::seccomp::code::{
    AND, JUMP, JUMP_ANY_BIT, JUMP_AT_LEAST, JUMP_EQUAL, LOAD, RETURN,
};

use super::filter::Action;

/// The most instructions that the kernel takes (`BPF_MAXINSNS`).
pub(super) const MOST_INSTRUCTIONS: usize = 4096;

/// A filter in the kernel's language (classic BPF), never longer than the kernel takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Program(Vec<Instruction>);

/// What the kernel shows a filter of a call (`struct seccomp_data`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallData {
    /// The number, by the architecture's table.
    pub number: u32,
    /// `AUDIT_ARCH_*`.
    pub audit: u32,
    /// Where it was called from.
    pub instruction_pointer: u64,
    /// The six registers.
    pub arguments: [u64; 6],
}

/// The answer as the kernel reads it.
pub(super) const fn answer(action: Action) -> u32 {
    match action {
        Action::Allow => ALLOW,
        Action::Errno(number) => ERRNO | number as u32,
        Action::Kill => KILL_PROCESS,
    }
}

/// Where things are in `struct seccomp_data`, as the kernel shows it to the program.
pub(super) mod offset {
    pub(in super::super) const NUMBER: u32 = 0;
    pub(in super::super) const AUDIT: u32 = 4;
    const ARGUMENTS: u32 = 16;

    /// The lower half of an argument, on a machine that stores it first.
    pub(in super::super) const fn low(argument: u8) -> u32 {
        ARGUMENTS + 8 * argument as u32
    }

    /// The upper half.
    pub(in super::super) const fn high(argument: u8) -> u32 {
        low(argument) + 4
    }
}

impl CallData {
    fn word(&self, at: u32) -> Option<u32> {
        let halves = |value: u64, half: u32| {
            #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
            let word = (value >> (32 * half)) as u32;
            word
        };
        let half = at / 4 % 2;
        match at {
            offset::NUMBER => Some(self.number),
            offset::AUDIT => Some(self.audit),
            8 | 12 => Some(halves(self.instruction_pointer, half)),
            16..64 if at.is_multiple_of(4) => {
                Some(halves(self.arguments[at as usize / 8 - 2], half))
            }
            _ => None,
        }
    }
}

impl Program {
    pub(super) fn new(instructions: Vec<Instruction>) -> Result<Self, FilterTooLong> {
        if instructions.len() > MOST_INSTRUCTIONS {
            return Err(FilterTooLong {
                instructions: instructions.len(),
            });
        }
        Ok(Self(instructions))
    }

    /// As the kernel takes it.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }

    /// What the kernel would get for a call: the value as it is encoded in `seccomp(2)`.
    ///
    /// None if the program would leave its own instructions or use one that is not known here; the
    /// kernel refuses to install such a program.
    pub fn run(&self, call: &CallData) -> Option<u32> {
        self.trace(call, |_| ())
    }

    /// The same, and shows every instruction that is executed on the way.
    pub(super) fn trace(
        &self,
        call: &CallData,
        mut executes: impl FnMut(&Instruction),
    ) -> Option<u32> {
        let mut accumulator = 0;
        let mut at = 0_usize;
        // Jumps lead forward only, so each instruction is passed once at most.
        loop {
            let instruction = self.0.get(at)?;
            executes(instruction);
            let operand = instruction.operand;
            let branch = |taken: bool| usize::from(instruction.jump[usize::from(!taken)]);
            at += 1;
            match instruction.code {
                LOAD => accumulator = call.word(operand)?,
                AND => accumulator &= operand,
                JUMP => at += operand as usize,
                JUMP_EQUAL => at += branch(accumulator == operand),
                JUMP_AT_LEAST => at += branch(accumulator >= operand),
                JUMP_ANY_BIT => at += branch(accumulator & operand != 0),
                RETURN => return Some(operand),
                _ => return None,
            }
        }
    }
}

/// The action behind a filter's answer, if filters here give such answers.
pub(super) fn action(answer: u32) -> Option<Action> {
    match answer & !DATA {
        ALLOW => Some(Action::Allow),
        KILL_PROCESS => Some(Action::Kill),
        ERRNO => Some(Action::Errno((answer & DATA) as u16)),
        _ => None,
    }
}

impl fmt::Debug for Program {
    /// One instruction a line, with where it jumps to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, instruction) in self.0.iter().enumerate() {
            let Instruction {
                code,
                jump,
                operand,
            } = *instruction;
            let to = |distance: u8| at + 1 + usize::from(distance);
            let (yes, no) = (to(jump[0]), to(jump[1]));
            match code {
                LOAD => writeln!(f, "{at:4}: load [{operand}]")?,
                AND => writeln!(f, "{at:4}: and {operand:#x}")?,
                JUMP => writeln!(f, "{at:4}: goto {}", at + 1 + operand as usize)?,
                JUMP_EQUAL => writeln!(f, "{at:4}: if == {operand:#x} goto {yes} else {no}")?,
                JUMP_AT_LEAST => writeln!(f, "{at:4}: if >= {operand} goto {yes} else {no}")?,
                JUMP_ANY_BIT => writeln!(f, "{at:4}: if & {operand:#x} goto {yes} else {no}")?,
                RETURN => match action(operand) {
                    Some(action) => writeln!(f, "{at:4}: return {action}")?,
                    None => writeln!(f, "{at:4}: return {operand:#x}")?,
                },
                _ => writeln!(f, "{at:4}: {code:#x} {operand:#x}")?,
            }
        }
        Ok(())
    }
}

/// A filter that the kernel would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the filter has {instructions} instructions, and the kernel takes {MOST_INSTRUCTIONS} at most; \
     name fewer system calls one by one"
)]
pub struct FilterTooLong {
    /// How many it has.
    pub instructions: usize,
}
