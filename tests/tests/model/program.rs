//! The smallest program: it ends at once, and needs no library, so that rights on its own file
//! decide whether it starts.

const HEADER: u16 = 64;
const SEGMENT: u16 = 56;
const LOADED_AT: u64 = 0x40_0000;

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// `exit(0)`.
#[cfg(target_arch = "x86_64")]
const CODE: [u8; 9] = [
    0x31, 0xff, // xor edi, edi
    0xb8, 60, 0, 0, 0, // mov eax, 60
    0x0f, 0x05, // syscall
];
#[cfg(target_arch = "aarch64")]
const CODE: [u8; 12] = [
    0x00, 0x00, 0x80, 0xd2, // mov x0, #0
    0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93
    0x01, 0x00, 0x00, 0xd4, // svc #0
];

/// The file: a header, one segment with all of it, the code (`elf(5)`).
pub fn image() -> Vec<u8> {
    let start = HEADER + SEGMENT;
    let length = u64::from(start) + CODE.len() as u64;
    let mut image = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |image: &mut Vec<u8>, value: u16| image.extend(value.to_le_bytes());
    let word = |image: &mut Vec<u8>, value: u32| image.extend(value.to_le_bytes());
    let long = |image: &mut Vec<u8>, value: u64| image.extend(value.to_le_bytes());

    half(&mut image, 2); // executable
    half(&mut image, MACHINE);
    word(&mut image, 1); // version
    long(&mut image, LOADED_AT + u64::from(start)); // entry
    long(&mut image, HEADER.into()); // where the segments are described
    long(&mut image, 0); // no sections
    word(&mut image, 0); // no flags
    half(&mut image, HEADER);
    half(&mut image, SEGMENT);
    half(&mut image, 1); // one segment
    for _ in 0..3 {
        half(&mut image, 0);
    }

    word(&mut image, 1); // loaded
    word(&mut image, 5); // readable, executable
    long(&mut image, 0);
    long(&mut image, LOADED_AT);
    long(&mut image, LOADED_AT);
    long(&mut image, length);
    long(&mut image, length);
    long(&mut image, 0x1000); // alignment
    image.extend(CODE);
    image
}
