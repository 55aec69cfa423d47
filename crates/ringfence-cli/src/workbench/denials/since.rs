//! From when on: `10min`, `today`, `2026-11-26T09:00`.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Zoned};
use rustix::time::{ClockId, clock_gettime};

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since(Timestamp);

/// A text that names no moment.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no time; write 10min, 2h, today, yesterday, 2026-11-26 or 2026-11-26T09:00")]
pub(super) struct NoTime(String);

impl Since {
    /// Reads a time: in the past by a span, a day, or a date. Without a zone it is meant here.
    pub(super) fn read(text: &str) -> Result<Self, NoTime> {
        Self::before(text, &Zoned::now()).ok_or_else(|| NoTime(text.to_owned()))
    }

    fn before(text: &str, now: &Zoned) -> Option<Self> {
        let midnight = |days: i64| {
            let day = now.checked_sub(days.days()).ok()?;
            Some(day.start_of_day().ok()?.timestamp())
        };
        let moment = match text {
            "today" => midnight(0)?,
            "yesterday" => midnight(1)?,
            text => {
                let past = text.parse::<Span>().ok().filter(|span| !span.is_negative());
                let past = past.and_then(|span| now.checked_sub(span).ok());
                let local = |time: DateTime| time.to_zoned(TimeZone::system()).ok();
                past.map(|past| past.timestamp())
                    .or_else(|| text.parse::<Timestamp>().ok())
                    .or_else(|| Some(local(text.parse().ok()?)?.timestamp()))?
            }
        };
        Some(Self(moment))
    }

    /// This moment, by the clock of the kernel's records, which is behind the usual one by up to a tick: what
    /// happens from now on has no earlier time there.
    pub(super) fn now() -> Self {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        let nanos = i32::try_from(now.tv_nsec).unwrap_or_default();
        Self(Timestamp::new(now.tv_sec, nanos).unwrap_or_default())
    }

    /// Milliseconds since 1970.
    pub(super) fn millis(self) -> u64 {
        u64::try_from(self.0.as_millisecond()).unwrap_or_default()
    }
}

/// A time as programs read it everywhere.
pub(super) fn iso(millis: u64) -> Option<String> {
    let millis = i64::try_from(millis).ok()?;
    let time = Timestamp::from_millisecond(millis).ok()?;
    Some(time.to_string())
}

/// A time as a person reads it here.
pub(super) fn shown(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    match Timestamp::from_millisecond(millis) {
        Ok(time) => time
            .to_zoned(TimeZone::system())
            .strftime("%F %T%.3f")
            .to_string(),
        Err(_) => "at no time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-26T09:30:00Z".parse().unwrap();
        let now = now.to_zoned(TimeZone::UTC);
        let before = |text: &str| {
            let since = Since::before(text, &now)?;
            Some(since.0.to_string())
        };
        for (text, moment) in [
            ("10min", "2026-11-26T09:20:00Z"),
            ("2h 30m", "2026-11-26T07:00:00Z"),
            ("1 day", "2026-11-25T09:30:00Z"),
            ("today", "2026-11-26T00:00:00Z"),
            ("yesterday", "2026-11-25T00:00:00Z"),
            ("2026-11-26T09:00:00Z", "2026-11-26T09:00:00Z"),
            ("2026-11-26T09:00:00+01:00", "2026-11-26T08:00:00Z"),
        ] {
            assert_eq!(before(text).as_deref(), Some(moment), "{text}");
        }
        for local in ["2026-11-26", "2026-11-26T09:00", "2026-11-26 09:00"] {
            assert!(before(local).is_some(), "{local}");
        }
        for wrong in ["", "soon", "-10min", "10", "2026-13-01"] {
            assert_eq!(before(wrong), None, "{wrong}");
        }
    }
}
