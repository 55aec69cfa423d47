//! Text in pieces, put together into lines of bounded length.

/// The longest line that is read. The kernel's longest record is 8,970 bytes; as JSON of a journal, each of
/// them may be a number, and there are copies.
const LONGEST: usize = 256 * 1024;

/// The line that has begun and has no end yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    /// Whether what follows, up to the end of the line, is dropped.
    too_long: bool,
}

impl Lines {
    /// Takes more text, and gives each line that ends in it: whether it was too long, and its beginning.
    pub(super) fn take(&mut self, text: &[u8], mut line: impl FnMut(&[u8], bool)) {
        let mut parts = text.split(|&byte| byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let ends = parts.peek().is_some();
            if ends && self.begun.is_empty() && !self.too_long && part.len() <= LONGEST {
                line(part, false);
                continue;
            }
            let room = LONGEST - self.begun.len();
            self.too_long |= part.len() > room;
            self.begun.extend_from_slice(&part[..part.len().min(room)]);
            if ends {
                line(&self.begun, self.too_long);
                self.begun.clear();
                self.too_long = false;
            }
        }
    }

    /// The last line, if it has no end.
    pub(super) fn finish(&mut self, mut line: impl FnMut(&[u8], bool)) {
        if !self.begun.is_empty() {
            line(&self.begun, self.too_long);
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut all = Vec::new();
        let mut lines = Lines::default();
        for piece in pieces {
            lines.take(piece, |line, cut| all.push((line.to_vec(), cut)));
        }
        lines.finish(|line, cut| all.push((line.to_vec(), cut)));
        all
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = b"one\ntwo\n\nfour";
        let whole = lines(&[text]);
        assert_eq!(whole.len(), 4);
        for at in 0..text.len() {
            assert_eq!(lines(&[&text[..at], &text[at..]]), whole);
        }
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory_and_is_told() {
        let much = vec![b'x'; 3 * LONGEST];
        let all = lines(&[&much, &much, b"\nnext\n"]);
        assert_eq!((all[0].0.len(), all[0].1), (LONGEST, true));
        assert_eq!(all[1], (b"next".to_vec(), false));
    }
}
