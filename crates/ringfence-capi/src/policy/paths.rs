//! Lines about paths.

use ringfence::{Access, PathLine};

use super::{Policy, add};
use crate::border::{Text, Texts};
use crate::error::Error;

/// Allows to read and execute at `path` and beneath it.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_ro(policy: Option<&mut Policy>, path: Text) {
    path_line(policy, || Ok(Access::RO), &path, |line| line);
}

/// Allows to read, execute, write, create, remove and rename at `path` and beneath it.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_rw(policy: Option<&mut Policy>, path: Text) {
    path_line(policy, || Ok(Access::RW), &path, |line| line);
}

/// Allows to connect to UNIX sockets at `path` or beneath it (ABI 9).
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_connect_unix(policy: Option<&mut Policy>, path: Text) {
    path_line(policy, || Ok(Access::CONNECT_UNIX), &path, |line| line);
}

/// Allows `words` at `path` and beneath it: one of `read`, `execute`, `write`, `create`, `remove`,
/// `rename`, `ioctl`, `make-device`, `connect-unix`, `ro` and `rw`, or several with commas between.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow(policy: Option<&mut Policy>, words: Text, path: Text) {
    path_line(policy, || access(&words), &path, |line| line);
}

/// Allows `words` at a path that may be missing when the sandbox is made; the line is skipped then.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow_if_present(
    policy: Option<&mut Policy>,
    words: Text,
    path: Text,
) {
    path_line(
        policy,
        || access(&words),
        &path,
        |line| PathLine {
            optional: true,
            ..line
        },
    );
}

/// Allows `words` on all that matches a pattern (`*`, `?`, `[a-z]`, `**`) when the sandbox is made, and
/// beneath it.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow_matching(
    policy: Option<&mut Policy>,
    words: Text,
    pattern: Text,
) {
    path_line(
        policy,
        || access(&words),
        &pattern,
        |line| PathLine {
            pattern: true,
            ..line
        },
    );
}

/// Allows `words` on all beneath the directory `path`, but for what is beneath the paths in `except`, an
/// array of paths relative to it that ends with NULL. What is created beside them later is not allowed.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow_except(
    policy: Option<&mut Policy>,
    words: Text,
    path: Text,
    except: Texts,
) {
    add(policy, |policy| {
        let except = except
            .each("the exceptions")?
            .map(|name| name.path("an exception").map(Into::into))
            .collect::<Result<_, _>>()?;
        Ok(policy.path_line(PathLine {
            except,
            ..PathLine::new(access(&words)?, path.path("the path")?)
        }))
    });
}

fn path_line(
    policy: Option<&mut Policy>,
    access: impl FnOnce() -> Result<Access, Error>,
    path: &Text,
    change: impl FnOnce(PathLine) -> PathLine,
) {
    add(policy, |policy| {
        let line = PathLine::new(access()?, path.path("the path")?);
        Ok(policy.path_line(change(line)))
    });
}

/// Reads words for paths.
pub fn access(words: &Text) -> Result<Access, Error> {
    Ok(words.utf8("the words")?.parse()?)
}
