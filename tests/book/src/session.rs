//! The commands of a page as a reader types them, one after the other in one shell, and what each of them has to print.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::block::Block;
use crate::shown;

/// The home of the reader whom pages speak to.
pub const HOME: &str = "/home/ann";
/// Stands in the output before the exit code of the step that has just ended. No command prints it.
const END: char = '\u{1}';
/// The exit code of `ringfence check` for what is no manifest at all; findings are for the page to speak of.
const NO_MANIFEST: i32 = 2;

/// Whose prompt a command stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// `$`: an ordinary user's.
    User,
    /// `#`: root's.
    Root,
}

/// A command that is ended if it takes longer than the commands of a page may together.
pub fn patiently(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "120", program]);
    command
}

/// What runs or checks the blocks of a language, or with a mark, of all pages.
const RUST: &str = "tests/book/tests/rust.rs";
const C: &str = "tests/book/tests/pages/c.rs";
const PYTHON: &str = "python/tests/test_docs.py";
const PACKAGE: &str = "tests/book/tests/package/newcomer.rs";

/// One thing to do, and how to tell that it went as the page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the page.
    pub line: usize,
    /// Whose it is.
    pub prompt: Prompt,
    /// Lines of shell.
    pub command: String,
    /// What it has to be.
    pub expect: Expect,
}

/// What is asked of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It succeeds, whatever it prints: the page shows no output.
    Success,
    /// It prints this.
    Output(String),
    /// It is a manifest that can be read.
    Manifest,
}

/// A block that is not run with its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The line of the page.
    pub line: usize,
    /// Why not.
    pub why: Why,
}

/// Why a block is not run with its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What stands here in the workspace does run or check it.
    By(String),
    /// It cannot be run where the tests are, for this reason. Without one it is a fault of the page.
    Cannot(String),
}

/// The steps of a page, and what of it is not run with it.
#[derive(Debug, Default)]
pub struct Session {
    /// In the order of the page.
    pub steps: Vec<Step>,
    /// In the order of the page.
    pub left_out: Vec<LeftOut>,
}

impl Session {
    /// What a page has its reader do. Blocks marked `install` are run where the package is installed, and nowhere else.
    pub fn new(blocks: &[Block], installs: bool) -> Self {
        let mut session = Self::default();
        for block in blocks {
            session.add(block, installs);
        }
        session
    }

    fn add(&mut self, block: &Block, installs: bool) {
        let step = |command: String, expect: Expect| Step {
            line: block.line,
            prompt: Prompt::User,
            command,
            expect,
        };
        if block.has("no-run") {
            self.leave_out(block, Why::Cannot(block.reason.clone()));
        } else if let Some(place) = block.mark("by") {
            self.leave_out(block, Why::By(place.to_owned()));
        } else if let Some(file) = block.mark("file") {
            let command = here_document(file, &block.text);
            self.steps.push(step(command, Expect::Success));
            match block.language.as_str() {
                "yaml" if !block.has("other") => {
                    let command = format!("ringfence check {file}");
                    self.steps.push(step(command, Expect::Manifest));
                }
                "ini" => self.steps.push(step(verify_unit(file), Expect::Success)),
                _ => {}
            }
        } else {
            match block.language.as_str() {
                "setup" | "sh" => {
                    let command = format!("( set -e\n{}\n) >/dev/null", block.text);
                    self.steps.push(step(command, Expect::Success));
                }
                "console" if block.has("install") && !installs => {
                    self.leave_out(block, Why::By(PACKAGE.to_owned()));
                }
                "console" => self.steps.extend(commands(block)),
                "yaml" if !block.has("other") => {
                    let mut text = block.text.clone();
                    if !text.contains("version:") {
                        text.insert_str(0, "version: 1\n");
                    }
                    let command = here_document(".block.yaml", &text)
                        + "\nringfence check .block.yaml; code=$?; rm .block.yaml; (exit $code)";
                    self.steps.push(step(command, Expect::Manifest));
                }
                "rust" => self.leave_out(block, Why::By(RUST.to_owned())),
                "c" => self.leave_out(block, Why::By(C.to_owned())),
                "python" => self.leave_out(block, Why::By(PYTHON.to_owned())),
                _ => self.leave_out(block, Why::Cannot(block.reason.clone())),
            }
        }
    }

    fn leave_out(&mut self, block: &Block, why: Why) {
        let line = block.line;
        self.left_out.push(LeftOut { line, why });
    }

    /// Runs all steps of one user in one shell. Its command lacks the script, which is added as the last argument. What went
    /// otherwise than the page says is told, a paragraph each.
    ///
    /// `home` is the user's; the page speaks of [`HOME`].
    pub fn run(&self, prompt: Prompt, shell: &mut Command, home: &Path) -> Vec<String> {
        let of_user = |step: &&Step| step.prompt == prompt;
        let steps: Vec<&Step> = self.steps.iter().filter(of_user).collect();
        let output = shell
            .arg(script(&steps))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        match output {
            Ok(output) => {
                let printed = String::from_utf8_lossy(&output.stdout);
                judge(&steps, &printed.replace(&*home.to_string_lossy(), HOME))
            }
            Err(error) => vec![format!("the shell cannot be started: {error}")],
        }
    }

    /// How many commands a reader types.
    pub fn commands(&self) -> usize {
        let typed = |step: &&Step| step.command.starts_with(TYPED);
        self.steps.iter().filter(typed).count()
    }
}

/// Begins what a reader types, as nothing else that is run does.
const TYPED: &str = ": typed\n";

fn here_document(file: &str, text: &str) -> String {
    let parent = Path::new(file)
        .parent()
        .filter(|parent| *parent != Path::new(""));
    let directory = parent.map_or_else(String::new, |parent| {
        format!("mkdir -p '{}'\n", parent.display())
    });
    format!("{directory}cat > '{file}' <<'END-OF-BLOCK'\n{text}END-OF-BLOCK")
}

/// Has systemd read a unit. The programs that it starts are where the reader has them.
fn verify_unit(file: &str) -> String {
    format!(
        "mkdir -p .verify && sed 's#^\\(Exec[A-Za-z]*=\\)[^ ]*#\\1/bin/true#' {file} > .verify/{file} \\\n\
         && systemd-analyze verify --man=no --recursive-errors=one ./.verify/{file} && rm -r .verify"
    )
}

/// The commands of a block, each with the lines beneath it.
fn commands(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (number, line) in block.text.lines().enumerate() {
        let begins = match line.get(..2) {
            Some("$ ") => Some(Prompt::User),
            // Elsewhere it may be a comment in what a command prints.
            Some("# ") if block.has("install") => Some(Prompt::Root),
            _ => None,
        };
        match (begins, steps.last_mut()) {
            (Some(prompt), _) if !goes_on => {
                let command = format!("{TYPED}{}", &line[2..]);
                goes_on = is_open(&command);
                steps.push(Step {
                    line: block.line + 1 + number,
                    prompt,
                    command,
                    expect: Expect::Success,
                });
            }
            (_, Some(step)) if goes_on => {
                step.command.push('\n');
                step.command.push_str(line);
                goes_on = is_open(&step.command);
            }
            (_, Some(step)) => match &mut step.expect {
                Expect::Output(shown) => {
                    shown.push_str(line);
                    shown.push('\n');
                }
                expect => *expect = Expect::Output(format!("{line}\n")),
            },
            (_, None) => {}
        }
    }
    steps
}

/// Whether a command goes on in the next line: after a backslash, or within quotes.
fn is_open(command: &str) -> bool {
    command.ends_with('\\') || command.matches('\'').count() % 2 == 1
}

fn script(steps: &[&Step]) -> String {
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        let _ = writeln!(script, "{}\nprintf '\\001%d\\n' $?", step.command);
    }
    script
}

fn judge(steps: &[&Step], output: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rest = output;
    for step in steps {
        let command = step.command.trim_start_matches(TYPED);
        let Some((printed, after)) = rest.split_once(END) else {
            faults.push(format!(
                "line {}: the shell ended, or was ended for its time, in\n{command}\nwhich printed\n{rest}",
                step.line
            ));
            break;
        };
        let (code, after) = after.split_once('\n').unwrap_or((after, ""));
        rest = after;
        let code: i32 = code.parse().unwrap_or(-1);
        let holds = match &step.expect {
            Expect::Success => code == 0,
            Expect::Output(shown) => shown::matches(shown, printed),
            Expect::Manifest => code < NO_MANIFEST,
        };
        if !holds {
            let shown = match &step.expect {
                Expect::Success => "which should succeed".to_owned(),
                Expect::Output(shown) => format!("of which the page says\n{shown}"),
                Expect::Manifest => "which should be a manifest".to_owned(),
            };
            faults.push(format!(
                "line {}: {command}\n{shown}\nended with {code} and printed\n{printed}",
                step.line
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::blocks;

    fn faults(page: &str) -> Vec<String> {
        let session = Session::new(&blocks(page), false);
        let mut shell = patiently("bash");
        session.run(Prompt::User, shell.arg("-c"), Path::new(HOME))
    }

    #[test]
    fn a_command_that_prints_what_is_shown_passes() {
        let page = "```console\n$ x=1; echo one \\\n  two\none two\n$ echo $x\n1\n$ printf 'a\nb'\na\n…\n```\n";
        assert_eq!(faults(page), Vec::<String>::new());
    }

    #[test]
    fn one_that_prints_something_else_or_fails_without_a_word_of_the_page_does_not() {
        assert_eq!(faults("```console\n$ echo 1\n2\n```\n").len(), 1);
        assert_eq!(faults("```console\n$ false\n$ true\n```\n").len(), 1);
        assert_eq!(faults("<!-- setup\nfalse\ntrue\n-->\n").len(), 1);
        assert_eq!(faults("```console\n$ exit 0\n$ true\n```\n").len(), 1);
    }

    #[test]
    fn a_comment_in_the_output_is_no_prompt_of_root() {
        assert_eq!(
            faults("```console\n$ echo '# x'\n# x\n```\n"),
            Vec::<String>::new()
        );
        let session = Session::new(&blocks("```console,install\n# id -u\n0\n```\n"), true);
        assert_eq!(session.steps[0].prompt, Prompt::Root);
    }

    #[test]
    fn a_block_that_is_not_run_keeps_its_reason() {
        let page = "```console,no-run there is no cluster\n$ false\n```\n";
        let session = Session::new(&blocks(page), false);
        assert!(session.steps.is_empty());
        let why = Why::Cannot("there is no cluster".to_owned());
        assert_eq!(session.left_out, [LeftOut { line: 1, why }]);
    }

    #[test]
    fn one_of_a_language_that_nothing_runs_is_left_out_without_a_reason() {
        let session = Session::new(&blocks("```text\nx\n```\n"), false);
        let why = Why::Cannot(String::new());
        assert_eq!(session.left_out, [LeftOut { line: 1, why }]);
    }

    #[test]
    fn a_script_that_fails_in_its_midst_is_a_fault() {
        assert_eq!(faults("```sh\nfalse\ntrue\n```\n").len(), 1);
        assert_eq!(faults("```sh\ntrue\n```\n"), Vec::<String>::new());
    }
}
