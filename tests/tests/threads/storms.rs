use crate::scene::Case; pub fn cases() -> Vec<Case> { vec![] }
