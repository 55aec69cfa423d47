//! ssh-keygen needs `/etc/passwd`, to know its user's name, and `/dev/null`, which it opens for
//! writing before anything else.

use ringfence_tests::trial::Test;

use crate::scene::{Scene, Skip, each_user, words};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro /etc/passwd --fs read,write=/dev/null --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user("ssh_keygen_makes_a_key_where_it_may_write", makes_a_key),
        each_user(
            "ssh_keygen_cannot_write_a_key_elsewhere",
            writes_nowhere_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn makes_a_key(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    scene.allows(&scene.sandbox(POLICY), &generate("work/key"));
    scene.prepare(&words("ssh-keygen -l -f work/key"));
    Ok(())
}

fn writes_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let generate = generate("elsewhere/key");
    scene.refuses(&scene.sandbox(POLICY), &generate, |_| {
        scene.text("elsewhere/key").contains("PRIVATE KEY")
    });
    Ok(())
}

fn generate(file: &str) -> [&str; 8] {
    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("ssh-keygen", "openssh-client")?;
    scene.folders(&["work", "elsewhere"]);
    Ok(())
}
