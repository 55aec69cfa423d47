//! A line of text: of audit.log and `ausearch`, or of the kernel's log.
//!
//! Of a kernel's log only lines of the kernel itself count. Whoever may write to a system log can write
//! there what looks like one of its records, but not where the kernel's lines begin.

use super::record::{self, Kind, Record, Unreadable};
use super::stamp::{number, split_at};

/// How the kernel says that it dropped records, or printed fewer than there were.
const LOSSES: [&[u8]; 4] = [
    b"kauditd_printk_skb: ",
    b"audit: audit_lost=",
    b"audit: audit_backlog=",
    b"audit: kauditd hold queue overflow",
];

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Record(Record),
    /// A record of Landlock's that cannot be understood.
    Unreadable(Unreadable),
    /// It speaks of Landlock's records in a place where the kernel writes none.
    Doubtful,
    /// The kernel's own word that it dropped records.
    Lost,
    /// Anything else.
    Other,
}

impl From<Result<Option<Record>, Unreadable>> for Line {
    fn from(read: Result<Option<Record>, Unreadable>) -> Self {
        match read {
            Ok(Some(record)) => Self::Record(record),
            Ok(None) => Self::Other,
            Err(why) => Self::Unreadable(why),
        }
    }
}

/// Reads a line. If it is too long, only its beginning is here.
pub(super) fn read(line: &[u8], too_long: bool) -> Line {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.first() == Some(&b'{') {
        return match too_long {
            true if is_about_landlock(line) => Line::Unreadable(Unreadable::Long),
            true => Line::Other,
            false => super::journal::read(line),
        };
    }
    let Some((kind, text)) = log_record(line).or_else(|| kernel_record(line)) else {
        return beside(line);
    };
    if too_long && kind != Kind::Other {
        return Line::Unreadable(Unreadable::Long);
    }
    record::read(kind, text).into()
}

/// What to make of a line that is no record.
fn beside(line: &[u8]) -> Line {
    if LOSSES.iter().any(|loss| is_kernels(line, loss)) {
        Line::Lost
    } else if is_about_landlock(line) {
        Line::Doubtful
    } else {
        Line::Other
    }
}

/// The text of a message of the kernel, without what comes before it.
pub(super) fn kernel_message(message: &[u8]) -> Line {
    match printed(message) {
        Some((kind, text)) => record::read(kind, text).into(),
        None if LOSSES.iter().any(|loss| message.starts_with(loss)) => Line::Lost,
        None => Line::Other,
    }
}

/// `type=NAME msg=audit(…): …`, behind `node=NAME` where logs of several machines come together.
fn log_record(line: &[u8]) -> Option<(Kind, &[u8])> {
    let line = match line.strip_prefix(b"node=") {
        Some(node) => split_at(node, b' ')?.1,
        None => line,
    };
    let (name, text) = split_at(line.strip_prefix(b"type=")?, b' ')?;
    Some((Kind::named(name), text.strip_prefix(b"msg=")?))
}

/// `audit: type=NUMBER audit(…): …` where the kernel writes it.
fn kernel_record(line: &[u8]) -> Option<(Kind, &[u8])> {
    let place = find(line, b"audit: type=")?;
    let (before, message) = line.split_at(place);
    if is_kernels_prefix(before) {
        printed(message)
    } else {
        None
    }
}

/// `audit: type=NUMBER audit(…): …`
fn printed(message: &[u8]) -> Option<(Kind, &[u8])> {
    let (name, text) = split_at(message.strip_prefix(b"audit: type=")?, b' ')?;
    text.starts_with(b"audit(")
        .then(|| (Kind::named(name), text))
}

fn is_kernels(line: &[u8], message: &[u8]) -> bool {
    find(line, message).is_some_and(|place| is_kernels_prefix(&line[..place]))
}

/// What stands before a message of the kernel: nothing, `[time] `, `<priority>`, the fields of /dev/kmsg,
/// facility and level of `dmesg -x`, or date, host and `kernel:` of a system log.
fn is_kernels_prefix(prefix: &[u8]) -> bool {
    let Ok(prefix) = std::str::from_utf8(prefix) else {
        return false;
    };
    let prefix = match prefix.split_once(';') {
        Some((fields, rest)) => return is_kmsg(fields) && rest.is_empty(),
        None => prefix,
    };
    let prefix = match prefix
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
    {
        // Facility 0 is the kernel.
        Some((priority, rest))
            if number(priority.as_bytes()).is_some_and(|number: u16| number < 8) =>
        {
            rest
        }
        Some(_) => return false,
        None => prefix,
    };
    if is_time_in_brackets(prefix) {
        return true;
    }
    if let Some((facility, rest)) = prefix.split_once(':')
        && facility.trim_end() == "kern"
        && let Some((level, rest)) = rest.split_once(':')
        && level
            .trim_end()
            .bytes()
            .all(|byte| byte.is_ascii_lowercase())
    {
        return is_time_in_brackets(rest.strip_prefix(' ').unwrap_or(rest));
    }
    let (before, after) = match prefix.split_once("kernel: ") {
        Some((before, after)) if is_time_in_brackets(after) => (before, true),
        Some(_) => return false,
        None => (prefix, false),
    };
    let words: Vec<_> = before.split_ascii_whitespace().collect();
    match words[..] {
        // Only `dmesg --time-format=iso` has nothing but the time.
        [time] => !after && is_iso(time) || after && is_iso(time),
        [time, _host] => after && is_iso(time),
        [month, day, time, _host] => {
            after
                && month.len() == 3
                && month.bytes().all(|byte| byte.is_ascii_alphabetic())
                && number::<u8>(day.as_bytes()).is_some()
                && time
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || b":.".contains(&byte))
        }
        _ => false,
    }
}

/// Nothing, or `[  12.345678] `.
fn is_time_in_brackets(text: &str) -> bool {
    let within = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix("] "));
    text.is_empty() || within.is_some_and(|time| !time.contains(['[', ']']))
}

/// `5,1234,567890,-`, of which the first has the facility.
fn is_kmsg(fields: &str) -> bool {
    let mut fields = fields.split(',');
    let priority = fields.next().and_then(|field| number(field.as_bytes()));
    priority.is_some_and(|priority: u16| priority < 8) && fields.count() >= 3
}

/// `2026-11-26T09:00:00,123456+00:00`
fn is_iso(time: &str) -> bool {
    let date = time.split_once('T').map(|(date, _)| date);
    date.is_some_and(|date| {
        date.len() == 10
            && date
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
    }) && time
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"-+:.,TZ".contains(&byte))
}

/// Whether a line speaks of Landlock's records.
pub(super) fn is_about_landlock(line: &[u8]) -> bool {
    [
        &b"LANDLOCK_ACCESS"[..],
        b"LANDLOCK_DOMAIN",
        b"type=1423",
        b"type=1424",
        b"UNKNOWN[1423]",
        b"UNKNOWN[1424]",
        b"AUDIT1423",
        b"AUDIT1424",
        b"blockers=",
    ]
    .iter()
    .any(|name| find(line, name).is_some())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "type=1423 audit(1795673039.775:2): domain=195ba459b blockers=scope.signal opid=1 ocomm=\"systemd\"";

    #[test]
    fn lines_of_the_kernel_are_read_with_what_stands_before_them() {
        for prefix in [
            "",
            "[ 2130.147140] ",
            "[Thu Nov 26 09:00:00 2026] ",
            "<5>",
            "<5>[    1.0] ",
            "5,1234,567890,-;",
            "kern  :notice: [ 2130.147140] ",
            "2026-11-26T09:00:00,123456+00:00 ",
            "Nov 26 09:00:00 host kernel: ",
            "Nov  6 09:00:00 host kernel: [ 2130.147140] ",
            "2026-11-26T09:00:00.123+00:00 host kernel: ",
        ] {
            let line = format!("{prefix}audit: {RECORD}");
            let read = read(line.as_bytes(), false);
            assert!(matches!(read, Line::Record(_)), "{line}: {read:?}");
        }
    }

    #[test]
    fn what_others_write_that_looks_like_a_record_is_doubtful() {
        for prefix in [
            "Nov 26 09:00:00 host evil: ",
            "Nov 26 09:00:00 host evil[12]: kernel: ",
            "[ 2130.1] evil: ",
            "[ 2130.1] evil] ",
            "12,1234,567890,-;",
            "<13>",
            "user  :notice: [ 2130.147140] ",
            "x ",
        ] {
            let line = format!("{prefix}audit: {RECORD}");
            assert_eq!(read(line.as_bytes(), false), Line::Doubtful, "{line}");
        }
        assert_eq!(read(b"systemd[1]: Started.", false), Line::Other);
    }

    #[test]
    fn lines_of_auditd_are_read_by_number_and_by_name() {
        let fields = "audit(1795673039.775:2): domain=1 status=deallocated denials=3";
        for name in ["LANDLOCK_DOMAIN", "UNKNOWN[1424]", "1424"] {
            for node in ["", "node=web-1 "] {
                for end in ["", "\r", "\u{1d}UID=\"root\""] {
                    let line = format!("{node}type={name} msg={fields}{end}");
                    let read = read(line.as_bytes(), false);
                    assert!(matches!(read, Line::Record(_)), "{line}: {read:?}");
                }
            }
        }
        let other = format!("type=AVC msg={fields}");
        assert_eq!(read(other.as_bytes(), false), Line::Other);
        let interpreted = b"type=LANDLOCK_DOMAIN msg=audit(26/11/26 09:00:00.775:2) : domain=1";
        assert_eq!(
            read(interpreted, false),
            Line::Unreadable(Unreadable::Stamp)
        );
    }

    #[test]
    fn records_that_the_kernel_dropped_are_told() {
        let line = b"[ 9.1] kauditd_printk_skb: 12 callbacks suppressed";
        assert_eq!(read(line, false), Line::Lost);
        for message in [
            "audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64",
            "audit: kauditd hold queue overflow",
        ] {
            let line = format!("[ 9.1] {message}");
            assert_eq!(read(line.as_bytes(), false), Line::Lost);
        }
    }
}
