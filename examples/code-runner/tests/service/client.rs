//! A small HTTP client: one request for each connection, the answer whole or line by line.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What became of a job.
#[derive(Debug, Default)]
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub exit: Option<i64>,
    pub signal: Option<i64>,
    pub limit: Option<String>,
    pub seconds: f64,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The lines of a job, put together.
    pub fn run(&self) -> Run {
        assert_eq!(self.status, 200, "{self:?}");
        let mut run = Run::default();
        let mut has_ended = false;
        for line in self.body.lines() {
            assert!(!has_ended, "a line after the end: {self:?}");
            let line: Value = serde_json::from_str(line).expect("JSON on each line");
            if let Some(text) = line["stdout"].as_str() {
                run.stdout += text;
            } else if let Some(text) = line["stderr"].as_str() {
                run.stderr += text;
            } else {
                has_ended = true;
                run.exit = line["exit"].as_i64();
                run.signal = line["signal"].as_i64();
                run.limit = line["limit"].as_str().map(str::to_owned);
                run.seconds = line["seconds"].as_f64().expect("its time");
            }
        }
        assert!(has_ended, "no end: {self:?}");
        run
    }
}

/// An answer that is read as it comes. Dropped, its connection is closed.
pub struct Stream {
    pub status: u16,
    reader: BufReader<TcpStream>,
    /// Output that is no whole line yet.
    output: String,
}

impl Stream {
    /// The next line of the body; none at its end. A line of ours is a chunk.
    pub fn line(&mut self) -> Option<Value> {
        let size = self.text_line();
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk");
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).expect("the chunk");
        (size > 0).then(|| serde_json::from_slice(&chunk[..size]).expect("JSON in each chunk"))
    }

    /// The next line that the job writes to standard output, which may come in pieces.
    pub fn stdout(&mut self) -> String {
        loop {
            if let Some((line, rest)) = self.output.split_once('\n') {
                let line = line.to_owned();
                self.output = rest.to_owned();
                return line;
            }
            let line = self.line().expect("more output");
            let text = line["stdout"].as_str();
            self.output += text.unwrap_or_else(|| panic!("no output: {line}"));
        }
    }

    fn text_line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("a line");
        line
    }
}

/// Sends a request and leaves the connection open.
fn send(address: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!("{head}host: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    // A request that is refused may not be read to its end.
    let _ = stream.write_all(body);
    Ok(stream)
}

/// Sends a request and reads the answer to its end.
pub fn ask(address: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<Response> {
    let mut text = Vec::new();
    send(address, head, body)?.read_to_end(&mut text)?;
    let text = String::from_utf8(text).expect("text");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
    Ok(Response {
        status: status.expect("a status"),
        headers,
        body: if chunked { joined(body) } else { body.into() },
    })
}

/// A body from its chunks.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk");
        body += &rest[..size];
        chunks = rest[size..]
            .strip_prefix("\r\n")
            .expect("the end of a chunk");
    }
    body
}

const POST: &str = "POST /run HTTP/1.1\r\ncontent-type: application/json\r\n";

/// Runs code and reads the answer to its end.
pub fn post(address: SocketAddr, language: &str, code: &str) -> std::io::Result<Response> {
    let body = json!({"language": language, "code": code}).to_string();
    ask(address, POST, body.as_bytes())
}

/// Sends a body to `/run`.
pub fn post_body(address: SocketAddr, body: &str) -> Response {
    ask(address, POST, body.as_bytes()).expect("an answer")
}

/// Runs code and leaves the answer to be read as it comes.
pub fn stream(address: SocketAddr, language: &str, code: &str) -> Stream {
    let body = json!({"language": language, "code": code}).to_string();
    let socket = send(address, POST, body.as_bytes()).expect("a connection");
    let mut stream = Stream {
        status: 0,
        reader: BufReader::new(socket),
        output: String::new(),
    };
    let status = stream.text_line();
    stream.status = status
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    while !stream.text_line().trim().is_empty() {}
    stream
}

/// Sends code and goes away after a while, without reading anything.
pub fn abandon(address: SocketAddr, language: &str, code: &str, after: Duration) {
    let body = json!({"language": language, "code": code}).to_string();
    let stream = send(address, POST, body.as_bytes()).expect("a connection");
    std::thread::sleep(after);
    drop(stream);
}

/// Reads a page.
pub fn get(address: SocketAddr, path: &str) -> Response {
    ask(address, &format!("GET {path} HTTP/1.1\r\n"), b"").expect("an answer")
}
