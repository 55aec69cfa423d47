//! Values as systemd writes them: switches, sizes, times, specifiers.

use std::time::Duration;

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// A number of bytes: `512M`, to the base 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let shift = match unit.trim() {
        "" | "B" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        "P" => 50,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// A time: `90`, `1min 30s`, `500ms`.
pub(super) fn time(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        let number: u64 = rest.strip_suffix(behind)?.parse().ok()?;
        let behind = behind.trim_start();
        let next = behind.trim_start_matches(|character: char| character.is_ascii_alphabetic());
        let micros: u64 = match behind.strip_suffix(next)? {
            "us" | "usec" => 1,
            "ms" | "msec" => 1_000,
            "" | "s" | "sec" | "second" | "seconds" => 1_000_000,
            "m" | "min" | "minute" | "minutes" => 60_000_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000_000,
            "d" | "day" | "days" => 86_400_000_000,
            "w" | "week" | "weeks" => 604_800_000_000,
            _ => return None,
        };
        sum = sum.checked_add(Duration::from_micros(number.checked_mul(micros)?))?;
        rest = next.trim_start();
    }
    Some(sum)
}

/// Puts in what specifiers stand for, as far as a unit alone tells; else the one that it does not tell.
pub(super) fn fill(text: &str) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            filled.push(character);
            continue;
        }
        // Those of the system's manager; what a unit is called, and by whom, its text does not say.
        filled.push_str(match rest.next() {
            Some('%') => "%",
            Some('t') => "/run",
            Some('S') => "/var/lib",
            Some('C') => "/var/cache",
            Some('L') => "/var/log",
            Some('E') => "/etc",
            Some('T') => "/tmp",
            Some('V') => "/var/tmp",
            Some(other) => return Err(format!("%{other}")),
            None => return Err("%".to_owned()),
        });
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_systemd_reads_them() {
        assert_eq!(bytes("512M"), Some(512 << 20));
        assert_eq!(bytes("10"), Some(10));
        assert_eq!(time("1min 30s"), Some(Duration::from_secs(90)));
        assert_eq!(time("1min30"), Some(Duration::from_secs(90)));
        assert_eq!(time("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(fill("%t/x%%").as_deref(), Ok("/run/x%"));
        assert_eq!(fill("/home/%i"), Err("%i".to_owned()));
        assert_eq!(boolean("Yes"), Some(true));
        for wrong in ["", "M", "50%", "infinity", "1Q", "99999999999T"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
