//! Which denials are asked for.

use ringfence_observe::audit::{Denial, Domain};

/// All that is given has to hold.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pid: Option<u32>,
    domain: Option<u64>,
    program: Option<Vec<u8>>,
}

impl Filter {
    /// A filter; an error is what was to be the number of a domain.
    pub(super) fn new(
        pid: Option<u32>,
        domain: Option<&str>,
        program: Option<&str>,
    ) -> Result<Self, String> {
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| text.to_owned());
        Ok(Self {
            pid,
            domain: domain.map(number).transpose()?,
            program: program.map(|name| name.as_bytes().to_vec()),
        })
    }

    pub(super) fn takes(&self, denial: &Denial, domain: Option<&Domain>) -> bool {
        let maker = domain.and_then(|domain| domain.maker.as_ref());
        let pid = |pid: u32| {
            maker.is_some_and(|maker| maker.pid == pid)
                || denial.processes.iter().any(|process| process.pid == pid)
        };
        let program = |name: &Vec<u8>| {
            let is = |exe: &[u8], comm: &[u8]| {
                exe == name || comm == name || exe.rsplit(|&byte| byte == b'/').next() == Some(name)
            };
            maker.is_some_and(|maker| is(&maker.exe, &maker.comm))
                || denial
                    .processes
                    .iter()
                    .any(|process| is(&process.exe, &process.comm))
        };
        self.pid.is_none_or(pid)
            && self.domain.is_none_or(|domain| denial.domain == domain)
            && self.program.as_ref().is_none_or(program)
    }
}
