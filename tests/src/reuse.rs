//! A job whose child ends, and another process that gets the child's number while the job runs: outside of what
//! watches the job.

use std::process::{Command, Output};

use crate::install::{Skip, need};
use crate::world::is_root;
use crate::wrapper::stderr;

/// Makes a child, waits for its end, and signals whoever has its number then.
const JOB: &str = r"
my $child = fork // die; exit 0 unless $child; waitpid($child, 0);
open(my $gone, '>', 'gone.new') or die; print $gone qq($child\n); close $gone; rename('gone.new', 'gone') or die;
select(undef, undef, undef, 0.05) until -e 'reused';
print kill(15, $child) ? qq(sent\n) : qq(not sent\n);
";

/// Starts the watcher, and takes the number of the child once it is gone. No other process begins meanwhile in
/// this namespace, whose next number the kernel lets be chosen.
const OUTSIDE: &str = r#"
test -w /proc/sys/kernel/ns_last_pid || exit 98
"$@" & watcher=$!
until test -s gone; do test -e /proc/$watcher || exit 97; sleep 0.05; done
read -r pid < gone
for try in 1 2 3 4 5 6 7 8 9; do
    echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid
    sleep 60 & other=$!
    test $other = $pid && break
    kill $other
done
test $other = $pid || exit 96
echo > reused
wait $watcher; code=$?
kill $other 2> /dev/null
exit $code
"#;

/// The words of the job.
pub const WORDS: [&str; 3] = ["perl", "-e", JOB];

/// Runs a command that watches the job in its folder, with a process that gets the number of its child.
///
/// # Errors
/// Where nobody may choose the number of a process.
///
/// # Panics
/// If the number was not reused.
pub fn run(watcher: &Command) -> Result<Output, Skip> {
    if !is_root() {
        return Err(Skip(
            "only root may choose the number of a process, in a namespace of its own".to_owned(),
        ));
    }
    need("perl", "perl")?;
    let mut outside = Command::new(need("unshare", "util-linux")?);
    outside
        .args(["--pid", "--fork", "--mount-proc", "sh", "-c", OUTSIDE, "sh"])
        .arg(watcher.get_program())
        .args(watcher.get_args())
        .env_clear();
    for (name, value) in watcher.get_envs() {
        outside.envs(value.map(|value| (name, value)));
    }
    if let Some(directory) = watcher.get_current_dir() {
        outside.current_dir(directory);
    }
    let output = outside.output().expect("unshare starts");
    let said = stderr(&output);
    match output.status.code() {
        Some(98) => Err(Skip(
            "this kernel lets nobody choose the number of a process".to_owned(),
        )),
        Some(1) if said.contains("unshare failed") => {
            Err(Skip(format!("no namespace can be made here: {said}")))
        }
        Some(96 | 97) | None => panic!("the number was not reused: {}, {said}", output.status),
        Some(_) => Ok(output),
    }
}
