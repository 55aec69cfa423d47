//! Files made for one question each, about which the real loader is asked too.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::{Environment, Reason, closure};
use super::oracle::{Workshop, compare, real};
use super::{bare_system, closure_on, libraries, notes};

fn library_path(path: &Path) -> Environment<'_> {
    Environment {
        library_path: Some(path.as_os_str()),
        ..Environment::default()
    }
}

/// The libraries that are not of the system, once the loader agrees, relative to the workshop.
fn own_libraries(
    workshop: &Workshop,
    program: &Path,
    environment: &Environment<'_>,
) -> Vec<String> {
    let closure = compare(program, environment).unwrap_or_else(|e| panic!("{e}"));
    let home = real(&workshop.at("."));
    libraries(&closure)
        .iter()
        .filter_map(|path| Some(real(path).strip_prefix(&home).ok()?.display().to_string()))
        .collect()
}

#[test]
fn rpath_goes_before_the_environment_and_runpath_after_it() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so", &[]);
    w.library("env/libx.so", &[]);
    let link = ["own/libx.so", "-Wl,-rpath,$ORIGIN/own"];
    let old = w.program("old", &[&link[..], &["-Wl,--disable-new-dtags"]].concat());
    let new = w.program("new", &[&link[..], &["-Wl,--enable-new-dtags"]].concat());
    let path = w.at("env");
    assert_eq!(
        own_libraries(&w, &old, &library_path(&path)),
        ["own/libx.so"]
    );
    assert_eq!(
        own_libraries(&w, &new, &library_path(&path)),
        ["env/libx.so"]
    );
    assert_eq!(
        own_libraries(&w, &new, &Environment::default()),
        ["own/libx.so"]
    );
}

#[test]
fn rpath_is_inherited_and_runpath_is_not() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libinner.so", &[]);
    w.library("own/libouter.so", &["own/libinner.so"]);
    let link = ["own/libouter.so", "-Wl,-rpath,$ORIGIN/own"];
    let old = w.program("old", &[&link[..], &["-Wl,--disable-new-dtags"]].concat());
    let new = w.program("new", &[&link[..], &["-Wl,--enable-new-dtags"]].concat());
    let bare = Environment::default();
    assert_eq!(
        own_libraries(&w, &old, &bare),
        ["own/libouter.so", "own/libinner.so"]
    );
    assert_eq!(own_libraries(&w, &new, &bare), ["own/libouter.so"]);
    let noted = notes(&closure(&new, &bare).unwrap());
    assert!(
        noted[0].starts_with("libinner.so, needed by /"),
        "{noted:?}"
    );
    assert!(
        noted[0].ends_with("own/libouter.so, was not found"),
        "{noted:?}"
    );
}

#[test]
fn a_runpath_shuts_out_the_rpaths_of_the_loading_chain() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libinner.so", &[]);
    let runpath = [
        "own/libinner.so",
        "-Wl,-rpath,/nonexistent,--enable-new-dtags",
    ];
    w.library("own/libouter.so", &runpath);
    let rpath = [
        "own/libouter.so",
        "-Wl,-rpath,$ORIGIN/own,--disable-new-dtags",
    ];
    let program = w.program("program", &rpath);
    assert_eq!(
        own_libraries(&w, &program, &Environment::default()),
        ["own/libouter.so"]
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn tokens_are_replaced_with_and_without_braces() {
    let Some(w) = Workshop::open() else { return };
    let lib = real(Path::new("/lib64/ld-linux-x86-64.so.2"));
    let lib = lib.parent().unwrap().strip_prefix("/usr").unwrap();
    // Which of the two it is depends on the processor and on the C library's version.
    for platform in ["x86_64", "haswell"] {
        w.library(&format!("own/{}/{platform}/libx.so", lib.display()), &[]);
    }
    let built = format!("own/{}/x86_64/libx.so", lib.display());
    for path in [
        "$ORIGIN/own/$LIB/$PLATFORM",
        "${ORIGIN}/own/${LIB}/${PLATFORM}",
    ] {
        let program = w.program("program", &[&built, &format!("-Wl,-rpath,{path}")]);
        let found = own_libraries(&w, &program, &Environment::default());
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with(&format!("own/{}/", lib.display())),
            "{found:?}"
        );
    }
    let unknown = w.program("program", &[&built, "-Wl,-rpath,$ORIGINAL/own"]);
    assert!(own_libraries(&w, &unknown, &Environment::default()).is_empty());
}

#[test]
fn origin_is_where_the_program_really_is() {
    let Some(w) = Workshop::open() else { return };
    w.library("real/libx.so", &[]);
    let program = w.program("real/program", &["real/libx.so", "-Wl,-rpath,$ORIGIN"]);
    fs::create_dir(w.at("bin")).unwrap();
    let link = w.at("bin/program");
    symlink(program, &link).unwrap();
    assert_eq!(
        own_libraries(&w, &link, &Environment::default()),
        ["real/libx.so"]
    );
    assert_eq!(
        closure(&link, &Environment::default()).unwrap().files[0].path,
        link
    );
}

#[test]
fn a_library_is_found_by_the_link_that_has_its_soname() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so.1", &[]);
    fs::rename(w.at("own/libx.so.1"), w.at("own/libx.so.1.2.3")).unwrap();
    symlink("libx.so.1.2.3", w.at("own/libx.so.1")).unwrap();
    let program = w.program("program", &["own/libx.so.1", "-Wl,-rpath,$ORIGIN/own"]);
    assert_eq!(
        own_libraries(&w, &program, &Environment::default()),
        ["own/libx.so.1.2.3"]
    );
    let found = libraries(&closure(&program, &Environment::default()).unwrap());
    assert_eq!(
        found[0],
        w.at("own/libx.so.1"),
        "the path as the loader opens it"
    );
}

#[test]
fn a_library_that_is_named_by_its_path_is_taken_from_there() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so", &["-Wl,-soname,own/libx.so"]);
    let program = w.program("program", &["own/libx.so"]);
    let home = w.at(".");
    let inside = Environment {
        directory: Some(&home),
        ..Environment::default()
    };
    assert_eq!(own_libraries(&w, &program, &inside), ["own/libx.so"]);
    let outside = Environment {
        directory: Some(Path::new("/")),
        ..Environment::default()
    };
    assert!(own_libraries(&w, &program, &outside).is_empty());
}

#[test]
fn an_empty_element_of_the_environment_is_the_working_directory() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so", &[]);
    let program = w.program("program", &["own/libx.so"]);
    let home = w.at("own");
    for path in ["/nonexistent:", "/nonexistent;;", ".", "../own"] {
        let environment = Environment {
            directory: Some(&home),
            library_path: Some(OsStr::new(path)),
            ..Environment::default()
        };
        assert_eq!(
            own_libraries(&w, &program, &environment),
            ["own/libx.so"],
            "{path}"
        );
    }
}

#[test]
fn preloaded_libraries_and_what_they_need_are_included() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libinner.so", &[]);
    let preload = w.library("own/libpre.so", &["own/libinner.so", "-Wl,-rpath,$ORIGIN"]);
    let program = w.program("program", &[]);
    let environment = Environment {
        preload: Some(preload.as_os_str()),
        ..Environment::default()
    };
    let own = own_libraries(&w, &program, &environment);
    assert_eq!(own, ["own/libpre.so", "own/libinner.so"]);

    let list = w.at("ld.so.preload");
    fs::write(
        &list,
        format!("# mine\n/nonexistent.so {} # too\n", preload.display()),
    )
    .unwrap();
    let mut system = bare_system();
    system.preload = &list;
    let configured = closure_on(system, &program, &Environment::default()).unwrap();
    assert!(
        configured
            .files
            .iter()
            .any(|f| f.path == preload && f.reason == Reason::Preload)
    );
    assert!(configured.files.iter().any(|f| f.path == list));
    assert_eq!(
        notes(&configured),
        ["/nonexistent.so, to be preloaded, was not found"]
    );
}

#[test]
fn a_library_for_another_machine_is_passed_over() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so", &[]);
    let mut foreign = fs::read(w.at("own/libx.so")).unwrap();
    foreign[18] = 183;
    fs::create_dir(w.at("foreign")).unwrap();
    fs::write(w.at("foreign/libx.so"), foreign).unwrap();
    let path = "-Wl,-rpath,$ORIGIN/foreign:$ORIGIN/own";
    let program = w.program("program", &["own/libx.so", path]);
    assert_eq!(
        own_libraries(&w, &program, &Environment::default()),
        ["own/libx.so"]
    );
}

#[test]
fn a_program_may_shut_out_the_default_directories() {
    let Some(w) = Workshop::open() else { return };
    let program = w.program("program", &["-Wl,-z,nodefaultlib"]);
    let closure = compare(&program, &Environment::default()).unwrap();
    assert!(libraries(&closure).is_empty());
    assert!(notes(&closure)[0].starts_with("libc.so.6, needed by"));
}

#[test]
fn filtees_are_loaded_with_their_filter() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libauxiliary.so", &[]);
    w.library("own/libfiltee.so", &[]);
    let options = [
        "-Wl,-f,libauxiliary.so,-F,libfiltee.so",
        "-Wl,-rpath,$ORIGIN",
    ];
    w.library("own/libx.so", &options);
    let program = w.program("program", &["own/libx.so", "-Wl,-rpath,$ORIGIN/own"]);
    assert_eq!(
        own_libraries(&w, &program, &Environment::default()).len(),
        3
    );
}

#[test]
fn static_programs_need_only_themselves() {
    let Some(w) = Workshop::open() else { return };
    for how in ["-static", "-static-pie"] {
        let program = w.program("program", &[how]);
        let closure = closure(&program, &Environment::default()).unwrap();
        assert_eq!(closure.files.len(), 1, "{how}: {closure:?}");
        assert_eq!(closure.files[0].reason, Reason::Command);
    }
}

#[test]
fn a_broken_library_is_noted_and_a_fifo_is_not_waited_for() {
    let Some(w) = Workshop::open() else { return };
    w.library("own/libx.so", &[]);
    w.library("own/liby.so", &[]);
    let path = "-Wl,-rpath,$ORIGIN/first:$ORIGIN/own";
    let program = w.program("program", &["own/libx.so", "own/liby.so", path]);
    fs::create_dir(w.at("first")).unwrap();
    w.run("mkfifo", |c| c.arg("first/libx.so"));
    fs::write(w.at("first/liby.so"), "INPUT(own/liby.so)").unwrap();
    let closure = closure(&program, &Environment::default()).unwrap();
    assert!(libraries(&closure).contains(&w.at("own/libx.so")));
    let noted = notes(&closure);
    assert!(
        noted[0].ends_with("liby.so cannot be loaded: its ELF header is not valid"),
        "{noted:?}"
    );
}

#[test]
fn musl_has_its_own_rules() {
    let Some(w) = Workshop::open() else { return };
    w.program("lib/ld-musl-x86_64.so.1", &["-static"]);
    w.library("build/libc.so", &[]);
    w.library("build/libinner.so", &[]);
    w.library("build/libouter.so", &["build/libinner.so"]);
    fs::create_dir_all(w.at("first")).unwrap();
    fs::create_dir_all(w.at("etc")).unwrap();
    fs::rename(w.at("build/libinner.so"), w.at("first/libinner.so")).unwrap();
    let loader = format!(
        "-Wl,--dynamic-linker,{}",
        w.at("lib/ld-musl-x86_64.so.1").display()
    );
    let options = [
        "-nostdlib",
        "-Wl,-e,main",
        "build/libouter.so",
        "build/libc.so",
        "-Wl,-rpath,$ORIGIN/first:$ORIGIN/build",
    ];
    let program = w.program("program", &[&options[..], &[loader.as_str()]].concat());
    let bare = Environment::default();

    let own = |found: &[std::path::PathBuf]| -> Vec<_> {
        found
            .iter()
            .map(|path| {
                path.strip_prefix(w.at(".").components().as_path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    };
    let inherited = closure(&program, &bare).unwrap();
    assert_eq!(
        own(&libraries(&inherited)),
        ["build/libouter.so", "first/libinner.so"],
        "runpath is inherited"
    );
    assert!(
        inherited
            .notes
            .iter()
            .all(|n| n.to_string().starts_with("libc.so.6")),
        "{inherited:?}"
    );

    let path = w.at("etc/ld-musl-x86_64.path");
    let first = w.at("first");
    fs::write(
        &path,
        format!(
            "/nonexistent\n{}:{}",
            first.display(),
            w.at("build").display()
        ),
    )
    .unwrap();
    let plain = w.program("plain", &[&options[..4], &[loader.as_str()]].concat());
    let configured = closure(&plain, &bare).unwrap();
    assert_eq!(
        own(&libraries(&configured)),
        ["build/libouter.so", "first/libinner.so"]
    );
    assert!(configured.files.iter().any(|f| f.path == path));
    assert!(
        configured
            .files
            .iter()
            .all(|f| f.reason != Reason::LoaderCache)
    );
}
