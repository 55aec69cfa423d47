//! What a user meant by a key that does not exist: another spelling, the name of the flag, another tool's word.

/// What is often written, and what it is called here.
const SAID_ELSEWHERE: &[(&str, &str)] = &[
    ("args", "command"),
    ("bind", "bind-tcp"),
    ("chdir", "directory"),
    ("clear-env", "environment: {clear: true}"),
    ("cmd", "command"),
    ("connect", "connect-tcp"),
    ("cwd", "directory"),
    ("env", "environment: {set: {...}}"),
    ("exec", "command"),
    ("extends", "include"),
    ("files", "fs"),
    ("network", "connect-tcp"),
    ("nofile", "open-files"),
    ("paths", "fs"),
    ("ports", "connect-tcp"),
    ("procs", "processes"),
    ("read-only", "ro"),
    ("read-write", "rw"),
    ("readonly", "ro"),
    ("readwrite", "rw"),
    ("tcp", "connect-tcp"),
    ("time", "wall"),
    ("timeout", "wall"),
    ("udp", "connect-udp"),
    ("workdir", "directory"),
    ("working-directory", "directory"),
    ("allow-syscalls", "syscalls: {allow: [...]}"),
    ("deny-syscalls", "syscalls: {deny: [...]}"),
    ("only-syscalls", "syscalls: {only: [...]}"),
    ("unrestricted-fs", "unrestricted: [fs]"),
    ("unrestricted-ipc", "unrestricted: [ipc]"),
    ("unrestricted-net", "unrestricted: [net]"),
    ("unrestricted-syscalls", "unrestricted: [syscalls]"),
];

/// What is to be written instead of `name`, if one of the known keys is likely.
pub(crate) fn meant(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = spelt_as_here(name);
    let is_known = |key: &str| known.contains(&key.split(':').next().unwrap_or(key));
    let elsewhere = SAID_ELSEWHERE
        .iter()
        .find(|(said, key)| *said == name && is_known(key));
    match elsewhere {
        Some((_, key)) => Some(key),
        None => ringfence::closest(&name, known.iter().copied()),
    }
}

/// `connectTcp`, `connect_tcp` and `CONNECT-TCP` as `connect-tcp`.
fn spelt_as_here(name: &str) -> String {
    let mut spelt = String::new();
    let mut after_small = false;
    for character in name.chars() {
        if after_small && character.is_ascii_uppercase() {
            spelt.push('-');
        }
        after_small = character.is_ascii_lowercase();
        spelt.push(match character {
            '_' => '-',
            character => character.to_ascii_lowercase(),
        });
    }
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_and_other_words_lead_to_the_key() {
        let known = ["ro", "connect-udp", "connect-tcp", "environment"];
        for (said, key) in [
            ("RO", "ro"),
            ("read_only", "ro"),
            ("connectTcp", "connect-tcp"),
            ("connect", "connect-tcp"),
            ("env", "environment: {set: {...}}"),
            ("clear-env", "environment: {clear: true}"),
        ] {
            assert_eq!(meant(said, &known), Some(key), "{said}");
        }
        assert_eq!(meant("timeout", &known), None, "it is no key here");
        assert_eq!(meant("colour", &known), None);
    }
}
