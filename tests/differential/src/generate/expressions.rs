//! Expressions of a wanted type.
//!
//! Half of them are forms that give a value of any type (here), half are the type's own (`own_forms`). Every form is
//! written so that it stands as an operand.

use super::types::Ty;
use super::{Generator, Signature};

impl Generator {
    /// A name in scope of a type.
    pub(super) fn name_of(&mut self, ty: &Ty) -> Option<String> {
        let fit: Vec<&str> = self
            .scope
            .iter()
            .filter(|name| name.ty == *ty)
            .map(|name| &*name.text)
            .collect();
        // The newest are the most interesting.
        let latest = fit.len().saturating_sub(4);
        match fit.len() {
            0 => None,
            _ if self.random.once_in(2) => Some((*self.random.of(&fit)).to_owned()),
            _ => Some((*self.random.of(&fit[latest..])).to_owned()),
        }
    }

    /// A name in scope whose type is one of those that are asked for, with its type.
    pub(super) fn name_where(&mut self, fits: impl Fn(&Ty) -> bool) -> Option<(String, Ty)> {
        let all = self.scope.iter().filter(|name| fits(&name.ty));
        let fit: Vec<(String, Ty)> = all
            .map(|name| (name.text.clone(), name.ty.clone()))
            .collect();
        (!fit.is_empty()).then(|| self.random.of(&fit).clone())
    }

    fn leaf(&mut self, ty: &Ty) -> String {
        if !self.random.once_in(4)
            && let Some(name) = self.name_of(ty)
        {
            return name;
        }
        self.constant(ty)
    }

    /// An expression of a type.
    pub(super) fn expression(&mut self, ty: &Ty, depth: usize) -> String {
        if let Ty::Function(of, to) = ty {
            return match self.name_of(ty) {
                Some(name) if self.random.once_in(2) => name,
                _ => self.closure(of, to, depth.saturating_sub(1)),
            };
        }
        if depth == 0 {
            return self.leaf(ty);
        }
        match self.random.below(8) {
            0 => self.leaf(ty),
            1..=3 => self.any_form(ty, depth - 1),
            _ => self.own_form(ty, depth - 1),
        }
    }

    /// `|x: A| …`
    pub(super) fn closure(&mut self, of: &Ty, to: &Ty, depth: usize) -> String {
        let param = self.fresh("c");
        let body = self.within(|this| {
            this.declare(&param, of, false);
            this.expression(to, depth)
        });
        format!("|{param}: {}| {body}", of.text())
    }

    /// A closure that must use what it is given.
    pub(super) fn condition_on(&mut self, of: &Ty, depth: usize) -> String {
        let param = self.fresh("c");
        let body = self.within(|this| {
            this.declare(&param, of, false);
            match of {
                Ty::Int => format!("{param} % {} != {}", 2 + this.random.below(3), this.small()),
                Ty::Str => format!("{param}.len() > {}", this.small()),
                _ => this.expression(&Ty::Bool, depth),
            }
        });
        format!("|{param}: {}| {body}", of.text())
    }

    /// Something that fails half of the time, of any type.
    fn a_failure(&mut self, ty: &Ty) -> String {
        let (n, small) = (self.expression(&Ty::Int, 0), 1 + self.random.below(4));
        let value = self.expression(ty, 0);
        let failing = match self.random.below(7) {
            0 => format!("{n} / ({n} % {small}) > 3"),
            1 => format!("{n} * 4611686018427387904 > 0"),
            2 => format!("9223372036854775800 + {n} > 8"),
            3 => format!("[1, 2, 3][{n}] > 1"),
            4 => format!("[1: 2, 7: 4][{n} % 3] > 1"),
            5 => format!("{n} << ({n} * 30) > 0"),
            _ => format!("none_of({n}).unwrap() > 0"),
        };
        format!(
            "(if {failing} {{ {value} }} else {{ {} }})",
            self.expression(ty, 0)
        )
    }

    fn any_form(&mut self, ty: &Ty, depth: usize) -> String {
        let is_option = matches!(ty, Ty::Option(_));
        match self.random.below(18) {
            17 if self.dares() => self.a_failure(ty),
            11..=13 if is_option => self.call(ty, depth),
            0 | 1 => {
                let condition = self.expression(&Ty::Bool, depth);
                let (then, otherwise) = (self.expression(ty, depth), self.expression(ty, depth));
                format!("(if {condition} {{ {then} }} else {{ {otherwise} }})")
            }
            2 => self.match_option(ty, depth),
            3 => self.match_shape(ty, depth),
            4 => self.match_integer(ty, depth),
            5 => self.match_list(ty, depth),
            6 | 7 => self.caught(ty, depth),
            8..=10 => self.call(ty, depth),
            11 => {
                let option = self.expression(&Ty::option(ty.clone()), depth);
                match (self.dares(), self.random.below(2)) {
                    (true, 0) => format!("({option}).unwrap()"),
                    (true, _) => format!(
                        "({option} ?? fail f\"nothing of {}\")",
                        self.random.below(9)
                    ),
                    _ => format!("({option} ?? {})", self.expression(ty, depth)),
                }
            }
            12 => {
                let list = self.expression(&Ty::list(ty.clone()), depth);
                let (index, other) = (self.expression(&Ty::Int, 0), self.expression(ty, 0));
                match self.random.below(3) {
                    _ if self.dares() => format!("({list})[{}]", self.random.below(4)),
                    1 => format!("pick({list}, {index}, {other})"),
                    2 => format!("({list}).get({}, {other})", self.small()),
                    _ => format!("(({list}).last() ?? {other})"),
                }
            }
            13 => {
                let key = self.key_type();
                let map =
                    self.expression(&Ty::Map(Box::new(key.clone()), Box::new(ty.clone())), depth);
                let (key, other) = (self.expression(&key, 0), self.expression(ty, 0));
                match self.dares() {
                    true => format!("({map})[{key}]"),
                    false => format!("({map}).get({key}, {other})"),
                }
            }
            14 => {
                let of = self.ty(1);
                let (function, value) = (self.closure(&of, ty, depth), self.expression(&of, depth));
                match self.random.below(3) {
                    0 if *ty == of => format!("twice({function}, {value})"),
                    _ => format!("apply({function}, {value})"),
                }
            }
            15 => {
                let pair = self.expression(&Ty::Pair(Box::new(ty.clone())), depth);
                format!("({pair}).a")
            }
            _ => self.match_tuple(ty, depth),
        }
    }

    fn match_option(&mut self, ty: &Ty, depth: usize) -> String {
        let of = self.ty(1);
        let (option, name) = (
            self.expression(&Ty::option(of.clone()), depth),
            self.fresh("m"),
        );
        let there = self.within(|this| {
            this.declare(&name, &of, false);
            this.expression(ty, depth)
        });
        let otherwise = self.expression(ty, 0);
        format!("(match {option} {{ some({name}) => {there}, none => {otherwise} }})")
    }

    fn match_shape(&mut self, ty: &Ty, depth: usize) -> String {
        let shape = self.expression(&Ty::Shape, depth);
        let names = ["m", "m", "m", "m"].map(|prefix| self.fresh(prefix));
        let [radius, name, count, many] = &names;
        let mut arm = |declared: &[(&String, Ty)]| {
            self.within(|this| {
                for (name, ty) in declared {
                    this.declare(name, ty, false);
                }
                this.expression(ty, depth)
            })
        };
        let dot = arm(&[]);
        let circle = arm(&[(radius, Ty::Float)]);
        let named = arm(&[(name, Ty::Str), (count, Ty::Int)]);
        let list = arm(&[(many, Ty::list(Ty::Int))]);
        let guarded = arm(&[(count, Ty::Int)]);
        format!(
            "(match {shape} {{ Shape.Dot => {dot}, Shape.Circle({radius}) => {circle}, Shape.Named(_, {count}) if {count} > 3 => {guarded}, Shape.Named({name}, {count}) => {named}, Shape.Many({many}) => {list} }})"
        )
    }

    fn match_integer(&mut self, ty: &Ty, depth: usize) -> String {
        let value = self.expression(&Ty::Int, depth);
        let arms: Vec<String> = (0..3).map(|_| self.expression(ty, 0)).collect();
        let name = self.fresh("m");
        let rest = self.within(|this| {
            this.declare(&name, &Ty::Int, false);
            this.expression(ty, depth)
        });
        format!(
            "(match {value} {{ 0 => {}, 1 | 3 => {}, 4..=9 => {}, {name} => {rest} }})",
            arms[0], arms[1], arms[2]
        )
    }

    fn match_list(&mut self, ty: &Ty, depth: usize) -> String {
        let of = self.ty(1);
        let list = self.expression(&Ty::list(of.clone()), depth);
        let (first, rest) = (self.fresh("m"), self.fresh("m"));
        let none = self.expression(ty, 0);
        let some = self.within(|this| {
            this.declare(&first, &of, false);
            this.declare(&rest, &Ty::list(of.clone()), false);
            this.expression(ty, depth)
        });
        format!("(match {list} {{ [] => {none}, [{first}, ..{rest}] => {some} }})")
    }

    fn match_tuple(&mut self, ty: &Ty, depth: usize) -> String {
        let parts = vec![self.ty(1), self.ty(1)];
        let tuple = self.expression(&Ty::Tuple(parts.clone()), depth);
        let (a, b) = (self.fresh("m"), self.fresh("m"));
        let value = self.within(|this| {
            this.declare(&a, &parts[0], false);
            this.declare(&b, &parts[1], false);
            this.expression(ty, depth)
        });
        format!("(match {tuple} {{ ({a}, {b}) => {value} }})")
    }

    /// `try … catch …`, whose body is drawn to fail now and then.
    fn caught(&mut self, ty: &Ty, depth: usize) -> String {
        let value = self.handled(|this| this.expression(ty, depth + 1));
        let name = self.fresh("e");
        let other = match ty {
            Ty::Str => format!("f\"{{{name}.kind}}: {{{name}.message}}\""),
            Ty::Int => format!("{name}.message.len()"),
            _ => self.expression(ty, 0),
        };
        format!("(try {{ {value} }} catch {name} {{ {other} }})")
    }

    /// A call of a function, a closure or itself that gives a value of a type.
    fn call(&mut self, ty: &Ty, depth: usize) -> String {
        let fits = |ty_of: &Ty| matches!(ty_of, Ty::Function(_, to) if **to == *ty);
        if self.random.once_in(2)
            && let Some((name, Ty::Function(of, _))) = self.name_where(fits)
        {
            return format!("{name}({})", self.expression(&of, depth));
        }
        let own = self.own.clone().filter(|own| own.result == *ty);
        if let Some(own) = own
            && self.loops == 0
            && self.random.once_in(2)
        {
            let args = self.arguments(&own, depth);
            return format!("{}(fuel - 1, {args})", own.name);
        }
        let fit: Vec<Signature> = self
            .signatures
            .iter()
            .filter(|one| one.result == *ty)
            .cloned()
            .collect();
        if fit.is_empty() {
            return self.leaf(ty);
        }
        let callee = self.random.of(&fit).clone();
        let args = self.arguments(&callee, depth);
        format!("{}({}, {args})", callee.name, self.random.below(3))
    }

    pub(super) fn arguments(&mut self, callee: &Signature, depth: usize) -> String {
        let args = callee.params.iter();
        let args: Vec<String> = args.map(|ty| self.expression(ty, depth.min(1))).collect();
        args.join(", ")
    }

    /// An f-string of a few parts.
    pub(super) fn f_string(&mut self) -> String {
        let mut text = String::from("f\"");
        for _ in 0..1 + self.random.below(3) {
            let part = self.name_where(Ty::is_data);
            let (value, ty) = part.unwrap_or_else(|| (self.small(), Ty::Int));
            text += &format!("<{{{value}{}}}", self.format_of(&ty));
        }
        text + "{{}}\""
    }

    fn format_of(&mut self, ty: &Ty) -> &'static str {
        let all: &[&str] = match ty {
            Ty::Int => &[
                "", ":5", ":<6", ":^7", ":*^9", ":+", ":03", ":x", ":#X", ":#010b", ":o", ":,",
                ":_", ":+,", ":08,", ":d",
            ],
            Ty::Float => &[
                "", ":.2", ":.0", ":8.3", ":+.1", ":08.2", ":,.2", ":.3e", ":e", ":E", ":.1%",
                ":f", ":<9", ":_^12.1", ":06",
            ],
            Ty::Str => &["", ":>10", ":<10", ":^9", ":.3", ":é^12", ":*>20.5", ":s"],
            _ => &["", "", ":>20", ":^30", ":.5"],
        };
        all[self.random.below(all.len())]
    }
}
