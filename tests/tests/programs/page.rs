//! The page of `ringfence plan --html`, in a real browser.

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::install::need;
use crate::scene::{Scene, Skip, root, run};

pub fn tests() -> Vec<Test> {
    root(
        "a_browser_shows_a_plan_and_nothing_of_a_hostile_path_runs",
        shown,
    )
}

const MANIFEST: &str = r#"version: 1
include: [base]
ro: [{path: "/srv/<script>document.title='run'</script>", optional: true, description: "<img src=x onerror=document.title=1>"}]
connect-tcp: [443]
"#;

fn shown(scene: &Scene) -> Result<(), Skip> {
    let browser = need("chromium", "chromium")?.display().to_string();
    scene.file("policy.yaml", MANIFEST);
    let workbench = executable("ringfence").display().to_string();
    let policy = scene.path("policy.yaml").display().to_string();
    let made = run(&mut scene.plain(&[&workbench, "plan", "--html", "--policy", &policy]));
    assert!(made.status.success(), "{}", stderr(&made));
    scene.file("page.html", &stdout(&made));

    let address = format!("file://{}", scene.path("page.html").display());
    let profile = format!("--user-data-dir={}", scene.path("profile").display());
    // Root's browser has no sandbox of its own.
    let line = [
        &browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        &profile,
        "--enable-logging=stderr",
        "--dump-dom",
        &address,
    ];
    let output = run(&mut scene.plain(&line));
    let (document, said) = (stdout(&output), stderr(&output));
    // What the browser made of the page: thirteen kernels, each with its tree, and the path as text.
    assert_eq!(
        document.matches("class=\"kernel\"").count(),
        13,
        "{document}{said}"
    );
    assert_eq!(document.matches("class=\"tree\"").count(), 13);
    assert!(
        document.contains("&lt;script&gt;document.title='run'&lt;/script&gt;"),
        "{document}"
    );
    assert!(!document.contains("<script") && !document.contains("<img"));
    assert!(
        document.contains(&format!("<title>{policy}</title>")),
        "a script ran"
    );
    // Nothing was refused by the page's own rules, and no script complained.
    assert!(!said.contains("CONSOLE"), "{said}");
    Ok(())
}
