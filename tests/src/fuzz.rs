//! What the fuzz targets of `fuzz/` do with their input, for the ordinary tests to do as well.

use std::collections::BTreeSet;

use ringfence::{
    Access, Action, Arch, CallData, Calls, Class, Filter, Is, Ports, SyscallEffect, SyscallLine,
    Test, Verdict, denying_action,
};

use ringfence_manifest::{Format, Manifest, Variables};
use ringfence_observe::audit::{Log, Record};

use crate::bpf;
use crate::libseccomp::encoded;

/// Reads a filter and calls out of bytes, and holds the compiled filter against its model.
///
/// # Panics
/// If they differ, or the kernel would not take the program.
pub fn filter(data: &[u8]) {
    let mut bytes = Bytes(data);
    let arch = Arch::ALL[usize::from(bytes.byte()) % Arch::ALL.len()];
    let own: Vec<Verdict> = (0..4).map(|_| bytes.verdict(0)).collect();
    // Where the verdicts of a call come from: a few calls have each, the others one.
    let step = usize::from(bytes.byte()) % 97 + 1;
    let mut index = 0;
    let filter = Filter::new(|_| {
        index += 1;
        own[if index % step == 0 {
            index / step % own.len()
        } else {
            0
        }]
        .clone()
    });
    let Ok(program) = filter.compile(arch) else {
        return;
    };
    let instructions = program.instructions();
    assert!(instructions.len() <= 4096);
    for number in (0..480).chain([0x3fff_ffff, 0x4000_0000, u32::MAX]) {
        let audit = match bytes.byte() {
            0 => u32::from(bytes.byte()) << 30,
            _ => arch.audit(),
        };
        let call = CallData {
            number,
            audit,
            instruction_pointer: bytes.word(),
            arguments: std::array::from_fn(|_| bytes.word()),
        };
        let expected = encoded(filter.decide(arch, audit, number, call.arguments));
        assert_eq!(program.run(&call), Some(expected), "{call:x?}");
        assert_eq!(bpf::run(instructions, &call), Some(expected), "{call:x?}");
    }
}

/// Reads text as a manifest in both languages. What has no fault reads back as it is written, faults
/// can be drawn, and what is laid out anew stays as it then is.
///
/// # Panics
/// If one of these does not hold.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // No file is read: what a text includes is a matter of the machine.
    if text.contains("include") {
        return;
    }
    let variables = Variables::default().set("A", "/a");
    for format in [Format::Yaml, Format::Toml] {
        match Manifest::parse("fuzz", text, format, &variables) {
            Err(faults) => assert!(!faults.render(true).is_empty()),
            Ok((manifest, _)) => {
                if format == Format::Yaml {
                    extended(text, &manifest, &variables);
                }
                let written = manifest.to_yaml().expect("what was read is UTF-8");
                let (again, _) = Manifest::parse("again", &written, Format::Yaml, &variables)
                    .unwrap_or_else(|faults| panic!("{written}\n{faults}"));
                assert_eq!(again.to_yaml().expect("a text"), written);
            }
        }
    }
    if let Ok(laid_out) = ringfence_manifest::format(text) {
        assert_eq!(
            ringfence_manifest::format(&laid_out).as_ref(),
            Ok(&laid_out),
            "{text:?}"
        );
    }
}

/// Reads text as records of the kernel's audit, in every form in which they come. What is understood is
/// written as the kernel writes it and read as the same.
///
/// # Panics
/// If it is read as another, or something of the text is not accounted for.
pub fn audit(data: &[u8]) {
    let mut log = Log::default();
    log.text(data);
    log.end_of_text();
    log.message(data);
    for denial in log.denials() {
        assert!(!denial.act.to_string().is_empty());
        assert!(denial.first <= denial.last && denial.times > 0);
        let _ = denial.act.questions();
    }
    let lines = data
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    for line in lines {
        let one = log_of(line);
        let tally = one.tally();
        let told = tally.records + tally.doubtful + tally.lost + tally.other + tally.calls;
        assert_eq!(
            told + tally.unreadable.values().sum::<u64>(),
            1,
            "{tally:?}"
        );
        if let Some(record) = Record::read(line) {
            let written = record.to_string();
            assert_eq!(Record::read(written.as_bytes()), Some(record), "{written}");
        }
    }
}

fn log_of(line: &[u8]) -> Log {
    let mut log = Log::default();
    log.text(line);
    log.end_of_text();
    log
}

/// Adds lines to a manifest that has no fault: it has none then either, and says all that it did.
fn extended(text: &str, manifest: &Manifest, variables: &Variables) {
    const MORE: &str = "version: 1\nro: [/added]\nfs:\n  - {path: /added/too, access: [write]}\n";

    let Ok(extended) = ringfence_manifest::extend(text, MORE) else {
        return;
    };
    let (again, _) = Manifest::parse("extended", &extended, Format::Yaml, variables)
        .unwrap_or_else(|faults| panic!("{text:?} becomes {extended:?}\n{faults}"));
    let said = |manifest: &Manifest| -> BTreeSet<String> {
        let paths = manifest.policy.paths().iter();
        let paths =
            paths.map(|line| format!("{} {} {:?}", line.access, line.path.display(), line.except));
        let ports = manifest.policy.ports().iter();
        let ports = ports.map(|line| format!("{} {}", line.class.name(), line.ports));
        paths.chain(ports).collect()
    };
    let (before, after) = (said(manifest), said(&again));
    assert!(before.is_subset(&after), "{text:?} becomes {extended:?}");
    assert!(after.contains("ro /added []"), "{extended:?}: {after:?}");
}

/// Reads text as every kind of word that a policy has.
///
/// # Panics
/// If a word that is read is written as another.
pub fn policy_words(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for word in text.split([',', '\n']) {
        if let Ok(calls) = word.parse::<Calls>() {
            assert_eq!(calls.to_string(), word);
        }
        if let Ok(line) = SyscallLine::denial(word) {
            let again = line.to_string();
            let words = again.strip_prefix("deny-syscalls ").expect("its verb");
            assert_eq!(SyscallLine::denial(words), Ok(line));
        }
        if let Ok(action) = denying_action(word) {
            assert_eq!(denying_action(&action.to_string()), Ok(action));
        }
        if let Some(class) = Class::named(word) {
            assert_eq!(class.name(), word);
        }
        if let Ok(access) = word.parse::<Access>() {
            assert_eq!(access.to_string().parse(), Ok(access));
        }
        if let Ok(ports) = word.parse::<Ports>() {
            assert_eq!(ports.to_string().parse(), Ok(ports));
        }
        let _ = SyscallLine::new(word, SyscallEffect::Only);
    }
}

/// Input that is read from the front, and is zeros behind its end.
struct Bytes<'d>(&'d [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    /// A number as filters and calls hold them: small, a single bit, a half of ones, or anything.
    fn word(&mut self) -> u64 {
        let byte = self.byte();
        match byte >> 6 {
            0 => u64::from(byte),
            1 => 1 << (byte & 63),
            2 => [0, u64::MAX, 0xffff_ffff, 0xffff_ffff << 32][usize::from(byte & 3)],
            _ => u64::from_le_bytes(std::array::from_fn(|_| self.byte())),
        }
    }

    fn action(&mut self) -> Action {
        match self.byte() {
            0 => Action::Allow,
            1 => Action::Kill,
            number => Action::Errno(u16::from(number)),
        }
    }

    fn verdict(&mut self, depth: u32) -> Verdict {
        const DEEPEST: u32 = 200;
        let kind = self.byte();
        if kind.is_multiple_of(4) || depth == DEEPEST {
            return Verdict::Always(self.action());
        }
        let (mask, value) = (self.word(), self.word());
        let is = match kind & 3 {
            1 => Is::Exactly(value),
            2 => Is::Not(value),
            _ => Is::NonZero,
        };
        let test = Test::new((kind >> 2) % 6, mask, is).expect("one of six arguments");
        let then = self.verdict(depth + 1);
        Verdict::If(test, Box::new(then), Box::new(self.verdict(depth + 1)))
    }
}
