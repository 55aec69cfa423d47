//! Every function of the header with arguments that nobody should pass: NULL in each place, and text and
//! numbers that mean nothing. The calls are generated from the header, so that no function is left out.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use ringfence_tests::trial::Test;
use tempfile::TempDir;

use crate::header::{Function, functions};
use crate::library::{Linked, compile, source, succeeds, test, text};

pub fn tests() -> Vec<Test> {
    vec![test(
        "no_function_crashes_or_takes_null_whatever_it_is_given",
        &[],
        || {
            let program = Generated::new();
            let compiled = compile("gcc", &program.file, &[], Linked::Shared);
            let output = succeeds(&mut compiled.command());
            let said = text(&output.stdout);
            let calls: usize = said
                .lines()
                .last()
                .and_then(|line| line.split_whitespace().next()?.parse().ok())
                .expect("the number of calls");
            assert!(calls > 500, "{said}");
        },
    )]
}

/// The program that makes the calls.
pub struct Generated {
    pub file: PathBuf,
    _directory: TempDir,
}

impl Generated {
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("arguments.c");
        fs::write(&file, program(&functions())).expect("a file");
        Self {
            file,
            _directory: directory,
        }
    }
}

/// What a parameter can be given.
struct Given {
    /// What it is for.
    usual: String,
    /// What it is not for.
    strange: Vec<String>,
}

fn program(functions: &[Function]) -> String {
    let mut text = format!(
        "#include \"{}\"\n\n\
         static const char *const usual_list[] = {{\"a\", NULL}};\n\
         static const char *const strange_list[] = {{\"\\xff\\xfe=\", \"\", \"=\", NULL}};\n\
         static const char *const empty_list[] = {{NULL}};\n\
         static const uint32_t usual_numbers[] = {{1}};\n\
         static const uint8_t usual_bytes[] = {{1}};\n\
         static char long_text[100001];\n\n\
         int main(void) {{\n  int calls = 0;\n  memset(long_text, 'a', sizeof long_text - 1);\n",
        source("fixture.h").display()
    );
    let mut calls = 0;
    for function in functions {
        for call in calls_of(function) {
            text += &call;
            calls += 1;
        }
    }
    let _ = write!(
        text,
        "  printf(\"%d calls, %d failures\\n\", calls, failures);\n  return failures > 0 || calls != {calls};\n}}\n"
    );
    text
}

/// Each parameter in turn with each strange value, while the others are as usual; all NULL; and all usual,
/// unless that would restrict the program.
fn calls_of(function: &Function) -> Vec<String> {
    let given: Vec<Given> = function
        .parameters
        .iter()
        .map(|kind| given(kind, &function.name))
        .collect();
    let usual = || given.iter().map(|given| given.usual.clone());
    let mut calls = Vec::new();
    if !function.name.contains("_enforce") {
        calls.push(call(function, &usual().collect::<Vec<_>>(), None));
    }
    for (place, given) in given.iter().enumerate() {
        for strange in &given.strange {
            let mut arguments: Vec<String> = usual().collect();
            arguments[place].clone_from(strange);
            let null = (strange == "NULL").then_some(place);
            calls.push(call(function, &arguments, null));
        }
    }
    if given.len() > 1 {
        let nothing = function.parameters.iter().map(|kind| {
            let is_pointer = kind.contains('*') || kind == "ringfence_function";
            if is_pointer { "NULL" } else { "0" }.to_owned()
        });
        calls.push(call(function, &nothing.collect::<Vec<_>>(), Some(0)));
    }
    calls
}

fn given(kind: &str, function: &str) -> Given {
    let numbers = |usual: &str, strange: &[&str]| Given {
        usual: usual.to_owned(),
        strange: strange.iter().map(|&text| text.to_owned()).collect(),
    };
    match kind {
        "const char *" => numbers(
            "\"a\"",
            &[
                "NULL",
                "\"\"",
                "\"\\xff\\xfe\"",
                "\"%s%n\\x1b[31m\\n\"",
                "\"a,,b=:@\"",
                "long_text",
            ],
        ),
        "const char *const *" => numbers("usual_list", &["NULL", "strange_list", "empty_list"]),
        "uint32_t" | "uint64_t" => numbers("1", &["0", "12345678", "UINT32_MAX"]),
        "size_t" => numbers("1", &["0", "SIZE_MAX"]),
        "int" => numbers("1", &["-1", "-3", "-1000", "99999", "INT_MIN", "INT_MAX"]),
        "bool" => numbers("true", &["false"]),
        "char *" => numbers("h.string", &["NULL"]),
        "char **" => numbers("&place.string", &["NULL"]),
        "size_t *" => numbers("&place.size", &["NULL"]),
        "bool *" => numbers("&truth", &["NULL"]),
        "const uint32_t *" => numbers("usual_numbers", &["NULL"]),
        "const uint8_t *" => numbers("usual_bytes", &["NULL"]),
        "void *" => numbers("long_text", &["NULL"]),
        "ringfence_function" => numbers("usual_function", &["NULL"]),
        "ringfence_answer *" => numbers("&place.answer", &["NULL"]),
        "ringfence_ended *" => numbers("&place.ended", &["NULL"]),
        "ringfence_status *" => numbers("&place.status", &["NULL"]),
        _ => {
            let name = handle(kind)
                .unwrap_or_else(|| panic!("{function} has a parameter of a new type: {kind}"));
            if kind.ends_with("**") {
                numbers(&format!("&made.{name}"), &["NULL"])
            } else {
                numbers(&format!("h.{name}"), &["NULL"])
            }
        }
    }
}

/// The field of the fixture that has such a handle.
fn handle(kind: &str) -> Option<&str> {
    let name = kind.trim_start_matches("const ").trim_end_matches('*');
    match name.trim().strip_prefix("ringfence_")? {
        "template" => Some("template_"),
        name => Some(name),
    }
}

/// A call with handles of its own. If there is a NULL it has to be refused.
fn call(function: &Function, arguments: &[String], null: Option<usize>) -> String {
    let Function {
        returns,
        name,
        parameters,
    } = function;
    let call = format!("{name}({})", arguments.join(", "));
    let shown = call.replace('\\', "\\\\").replace('"', "\\\"");
    // A kernel that is NULL is the running one, and data of a function are its own.
    let may_be_null =
        |place: usize| ["const ringfence_kernel *", "void *"].contains(&parameters[place].as_str());
    let is_refused = null.is_some_and(|place| !may_be_null(place));
    let act = match returns.as_str() {
        "void" => format!("{call};"),
        "ringfence_error *" if is_refused => format!("expect_error({call});"),
        "ringfence_error *" => format!("drop({call});"),
        "int" => format!(
            "{{ int fd = {call}; if (fd > 2 && {}) close(fd); }}",
            u8::from(name.contains("_take_"))
        ),
        kind if kind.ends_with('*') && !kind.starts_with("const") => {
            let of = handle(kind).expect("a handle");
            format!("made.{of} = {call};")
        }
        _ => format!("(void){call};"),
    };
    // What was freed is freed, and what a line could not use is not forgotten.
    let after = match parameters.first().map(String::as_str) {
        Some(kind) if name.ends_with("_free") && arguments[0] != "NULL" => {
            let freed = if kind == "char *" {
                Some("string")
            } else {
                handle(kind)
            };
            format!("h.{} = NULL;", freed.expect("a handle"))
        }
        Some("ringfence_policy *") if returns == "void" && is_refused && null != Some(0) => {
            "expect_refused_policy(h.policy);".to_owned()
        }
        Some("ringfence_command *") if returns == "void" && is_refused && null != Some(0) => {
            "expect_refused_command(&h);".to_owned()
        }
        _ => String::new(),
    };
    let strings = arguments.iter().any(|argument| argument == "&place.string");
    // What is there before is no pointer: nobody may look at it, nor leave it there.
    let garbage = arguments
        .iter()
        .filter_map(|argument| argument.strip_prefix("&made."))
        .fold(String::new(), |text, name| {
            text + &format!("made.{name} = (void *)0x5a5a;")
        });
    let kept = if strings {
        "ringfence_string_free(place.string);"
    } else {
        ""
    };
    format!(
        "  {{\n    struct handles h = setup(), made;\n    union place place;\n    bool truth = false;\n    \
         memset(&place, 0x5a, sizeof place);\n    memset(&made, 0, sizeof made);\n    (void)truth;\n    \
         {garbage}\n    trying = \"{shown}\";\n    {act}\n    {after}\n    {kept}\n    teardown(&made);\n    teardown(&h);\n    calls++;\n  }}\n"
    )
}
