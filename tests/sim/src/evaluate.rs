//! What a plan means, by recursion over its clones.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use dynop_abi::plan::{Action, After, Const, Job, ROOT, ScopeId, Source, StepId};

use crate::{
    ADD, COUNT, FOLD, ODD, SPREAD, SUM, add_fails, add_up, item, item_count, item_key, spread_fails,
};

/// What stands between the parts of a key of several levels.
const PARTS: &str = "\u{1f}";

/// A value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// A number.
    Int(i64),
    /// Two.
    Pair(i64, i64),
    /// Nothing.
    Unit,
    /// A truth.
    Bool(bool),
}

/// One instance around a clone: its scope, key, and item, which may stand for a failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Around {
    /// The scope.
    pub scope: ScopeId,
    /// The mapping key.
    pub key: String,
    /// The item.
    pub item: Result<Value, Missing>,
}

/// The instances around a clone, from the outermost.
pub type Path = Vec<Around>;

/// Why there is no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// The step itself failed.
    Failed,
    /// Something it needs did.
    Upstream,
}

/// Items in the order in which they are yielded.
type Items = Vec<(String, Result<Value, Missing>)>;

/// What a clone gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its plain output; a number that means nothing for a dynamic one.
    pub value: Result<Value, Missing>,
    /// What it yielded, also if it failed behind that.
    pub items: Items,
    /// Whether it is a join that went over what there was, since what yields the keys has failed behind some.
    pub partial: bool,
}

/// Evaluates one job.
pub struct Evaluator<'j> {
    job: &'j Job,
    known: RefCell<HashMap<(StepId, Vec<String>), Outcome>>,
}

fn upstream() -> Outcome {
    Outcome {
        value: Err(Missing::Upstream),
        items: Vec::new(),
        partial: false,
    }
}

impl<'j> Evaluator<'j> {
    /// For a job that [`crate::generate`] made.
    pub fn new(job: &'j Job) -> Self {
        Self {
            job,
            known: RefCell::default(),
        }
    }

    fn outer(&self, path: &Path, scope: ScopeId) -> Path {
        path[..self.job.chain(scope).len().min(path.len())].to_vec()
    }

    /// A value seen from a clone.
    pub fn value(&self, source: &Source, path: &Path) -> Result<Value, Missing> {
        match source {
            Source::Const(Const::Int(n)) => Ok(Value::Int(*n)),
            Source::Item(scope) => path
                .iter()
                .find(|one| one.scope == *scope)
                .map_or(Err(Missing::Upstream), |one| one.item)
                .map_err(|_| Missing::Upstream),
            Source::Output(output) => {
                let scope = self.job.steps[output.step as usize].scope;
                self.run(output.step, &self.outer(path, scope))
                    .value
                    .map_err(|_| Missing::Upstream)
            }
            Source::OutputOver { output, path: keys } => {
                let scope = self.job.steps[output.step as usize].scope;
                let met = meet(&self.job.chain(scope), keys, path);
                self.run(output.step, &met)
                    .value
                    .map_err(|_| Missing::Upstream)
            }
            Source::Done(steps) => match steps.iter().all(|one| self.is_done_at(one, path)) {
                true => Ok(Value::Unit),
                false => Err(Missing::Upstream),
            },
            _ => Err(Missing::Upstream),
        }
    }

    fn list(&self, source: &Source, path: &Path) -> Result<Vec<Value>, Missing> {
        let Source::Collect { scope, value, .. } = source else {
            return Err(Missing::Upstream);
        };
        let home = self.outer(path, self.job.scopes[*scope as usize].parent);
        self.complete(*scope, &home)?;
        let instances = self.instances(*scope, &home);
        // Each clone of the scope counts, also where the value does not hang on the item.
        if instances.iter().any(bad) {
            return Err(Missing::Upstream);
        }
        instances
            .iter()
            .map(|inner| self.value(value, inner))
            .collect()
    }

    /// The clone that yields the keys of a scope, seen from an instance of its parent.
    fn maker(&self, scope: ScopeId, home: &Path) -> Option<(StepId, Path)> {
        let scope = &self.job.scopes[scope as usize];
        let step = scope.over?.step;
        let lives = self.job.steps[step as usize].scope;
        Some(match scope.path.is_empty() {
            true => (step, self.outer(home, lives)),
            false => (step, meet(&self.job.chain(lives), &scope.path, home)),
        })
    }

    /// Whether all keys of a scope are there.
    fn complete(&self, scope: ScopeId, home: &Path) -> Result<(), Missing> {
        let (step, made) = self.maker(scope, home).ok_or(Missing::Upstream)?;
        match self.run(step, &made).value {
            Ok(_) => Ok(()),
            Err(_) => Err(Missing::Upstream),
        }
    }

    /// What a clone gives.
    pub fn run(&self, step: StepId, path: &Path) -> Outcome {
        let key = (step, path.iter().map(|one| one.key.clone()).collect());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let outcome = self.run_fresh(step, path);
        self.known.borrow_mut().insert(key, outcome.clone());
        outcome
    }

    fn run_fresh(&self, step: StepId, path: &Path) -> Outcome {
        let described = &self.job.steps[step as usize];
        let met = described
            .after_at
            .iter()
            .all(|one| self.is_done_at(one, path));
        if bad(path) || !met || described.after.iter().any(|&one| !self.is_done(one, path)) {
            return upstream();
        }
        match described.action {
            Action::Op(op) => self.run_op(op, &described.inputs, path),
            _ => self.join(step, path),
        }
    }

    fn run_op(&self, op: u32, inputs: &[Source], path: &Path) -> Outcome {
        let plain = |value| Outcome {
            value,
            items: Vec::new(),
            partial: false,
        };
        if op == SUM {
            let elements = self.list(&inputs[0], path);
            let add = |total, element| match element {
                Value::Int(n) => add_up(total, n),
                _ => total,
            };
            return plain(elements.map(|list| Value::Int(list.into_iter().fold(0, add))));
        }
        if op == COUNT {
            let elements = self.list(&inputs[0], path);
            return plain(elements.map(|list| Value::Int(list.len() as i64)));
        }
        let values: Result<Vec<Value>, Missing> =
            inputs.iter().map(|one| self.value(one, path)).collect();
        let sum = |total: i64| match add_fails(total) {
            true => Err(Missing::Failed),
            false => Ok(Value::Int(total)),
        };
        match (op, values.as_deref()) {
            (_, Err(_)) => upstream(),
            (SPREAD, Ok([Value::Int(n)])) => Outcome {
                value: match spread_fails(*n) {
                    true => Err(Missing::Failed),
                    false => Ok(Value::Int(0)),
                },
                items: (0..item_count(*n))
                    .map(|index| (item_key(index), Ok(Value::Int(item(*n, index)))))
                    .collect(),
                partial: false,
            },
            (ADD, Ok([Value::Int(a), Value::Int(b)])) => plain(sum(a + b)),
            (FOLD, Ok([Value::Pair(a, b)])) => plain(sum(a + b)),
            (ODD, Ok([Value::Int(n)])) => plain(Ok(Value::Bool(n.rem_euclid(2) == 1))),
            _ => upstream(),
        }
    }

    /// The same for clones that are found by keys.
    fn is_done_at(&self, after: &After, path: &Path) -> bool {
        let chain = self.job.chain(self.job.steps[after.step as usize].scope);
        self.is_done(after.step, &meet(&chain, &after.path, path))
    }

    /// Whether what comes `after` a step may run: it, or all its clones further in, succeeded.
    fn is_done(&self, step: StepId, path: &Path) -> bool {
        let scope = self.job.steps[step as usize].scope;
        let chain = self.job.chain(scope);
        if chain.len() <= path.len() {
            let outcome = self.run(step, &self.outer(path, scope));
            let stands = |(_, item): &(String, Result<Value, Missing>)| item.is_ok();
            return outcome.value.is_ok()
                && (!self.items_are_seen(step) || outcome.items.iter().all(stands));
        }
        let next = chain[path.len()];
        self.complete(next, path).is_ok()
            && self
                .instances(next, path)
                .iter()
                .all(|inner| !bad(inner) && self.is_done(step, inner))
    }

    /// Whether what comes after a step sees that items of it stand for failures: there is a scope over them, beside it.
    fn items_are_seen(&self, step: StepId) -> bool {
        let home = self.job.steps[step as usize].scope;
        self.job.scopes.iter().any(|scope| {
            scope.over.is_some_and(|over| over.step == step)
                && scope.parent == home
                && scope.path.is_empty()
        })
    }

    /// The keys of what a join goes over, each with its value, and whether those are all.
    fn side(&self, source: &Source, path: &Path) -> (Items, bool) {
        let Source::Each { scopes, value } = source else {
            return (Vec::new(), false);
        };
        let parent = self.job.scopes[scopes[0] as usize].parent;
        let mut instances = vec![self.outer(path, parent)];
        let mut whole = true;
        for &scope in scopes {
            let mut inner = Vec::new();
            for home in &instances {
                whole &= self.complete(scope, home).is_ok();
                inner.extend(self.instances(scope, home));
            }
            instances = inner;
        }
        let entry = |inner: &Path| {
            let own = inner[inner.len() - scopes.len()..].iter();
            let parts: Vec<&str> = own.map(|one| one.key.as_str()).collect();
            let key = parts.join(PARTS);
            let value = match bad(inner) {
                true => Err(Missing::Upstream),
                false => self.value(value, inner),
            };
            (key, value)
        };
        (instances.iter().map(entry).collect(), whole)
    }

    fn join(&self, step: StepId, path: &Path) -> Outcome {
        let described = &self.job.steps[step as usize];
        let (left, left_whole) = self.side(&described.inputs[0], path);
        let (right, right_whole) = self.side(&described.inputs[1], path);
        let whole = left_whole && right_whole;
        let (mut items, mut fails): (Items, bool) = (Vec::new(), false);
        match described.action {
            Action::Filter { .. } => {
                for ((key, value), (_, asked)) in left.into_iter().zip(right) {
                    match (value, asked) {
                        (Ok(value), Ok(Value::Bool(true))) => items.push((key, Ok(value))),
                        (Ok(_), Ok(_)) => {}
                        _ => items.push((key, Err(Missing::Upstream))),
                    }
                }
            }
            Action::Concat { .. } => {
                for (key, value) in left.iter().chain(&right) {
                    if items.iter().any(|(known, _)| known == key) {
                        fails = true;
                        break;
                    }
                    items.push((key.clone(), *value));
                }
            }
            _ => {
                let others: BTreeMap<&str, Result<Value, Missing>> = right
                    .iter()
                    .map(|(key, value)| (key.as_str(), *value))
                    .collect();
                for (key, value) in &left {
                    let pair = match (value, others.get(key.as_str())) {
                        (_, None) => {
                            fails |= whole && !self.left_out(&described.inputs[1], path, key);
                            continue;
                        }
                        (Ok(Value::Int(a)), Some(Ok(Value::Int(b)))) => Ok(Value::Pair(*a, *b)),
                        _ => Err(Missing::Upstream),
                    };
                    items.push((key.clone(), pair));
                }
                for (key, _) in &right {
                    let lonely = !left.iter().any(|(other, _)| other == key);
                    fails |= whole && lonely && !self.left_out(&described.inputs[0], path, key);
                }
            }
        }
        let value = match (fails, whole) {
            (true, _) => Err(Missing::Failed),
            (false, true) => Ok(Value::Int(0)),
            (false, false) => Err(Missing::Upstream),
        };
        Outcome {
            value,
            items,
            partial: !whole,
        }
    }

    /// Whether a join left a key out, by filtering, that would be there else.
    fn left_out(&self, side: &Source, path: &Path, key: &str) -> bool {
        let Source::Each { scopes, .. } = side else {
            return false;
        };
        let parent = self.job.scopes[scopes[0] as usize].parent;
        self.left_out_within(scopes, &self.outer(path, parent), key)
    }

    /// The same of the instances of some scopes, each within the one before.
    fn left_out_within(&self, scopes: &[ScopeId], home: &Path, key: &str) -> bool {
        let Some((&scope, further)) = scopes.split_first() else {
            return false;
        };
        let cuts = key.match_indices(PARTS).map(|(at, _)| at);
        let mut beginnings = cuts.chain([key.len()]).map(|at| &key[..at]);
        let rest = |inner: &Path| {
            let own = inner.last()?.key.as_str();
            key.strip_prefix(own)?.strip_prefix(PARTS)
        };
        beginnings.any(|one| self.left_out_of(scope, home, one))
            || self.instances(scope, home).iter().any(|inner| {
                rest(inner).is_some_and(|rest| self.left_out_within(further, inner, rest))
            })
    }

    /// The same of the keys of one scope.
    fn left_out_of(&self, scope: ScopeId, home: &Path, key: &str) -> bool {
        let Some((step, home)) = self.maker(scope, home) else {
            return false;
        };
        let maker = &self.job.steps[step as usize];
        let has = |source: &Source| {
            let (items, _) = self.side(source, &home);
            items.iter().any(|(one, _)| one == key) || self.left_out(source, &home, key)
        };
        match maker.action {
            Action::Filter { .. } => has(&maker.inputs[0]),
            Action::Concat { .. } => {
                let mut sides = maker.inputs.iter();
                sides.any(|source| self.left_out(source, &home, key))
            }
            // A pair is left out where one of both sides left the key out and the other one has it, or left it out too.
            Action::Zip { .. } => {
                let out = |source: &Source| self.left_out(source, &home, key);
                (out(&maker.inputs[0]) && has(&maker.inputs[1]))
                    || (out(&maker.inputs[1]) && has(&maker.inputs[0]))
            }
            _ => false,
        }
    }

    /// The instances of a scope within one of its parent: one an item, also where the step failed behind it.
    pub fn instances(&self, scope: ScopeId, home: &Path) -> Vec<Path> {
        let Some((step, made)) = self.maker(scope, home) else {
            return vec![Vec::new()];
        };
        let inner = |(key, item): (String, Result<Value, Missing>)| {
            let mut path = home.clone();
            path.push(Around { scope, key, item });
            path
        };
        let items = self.run(step, &made).items;
        items.into_iter().map(inner).collect()
    }

    fn all_instances(&self, scope: ScopeId) -> Vec<Path> {
        if scope == ROOT {
            return vec![Vec::new()];
        }
        let parents = self.all_instances(self.job.scopes[scope as usize].parent);
        parents
            .iter()
            .flat_map(|home| self.instances(scope, home))
            .collect()
    }

    /// What becomes of every clone of a step: its key, and its value or why there is none.
    pub fn clones(&self, step: StepId) -> Vec<(String, Result<Value, Missing>)> {
        let described = &self.job.steps[step as usize];
        let clones = self.all_instances(described.scope);
        clones
            .iter()
            .map(|path| {
                let parts = path.iter().flat_map(|one| one.key.split(PARTS));
                let keys: String = parts.map(|key| format!("[{key}]")).collect();
                (
                    format!("{}{keys}", described.name),
                    self.run(step, path).value,
                )
            })
            .collect()
    }
}

/// The instances of `chain`, as far as `path` goes, that stand on the same keys as those of `path` around a viewer.
fn meet(chain: &[ScopeId], path: &[ScopeId], viewer: &Path) -> Path {
    let found = |(&scope, same): (&ScopeId, &ScopeId)| {
        let around = viewer.iter().find(|one| one.scope == *same)?;
        Some(Around {
            scope,
            ..around.clone()
        })
    };
    chain.iter().zip(path).filter_map(found).collect()
}

/// Whether an instance around stands for a failure.
fn bad(path: &Path) -> bool {
    path.iter().any(|one| one.item.is_err())
}
