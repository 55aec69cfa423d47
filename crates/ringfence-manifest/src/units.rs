//! Sizes and times as people write them.

use std::time::Duration;

/// Reads a number of bytes: digits, and K, M, G or T for powers of 1024.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        b'T' => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    number(digits)?.checked_mul(1 << shift)
}

/// Reads a time: digits and ms, s, m or h.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|character: char| !character.is_ascii_digit())?;
    let (digits, unit) = text.split_at(at);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number(digits)?
        .checked_mul(millis)
        .map(Duration::from_millis)
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// What [`bytes`] reads.
pub(crate) fn write_bytes(bytes: u64) -> String {
    [(40, "T"), (30, "G"), (20, "M"), (10, "K")]
        .into_iter()
        .find(|(shift, _)| bytes != 0 && bytes.is_multiple_of(1 << shift))
        .map_or_else(
            || bytes.to_string(),
            |(shift, unit)| format!("{}{unit}", bytes >> shift),
        )
}

/// What [`duration`] reads.
pub(crate) fn write_duration(time: Duration) -> String {
    let millis = time.as_millis();
    [(3_600_000, "h"), (60_000, "m"), (1_000, "s")]
        .into_iter()
        .find(|(unit, _)| millis != 0 && millis.is_multiple_of(*unit))
        .map_or_else(
            || format!("{millis}ms"),
            |(unit, name)| format!("{}{name}", millis / unit),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_read_back_as_written() {
        for text in ["0", "1000", "512K", "512M", "2G", "1T"] {
            assert_eq!(write_bytes(bytes(text).unwrap()), text);
        }
        for text in ["0ms", "500ms", "30s", "5m", "1h"] {
            assert_eq!(write_duration(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_size_or_time_is_none() {
        for text in [
            "",
            "K",
            "-1",
            "1.5G",
            "1KB",
            "99999999999999999999",
            "99999999999T",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "5 s", "99999999999999999999h"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
