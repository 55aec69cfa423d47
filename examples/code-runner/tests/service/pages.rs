//! Pages of Markdown: made in a copy of the server that may do nothing.

use ringfence_tests::trial::Test;

use crate::client::{Response, ask};
use crate::server::{Server, Setup};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("pages::markdown_becomes_html_and_html_stays_text", page),
        test("pages::no_page_has_anything_that_runs", inert),
        test("pages::what_is_no_text_or_too_long_is_refused", refused),
        test("pages::many_at_once_leave_nothing_behind", many),
        test("pages::a_text_that_is_made_to_take_long_ends", nested),
    ]
}

fn render(server: &Server, text: &[u8]) -> Response {
    let head = "POST /render HTTP/1.1\r\n";
    ask(server.address, head, text).expect("an answer")
}

fn page() {
    let server = Server::start();
    let answer = render(
        &server,
        "# A *title*\n\n<script>alert(1)</script> and <b>é</b>\n".as_bytes(),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(
        answer.body,
        "<h1>A <em>title</em></h1>\n&lt;script&gt;alert(1)&lt;/script&gt; and &lt;b&gt;é&lt;/b&gt;\n"
    );
    server.assert_clean();
}

fn inert() {
    let server = Server::start();
    for link in [
        "[x](javascript:alert(1))",
        "[x](JavaScript:alert(1))",
        "[x](&#1;javascript&colon;alert(1))",
        "[x](<java&Tab;script:alert(1)>)",
        "<javascript:alert(1)>",
        "[x](data:text/html,x)",
        "[x][y]\n\n[y]: vbscript:x",
    ] {
        let answer = render(&server, link.as_bytes());
        assert!(answer.body.contains("<a href=\"\">"), "{answer:?}");
    }
    for link in ["https://x.example/", "mailto:a@b", "/a:b", "a?b:c", "#d:e"] {
        let answer = render(&server, format!("[x]({link})").as_bytes());
        let written = format!("<a href=\"{link}\">");
        assert!(answer.body.contains(&written), "{answer:?}");
    }
    // Whatever the copy answers: who has broken into the parser writes the page.
    let answer = render(&server, b"x");
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    server.assert_clean();
}

fn refused() {
    let server = Setup::new().flags(&["--body", "1000"]).start();
    assert_eq!(render(&server, &[0xff, 0xfe]).status, 400);
    assert_eq!(render(&server, &[b'x'; 2000]).status, 413);
    assert_eq!(render(&server, &[b'x'; 900]).status, 200);
}

fn many() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for round in 0..25 {
                    let answer = render(server, format!("*{thread} {round}*").as_bytes());
                    assert_eq!(answer.body, format!("<p><em>{thread} {round}</em></p>\n"));
                }
            });
        }
    });
    server.assert_clean();
}

/// What parsers of Markdown were slow at.
fn nested() {
    let server = Server::start();
    for text in [
        "[".repeat(200_000),
        "> ".repeat(100_000),
        "*a ".repeat(100_000),
    ] {
        let answer = render(&server, text.as_bytes());
        assert!([200, 422].contains(&answer.status), "{}", answer.status);
    }
    server.assert_clean();
}
