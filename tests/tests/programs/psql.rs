//! psql over TCP needs nothing but its libraries and the port. Debian's `/usr/bin/psql` is a Perl
//! script that looks for a version and cluster; under a tight policy one names the program behind
//! it, under `--ro /usr` the script runs too.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;
use std::thread;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, Skip, each_user, run, words};
use crate::server::{Server, fixed_ports, listener};
use ringfence_tests::install::{need, need_found};

const PORT: u16 = 5432;

pub fn tests() -> Vec<Test> {
    [
        each_user("psql_reaches_port_5432_and_nothing_else", |scene| {
            let psql = programs()?.join("psql");
            reaches_one_port(scene, "--with-deps --connect-tcp 5432", &psql)
        }),
        each_user(
            "debians_psql_script_reaches_port_5432_and_nothing_else",
            |scene| {
                let psql = need("psql", "postgresql-client-common")?;
                reaches_one_port(scene, "--ro /usr --ro /etc --connect-tcp 5432", &psql)
            },
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn reaches_one_port(scene: &Scene, policy: &str, psql: &Path) -> Result<(), Skip> {
    let _server = Postgres::start()?;
    let (other, forbidden) = listener();
    forward(other, PORT);

    let sandbox = scene.sandbox(policy);
    let psql = psql.to_str().expect("a plain path");
    let query = |port| {
        let to = "-X -A -t -h 127.0.0.1 -U tester -d postgres";
        let mut command = vec![psql];
        command.extend(to.split(' ').chain(["-p", port, "-c", "select 40 + 2"]));
        command
    };
    let answered = |output: &_| stdout(output) == "42\n";
    assert!(answered(&scene.allows(&sandbox, &query("5432"))));
    scene.refuses(&sandbox, &query(&forbidden.to_string()), answered);
    Ok(())
}

/// A server on the usual port, with a database of its own. The fields end in this order.
struct Postgres {
    _server: Server,
    _database: Scene,
    _turn: MutexGuard<'static, ()>,
}

impl Postgres {
    fn start() -> Result<Self, Skip> {
        let programs = programs()?;
        let program = |name| programs.join(name).display().to_string();
        let [initdb, postgres, ready] = ["initdb", "postgres", "pg_isready"].map(program);
        let turn = fixed_ports(&[PORT])?;

        // Neither initdb nor postgres runs as root.
        let database = Scene::ordinary()?;
        let initdb = format!("{initdb} -A trust -U tester --no-sync -D data");
        database.prepare(&words(&initdb));
        let postgres =
            format!("{postgres} -D data -F -p {PORT} -c listen_addresses=127.0.0.1 -k .");
        let ready = format!("{ready} -q -h 127.0.0.1 -p {PORT}");
        let server = Server::start(&mut database.plain(&words(&postgres)), || {
            run(&mut database.plain(&words(&ready))).status.success()
        });
        Ok(Self {
            _server: server,
            _database: database,
            _turn: turn,
        })
    }
}

/// The folder of the newest server's programs, psql among them.
pub fn programs() -> Result<PathBuf, Skip> {
    need_found("a PostgreSQL server", "postgresql", || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        versions
            .filter_map(|version| Some(version.ok()?.path().join("bin")))
            .filter(|programs| programs.join("postgres").exists())
            .max()
    })
}

/// Makes the server on a port reachable at this listener too, until the tests end.
fn forward(listener: TcpListener, port: u16) {
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client?, TcpStream::connect((Ipv4Addr::LOCALHOST, port))?);
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                to.shutdown(Shutdown::Write)
            });
            let _ = io::copy(&mut &server, &mut &client);
            client.shutdown(Shutdown::Both)?;
        }
        io::Result::Ok(())
    });
}
