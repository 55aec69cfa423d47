//! `cargo xtask syscalls`: the library's table of system calls, from the kernel's own headers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::{kernels, workspace};

/// The columns of the table, in the order of `Arch`.
const ARCHITECTURES: [&str; 3] = ["x86_64", "aarch64", "riscv64"];
const TABLE: &str = "crates/ringfence/src/seccomp/table.rs";

type Table = BTreeMap<String, [Option<u16>; 3]>;

/// Writes the table.
pub fn generate() -> Result<()> {
    let headers = kernels::headers()?;
    let mut table = Table::new();
    for (column, architecture) in ARCHITECTURES.into_iter().enumerate() {
        let header = headers.join(format!("unistd-{architecture}.h"));
        let text = fs::read_to_string(&header)
            .with_context(|| format!("{} cannot be read", header.display()))?;
        for (name, number) in numbers(&text) {
            table.entry(name).or_default()[column] = Some(number);
        }
    }
    ensure!(
        table.len() > 300,
        "the headers name {} calls only",
        table.len()
    );
    let path = workspace::root().join(TABLE);
    fs::write(&path, source(&table, &version(&headers)))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{}: {} system calls", path.display(), table.len());
    Ok(())
}

/// `#define __NR_read 0` as the pair of name and number.
fn numbers(header: &str) -> impl Iterator<Item = (String, u16)> {
    header.lines().filter_map(|line| {
        let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    })
}

/// `7.3.4` of `headers-7.3.4-1~bpo13+1`.
fn version(headers: &Path) -> String {
    let name = headers.file_name().unwrap_or_default().to_string_lossy();
    let version = name.trim_start_matches("headers-");
    version.split('-').next().unwrap_or(version).to_owned()
}

fn source(table: &Table, version: &str) -> String {
    let mut text = format!(
        "//! Every system call of Linux {version}: its name, and its number on x86-64, AArch64 and RISC-V.\n\
         //!\n\
         //! Made by `cargo xtask syscalls` from the kernel's headers; a test holds it against them.\n\n\
         use super::call::Syscall;\n\n\
         /// No such call on this architecture.\n\
         pub(super) const NONE: u16 = u16::MAX;\n\n\
         /// In the order of names.\n\
         #[rustfmt::skip]\n\
         pub(super) const TABLE: [(&str, [u16; 3]); {}] = [\n",
        table.len()
    );
    for (name, numbers) in table {
        let numbers = numbers.map(|number| number.map_or("NONE".to_owned(), |n| n.to_string()));
        let _ = writeln!(text, "    (\"{name}\", [{}]),", numbers.join(", "));
    }
    text.push_str(
        "];\n\n\
         #[rustfmt::skip]\n\
         #[allow(missing_docs, reason = \"each is the call of its name\")]\n\
         impl Syscall {\n",
    );
    for (index, name) in table.keys().enumerate() {
        let _ = writeln!(
            text,
            "    pub const {}: Self = Self({index});",
            name.trim_start_matches('_').to_uppercase()
        );
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_becomes_a_table() {
        let header = "#define __NR_read 0\n#define __NR_statmount 457\n#define OTHER 3\n";
        let numbers: Vec<_> = numbers(header).collect();
        assert_eq!(numbers, [("read".into(), 0), ("statmount".into(), 457)]);
        assert_eq!(version(Path::new("/x/headers-7.3.4-1~bpo13+1")), "7.3.4");
    }
}
