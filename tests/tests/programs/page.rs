//! The page of `ringfence plan --html`, in a real browser.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::scene::{Scene, Skip, root, run};
use ringfence_tests::install::need;

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
        "--hide-scrollbars",
        &profile,
        "--enable-logging=stderr",
        "--dump-dom",
        &address,
    ];
    let output = run(&mut scene.plain(&line));
    (stdout(&output), stderr(&output))
}

/// A server that hangs up on whoever connects, and tells who it was.
struct Server {
    address: SocketAddr,
    peers: Receiver<SocketAddr>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (told, peers) = mpsc::channel();
        thread::spawn(move || {
            while let Ok((_, peer)) = listener.accept() {
                if told.send(peer).is_err() {
                    break;
                }
            }
        });
        Self { address, peers }
    }

    /// Whether someone has connected. Connections are accepted in their order, so that whoever did
    /// comes before the one that is made here.
    fn was_asked(&self) -> bool {
        let own = TcpStream::connect(self.address).expect("it accepts");
        let own = own.local_addr().expect("it has an address");
        let mut peers = self.peers.iter().take_while(|peer| *peer != own);
        let asked = peers.next().is_some();
        peers.for_each(drop);
        asked
    }
}

fn shown(scene: &Scene) -> Result<(), Skip> {
    let browser = need("chromium", "chromium")?.display().to_string();
    let server = Server::start();
    let address = server.address.to_string();
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
    assert!(!server.was_asked(), "the page fetched something");

    // The twin: the same text as markup, in a page without rules.
    let page = format!("<!DOCTYPE html><title>twin</title>{}", hostile(&address));
    let (document, said) = browse(scene, &browser, &page);
    assert!(document.contains("<title>run</title>"), "{document}{said}");
    assert!(said.contains("CONSOLE"), "{said}");
    assert!(server.was_asked(), "{said}");
    Ok(())
}

/// Chooses each tab in turn, and puts what is wrong into the title of the window.
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
top.document.title = wrong.length ? wrong.join('; ') : `used at ${document.documentElement.clientWidth}`;
</script></body>";

fn used(scene: &Scene) -> Result<(), Skip> {
    let browser = need("chromium", "chromium")?.display().to_string();
    let (_, page) = make(scene, "127.0.0.1:1");
    let ruled = page.replace("</body>", USE);
    // The page's own rules let no script run, not even one that is in it.
    let (document, said) = browse(scene, &browser, &ruled);
    assert!(!document.contains("<title>used"), "{document}{said}");
    assert!(said.contains("Content Security Policy"), "{said}");

    // No window is as narrow as a phone, but a frame is.
    let free = ruled.replace("http-equiv=\"Content-Security-Policy\"", "name=\"none\"");
    let framed = format!(
        "<!DOCTYPE html><title>frame</title><iframe style=\"width: 360px; border: 0\" srcdoc=\"{}\"></iframe>",
        free.replace('&', "&amp;").replace('"', "&quot;")
    );
    let (document, said) = browse(scene, &browser, &framed);
    let title = document.split("</title>").next().unwrap_or_default();
    assert!(title.ends_with("used at 360"), "{title}\n{said}");
    Ok(())
}
