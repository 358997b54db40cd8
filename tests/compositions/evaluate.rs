//! What a job gives, by the rules of the language alone: no steps, no scopes, one value after the other.

use std::collections::HashMap;

use crate::generate::Node;

/// What became of something.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// Items by their keys.
    Items(Vec<(String, Value)>),
    /// Left out.
    Skipped,
    /// Failed, or something before it did.
    Failed,
    /// Stands among items for one that failed in a filter, a pair or a flattened one: so is all that is made of it.
    Lost,
}

use Value::{Failed, Items, Lost, Number, Skipped};

/// The values of names.
pub type Names = HashMap<String, Value>;

/// What a node gives.
pub fn evaluate(node: &Node, names: &Names) -> Value {
    match node {
        Node::Const(n) => Number(*n),
        Node::Name(name) => names.get(name).cloned().unwrap_or(Failed),
        // Where an option is wanted, what was skipped is `none`.
        Node::Call("or_nine", x) => match evaluate(x, names) {
            Number(n) => Number(n),
            Skipped => Number(9),
            _ => Failed,
        },
        Node::Call(op, x) => number([evaluate(x, names)], |[x]| match *op {
            "double" => Number(x * 2 % 1000),
            "twice" => Number(x * 2 % 1000 * 2 % 1000),
            _ if x % 5 == 3 => Failed,
            _ => Number(x),
        }),
        Node::Add(a, b) => add(evaluate(a, names), evaluate(b, names)),
        Node::Sum(d) => sum(evaluate(d, names)),
        Node::Count(d) => {
            let written = each(evaluate(d, names), |x| {
                number([x], |[x]| match x % 7 == 6 {
                    true => Failed,
                    false => Number(1),
                })
            });
            let Items(items) = written else {
                return written;
            };
            if items.iter().any(|(_, x)| matches!(x, Failed | Lost)) {
                return Failed;
            }
            let written = items.iter().filter(|(_, x)| *x != Skipped);
            Number(written.count() as i64)
        }
        Node::After(x, y) => {
            let waited = match evaluate(y, names) {
                Items(items) if items.iter().any(|(_, x)| matches!(x, Failed | Lost)) => Failed,
                Failed | Lost => Failed,
                _ => Number(0),
            };
            let doubled = number([evaluate(x, names)], |[x]| Number(x * 2 % 1000));
            // What failed comes before what was skipped.
            match waited {
                Failed => Failed,
                _ => doubled,
            }
        }
        Node::Raised(d, by, total) => {
            let by = evaluate(by, names);
            let items = each(evaluate(d, names), |x| add(x, by.clone()));
            if *total { sum(items) } else { items }
        }
        Node::Numbers(n) => Items((0..*n).map(|i| (format!("k{i}"), Number(i + n))).collect()),
        Node::Broken(n) => {
            let mut items: Vec<_> = (0..*n).map(|i| (format!("k{i}"), Number(i + n))).collect();
            // Stands for the keys that never came.
            items.push(("/".to_owned(), Lost));
            Items(items)
        }
        Node::Inner(x, _) => number([evaluate(x, names)], |[x]| {
            Items(
                (0..x % 3)
                    .map(|i| (format!("c{i}"), Number(x * 2 + i)))
                    .collect(),
            )
        }),
        Node::Map(d, name, body) => each(evaluate(d, names), |x| with(body, names, name, x)),
        Node::Filter(d, name, body) => chosen(evaluate(d, names), |x| {
            let kept = x.clone();
            match both(&x, &with(body, names, name, x.clone())) {
                Ok((_, asked)) => (asked % 2 == 1).then_some(kept),
                Err(why) => Some(why),
            }
        }),
        Node::Flat(d, name, body) => {
            let Items(outer) = evaluate(d, names) else {
                return evaluate(d, names);
            };
            let mut all = Vec::new();
            for (key, x) in outer {
                let inner = match x {
                    Lost => Lost,
                    x => with(body, names, name, x),
                };
                match inner {
                    Items(items) => {
                        all.extend(items.into_iter().map(|(k, x)| (format!("{key}/{k}"), x)));
                    }
                    Skipped => {}
                    _ => all.push((format!("{key}/"), Lost)),
                }
            }
            Items(all)
        }
        Node::Concat(d, e) => concat(evaluate(d, names), evaluate(e, names)),
        Node::Zip(d, (left, x), (right, y)) => chosen(whole(evaluate(d, names)), |item| {
            let x = with(x, names, left, item.clone());
            let y = with(y, names, right, item);
            Some(match both(&x, &y) {
                Ok((x, y)) => Number((x * 7 + y) % 1000),
                Err(why) => why,
            })
        }),
        Node::Halves(d, even) => each(evaluate(d, names), |x| {
            number([x], |[x]| match (x % 2 == 0, *even) {
                (true, true) => Number(x),
                (false, false) => Number(x + 1),
                _ => Skipped,
            })
        }),
        Node::WithKey(d) => {
            let Items(items) = evaluate(d, names) else {
                return evaluate(d, names);
            };
            let made = items.into_iter().map(|(key, x)| {
                let length = key.len() as i64;
                let made = match x {
                    Lost => Lost,
                    x => number([x], |[x]| Number((x * 10 + length) % 1000)),
                };
                (key, made)
            });
            Items(made.collect())
        }
    }
}

fn with(body: &Node, names: &Names, name: &str, value: Value) -> Value {
    let mut within = names.clone();
    within.insert(name.to_owned(), value);
    evaluate(body, &within)
}

/// Something made of numbers, if all are there: what failed comes before what was skipped.
fn number<const N: usize>(values: [Value; N], make: impl FnOnce([i64; N]) -> Value) -> Value {
    if values.iter().any(|value| matches!(value, Failed | Lost)) {
        return Failed;
    }
    let mut numbers = [0; N];
    for (slot, value) in numbers.iter_mut().zip(values) {
        match value {
            Number(n) => *slot = n,
            _ => return Skipped,
        }
    }
    make(numbers)
}

fn add(a: Value, b: Value) -> Value {
    number([a, b], |[a, b]| Number((a + b) % 1000))
}

/// Both numbers, or what stands for the pair.
fn both(a: &Value, b: &Value) -> Result<(i64, i64), Value> {
    match (a, b) {
        (Number(a), Number(b)) => Ok((*a, *b)),
        (Failed | Lost, _) | (_, Failed | Lost) => Err(Lost),
        _ => Err(Skipped),
    }
}

fn sum(items: Value) -> Value {
    let Items(items) = items else {
        return items;
    };
    if items.iter().any(|(_, x)| matches!(x, Failed | Lost)) {
        return Failed;
    }
    let add = |sum: i64, (_, x): &(String, Value)| match x {
        Number(n) => (sum * 31 + n) % 1000,
        _ => sum,
    };
    Number(items.iter().fold(7, add))
}

/// A map.
fn each(items: Value, mut make: impl FnMut(Value) -> Value) -> Value {
    let Items(items) = items else {
        return items;
    };
    let made = items.into_iter().map(|(key, x)| match x {
        Lost => (key, Lost),
        x => (key, make(x)),
    });
    Items(made.collect())
}

/// What a step takes all keys of: it fails where those of an inner level are not known.
fn whole(items: Value) -> Value {
    match items {
        Items(items) if items.iter().any(|(key, _)| key.ends_with('/')) => Failed,
        items => items,
    }
}

/// All of one, then all of the other, whose keys must differ.
fn concat(left: Value, right: Value) -> Value {
    let (mut all, right) = match (whole(left), whole(right)) {
        (Items(left), Items(right)) => (left, right),
        (Failed | Lost, _) | (_, Failed | Lost) => return Failed,
        _ => return Skipped,
    };
    all.retain(|(_, x)| *x != Skipped);
    let known = all.len();
    for (key, x) in right {
        if x == Skipped {
            continue;
        }
        if all[..known].iter().any(|(other, _)| *other == key) {
            return Failed;
        }
        all.push((key, x));
    }
    Items(all)
}

/// A step of its own, which leaves out what was skipped.
fn chosen(items: Value, mut make: impl FnMut(Value) -> Option<Value>) -> Value {
    let Items(items) = items else {
        return items;
    };
    let made = items.into_iter().filter_map(|(key, x)| {
        let made = match x {
            Lost => Lost,
            x => make(x)?,
        };
        (made != Skipped).then_some((key, made))
    });
    Items(made.collect())
}
