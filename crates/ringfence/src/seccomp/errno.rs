//! The error numbers that a filter answers with, by name. They are the same on all architectures
//! that filters are made for (`asm-generic/errno.h`).

/// Names that a policy may write. Any other is written as a number.
const NAMES: [(&str, u16); 12] = [
    ("EPERM", 1),
    ("ENOENT", 2),
    ("EIO", 5),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EINVAL", 22),
    ("ENOSYS", 38),
    ("ENOPROTOOPT", 92),
    ("EPROTONOSUPPORT", 93),
    ("EOPNOTSUPP", 95),
    ("EAFNOSUPPORT", 97),
];

/// The largest that the kernel returns (`MAX_ERRNO`).
const LARGEST: u16 = 4095;

/// The name of a number.
pub(super) fn name(number: u16) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(_, known)| *known == number)
        .map(|(name, _)| *name)
}

/// The number that a policy writes as a name or in digits.
pub(crate) fn number(text: &str) -> Option<u16> {
    let known = NAMES.iter().find(|(name, _)| *name == text);
    known.map(|(_, number)| *number).or_else(|| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits)?;
        (1..=LARGEST).contains(&number).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn names_are_the_kernels() {
        assert_eq!(number("EPERM"), Some(1));
        for (name, errno) in [
            ("EACCES", Errno::ACCESS),
            ("ENOSYS", Errno::NOSYS),
            ("ENOPROTOOPT", Errno::NOPROTOOPT),
            ("EPROTONOSUPPORT", Errno::PROTONOSUPPORT),
            ("EAFNOSUPPORT", Errno::AFNOSUPPORT),
        ] {
            let raw = u16::try_from(errno.raw_os_error()).unwrap();
            assert_eq!(number(name), Some(raw));
            assert_eq!(super::name(raw), Some(name));
        }
        assert_eq!(number("71"), Some(71));
        for text in ["", "0", "4096", "+1", "-1", "EPREM", "eperm"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
