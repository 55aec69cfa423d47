pub fn tests() -> Vec<ringfence_tests::trial::Test> {
    vec![]
}
