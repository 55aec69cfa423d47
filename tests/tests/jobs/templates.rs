//! Templates: what requests share is looked up once, and what one may do, no other may.

use std::process::ExitCode;

use ringfence::{Access, Kernel, Policy, PrepareError, Template, TemplateError};
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;

use crate::scene::{job, policy, test, this};

pub fn tests() -> Vec<Test> {
    vec![
        test("templates::what_one_request_may_do_no_other_may", apart),
        test("templates::a_port_may_be_added", port),
        test(
            "templates::what_is_added_is_allowed_where_a_shared_line_found_nothing_or_another_thing",
            beneath,
        ),
        test("templates::its_paths_stand_for_what_was_there", objects),
        test(
            "templates::a_line_that_changes_the_filter_gets_another_one",
            filter,
        ),
        test("templates::what_cannot_be_added_is_refused", refused),
        test(
            "templates::they_hold_no_more_descriptors_than_rules",
            descriptors,
        ),
    ]
}

fn template() -> Template {
    let policy = policy().build().expect("a policy");
    Template::new(policy, Kernel::probe()).expect("a template")
}

fn apart() {
    let template = template();
    let worlds = [World::new(), World::new()];
    let sandboxes = worlds
        .each_ref()
        .map(|world| template.with_rw(world.inside()).expect("a sandbox"));
    for (own, sandbox) in sandboxes.iter().enumerate() {
        for (number, world) in worlds.iter().enumerate() {
            let file = world.inside().join("file").display().to_string();
            let expected = Some(if number == own { 0 } else { 13 });
            for act in ["read", "write"] {
                let ended = job(sandbox, &[act, &file]).status().expect("it starts");
                assert_eq!(ended.code(), expected, "{act} of {number} by {own}");
            }
        }
        assert_eq!(
            sandbox.plan().paths().count(),
            template.sandbox().plan().paths().count() + 1
        );
    }
    let file = worlds[0].inside().join("file").display().to_string();
    let ended = job(template.sandbox(), &["read", &file])
        .status()
        .expect("it starts");
    assert_eq!(ended.code(), Some(13), "the template itself gained nothing");
}

fn port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its address").port();
    drop(free);
    let template = template();
    let sandbox = match template.with(Policy::builder().bind_tcp(port)) {
        Ok(sandbox) => sandbox,
        // Before ABI 4 nothing enforces a port.
        Err(error) => {
            assert!(
                matches!(error, TemplateError::Prepare(PrepareError::Refused(_))),
                "{error}"
            );
            return;
        }
    };
    let act = ["bind", &port.to_string()];
    let code = |sandbox| job(sandbox, &act).status().expect("it starts").code();
    assert_eq!(code(&sandbox), Some(0));
    assert_eq!(code(template.sandbox()), Some(13));
}

fn objects() {
    let world = World::new();
    let (shared, moved) = (world.inside().join("other"), world.inside().join("moved"));
    std::fs::write(shared.join("x"), "").expect("a file");
    let policy = policy().ro(&shared).build().expect("a policy");
    let template = Template::new(policy, Kernel::probe()).expect("a template");
    std::fs::rename(&shared, &moved).expect("it is ours");
    std::fs::create_dir(&shared).expect("it is ours");
    std::fs::write(shared.join("x"), "").expect("a file");
    let sandbox = template.with_rw(world.outside()).expect("a sandbox");
    let read = |path: std::path::PathBuf| {
        let path = path.display().to_string();
        job(&sandbox, &["read", &path])
            .status()
            .expect("it starts")
            .code()
    };
    assert_eq!(read(moved.join("x")), Some(0));
    assert_eq!(read(shared.join("x")), Some(13));
}

fn beneath() {
    let world = World::new();
    let (later, replaced) = (world.inside().join("later"), world.inside().join("other"));
    let policy = policy()
        .allow_if_present(Access::RO, &later)
        .ro(&replaced)
        .build();
    let template = Template::new(policy.expect("a policy"), Kernel::probe()).expect("a template");
    std::fs::rename(&replaced, world.inside().join("moved")).expect("it is ours");
    for directory in [later, replaced] {
        std::fs::create_dir(&directory).expect("it is ours");
        let file = directory.join("x");
        std::fs::write(&file, "").expect("a file");
        let path = file.display().to_string();
        let code = |sandbox| {
            job(sandbox, &["read", &path])
                .status()
                .expect("it starts")
                .code()
        };
        assert_eq!(code(template.sandbox()), Some(13), "{path}");
        let sandbox = template.with_ro(&file).expect("a sandbox");
        assert_eq!(code(&sandbox), Some(0), "{path}");
    }
}

/// A line that lets programs create files leaves `metadata` open, which is denied without one.
fn filter() {
    let world = World::new();
    let template = template();
    let with = template.with_rw(world.inside()).expect("a sandbox");
    let same = |one: &ringfence::Sandbox, policy: Policy| {
        let plan = ringfence::Plan::new(policy, Kernel::probe());
        one.plan().filter() == plan.filter()
    };
    let alone = policy().build().expect("a policy");
    let both = policy().rw(world.inside()).build().expect("a policy");
    assert_ne!(template.sandbox().plan().filter(), with.plan().filter());
    assert!(same(template.sandbox(), alone));
    assert!(same(&with, both));
    // Once more, from what was kept.
    let again = template.with_rw(world.inside()).expect("a sandbox");
    assert_eq!(again.plan().filter(), with.plan().filter());
}

fn refused() {
    let template = template();
    let missing = template.with_rw("/no/such/place").unwrap_err();
    assert!(
        missing.to_string().contains("cannot allow /no/such/place"),
        "{missing}"
    );
    let more = template
        .with(Policy::builder().allow_class(ringfence::Class::Netlink))
        .unwrap_err();
    assert!(matches!(more, TemplateError::NotALine), "{more}");
    let zero = template.with(Policy::builder().connect_tcp(0)).unwrap_err();
    assert!(matches!(zero, TemplateError::Line(_)), "{zero}");
}

fn descriptors() {
    // Other tests open and close files meanwhile, so that a process of its own counts.
    let output = std::process::Command::new(this())
        .arg("descriptors")
        .output()
        .expect("this program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub fn count_descriptors() -> ExitCode {
    let open = || {
        let numbers = 0..2000;
        numbers
            .filter(|&number| ringfence_sys::is_open(number))
            .count()
    };
    let world = World::new();
    let before = open();
    let template = template();
    let with_template = open();
    // The ruleset, and a rule for each line at most.
    let lines = template.sandbox().plan().paths().count();
    assert!(
        with_template <= before + 1 + lines,
        "{before} {with_template}"
    );
    for _ in 0..50 {
        let sandbox = template.with_rw(world.inside()).expect("a sandbox");
        let ended = job(&sandbox, &["exit", "0"]).status().expect("it starts");
        assert!(ended.success());
    }
    assert_eq!(open(), with_template);
    drop(template);
    assert_eq!(open(), before);
    ExitCode::SUCCESS
}
