//! The fields of a record, as the kernel writes them: `key=value` with one blank between.
//!
//! A text that comes from outside stands in quotes, or in hexadecimal digits without quotes if it has a
//! quote, a blank, a control character or one that is not ASCII. So a blank never stands within a value, and
//! what looks like another field within a name is none.

use super::record::Unreadable;

/// The most fields that a record has; the kernel's own have a third of it.
const MOST: usize = 100;

/// The fields of one record.
#[derive(Debug)]
pub(super) struct Fields<'r>(Vec<(&'r [u8], &'r [u8])>);

impl<'r> Fields<'r> {
    /// Splits the text of a record.
    pub(super) fn read(text: &'r [u8]) -> Result<Self, Unreadable> {
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        let words = text.split(|&byte| byte == b' ');
        for word in words.filter(|word| !word.is_empty()) {
            let place = word.iter().position(|&byte| byte == b'=');
            let (key, value) = match place {
                Some(place) => (&word[..place], &word[place + 1..]),
                None => return Err(Unreadable::Malformed),
            };
            let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
            if key.is_empty() || !key.iter().all(is_key) || fields.len() == MOST {
                return Err(Unreadable::Malformed);
            }
            // The kernel writes no field twice: whoever does wants to be read in two ways.
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(Unreadable::Twice);
            }
            fields.push((key, value));
        }
        Ok(Self(fields))
    }

    /// The value of a field as it is written.
    pub(super) fn raw(&self, key: &str) -> Option<&'r [u8]> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == key.as_bytes())?;
        Some(value)
    }

    /// A number that must be there.
    pub(super) fn number<N: std::str::FromStr>(&self, key: &'static str) -> Result<N, Unreadable> {
        let value = self.raw(key).ok_or(Unreadable::Missing(key))?;
        super::stamp::number(value).ok_or(Unreadable::Value(key))
    }

    /// A text from outside, if it is there and the kernel had it.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(value) = self.raw(key) else {
            return Ok(None);
        };
        decoded(value).ok_or(Unreadable::Value(key))
    }
}

/// A text in quotes or in hexadecimal digits; within, nothing if the kernel had none.
#[expect(
    clippy::option_option,
    reason = "what the kernel had nothing for is no fault"
)]
fn decoded(value: &[u8]) -> Option<Option<Vec<u8>>> {
    if value == b"(null)" || value == b"?" {
        return Some(None);
    }
    if let Some(quoted) = value.strip_prefix(b"\"") {
        let text = quoted.strip_suffix(b"\"")?;
        // What the kernel could not write down, such as a path that is too long.
        if matches!(text, b"<no_memory>" | b"<too_long>") {
            return Some(None);
        }
        let is_plain = |byte: &u8| (0x21..0x7f).contains(byte) && *byte != b'"';
        return text.iter().all(is_plain).then(|| Some(text.to_vec()));
    }
    from_hex(value).map(Some)
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = text.chunks_exact(2);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// A text as the kernel writes it.
pub(super) fn encoded(text: &[u8]) -> String {
    let is_plain = |byte: &u8| (0x21..0x7f).contains(byte) && *byte != b'"';
    // These would be read as what the kernel did not have.
    let is_word = matches!(text, b"<no_memory>" | b"<too_long>");
    if text.iter().all(is_plain) && !is_word {
        format!("\"{}\"", String::from_utf8_lossy(text))
    } else {
        hex(text)
    }
}

/// Bytes in hexadecimal digits, as the kernel writes them.
pub(super) fn hex(text: &[u8]) -> String {
    use std::fmt::Write as _;

    text.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_forged_within_a_name_is_none() {
        // comm is `x blockers=fs.read_file`, which the kernel writes in digits.
        let comm = hex(b"x blockers=fs.read_file");
        let text = format!("domain=1 comm={comm}");
        let fields = Fields::read(text.as_bytes()).unwrap();
        assert_eq!(fields.raw("blockers"), None);
        let name = fields.text("comm").unwrap().unwrap();
        assert_eq!(name, b"x blockers=fs.read_file");
        // Written in quotes by somebody else, it is no record of the kernel.
        assert!(
            Fields::read(b"domain=1 comm=\"x blockers=fs.read_file\"")
                .is_ok_and(|fields| fields.text("comm") == Err(Unreadable::Value("comm")))
        );
    }

    #[test]
    fn a_field_that_stands_twice_makes_the_record_unreadable() {
        let twice = Fields::read(b"domain=1 path=\"/a\" path=\"/b\"");
        assert_eq!(twice.unwrap_err(), Unreadable::Twice);
    }

    #[test]
    fn texts_read_back_as_they_are_written() {
        for text in [
            &b"/etc/shadow"[..],
            b"/a b",
            b"\"",
            b"\xff\n",
            b"",
            b"<too_long>",
            b"(null)",
        ] {
            assert_eq!(decoded(encoded(text).as_bytes()), Some(Some(text.to_vec())));
        }
        for cut in [
            &b"\"/etc/sha"[..],
            b"2F6",
            b"2f61",
            b"x y",
            b"\"a\"b\"",
            b"",
        ] {
            assert_eq!(decoded(cut), None, "{}", String::from_utf8_lossy(cut));
        }
        assert_eq!(decoded(b"(null)"), Some(None));
    }
}
