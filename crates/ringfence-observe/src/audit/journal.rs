//! An entry of the journal, a line of `journalctl -o json`.
//!
//! Fields that begin with `_` are journald's own; nobody else can set them. Everything else may be
//! anybody's text.

use serde_json::Value;

use super::line::{Line, is_about_landlock, kernel_message};
use super::record::{self, Kind, Unreadable};
use super::stamp::{Stamp, number, split_at};

pub(super) fn read(line: &[u8]) -> Line {
    let Ok(Value::Object(entry)) = serde_json::from_slice(line) else {
        return if is_about_landlock(line) {
            Line::Unreadable(Unreadable::Malformed)
        } else {
            Line::Other
        };
    };
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    match text("_TRANSPORT") {
        Some("kernel") => entry
            .get("MESSAGE")
            .and_then(bytes)
            .map_or_else(|| Line::Other, |message| kernel_message(&message)),
        Some("audit") => {
            let kind = text("_AUDIT_TYPE").and_then(|kind| number(kind.as_bytes()));
            match kind.map_or(Kind::Other, Kind::numbered) {
                Kind::Other => Line::Other,
                kind => of_audit(kind, text, entry.get("MESSAGE")),
            }
        }
        _ if is_about_landlock(line) => Line::Doubtful,
        _ => Line::Other,
    }
}

/// journald writes time and number into fields of their own, and the type's name before the text.
fn of_audit<'e>(
    kind: Kind,
    text: impl Fn(&str) -> Option<&'e str>,
    message: Option<&Value>,
) -> Line {
    let micros = text("_SOURCE_REALTIME_TIMESTAMP").and_then(|time| number::<u64>(time.as_bytes()));
    let serial = text("_AUDIT_ID").and_then(|serial| number(serial.as_bytes()));
    let (Some(micros), Some(serial)) = (micros, serial) else {
        return Line::Unreadable(Unreadable::Stamp);
    };
    // A message that is too long for journalctl is null; `--all` shows it.
    let Some(message) = message.and_then(bytes) else {
        return Line::Unreadable(Unreadable::Missing("MESSAGE"));
    };
    let fields = match split_at(&message, b' ') {
        Some((name, fields)) if !name.contains(&b'=') => fields,
        _ => &message,
    };
    let stamp = Stamp {
        millis: micros / 1000,
        serial,
    };
    record::read_fields(kind, stamp, fields).into()
}

/// A text, or the numbers of its bytes where it is none.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Array(numbers) => numbers
            .iter()
            .map(|number| u8::try_from(number.as_u64()?).ok())
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIT: &str = r#""_TRANSPORT":"audit","_AUDIT_TYPE":"1423","_AUDIT_ID":"30","_SOURCE_REALTIME_TIMESTAMP":"1729738800268000""#;

    #[test]
    fn entries_of_audit_and_of_the_kernel_are_read_alike() {
        let fields = r#"domain=1 blockers=scope.signal opid=1 ocomm=\"systemd\""#;
        let entries = [
            format!(r#"{{{AUDIT},"MESSAGE":"AUDIT1423 {fields}"}}"#),
            format!(r#"{{{AUDIT},"MESSAGE":"LANDLOCK_ACCESS {fields}"}}"#),
            format!(
                r#"{{"_TRANSPORT":"kernel","MESSAGE":"audit: type=1423 audit(1729738800.268:30): {fields}"}}"#
            ),
        ];
        let read = entries.map(|entry| match read(entry.as_bytes()) {
            Line::Record(record) => record,
            other => panic!("{entry}: {other:?}"),
        });
        assert_eq!(read[0], read[1]);
        assert_eq!(read[0], read[2]);
    }

    #[test]
    fn an_entry_that_a_program_wrote_is_no_record() {
        let forged = r#"{"_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"audit: type=1423 audit(1.000:1): domain=1 blockers=ptrace opid=1 ocomm=\"x\""}"#;
        assert_eq!(read(forged.as_bytes()), Line::Doubtful);
        let cut = format!(r#"{{{AUDIT},"MESSAGE":null}}"#);
        assert_eq!(
            read(cut.as_bytes()),
            Line::Unreadable(Unreadable::Missing("MESSAGE"))
        );
        assert_eq!(read(b"{\"MESSAGE\":[1,2"), Line::Other);
    }
}
