//! Statements: names, changes in place, loops, handlers.

use super::Generator;
use super::types::Ty;

fn indent(level: usize) -> String {
    "    ".repeat(level)
}

impl Generator {
    /// So many statements. What they declare stays known to what follows.
    pub(super) fn statements(&mut self, count: usize, level: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let lines = self.statement(level);
            for line in lines.lines() {
                text += &format!("{line}\n");
            }
        }
        text
    }

    /// A block of statements with names of its own.
    fn block(&mut self, level: usize) -> String {
        let count = 1 + self.random.below(3);
        let body = self.within(|this| this.statements(count, level + 1));
        format!("{{\n{body}{}}}", indent(level))
    }

    fn statement(&mut self, level: usize) -> String {
        let pad = indent(level);
        let deep = level > 3;
        let text = match self.random.below(32) {
            30 | 31 if self.loops < 2 => self.flat_loop(level),
            0..=6 => return self.declaration(level),
            7..=15 => self.change(),
            16..=18 if !deep => {
                let condition = self.expression(&Ty::Bool, 2);
                let then = self.block(level);
                match self.random.below(2) {
                    0 => format!("if {condition} {then}"),
                    _ => format!("if {condition} {then} else {}", self.block(level)),
                }
            }
            19..=23 if !deep && self.loops < 2 => self.a_loop(level),
            24 | 25 if !deep => {
                let (body, name) = (self.handled(|this| this.block(level)), self.fresh("e"));
                let handled = self.within(|this| {
                    this.declare(&format!("{name}.message"), &Ty::Str, false);
                    this.statements(1, level + 1)
                });
                format!(
                    "try {body} catch {name} {{\n{}log(f\"{{{name}.kind}}: {{{name}.message}}\")\n{handled}{pad}}}",
                    indent(level + 1)
                )
            }
            26 => format!("log({})", self.f_string()),
            27 if self.dares() => {
                let (condition, message) = (self.expression(&Ty::Bool, 1), self.f_string());
                format!("if {condition} {{\n{pad}    fail {message}\n{pad}}}")
            }
            28 => match (self.result.clone(), self.loops) {
                (Some(result), _) if self.random.once_in(2) => {
                    let (condition, value) =
                        (self.expression(&Ty::Bool, 1), self.expression(&result, 1));
                    format!("if {condition} {{\n{pad}    return {value}\n{pad}}}")
                }
                (_, 1..) => {
                    let word = ["break", "continue"][self.random.below(2)];
                    let condition = self.expression(&Ty::Bool, 1);
                    format!("if {condition} {{\n{pad}    {word}\n{pad}}}")
                }
                _ => self.change(),
            },
            29 => match self.yields.clone() {
                Some(ty) => self.a_yield(&ty),
                None => self.change(),
            },
            _ => self.change(),
        };
        format!("{pad}{text}\n")
    }

    /// `yield`, mostly with a key that no other yield has.
    pub(super) fn a_yield(&mut self, ty: &Ty) -> String {
        let value = self.expression(ty, 2);
        if self.random.once_in(12) {
            return format!("yield DynamicOutput({value}, mapping_key: \"once\")");
        }
        let number = self.fresh("k");
        format!(
            "yield DynamicOutput({value}, mapping_key: f\"{number} {{count}}\")\n    count += 1"
        )
    }

    fn declaration(&mut self, level: usize) -> String {
        let pad = indent(level);
        let name = self.fresh("v");
        let ty = match self.random.below(8) {
            0 => Ty::Function(Box::new(self.ty(1)), Box::new(self.ty(1))),
            1 => {
                let function = Ty::Function(Box::new(Ty::Int), Box::new(self.ty(1)));
                Ty::list(function)
            }
            _ => self.ty(2),
        };
        if let Ty::Tuple(parts) = &ty {
            let value = self.expression(&ty, 3);
            let (a, b) = (self.fresh("v"), self.fresh("v"));
            self.declare(&a, &parts[0], false);
            self.declare(&b, &parts[1], false);
            return format!("{pad}let ({a}, {b}) = {value}\n");
        }
        let is_var = !self.random.once_in(3);
        let value = match &ty {
            Ty::List(item) if matches!(**item, Ty::Function(..)) => {
                format!(
                    "[{}, {}]",
                    self.expression(item, 2),
                    self.expression(item, 1)
                )
            }
            _ => self.expression(&ty, 3),
        };
        let word = if is_var { "var" } else { "let" };
        self.declare(&name, &ty, is_var);
        format!("{pad}{word} {name}: {} = {value}\n", ty.text())
    }

    /// A `var` of a type.
    fn variable(&mut self, fits: impl Fn(&Ty) -> bool) -> Option<(String, Ty)> {
        let all = self
            .scope
            .iter()
            .filter(|name| name.is_var && fits(&name.ty));
        let fit: Vec<(String, Ty)> = all
            .map(|name| (name.text.clone(), name.ty.clone()))
            .collect();
        (!fit.is_empty()).then(|| self.random.of(&fit).clone())
    }

    /// A change of a `var`, by assignment, in place or through an in-out parameter.
    fn change(&mut self) -> String {
        let Some((name, ty)) = self.variable(|_| true) else {
            return format!("log({})", self.f_string());
        };
        if self.random.once_in(5) && ty.is_data() {
            return format!("{name} = {}", self.expression(&ty, 3));
        }
        self.change_of(&name, &ty)
    }

    fn change_of(&mut self, place: &str, ty: &Ty) -> String {
        let value = |this: &mut Self, ty: &Ty| this.expression(ty, 2);
        let other = self
            .name_where(|other| other == ty)
            .filter(|(other, _)| !place.starts_with(&**other));
        match (ty, self.random.below(8)) {
            (_, 0) if other.is_some() && ty.is_data() => {
                let taken = self.variable(|other| other == ty);
                match taken.filter(|(other, _)| !place.starts_with(&**other)) {
                    Some((other, _)) => format!("trade({place}, {other})"),
                    None => format!("{place} = {}", value(self, ty)),
                }
            }
            (_, 1) if ty.is_data() => {
                let (new, really) = (value(self, ty), self.random.once_in(4));
                match self.random.below(2) {
                    0 => format!("let {} = refuse({place}, {new}, {really})", self.fresh("u")),
                    _ => format!(
                        "let {} = try {{ refuse({place}, {new}, {really}) }} catch _ {{ 3 }}",
                        self.fresh("u")
                    ),
                }
            }
            (Ty::Int, n) => {
                let operator = ["+=", "-=", "+=", "*=", "%=", "|="][n % 6];
                format!("{place} {operator} {}", value(self, ty))
            }
            (Ty::Str, _) => format!("{place} += {}", value(self, ty)),
            (Ty::Float, n) => format!(
                "{place} {} {}",
                ["+=", "*=", "-=", "/="][n % 4],
                value(self, ty)
            ),
            (Ty::Row, n) => match n % 4 {
                0 => self.change_of(&format!("{place}.tags"), &Ty::list(Ty::Str)),
                1 => self.change_of(&format!("{place}.name"), &Ty::Str),
                2 => self.change_of(&format!("{place}.n"), &Ty::Int),
                _ => format!("{place}.x = {}", value(self, &Ty::Float)),
            },
            (Ty::Pair(item), n) => match n % 2 {
                0 => self.change_of(&format!("{place}.a"), item),
                _ => format!("{place}.b = {}", value(self, &Ty::Option(item.clone()))),
            },
            (Ty::List(item), n) => self.change_of_list(place, item, n),
            (Ty::Map(key, of), n) => {
                let at = self.expression(key, 1);
                match n % 5 {
                    0 | 1 => format!("{place}[{at}] = {}", value(self, of)),
                    2 => format!("{place}.remove({at})"),
                    3 => {
                        let start = self.expression(of, 0);
                        format!("{place}.update({at}, {start}, {})", self.closure(of, of, 1))
                    }
                    _ => self.change_of(&format!("{place}[{at}]"), of),
                }
            }
            (Ty::Set(item), n) => {
                let method = ["insert", "insert", "remove"][n % 3];
                format!("{place}.{method}({})", value(self, item))
            }
            _ => format!("{place} = {}", value(self, ty)),
        }
    }

    fn change_of_list(&mut self, place: &str, item: &Ty, n: usize) -> String {
        if !item.is_data() {
            return format!("{place}.push({})", self.expression(item, 1));
        }
        let (value, at) = (self.expression(item, 2), self.random.below(3));
        match (n, self.random.below(4)) {
            (2, _) => format!("{place}.push({value})"),
            (3, 0) => format!("{place}.insert({at}, {value})"),
            (3, 1) => format!("{place}.remove({at})"),
            (3, 2) => format!("{place}.truncate({})", 2 + at),
            (3, _) => format!("let {} = {place}.pop()", self.fresh("u")),
            (4, 0) if item.is_ordered() => format!("{place}.sort()"),
            (4, 1) => format!("{place}.reverse()"),
            (4, _) if item.is_number() => format!("{place}[{at}] += {value}"),
            (5, _) => {
                let more = self.expression(&Ty::list(item.clone()), 1);
                format!("{place}.extend(({more}).take(5))")
            }
            (6, _) => format!("let {} = grow({place}, {value})", self.fresh("u")),
            (7, 0) => format!("{place}.swap({at}, {})", self.small()),
            (7, _) => self.change_of(&format!("{place}[{at}]"), item),
            _ => format!("{place}[{at}] = {value}"),
        }
    }

    fn a_loop(&mut self, level: usize) -> String {
        let pad = indent(level);
        self.loops += 1;
        let name = self.fresh("x");
        let text = match self.random.below(8) {
            0 => {
                let (end, rest) = (self.random.below(9), self.fresh("w"));
                let body = self.within(|this| this.statements(2, level + 1));
                format!(
                    "var {rest} = {end}\n{pad}while {rest} > 0 {{\n{pad}    {rest} -= 1\n{body}{pad}}}"
                )
            }
            1 => self.loop_over(&name, &Ty::Str, Ty::Str, level),
            2 => {
                let (key, value) = (self.key_type(), self.ty(1));
                let map =
                    self.expression(&Ty::Map(Box::new(key.clone()), Box::new(value.clone())), 2);
                let other = self.fresh("x");
                let body = self.within(|this| {
                    this.declare(&name, &key, false);
                    this.declare(&other, &value, false);
                    this.statements(2, level + 1)
                });
                format!("for ({name}, {other}) in {map} {{\n{body}{pad}}}")
            }
            3 => {
                let key = self.key_type();
                self.loop_over(&name, &Ty::Set(Box::new(key.clone())), key, level)
            }
            4 | 5 => {
                let body = self.within(|this| {
                    this.declare(&name, &Ty::Int, false);
                    this.statements(2, level + 1)
                });
                let range = ["..", "..="][self.random.below(2)];
                let (start, end) = (self.small(), self.random.below(10));
                format!("for {name} in {start}{range}{end} {{\n{body}{pad}}}")
            }
            _ => {
                let item = self.ty(1);
                self.loop_over(&name, &Ty::list(item.clone()), item, level)
            }
        };
        self.loops -= 1;
        text
    }

    /// A loop over flat values alone, as long as loops are that matter: passes and optimisers take those apart.
    fn flat_loop(&mut self, level: usize) -> String {
        let pad = indent(level);
        let (total, list, at) = (self.fresh("v"), self.fresh("v"), self.fresh("x"));
        let ends = ["5", "1023", "1024", "1025", "2500"];
        let end = match self.name_of(&Ty::Int) {
            Some(name) if self.random.once_in(3) => format!("{name} % 2100"),
            _ => self.random.of(&ends).to_string(),
        };
        let start = ["0", "0", "3", "(-7)", "9223372036854774000"][self.random.below(5)];
        let end = match start {
            "9223372036854774000" => format!("{start} + ({end}) % 1800"),
            _ => end,
        };
        let range = ["..", "..="][self.random.below(2)];
        let is_float = self.random.once_in(2);
        let ty = if is_float { Ty::Float } else { Ty::Int };
        let values: Vec<String> = (0..5).map(|_| self.constant(&ty)).collect();
        let index = match self.random.below(6) {
            0 => at.to_string(),
            1 => format!("{at} & 7"),
            _ => format!("{at} & 3"),
        };
        let update = match (is_float, self.random.below(4)) {
            (true, 0) => format!("{total} = {total}.max({list}[{index}])"),
            (true, 1) => format!("{list}[{index}] = {list}[{index}] * 0.5 + {at}.to_float()"),
            (true, _) => format!("{total} = {total} * 0.75 + {list}[{index}]"),
            (false, 0) => format!("{total} += {list}[{index}] % 1000"),
            (false, 1) => format!("{list}[{index}] = {list}[{index}] ^ {at}"),
            (false, 2) => format!("{total} = ({total} * 31 + {list}[{index}] % 77) % 1000003"),
            (false, _) => format!("{total} = {total} | ({list}[{index}] & {at})"),
        };
        let stop = match self.random.below(4) {
            0 => format!("\n{pad}    if {total} == {list}[1] {{\n{pad}        break\n{pad}    }}"),
            1 => format!("\n{pad}    if {at} & 5 == 4 {{\n{pad}        continue\n{pad}    }}"),
            _ => String::new(),
        };
        let zero = if is_float { "0.0" } else { "0" };
        self.declare(&total, &ty, true);
        self.declare(&list, &Ty::list(ty.clone()), true);
        format!(
            "var {total} = {zero}\n{pad}var {list} = [{}]\n{pad}for {at} in {start}{range}{end} {{{stop}\n{pad}    {update}\n{pad}}}",
            values.join(", ")
        )
    }

    fn loop_over(&mut self, name: &str, over: &Ty, item: Ty, level: usize) -> String {
        let list = self.expression(over, 2);
        let body = self.within(|this| {
            this.declare(name, &item, false);
            this.statements(2, level + 1)
        });
        format!("for {name} in {list} {{\n{body}{}}}", indent(level))
    }
}
