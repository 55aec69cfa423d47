//! What a policy comes to on each kernel: whether it starts, which lines hold, what stays open.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use ringfence::{Abi, Class, Kernel, Plan, Policy, Refusal, Standing};
use serde::Serialize;

pub(super) struct Kernels(pub(super) Vec<OnKernel>);

#[derive(Serialize)]
pub(super) struct OnKernel {
    abi: u8,
    #[serde(skip)]
    since: String,
    starts: bool,
    /// Classes that nothing denies.
    open: Vec<&'static str>,
    /// Lines that cannot be enforced.
    unenforced: BTreeSet<String>,
}

impl Kernels {
    pub(super) fn of(policy: &Policy) -> Self {
        Self(Abi::all().map(|abi| OnKernel::of(policy, abi)).collect())
    }

    /// A table of kernels, and one of what holds on some of them alone.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{:4}  {:13}  STARTS\n", "ABI", "SINCE");
        for kernel in &self.0 {
            let starts = if kernel.starts { "yes" } else { "no" };
            let _ = writeln!(text, "{:4}  {:13}  {starts}", kernel.abi, kernel.since);
        }
        let rows = self.rows();
        if rows.is_empty() {
            return text;
        }
        text.push_str("\nABI ");
        for kernel in &self.0 {
            let _ = write!(text, "{:>3}", kernel.abi);
        }
        text.push_str("   - does not hold, o open\n");
        for (item, marks) in rows {
            let _ = writeln!(text, "    {marks}   {item}");
        }
        text
    }

    /// Each line that does not hold and each class that is open somewhere, with a mark for each kernel.
    fn rows(&self) -> Vec<(&str, String)> {
        let marks = |mark: char, on: &dyn Fn(&OnKernel) -> bool| {
            let kernels = self.0.iter();
            kernels.fold(String::new(), |mut marks, kernel| {
                let _ = write!(marks, "{:>3}", if on(kernel) { mark } else { '.' });
                marks
            })
        };
        let mut known = HashSet::new();
        let lines = self.0.iter().flat_map(|kernel| &kernel.unenforced);
        let lines = lines.filter(|line| known.insert(line.as_str()));
        let lines = lines.map(|line| {
            (
                line.as_str(),
                marks('-', &|on| on.unenforced.contains(line)),
            )
        });
        // Where the policy does not start nothing runs, and all would be open.
        let is_open = |name, kernel: &OnKernel| kernel.starts && kernel.open.contains(&name);
        let classes = Class::ALL.into_iter().map(Class::name);
        let classes = classes.filter(|name| self.0.iter().any(|kernel| is_open(*name, kernel)));
        let classes = classes.map(|name| (name, marks('o', &|kernel| is_open(name, kernel))));
        lines.chain(classes).collect()
    }
}

impl OnKernel {
    fn of(policy: &Policy, abi: Abi) -> Self {
        let plan = Plan::new(policy.clone(), Kernel::with_abi(abi.number().into()));
        let open = Class::ALL
            .into_iter()
            .filter(|class| matches!(plan.standing(*class), Standing::Open(_)));
        let unenforced = plan.unenforced().filter_map(|refusal| match refusal {
            Refusal::Line { line, .. } | Refusal::Class { line, .. } => Some(line),
            _ => None,
        });
        Self {
            abi: abi.number(),
            since: match abi {
                Abi::NONE => "no Landlock".to_owned(),
                abi => format!("Linux {}", abi.first_kernel()),
            },
            starts: plan.check().is_ok(),
            open: open.map(Class::name).collect(),
            unenforced: unenforced.collect(),
        }
    }
}
