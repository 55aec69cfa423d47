//! vim needs its runtime folder beyond its libraries, and knows the usual terminals by itself. It
//! keeps a swap file beside each file that it edits, so it needs the file's folder under `rw`. Its
//! terminal is open when it starts and needs no path.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::Sandbox;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;
use ringfence_tests::terminal::Terminal;

pub fn tests() -> Vec<Test> {
    [
        each_user("vim_edits_at_a_terminal_where_it_may_write", edits),
        each_user("vim_cannot_write_to_another_folder", writes_nowhere_else),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn edits(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let mut vim = Terminal::start(scene.sandboxed(&sandbox, &VIM).env("TERM", "xterm"));
    write_a_page(&mut vim);
    vim.types(":wq\r");
    assert!(vim.ends().success());
    assert_eq!(scene.text("work/page"), "a page\n");
    Ok(())
}

fn writes_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let mut vim = Terminal::start(scene.sandboxed(&sandbox, &VIM).env("TERM", "xterm"));
    write_a_page(&mut vim);
    vim.types(":w elsewhere/page\r");
    vim.shows("E212: Can't open file for writing");
    assert!(!scene.path("elsewhere/page").exists());

    let mut twin = Terminal::start(scene.plain(&VIM).env("TERM", "xterm"));
    write_a_page(&mut twin);
    twin.types(":w elsewhere/page\r");
    twin.shows("written");
    assert_eq!(scene.text("elsewhere/page"), "a page\n");
    Ok(())
}

/// `-n`: no swap file, which the second start would ask about.
const VIM: [&str; 3] = ["vim", "-n", "work/page"];

fn write_a_page(vim: &mut Terminal) {
    vim.shows("work/page");
    vim.types("i");
    vim.shows("INSERT");
    vim.types("a page\u{1b}");
    vim.shows("a page");
}

fn prepare(scene: &Scene) -> Result<Sandbox, Skip> {
    need("vim", "vim")?;
    scene.folders(&["work", "elsewhere"]);
    Ok(scene.sandbox("--with-deps --ro /usr/share/vim --rw work"))
}
