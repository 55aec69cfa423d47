//! The lines of an answer: JSON objects, one a line, as the job goes.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use ringfence::process::{Ended, Limit, Stream};
use serde::Serialize;

/// A line of an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Line<'t> {
    /// The job wrote this.
    Stdout(&'t str),
    /// The job wrote this to standard error.
    Stderr(&'t str),
    /// The job was lost.
    Error(&'t str),
    /// The job ended. No line follows.
    #[serde(untagged)]
    End {
        /// Its exit code, if it ended by itself.
        exit: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// The limit that ended it.
        limit: Option<&'static str>,
        /// From its start to its end.
        seconds: f64,
    },
}

impl Line<'_> {
    /// How a job ended.
    pub fn end(ended: Ended, time: Duration) -> Self {
        Self::End {
            exit: ended.code(),
            signal: ended.status.signal(),
            limit: ended.limit.map(Limit::name),
            seconds: (time.as_secs_f64() * 1000.0).round() / 1000.0,
        }
    }

    /// The line with its end.
    pub fn write(&self) -> String {
        // Strings and numbers always have a form in JSON.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Text from the bytes of both streams, a character that is split between two reads kept whole.
#[derive(Default)]
pub struct Texts {
    stdout: Decoder,
    stderr: Decoder,
}

impl Texts {
    /// The line of what was written; none if all of it is the beginning of a character.
    pub fn line(&mut self, stream: Stream, bytes: &[u8]) -> Option<String> {
        let decoder = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        line(stream, &decoder.decode(bytes))
    }

    /// The lines of what is left once nothing more comes.
    pub fn rest(&mut self) -> impl Iterator<Item = String> {
        let rests = [
            line(Stream::Stdout, &self.stdout.finish()),
            line(Stream::Stderr, &self.stderr.finish()),
        ];
        rests.into_iter().flatten()
    }
}

fn line(stream: Stream, text: &str) -> Option<String> {
    let line = match stream {
        Stream::Stdout => Line::Stdout(text),
        Stream::Stderr => Line::Stderr(text),
    };
    (!text.is_empty()).then(|| line.write())
}

/// UTF-8 that comes in pieces; what is none becomes U+FFFD.
#[derive(Default)]
struct Decoder {
    /// The beginning of a character, at most three bytes.
    begun: Vec<u8>,
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8]) -> String {
        let mut bytes = [&std::mem::take(&mut self.begun), bytes].concat();
        if let Some(begin) = begun(&bytes) {
            self.begun = bytes.split_off(begin);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned()
    }
}

/// Where a character begins that the end of the bytes cuts off.
fn begun(bytes: &[u8]) -> Option<usize> {
    let chunk = bytes.utf8_chunks().last()?;
    let cut = chunk.invalid();
    let is_begun = std::str::from_utf8(cut).is_err_and(|error| error.error_len().is_none());
    is_begun.then(|| bytes.len() - cut.len())
}

#[cfg(test)]
mod tests {
    use super::Decoder;

    #[test]
    fn text_is_the_same_wherever_it_is_cut() {
        let texts: [&[u8]; 5] = [
            "aé€😀z".as_bytes(),
            b"\xff\xfe ok \xe2\x82",
            b"\xf0\x9f\x98",
            b"\xe2\x28\xa1\xc3",
            b"",
        ];
        for text in texts {
            for cut in 0..=text.len() {
                let (first, second) = text.split_at(cut);
                let mut decoder = Decoder::default();
                let whole = decoder.decode(first) + &decoder.decode(second) + &decoder.finish();
                assert_eq!(whole, String::from_utf8_lossy(text), "{text:?} at {cut}");
            }
            let mut decoder = Decoder::default();
            let bytewise: String = text.chunks(1).map(|byte| decoder.decode(byte)).collect();
            assert_eq!(bytewise + &decoder.finish(), String::from_utf8_lossy(text));
        }
    }
}
