//! The page of `ringfence plan --html`, in a real browser.

use std::io::ErrorKind;
use std::net::TcpListener;

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::install::need;
use crate::scene::{Scene, Skip, root, run};

pub fn tests() -> Vec<Test> {
    let hostile = root(
        "a_browser_shows_a_plan_and_nothing_of_a_hostile_path_runs",
        shown,
    );
    let usable = root("each_tab_of_a_page_shows_its_kernel_and_fits_a_phone", used);
    hostile.into_iter().chain(usable).collect()
}

/// What would run, and fetch from `address`, if it were markup.
fn hostile(address: &str) -> String {
    format!(
        "<img src='http://{address}/'><script>document.title='run'; console.error('run')</script>"
    )
}

/// Makes the page of a manifest whose path and description are hostile.
fn make(scene: &Scene, address: &str) -> (String, String) {
    let text = hostile(address);
    let manifest = format!(
        "version: 1\ninclude: [base]\nconnect-tcp: [443]\n\
         ro: [{{path: \"/srv/{text}\", optional: true, description: \"{text}\"}}]\n"
    );
    scene.file("policy.yaml", &manifest);
    let workbench = executable("ringfence").display().to_string();
    let policy = scene.path("policy.yaml").display().to_string();
    let made = run(&mut scene.plain(&[&workbench, "plan", "--html", "--policy", &policy]));
    assert!(made.status.success(), "{}", stderr(&made));
    (policy, stdout(&made))
}

/// What a browser makes of a page, and what it says to it.
fn browse(scene: &Scene, browser: &str, page: &str) -> (String, String) {
    scene.file("page.html", page);
    let address = format!("file://{}", scene.path("page.html").display());
    let profile = format!("--user-data-dir={}", scene.path("profile").display());
    // Root's browser has no sandbox of its own.
    let line = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=390,800",
        &profile,
        "--enable-logging=stderr",
        "--dump-dom",
        &address,
    ];
    let output = run(&mut scene.plain(&line));
    (stdout(&output), stderr(&output))
}

/// A listener that nobody waits for, and where it listens.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("it need not wait");
    let address = listener.local_addr().expect("it has an address");
    (listener, address.to_string())
}

/// Whether someone has connected; the kernel keeps a connection until it is accepted.
fn was_asked(listener: &TcpListener) -> bool {
    match listener.accept() {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    }
}

fn shown(scene: &Scene) -> Result<(), Skip> {
    let browser = need("chromium", "chromium")?.display().to_string();
    let (listener, address) = listener();
    let (policy, page) = make(scene, &address);
    let (document, said) = browse(scene, &browser, &page);
    // What the browser made of the page: thirteen kernels, each with its tree, and the path as text.
    for class in ["class=\"kernel\"", "class=\"tree\""] {
        assert_eq!(document.matches(class).count(), 13, "{document}{said}");
    }
    assert!(
        document.contains("&lt;script&gt;document.title='run'"),
        "{document}"
    );
    assert!(!document.contains("<script") && !document.contains("<img"));
    assert!(
        document.contains(&format!("<title>{policy}</title>")),
        "a script ran"
    );
    // Nothing was refused by the page's own rules, and no script complained.
    assert!(!said.contains("CONSOLE"), "{said}");
    assert!(!was_asked(&listener), "the page fetched something");

    // The twin: the same text as markup, in a page without rules.
    let page = format!("<!DOCTYPE html><title>twin</title>{}", hostile(&address));
    let (document, said) = browse(scene, &browser, &page);
    assert!(document.contains("<title>run</title>"), "{document}{said}");
    assert!(said.contains("CONSOLE"), "{said}");
    assert!(was_asked(&listener), "{said}");
    Ok(())
}

/// Chooses each tab in turn, and puts what is wrong into the title.
const USE: &str = "<script>
const wrong = [];
for (const tab of document.querySelectorAll('input')) {
  tab.click();
  const shown = [...document.querySelectorAll('section')].filter(section => section.offsetHeight > 0);
  const ids = shown.map(section => section.id).join();
  if (ids !== tab.id.replace('k', 'p')) wrong.push(`${tab.id} shows ${ids}`);
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) wrong.push(`${tab.id} is ${scrollWidth} of ${clientWidth} wide`);
}
document.title = wrong.length ? wrong.join('; ') : `used at ${document.documentElement.clientWidth}`;
</script></body>";

fn used(scene: &Scene) -> Result<(), Skip> {
    let browser = need("chromium", "chromium")?.display().to_string();
    let (_, page) = make(scene, "127.0.0.1:1");
    let ruled = page.replace("</body>", USE);
    // The page's own rules let no script run, not even one that is in it.
    let (document, said) = browse(scene, &browser, &ruled);
    assert!(!document.contains("<title>used"), "{document}{said}");
    assert!(said.contains("Content Security Policy"), "{said}");

    let free = ruled.replace("http-equiv=\"Content-Security-Policy\"", "name=\"none\"");
    let (document, said) = browse(scene, &browser, &free);
    assert!(
        document.contains("<title>used at 390</title>"),
        "{}{said}",
        document.lines().take(12).collect::<String>()
    );
    Ok(())
}
