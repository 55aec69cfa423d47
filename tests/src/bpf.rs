//! A machine for classic BPF as the kernel runs it for seccomp, and with more of its instructions
//! than our own programs have: a second opinion on them, and on those of others.

use ringfence::CallData;
use ringfence_sys::seccomp::Instruction;

/// The answer of a program to a call; none if the kernel would not have taken it.
pub fn run(program: &[Instruction], call: &CallData) -> Option<u32> {
    let data = bytes(call);
    let (mut accumulator, mut at) = (0_u32, 0_usize);
    loop {
        let Instruction {
            code,
            jump: [yes, no],
            operand,
        } = *program.get(at)?;
        at += 1;
        let holds = match code {
            0x20 => {
                let from = usize::try_from(operand).ok()?;
                let word = data
                    .get(from..from + 4)
                    .filter(|_| from.is_multiple_of(4))?;
                accumulator = u32::from_le_bytes(word.try_into().ok()?);
                continue;
            }
            0x54 => {
                accumulator &= operand;
                continue;
            }
            0x05 => {
                at += usize::try_from(operand).ok()?;
                continue;
            }
            0x06 => return Some(operand),
            0x15 => accumulator == operand,
            0x25 => accumulator > operand,
            0x35 => accumulator >= operand,
            0x45 => accumulator & operand != 0,
            _ => return None,
        };
        at += usize::from(if holds { yes } else { no });
    }
}

/// `struct seccomp_data` of a machine with the lower byte first.
fn bytes(call: &CallData) -> Vec<u8> {
    let mut bytes = [call.number.to_le_bytes(), call.audit.to_le_bytes()].concat();
    bytes.extend(call.instruction_pointer.to_le_bytes());
    bytes.extend(
        call.arguments
            .iter()
            .flat_map(|argument| argument.to_le_bytes()),
    );
    bytes
}
