//! When an event happened, and its number: `audit(1729738800.268:30)`.

use std::fmt;

/// The time and the serial number of an event. All records of one event have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub millis: u64,
    /// The number of the event since boot.
    pub serial: u64,
}

impl Stamp {
    /// Reads `1729738800.268:30`.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (time, serial) = split_at(text, b':')?;
        let (seconds, millis) = split_at(time, b'.')?;
        if millis.len() != 3 {
            return None;
        }
        Some(Self {
            millis: number::<u64>(seconds)?
                .checked_mul(1000)?
                .checked_add(number(millis)?)?,
            serial: number(serial)?,
        })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        write!(f, "{seconds}.{millis:03}:{}", self.serial)
    }
}

/// What stands before and behind the first of a byte.
pub(super) fn split_at(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&byte| byte == at)?;
    Some((&text[..place], &text[place + 1..]))
}

/// A number in decimal digits and nothing else.
pub(super) fn number<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
