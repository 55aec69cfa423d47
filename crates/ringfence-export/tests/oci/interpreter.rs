//! What a profile says of a call, read from its JSON as runc and libseccomp read it.
//!
//! All comparisons of a rule must hold, one for each argument at most: runc makes alternatives of
//! several, and libseccomp refuses them. Rules have no order, so that two that hold at once must say
//! the same.

use std::collections::{BTreeSet, HashMap};

use ringfence::Action;
use serde_json::Value;

pub struct Interpreter {
    default: Action,
    rules: HashMap<String, Vec<Rule>>,
}

#[derive(Clone)]
struct Rule {
    action: Action,
    comparisons: Vec<Comparison>,
}

#[derive(Clone)]
struct Comparison {
    index: usize,
    op: String,
    value: u64,
    value_two: u64,
}

impl Interpreter {
    pub fn new(profile: &Value) -> Self {
        let mut rules: HashMap<String, Vec<Rule>> = HashMap::new();
        for rule in profile["syscalls"].as_array().expect("rules") {
            let read = Rule::read(rule);
            for name in rule["names"].as_array().expect("names") {
                let name = name.as_str().expect("a name").to_owned();
                rules.entry(name).or_default().push(read.clone());
            }
        }
        for (name, rules) in &rules {
            let whole = rules.iter().any(|rule| rule.comparisons.is_empty());
            assert!(
                !whole || rules.len() == 1,
                "{name}: a rule beside one that always holds"
            );
        }
        Self {
            default: action(&profile["defaultAction"], &profile["defaultErrnoRet"]),
            rules,
        }
    }

    /// Arguments at which each rule of a call holds.
    pub fn points(&self, name: &str) -> Vec<[u64; 6]> {
        let rules = self.rules.get(name).into_iter().flatten();
        rules.map(Rule::point).collect()
    }

    pub fn decide(&self, name: &str, arguments: [u64; 6]) -> Action {
        let rules = self.rules.get(name).into_iter().flatten();
        let held: BTreeSet<_> = rules
            .filter(|rule| rule.comparisons.iter().all(|one| one.holds(arguments)))
            .map(|rule| rule.action)
            .collect();
        assert!(held.len() < 2, "{name} {arguments:x?}: {held:?}");
        held.first().copied().unwrap_or(self.default)
    }
}

impl Rule {
    fn read(rule: &Value) -> Self {
        let comparisons = rule.get("args").and_then(Value::as_array);
        let comparisons: Vec<_> = comparisons
            .into_iter()
            .flatten()
            .map(|one| Comparison {
                index: usize::try_from(one["index"].as_u64().expect("an index")).expect("small"),
                op: one["op"].as_str().expect("an operator").to_owned(),
                value: one["value"].as_u64().expect("a value"),
                value_two: one
                    .get("valueTwo")
                    .map_or(0, |two| two.as_u64().expect("a value")),
            })
            .collect();
        let indices: BTreeSet<_> = comparisons.iter().map(|one| one.index).collect();
        assert_eq!(
            indices.len(),
            comparisons.len(),
            "two comparisons of one argument: {rule}"
        );
        Self {
            action: action(
                &rule["action"],
                rule.get("errnoRet").unwrap_or(&Value::Null),
            ),
            comparisons,
        }
    }
}

impl Rule {
    fn point(&self) -> [u64; 6] {
        let mut point = [0; 6];
        for one in &self.comparisons {
            point[one.index] = match one.op.as_str() {
                "SCMP_CMP_NE" => !one.value,
                "SCMP_CMP_EQ" => one.value,
                _ => one.value_two,
            };
        }
        point
    }
}

impl Comparison {
    fn holds(&self, arguments: [u64; 6]) -> bool {
        let argument = arguments[self.index];
        match self.op.as_str() {
            "SCMP_CMP_NE" => argument != self.value,
            "SCMP_CMP_EQ" => argument == self.value,
            "SCMP_CMP_MASKED_EQ" => argument & self.value == self.value_two,
            op => panic!("{op}"),
        }
    }
}

fn action(name: &Value, errno: &Value) -> Action {
    match (name.as_str().expect("an action"), errno.as_u64()) {
        ("SCMP_ACT_ALLOW", None) => Action::Allow,
        ("SCMP_ACT_KILL_PROCESS", None) => Action::Kill,
        ("SCMP_ACT_ERRNO", Some(errno)) => Action::Errno(u16::try_from(errno).expect("an error")),
        other => panic!("{other:?}"),
    }
}
