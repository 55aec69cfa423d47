//! The event of the feature `tracing`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use ringfence::{Kernel, Plan, Policy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

struct Listener(Arc<Mutex<Vec<Fields>>>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ringfence"
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The policy leaves everything alone, so that the other threads of the test go on.
#[test]
fn restricting_the_process_is_told_once() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let policy = Policy::builder()
        .unrestricted_fs()
        .unrestricted_net()
        .unrestricted_ipc()
        .unrestricted_syscalls();
    let plan = Plan::new(policy.build().unwrap(), Kernel::probe());
    tracing::subscriber::set_global_default(Listener(told.clone())).unwrap();
    plan.prepare().unwrap().enforce().unwrap();
    let told = told.lock().unwrap();
    let [Fields(fields)] = told.as_slice() else {
        panic!("{}", told.len());
    };
    let abi = Kernel::probe().reported_abi();
    assert_eq!(fields["abi"], abi.to_string());
    assert_eq!(fields["paths"], "0");
    assert_eq!(fields["ports"], "0");
    assert_eq!(fields["filter"], "false");
    assert!(fields["threads"].parse::<usize>().unwrap() > 1);
    let way = if abi >= 8 { "together" } else { "each" };
    assert_eq!(fields["way"], format!("{way:?}"));
}
