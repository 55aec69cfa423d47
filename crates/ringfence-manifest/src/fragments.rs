//! The fragments that are built in: what programs of a kind need, to be included by name.

/// A fragment that a manifest can include by its name.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    /// Its name.
    pub name: &'static str,
    /// Its text, a manifest of its own.
    pub text: &'static str,
}

macro_rules! fragments {
    ($($name:literal),* $(,)?) => {
        /// Every built-in fragment.
        pub const FRAGMENTS: &[Fragment] = &[$(Fragment {
            name: $name,
            text: include_str!(concat!("../fragments/", $name, ".yaml")),
        }),*];
    };
}

fragments![
    "base", "build", "dns", "git", "java", "node", "python", "shell", "terminal", "tls", "users"
];

/// The fragment with this name.
pub fn named(name: &str) -> Option<&'static Fragment> {
    FRAGMENTS.iter().find(|fragment| fragment.name == name)
}
