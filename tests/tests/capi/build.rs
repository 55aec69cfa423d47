//! What is installed, and what compilers and linkers make of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use ringfence_tests::trial::Test;
use tempfile::TempDir;

use crate::header::{functions, table_of_languages};
use crate::library::{LIBRARY, Linked, WARNINGS, compile, example, source, succeeds, test, text};

const EXAMPLES: [&str; 3] = ["self-sandbox.c", "fork-server.c", "plugin-host.c"];
const CLANG: &[(&str, &str)] = &[("clang", "clang")];
const CXX: &[(&str, &str)] = &[("g++", "g++"), ("clang++", "clang")];

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "the_shared_library_exports_the_functions_of_the_header_and_nothing_else",
            &[("nm", "binutils")],
            exports,
        ),
        test(
            "programs_know_the_library_by_its_soname",
            &[("readelf", "binutils")],
            soname,
        ),
        test("pkg_config_tells_how_to_use_it", &[], pkg_config),
        test(
            "the_examples_are_built_by_gcc_and_clang_without_a_warning",
            CLANG,
            examples,
        ),
        test(
            "the_makefile_of_the_examples_builds_them",
            &[("make", "make")],
            makefile,
        ),
        test(
            "a_program_that_holds_all_of_the_library_and_of_the_c_library_works",
            &[],
            static_program,
        ),
        test(
            "the_code_in_the_guide_and_the_readme_compiles",
            CLANG,
            guide,
        ),
        test(
            "the_table_of_languages_names_every_function_and_no_other",
            &[],
            table_of_languages,
        ),
        test("a_cxx_program_includes_the_header", CXX, cxx),
        test(
            "an_error_that_is_dropped_is_a_warning",
            CLANG,
            dropped_errors,
        ),
    ]
}

fn exports() {
    let mut nm = Command::new("nm");
    let library = LIBRARY.libdir().join("libringfence.so");
    let output = succeeds(nm.args(["-D", "--defined-only"]).arg(library));
    let symbols = text(&output.stdout);
    let exported: BTreeSet<String> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(str::to_owned)
        .collect();
    let declared: BTreeSet<String> = functions().into_iter().map(|each| each.name).collect();
    assert!(declared.len() > 90, "{declared:?}");
    assert_eq!(exported, declared);
    assert!(declared.iter().all(|name| name.starts_with("ringfence_")));
}

fn soname() {
    let library = LIBRARY.libdir().join("libringfence.so");
    let dynamic = |path| {
        let mut readelf = Command::new("readelf");
        text(&succeeds(readelf.args(["-d", "-W"]).arg(path)).stdout)
    };
    assert!(dynamic(library.clone()).contains("soname: [libringfence.so.0]"));
    let program = compile("gcc", &example(EXAMPLES[0]), &[], Linked::Shared);
    assert!(dynamic(program.path.clone()).contains("Shared library: [libringfence.so.0]"));
    let real = fs::canonicalize(library).expect("a chain of links");
    assert_eq!(
        real.file_name().and_then(|name| name.to_str()),
        Some(concat!("libringfence.so.", env!("CARGO_PKG_VERSION")))
    );
}

fn pkg_config() {
    assert_eq!(
        LIBRARY.pkg_config(&["--modversion"]),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(
        LIBRARY.pkg_config(&["--variable=prefix"]),
        LIBRARY.prefix().display().to_string()
    );
    let directory = format!("-L{}", LIBRARY.libdir().display());
    let libs = LIBRARY.pkg_config(&["--libs"]);
    assert_eq!(libs, format!("{directory} -lringfence"));
    let include = LIBRARY.prefix().join("include");
    let cflags = LIBRARY.pkg_config(&["--cflags"]);
    assert_eq!(cflags, format!("-I{}", include.display()));
}

fn examples() {
    for compiler in ["gcc", "clang"] {
        drop(compile(
            compiler,
            &example(EXAMPLES[2]),
            &[],
            Linked::Archive,
        ));
        for name in EXAMPLES {
            drop(compile(compiler, &example(name), &["-O2"], Linked::Shared));
        }
    }
}

fn makefile() {
    let directory = TempDir::new().expect("a directory");
    for entry in fs::read_dir(example("")).expect("the examples") {
        let entry = entry.expect("an example");
        if entry.path().extension().is_none_or(|kind| kind == "c") {
            fs::copy(entry.path(), directory.path().join(entry.file_name())).expect("a copy");
        }
    }
    let sysroot = LIBRARY.prefix();
    let sysroot = sysroot.ancestors().nth(2).expect("the directory above");
    let mut make = Command::new("make");
    make.arg("--directory")
        .arg(directory.path())
        .arg("all")
        .env("PKG_CONFIG_LIBDIR", LIBRARY.libdir().join("pkgconfig"))
        .env("PKG_CONFIG_SYSROOT_DIR", sysroot);
    succeeds(&mut make);
    for name in EXAMPLES {
        let program = directory.path().join(name.trim_end_matches(".c"));
        assert!(program.exists(), "{name}");
    }
}

fn static_program() {
    let program = compile("gcc", &source("version.c"), &[], Linked::Static);
    let output = succeeds(&mut Command::new(&program.path));
    assert_eq!(text(&output.stdout).trim(), env!("CARGO_PKG_VERSION"));
    let dynamic = Command::new("readelf")
        .arg("-d")
        .arg(&program.path)
        .output()
        .expect("readelf starts");
    assert!(!text(&dynamic.stdout).contains("NEEDED"));
}

fn cxx() {
    for compiler in ["g++", "clang++"] {
        for standard in ["-std=c++11", "-std=c++20"] {
            let flags = [standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
            for linked in [Linked::Shared, Linked::Archive] {
                let program = compile(compiler, &source("wrapper.cc"), &flags, linked);
                let output = succeeds(&mut program.command());
                assert_eq!(
                    text(&output.stdout),
                    "denied\ncannot use `ro `: the path is empty\n"
                );
            }
        }
    }
}

fn guide() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("documentation");
    let mut pieces = c_code(&read("docs/c.md"));
    assert!(pieces.len() >= 4);
    // The readme shows statements alone.
    let statements = c_code(&read("README.md"));
    assert_eq!(statements.len(), 1);
    pieces.extend(statements.into_iter().map(|code| {
        format!(
            "#include <ringfence.h>\n\
             ringfence_error *f(void) {{\n{code}return error;\n}}\n"
        )
    }));
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("piece.c");
    for piece in pieces {
        fs::write(&file, &piece).expect("a file");
        for compiler in ["gcc", "clang"] {
            succeeds(
                Command::new(compiler)
                    .args(WARNINGS)
                    .args(["-Wno-unused-function", "-c", "-o", "/dev/null"])
                    .args(LIBRARY.pkg_config(&["--cflags"]).split_whitespace())
                    .arg(&file),
            );
        }
    }
}

/// The pieces of C in a page of Markdown.
fn c_code(page: &str) -> Vec<String> {
    page.split("\n```c\n")
        .skip(1)
        .filter_map(|rest| Some(format!("{}\n", rest.split_once("\n```")?.0)))
        .collect()
}

fn dropped_errors() {
    let line =
        "#include <ringfence.h>\nvoid f(ringfence_sandbox *s) { ringfence_sandbox_enforce(s); }\n";
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("dropped.c");
    fs::write(&file, line).expect("a file");
    for compiler in ["gcc", "clang"] {
        let output = Command::new(compiler)
            .args(["-c", "-Werror", "-o", "/dev/null"])
            .args(LIBRARY.pkg_config(&["--cflags"]).split_whitespace())
            .arg(&file)
            .output()
            .expect("the compiler starts");
        assert!(!output.status.success(), "{compiler}");
        let said = text(&output.stderr);
        assert!(said.contains("unused-result"), "{said}");
    }
}
