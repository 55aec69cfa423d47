//! The tutorial, followed on a bare Debian by who has never seen ringfence.

use std::path::Path;

use ringfence_book::block::blocks;
use ringfence_book::session::{HOME, Prompt, Session};
use ringfence_book::text;

use crate::tree::Tree;

/// A newcomer has no patience for more commands.
const AT_MOST: usize = 10;

pub fn follows(tree: &Tree) {
    let session = Session::new(&blocks(&text(Path::new("docs/tutorial.md"))), true);
    assert!(session.left_out.is_empty(), "{:?}", session.left_out);
    assert!(
        session.commands() <= AT_MOST,
        "the tutorial has {} commands",
        session.commands()
    );
    let home = Path::new(HOME);
    let mut faults = session.run(Prompt::Root, &mut tree.as_root(&["bash", "-c"]), home);
    faults.extend(session.run(Prompt::User, &mut tree.as_user(&["bash", "-c"]), home));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
