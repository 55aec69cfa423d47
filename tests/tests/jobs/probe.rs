//! What jobs do, one act each.

use std::io::{IoSlice, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Signal, getpid, kill_process};

pub fn main(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match act(&words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(u8::try_from(error.raw_os_error().unwrap_or(99)).unwrap_or(98))
        }
    }
}

fn act(words: &[&str]) -> std::io::Result<u8> {
    match *words {
        ["exit", code] => return Ok(code.parse().unwrap_or(97)),
        ["abort"] => std::process::abort(),
        ["signal", number] => {
            let signal = number.parse().ok().and_then(Signal::from_named_raw);
            kill_process(getpid(), signal.unwrap_or(Signal::KILL))?;
        }
        ["read", path] => drop(std::fs::read(path)?),
        ["write", path] => std::fs::write(path, "x")?,
        ["list", path] => {
            for entry in std::fs::read_dir(path)? {
                println!("{}", entry?.file_name().display());
            }
        }
        ["bind", port] => drop(std::net::TcpListener::bind((
            "127.0.0.1",
            port.parse().unwrap_or(0),
        ))?),
        ["cat"] => drop(std::io::copy(
            &mut std::io::stdin(),
            &mut std::io::stdout(),
        )?),
        ["say", out, err] => {
            print!("{out}");
            eprint!("{err}");
        }
        ["environment"] => {
            for (name, value) in std::env::vars_os() {
                println!("{}={}", name.display(), value.display());
            }
        }
        ["name"] => println!("{}", std::env::args().next().unwrap_or_default()),
        ["directory"] => println!("{}", std::env::current_dir()?.display()),
        ["descriptors"] => {
            for number in 0..1000 {
                if ringfence_sys::is_open(number) {
                    println!("{number}");
                }
            }
        }
        ["status", field] => {
            let status = std::fs::read_to_string("/proc/self/status")?;
            let field = format!("{field}:");
            let line = status.lines().find_map(|line| line.strip_prefix(&field));
            println!("{}", line.unwrap_or_default().trim());
        }
        ["sleep", seconds] => {
            std::thread::sleep(Duration::from_secs(seconds.parse().unwrap_or(60)));
        }
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        // Without listening to the signal that says to stop.
        ["spin-deaf"] => {
            nix::sys::signal::SigSet::all().thread_block()?;
            loop {
                std::hint::spin_loop();
            }
        }
        ["flood"] => loop {
            std::io::stdout().write_all(&[b'x'; 4096])?;
        },
        ["fill", path] => {
            let mut file = std::fs::File::create(path)?;
            loop {
                file.write_all(&[0; 4096])?;
            }
        }
        ["allocate", megabytes] => {
            let bytes = megabytes.parse::<usize>().unwrap_or(0) << 20;
            let mut memory: Vec<u8> = Vec::new();
            if memory.try_reserve_exact(bytes).is_err() {
                return Ok(12);
            }
            memory.resize(bytes, 1);
            std::hint::black_box(&memory);
        }
        ["open", count] => {
            let count = count.parse().unwrap_or(0);
            let mut files = Vec::new();
            for _ in 0..count {
                files.push(std::fs::File::open("/dev/null")?);
            }
        }
        // Lowers a limit for good, and lifts it again.
        ["lift-a-limit"] => {
            use rustix::process::{Resource, Rlimit, setrlimit};

            for most in [1 << 20, 2 << 20] {
                let limit = Rlimit {
                    current: Some(most),
                    maximum: Some(most),
                };
                setrlimit(Resource::Fsize, limit)?;
            }
        }
        // Becomes another user, if it may, and tells who it is then.
        ["become", uid] => {
            let uid = rustix::process::Uid::from_raw(uid.parse().unwrap_or(0));
            let _ = rustix::thread::set_thread_uid(uid);
            println!("{}", rustix::process::getuid().as_raw());
            std::thread::sleep(Duration::from_secs(60));
        }
        // Sends its standard input and both ends of a pair of sockets through that very pair: they hold
        // each other open when the job is gone.
        ["leave-in-flight"] => leave_in_flight()?,
        ["own-session"] => drop(rustix::process::setsid()?),
        ["own-group"] => rustix::process::setpgid(None, None)?,
        // Leaves a grandchild behind that sleeps, and tells its number.
        ["leave-behind", ref how @ ..] => {
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["probe", "sleep", "60"]).stdin(Stdio::null());
            if how.contains(&"group") {
                child.process_group(0);
            }
            if how.contains(&"quiet") {
                child.stdout(Stdio::null()).stderr(Stdio::null());
            }
            let child = child.spawn()?;
            println!("{}", child.id());
        }
        // One that writes on, where the job may leave it behind.
        ["leave-flooding"] => {
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["probe", "flood"]).process_group(0);
            drop(child.spawn()?);
            // It has begun.
            std::thread::sleep(Duration::from_millis(300));
        }
        // Two forks with a session between, as daemons are made; the last tells its number by a file.
        ["daemon", path] => {
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["probe", "daemon-2", path]);
            drop(child.spawn()?);
        }
        ["daemon-and-wait", path] => {
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["probe", "daemon-2", path]).status()?;
            std::thread::sleep(Duration::from_secs(60));
        }
        ["daemon-2", path] => {
            let session = rustix::process::setsid().is_ok();
            let mut child = Command::new(std::env::current_exe()?);
            child.args([
                "probe",
                "daemon-3",
                path,
                if session { "own" } else { "same" },
            ]);
            drop(child.spawn()?);
        }
        ["daemon-3", path, session] => {
            std::fs::write(path, format!("{} {session}", std::process::id()))?;
            std::thread::sleep(Duration::from_secs(60));
        }
        // Processes that make processes, until the job is ended.
        ["bomb", path] => {
            std::fs::write(path, "")?;
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until {
                let mut child = Command::new(std::env::current_exe()?);
                child.args(["probe", "bomb", path]);
                match child.spawn() {
                    Ok(_) => {}
                    Err(_) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        }
        ["wait-for-input"] => drop(std::io::stdin().read(&mut [0])?),
        _ => return Ok(96),
    }
    Ok(0)
}

fn leave_in_flight() -> std::io::Result<()> {
    let (one, other) = UnixStream::pair()?;
    let input = std::io::stdin();
    let descriptors = [one.as_fd(), other.as_fd(), input.as_fd()];
    for socket in [&one, &other] {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        message.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(
            socket,
            &[IoSlice::new(b"x")],
            &mut message,
            SendFlags::empty(),
        )?;
    }
    Ok(())
}
