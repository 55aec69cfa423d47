//! PostgreSQL's server needs its own folders and `/etc/passwd`, `initdb` also `sh` and the time
//! zones, and both System V shared memory, by which a server learns whether another one still uses
//! its data: `--allow shared-ipc`, which no setting spares. UNIX sockets are switched off
//! (`unix_socket_directories=`): a policy without a line for them denies them.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stderr, stdout};

use crate::psql::programs;
use crate::scene::{Scene, Skip, libraries, ordinary_user, run, words};
use crate::server::{Server, answers, free_ports};

pub fn tests() -> Vec<Test> {
    [
        ordinary_user(
            "postgres_keeps_a_database_where_it_may_write",
            keeps_a_database,
        ),
        ordinary_user(
            "postgres_needs_a_word_for_its_shared_memory",
            needs_shared_memory,
        ),
        ordinary_user(
            "a_superuser_of_postgres_cannot_write_elsewhere",
            writes_nowhere_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn keeps_a_database(scene: &Scene) -> Result<(), Skip> {
    let postgres = Postgres::new(scene)?;
    let sandbox = postgres.sandbox();
    scene.allows(&sandbox, &words(&postgres.initdb));
    let _server = postgres.start(Some(&sandbox));
    let (answer, said) = postgres.query("create table pages as select 40 + 2; table pages");
    assert!(answer.ends_with("42\n"), "{answer}{said}");
    Ok(())
}

fn needs_shared_memory(scene: &Scene) -> Result<(), Skip> {
    let postgres = Postgres::new(scene)?;
    let sandbox = scene.sandbox(&postgres.policy);
    let refusal = "could not create shared memory segment: Operation not permitted";
    scene.refuses_saying(refusal, &sandbox, &words(&postgres.initdb), |_| {
        scene.path("work/data/PG_VERSION").exists()
    });
    Ok(())
}

fn writes_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let postgres = Postgres::new(scene)?;
    scene.folders(&["elsewhere"]);
    scene.allows(&postgres.sandbox(), &words(&postgres.initdb));
    let page = scene.path("elsewhere/page");
    let copy = format!("copy (select 'a page') to '{}'", page.display());

    let server = postgres.start(Some(&postgres.sandbox()));
    let (_, said) = postgres.query(&copy);
    assert!(said.contains("for writing: Permission denied"), "{said}");
    assert!(!page.exists());
    drop(server);

    let _twin = postgres.start(None);
    let (_, said) = postgres.query(&copy);
    assert_eq!(scene.text("elsewhere/page"), "a page\n", "{said}");
    Ok(())
}

/// A server's commands and policy.
struct Postgres<'a> {
    scene: &'a Scene,
    port: u16,
    policy: String,
    initdb: String,
    serve: String,
    psql: String,
}

impl<'a> Postgres<'a> {
    fn new(scene: &'a Scene) -> Result<Self, Skip> {
        let programs = programs()?;
        let folder = programs.parent().expect("VERSION/bin").display();
        let program = |name| programs.join(name).display().to_string();
        let [initdb, postgres, psql] = ["initdb", "postgres", "psql"].map(program);
        let ([port], libraries) = (free_ports(), libraries());
        scene.folders(&["work"]);
        Ok(Self {
            scene,
            port,
            policy: format!(
                "--with-deps --with-deps-of {postgres} --with-deps-of sh --ro {folder} \
                 --ro {libraries} --ro /usr/share/postgresql --ro /usr/share/zoneinfo \
                 --ro /etc/passwd --fs read,write=/dev/null --rw work --bind-tcp {port}"
            ),
            initdb: format!("{initdb} -A trust -U tester --no-sync -D work/data"),
            serve: format!(
                "{postgres} -D work/data -F -p {port} -c listen_addresses=127.0.0.1 \
                 -c unix_socket_directories="
            ),
            psql: format!("{psql} -X -A -t -h 127.0.0.1 -p {port} -U tester -d postgres -c"),
        })
    }

    fn sandbox(&self) -> Sandbox {
        self.scene
            .sandbox(&format!("{} --allow shared-ipc", self.policy))
    }

    /// Starts the server, in a sandbox or without.
    fn start(&self, sandbox: Option<&Sandbox>) -> Server {
        let serve = words(&self.serve);
        let mut command = sandbox.map_or_else(
            || self.scene.plain(&serve),
            |sandbox| self.scene.sandboxed(sandbox, &serve),
        );
        // It listens before it lets anyone in.
        Server::start(&mut command, || {
            answers(self.port) && self.query("select").1.is_empty()
        })
    }

    /// What the server answers, and what it complains about.
    fn query(&self, query: &str) -> (String, String) {
        let output = run(&mut self.scene.plain(&[words(&self.psql), vec![query]].concat()));
        (stdout(&output), stderr(&output))
    }
}
