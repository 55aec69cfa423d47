//! `/init`: prepares a bare virtual machine, runs the tests as root and as nobody, and powers off.
#![forbid(unsafe_code)]

mod loopback;
mod mounts;
mod programs;

use rustix::system::{RebootCommand, reboot, uname};
use vm_init::Event;

fn main() {
    if let Err(reason) = run() {
        say(&Event::Broken(reason));
    }
    // When process 1 returns, the kernel panics: that is the right end where power cannot be cut.
    let _ = reboot(RebootCommand::PowerOff);
}

fn run() -> Result<(), String> {
    say(&Event::Up(uname().release().to_string_lossy().into_owned()));
    mounts::prepare()?;
    loopback::up()
        .map_err(|error| format!("the loopback interface could not be brought up: {error}"))?;
    let arguments = programs::arguments()?;
    for name in programs::names()? {
        for user in &programs::USERS {
            let run = format!("{name} as {}", user.name);
            say(&Event::Begin(run.clone()));
            let exit = programs::run(&name, user, &arguments)?;
            say(&Event::End(run, exit));
        }
    }
    say(&Event::Off);
    Ok(())
}

fn say(event: &Event) {
    // A test may have left its last line open.
    println!("\n{event}");
}
