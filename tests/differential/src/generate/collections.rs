//! Expressions that collections and options have for themselves.

use super::Generator;
use super::types::Ty;

impl Generator {
    pub(super) fn a_list(&mut self, item: &Ty, depth: usize) -> String {
        let list = self.expression(&Ty::list(item.clone()), depth);
        let of = self.ty(1);
        match (self.random.below(20), item) {
            (18, _) => {
                let (f, keep) = (
                    self.closure(&of, item, depth),
                    self.condition_on(item, depth),
                );
                let from = self.expression(&Ty::list(of), depth);
                let count = self.random.below(9);
                format!("({from}).iter().map({f}).filter({keep}).take({count}).to_list()")
            }
            (19, _) => format!(
                "({list}).iter().skip({}).chain(({list}).iter()).to_list()",
                self.small()
            ),
            (0, Ty::Str) => format!("({}).words()", self.expression(&Ty::Str, depth)),
            (1, Ty::Str) => format!(
                "({}).split({})",
                self.expression(&Ty::Str, depth),
                self.words()
            ),
            (2, Ty::Str) => format!("({}).chars()", self.expression(&Ty::Str, depth)),
            (0, Ty::Int) => format!("({}).code_points()", self.expression(&Ty::Str, depth)),
            (1, Ty::Int) => format!("({}).to_list()", self.expression(&Ty::Bytes, depth)),
            (0 | 1, Ty::List(_)) => format!(
                "({}).chunks({})",
                self.expression(item, depth),
                1 + self.random.below(3)
            ),
            (2, Ty::List(_)) => format!(
                "({}).windows({})",
                self.expression(item, depth),
                self.random.below(4)
            ),
            (0 | 1, Ty::Tuple(parts)) => {
                let (a, b) = (parts[0].clone(), parts[1].clone());
                format!(
                    "({}).zip({})",
                    self.expression(&Ty::list(a), depth),
                    self.expression(&Ty::list(b), depth)
                )
            }
            (3, _) => {
                let items: Vec<String> = (0..1 + self.random.below(3))
                    .map(|_| self.expression(item, depth))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            (4 | 5, _) => {
                let (from, f) = (
                    self.expression(&Ty::list(of.clone()), depth),
                    self.closure(&of, item, depth),
                );
                format!("({from}).map({f})")
            }
            (6, _) => format!("({list}).filter({})", self.condition_on(item, depth)),
            (7, _) if item.is_ordered() => format!("({list}).sorted()"),
            (8, _) => {
                let key = self.random.of(&[Ty::Int, Ty::Str, Ty::Float]).clone();
                format!("({list}).sorted_by({})", self.closure(item, &key, depth))
            }
            (9, _) => format!("({list}).reversed()"),
            (10, _) => format!(
                "({list}).slice({}, {})",
                self.small(),
                self.expression(&Ty::Int, 0)
            ),
            (11, _) if item.is_key() => format!("({list}).unique()"),
            (12, _) => {
                let key = self.key_type();
                let map = Ty::Map(Box::new(key), Box::new(item.clone()));
                format!("({}).values()", self.expression(&map, depth))
            }
            (13, _) if item.is_key() => {
                let set = Ty::Set(Box::new(item.clone()));
                format!("({}).to_list()", self.expression(&set, depth))
            }
            (14, _) => {
                let from = self.expression(&Ty::list(of.clone()), depth);
                format!(
                    "({from}).filter_map({})",
                    self.closure(&of, &Ty::option(item.clone()), depth)
                )
            }
            (15, _) => {
                let from = self.expression(&Ty::list(of.clone()), depth);
                format!(
                    "({from}).flat_map({})",
                    self.closure(&of, &Ty::list(item.clone()), 0)
                )
            }
            (16, _) => format!("({list}).take({})", self.small()),
            _ => format!(
                "({list}).concat({})",
                self.expression(&Ty::list(item.clone()), depth)
            ),
        }
    }

    pub(super) fn a_map(&mut self, key: &Ty, value: &Ty, depth: usize) -> String {
        let ty = Ty::Map(Box::new(key.clone()), Box::new(value.clone()));
        let map = self.expression(&ty, depth);
        match self.random.below(6) {
            0 => {
                let entries: Vec<String> = (0..1 + self.random.below(3))
                    .map(|_| {
                        format!(
                            "{}: {}",
                            self.expression(key, depth),
                            self.expression(value, depth)
                        )
                    })
                    .collect();
                format!("[{}]", entries.join(", "))
            }
            1 => {
                let (k, v) = (self.fresh("c"), self.fresh("c"));
                let keep = self.within(|this| {
                    this.declare(&k, key, false);
                    this.declare(&v, value, false);
                    this.expression(&Ty::Bool, depth)
                });
                format!("({map}).filter(|{k}, {v}| {keep})")
            }
            2 => {
                let of = self.ty(1);
                let from = Ty::Map(Box::new(key.clone()), Box::new(of.clone()));
                format!(
                    "({}).map_values({})",
                    self.expression(&from, depth),
                    self.closure(&of, value, depth)
                )
            }
            3 if *key != Ty::Bool && key.is_ordered() => format!("({map}).sorted()"),
            4 => match value {
                Ty::List(item) => {
                    let list = self.expression(&Ty::List(item.clone()), depth);
                    format!("({list}).group_by({})", self.closure(item, key, depth))
                }
                Ty::Int => format!(
                    "({}).count_each()",
                    self.expression(&Ty::list(key.clone()), depth)
                ),
                _ => map,
            },
            _ => {
                let pairs = Ty::list(Ty::Tuple(vec![key.clone(), value.clone()]));
                format!("({}).to_map()", self.expression(&pairs, depth))
            }
        }
    }

    pub(super) fn a_set(&mut self, item: &Ty, depth: usize) -> String {
        let ty = Ty::Set(Box::new(item.clone()));
        let set = self.expression(&ty, depth);
        match self.random.below(4) {
            0 => format!(
                "({}).to_set()",
                self.expression(&Ty::list(item.clone()), depth)
            ),
            1 => {
                let method = ["union", "intersection", "difference"][self.random.below(3)];
                format!("({set}).{method}({})", self.expression(&ty, depth))
            }
            2 => format!("({set}).filter({})", self.condition_on(item, depth)),
            _ => format!("Set({})", self.expression(&Ty::list(item.clone()), depth)),
        }
    }

    pub(super) fn an_option(&mut self, item: &Ty, depth: usize) -> String {
        let (list, of) = (self.expression(&Ty::list(item.clone()), depth), self.ty(1));
        match self.random.below(9) {
            0 => format!("some({})", self.expression(item, depth)),
            1 => format!("({list}).first()"),
            2 => format!("({list}).get({})", self.expression(&Ty::Int, 0)),
            3 => format!("({list}).find({})", self.condition_on(item, depth)),
            4 => {
                let option = self.expression(&Ty::option(of.clone()), depth);
                format!("({option}).map({})", self.closure(&of, item, depth))
            }
            5 => {
                let value = self.handled(|this| this.expression(item, depth));
                format!("(try {{ some({value}) }} catch _ {{ none }})")
            }
            6 => {
                let row = self.expression(&Ty::option(Ty::Row), depth);
                match item {
                    Ty::Int => format!("({row})?.n"),
                    Ty::Str => format!("({row})?.name"),
                    Ty::Float => format!("({row})?.x"),
                    _ => format!("some({})", self.expression(item, depth)),
                }
            }
            7 if item.is_ordered() => {
                format!("({list}).{}()", ["min", "max"][self.random.below(2)])
            }
            _ => {
                let key = self.key_type();
                let map = Ty::Map(Box::new(key.clone()), Box::new(item.clone()));
                format!(
                    "({}).get({})",
                    self.expression(&map, depth),
                    self.expression(&key, 0)
                )
            }
        }
    }
}
