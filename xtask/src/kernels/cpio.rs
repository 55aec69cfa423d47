//! Writes the "newc" archive format, which the kernel unpacks as its first file system
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;
const LAST: &str = "TRAILER!!!";

/// An archive in the making. All that is in it belongs to root; a folder must come before what it holds.
#[derive(Default)]
pub struct Cpio {
    bytes: Vec<u8>,
    entries: u32,
}

impl Cpio {
    pub fn folder(&mut self, name: &str, permissions: u32) {
        self.entry(name, FOLDER | permissions, (0, 0), &[]);
    }

    pub fn file(&mut self, name: &str, permissions: u32, content: &[u8]) {
        self.entry(name, FILE | permissions, (0, 0), content);
    }

    pub fn device(&mut self, name: &str, permissions: u32, major: u32, minor: u32) {
        self.entry(name, CHARACTER_DEVICE | permissions, (major, minor), &[]);
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.entry(LAST, 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).expect("files of a boot archive are below 4 GiB");
        let name_size = u32::try_from(name.len() + 1).expect("names are short");
        let (inode, owner, group, links, time, checksum) = (self.entries, 0, 0, 1, 0, 0);
        let (file_system_major, file_system_minor) = (0, 0);
        self.bytes.extend(b"070701");
        for field in [
            inode,
            mode,
            owner,
            group,
            links,
            time,
            size,
            file_system_major,
            file_system_minor,
            device.0,
            device.1,
            name_size,
            checksum,
        ] {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes().chain([0]));
        self.align();
        self.bytes.extend(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_header_a_name_and_a_content_each_aligned() {
        let mut cpio = Cpio::default();
        cpio.file("init", 0o755, b"hello");
        let archive = cpio.finish();
        let text = String::from_utf8(archive.clone()).unwrap();
        assert!(text.starts_with("07070100000001000081ed"), "{text}");
        // 110 bytes of header and 5 of name are padded to 116, the content to 8.
        assert_eq!(&archive[110..124], b"init\0\0hello\0\0\0");
        assert!(text[124..].starts_with("070701"));
        assert!(text.trim_end_matches('\0').ends_with("TRAILER!!!"));
        assert_eq!(archive.len() % 4, 0);
    }

    #[test]
    fn a_device_carries_its_numbers() {
        let mut cpio = Cpio::default();
        cpio.device("dev/console", 0o600, 5, 1);
        let text = String::from_utf8(cpio.finish()).unwrap();
        assert_eq!(&text[14..22], "00002180");
        assert_eq!(&text[78..94], "0000000500000001");
    }
}
