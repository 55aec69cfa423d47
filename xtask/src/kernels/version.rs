//! The order of Debian's version numbers (deb-version(7)), without epochs, which kernels do not have.

use std::cmp::Ordering;
use std::iter::repeat;

const END: u32 = 1;

/// `~` comes before the end, the end before letters, letters before the rest; digits compare as numbers.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    while !left.is_empty() || !right.is_empty() {
        let (left_text, right_text) = (split(&mut left, false), split(&mut right, false));
        let (left_number, right_number) = (split(&mut left, true), split(&mut right, true));
        let order = compare_text(left_text, right_text)
            .then_with(|| number(left_number).cmp(&number(right_number)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the longest start of `text` that is all digits, or all other characters.
fn split<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text
        .find(|c: char| c.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    let (start, rest) = text.split_at(end);
    *text = rest;
    start
}

fn number(digits: &str) -> u64 {
    digits.parse().unwrap_or(0)
}

fn compare_text(left: &str, right: &str) -> Ordering {
    let length = left.len().max(right.len());
    let weights = |text: &str| -> Vec<u32> {
        text.chars()
            .map(weight)
            .chain(repeat(END))
            .take(length)
            .collect()
    };
    weights(left).cmp(&weights(right))
}

fn weight(c: char) -> u32 {
    match c {
        '~' => 0,
        letter if letter.is_ascii_alphabetic() => 0x100 + u32::from(letter),
        other => 0x1000 + u32::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_in_debians_order() {
        let ordered = [
            "5.10.0-9",
            "5.10.0-32",
            "6.1.0-47",
            "6.12.9",
            "6.12.90+deb12",
            "6.12.90+deb12.1",
            "6.12.94+deb12",
            "7.3~rc7-1~exp1",
            "7.3",
            "7.3.4-1~bpo13+1",
            "7.3.4-1",
        ];
        for (index, older) in ordered.iter().enumerate() {
            assert_eq!(compare(older, older), Ordering::Equal);
            for newer in &ordered[index + 1..] {
                assert_eq!(compare(older, newer), Ordering::Less, "{older} < {newer}");
                assert_eq!(
                    compare(newer, older),
                    Ordering::Greater,
                    "{newer} > {older}"
                );
            }
        }
    }
}
