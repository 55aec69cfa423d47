//! "Did you mean": the candidate closest to a misspelt name.

/// The candidate most like `name`, if one is like enough for a person to have meant it.
///
/// ```
/// assert_eq!(ringfence::closest("conect-tcp", ["bind-tcp", "connect-tcp"]), Some("connect-tcp"));
/// assert_eq!(ringfence::closest("x", ["bind-tcp"]), None);
/// ```
pub fn closest<C: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = C>) -> Option<C> {
    const LIKE_ENOUGH: f64 = 0.6;
    let length = name.chars().count();
    // To compare takes as long as both lengths multiplied, and a word may be of any length.
    let may_be_like = |candidate: &C| {
        let other = candidate.as_ref().chars().count();
        length.min(other) * 2 > length.max(other)
    };
    candidates
        .into_iter()
        .filter(may_be_like)
        .map(|candidate| {
            let likeness = strsim::normalized_damerau_levenshtein(name, candidate.as_ref());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn only_a_likely_slip_is_proposed() {
        let names = ["models", "data", "etcetera"];
        assert_eq!(closest("modles", names), Some("models"));
        assert_eq!(closest("usr", names), None);
        assert_eq!(closest("x", [""; 0]), None);
        let long = "models".repeat(1 << 18);
        assert_eq!(closest(&long, names), None);
    }
}
