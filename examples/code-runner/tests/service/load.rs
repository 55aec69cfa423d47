//! To come.

use ringfence_tests::trial::Test;

pub fn tests() -> Vec<Test> {
    vec![]
}
