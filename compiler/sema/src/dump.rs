//! The checked program as readable text: for `--emit checked` and for tests.

use std::fmt::Write;

use dynop_base::FileId;

use crate::display::show;
use crate::hir::{
    Arg, Body, Expr, ExprKind, FormatPart, Function, FunctionBody, LocalId, Pattern, PatternKind,
    Place, Program, Projection, Stmt, StmtKind, UnaryOp,
};
use crate::ty::Ty;

/// The functions of a file; of every file if none is given.
pub fn dump(program: &Program, file: Option<FileId>) -> String {
    let mut out = String::new();
    for constant in &program.consts {
        if file.is_none_or(|file| constant.span.file == file) {
            let printer = Printer::new(program, None);
            let _ = writeln!(
                out,
                "const {}: {} = {}",
                constant.name,
                show(program, &constant.ty),
                printer.expr(&constant.value)
            );
        }
    }
    for function in &program.functions {
        if file.is_none_or(|file| function.file == file) {
            dump_function(program, function, &mut out);
        }
    }
    out
}

fn dump_function(program: &Program, function: &Function, out: &mut String) {
    let generics: Vec<&str> = function.generics.iter().map(|name| name.as_str()).collect();
    let generics = if generics.is_empty() {
        String::new()
    } else {
        format!("<{}>", generics.join(", "))
    };
    let plain = Printer::new(program, None);
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| {
            let var = if param.var { "var " } else { "" };
            let default = param
                .default
                .as_ref()
                .map(|value| format!(" = {}", plain.expr(value)));
            format!(
                "{var}{}: {}{}",
                param.name,
                show(program, &param.ty),
                default.unwrap_or_default()
            )
        })
        .collect();
    let result = match &function.result {
        Ty::Unit => String::new(),
        ty => format!(" -> {}", show(program, ty)),
    };
    let _ = write!(
        out,
        "{} {}{generics}({}){result}",
        function.kind.keyword(),
        function.name,
        params.join(", ")
    );
    for output in &function.outputs.list {
        let dynamic = if output.dynamic { "dynamic " } else { "" };
        let optional = if output.optional { "optional " } else { "" };
        let _ = write!(
            out,
            "\n  output {optional}{dynamic}{}: {}",
            output.name,
            show(program, &output.ty)
        );
    }
    match &function.body {
        FunctionBody::Code(body) => {
            let mut printer = Printer::new(program, Some(body));
            printer.depth = 1;
            let _ = writeln!(out, "\n  {}", printer.expr(&body.value));
        }
        FunctionBody::Extern(text) | FunctionBody::Foreign(text) => {
            let _ = writeln!(out, " = {text:?}");
        }
        FunctionBody::Composition(_) => out.push_str(" composition\n"),
        FunctionBody::Error => out.push_str(" error\n"),
    }
}

struct Printer<'p> {
    program: &'p Program,
    body: Option<&'p Body>,
    depth: usize,
}

impl<'p> Printer<'p> {
    fn new(program: &'p Program, body: Option<&'p Body>) -> Self {
        Self {
            program,
            body,
            depth: 0,
        }
    }

    fn ty(&self, ty: &Ty) -> String {
        show(self.program, ty)
    }

    fn deeper(&self) -> Self {
        Self {
            program: self.program,
            body: self.body,
            depth: self.depth + 1,
        }
    }

    fn local(&self, id: LocalId) -> String {
        let local = self.body.and_then(|body| body.locals.get(id.0 as usize));
        format!(
            "{}%{}",
            local.map_or("?", |local| local.name.as_str()),
            id.0
        )
    }

    /// A local where it is bound: with its type.
    fn bound(&self, id: LocalId) -> String {
        let local = self.body.and_then(|body| body.locals.get(id.0 as usize));
        let ty = local.map_or_else(|| "?".to_string(), |local| self.ty(&local.ty));
        format!("{}: {ty}", self.local(id))
    }

    fn function(&self, id: crate::hir::FunctionId, type_args: &[Ty]) -> String {
        let name = self
            .program
            .functions
            .get(id.0 as usize)
            .map_or("?", |function| function.name.as_str());
        if type_args.is_empty() {
            return name.to_string();
        }
        let args: Vec<String> = type_args.iter().map(|ty| self.ty(ty)).collect();
        format!("{name}<{}>", args.join(", "))
    }

    fn list(&self, exprs: &[Expr]) -> String {
        exprs
            .iter()
            .map(|expr| self.expr(expr))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Int(value) => value.to_string(),
            ExprKind::Float(value) => format!("{value:?}"),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Str(text) if expr.ty == Ty::Path => format!("path{text:?}"),
            ExprKind::Str(text) => format!("{text:?}"),
            ExprKind::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
            ExprKind::Duration(nanoseconds) => format!("{nanoseconds}ns"),
            ExprKind::Unit => "()".to_string(),
            ExprKind::None => format!("none: {}", self.ty(&expr.ty)),
            ExprKind::Some(value) => format!("some({})", self.expr(value)),
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Const(id) => {
                let name = self
                    .program
                    .consts
                    .get(id.0 as usize)
                    .map(|constant| constant.name);
                name.map_or_else(|| "?".to_string(), |name| name.to_string())
            }
            ExprKind::Function(id, args) => self.function(*id, args),
            ExprKind::Call {
                function,
                type_args,
                args,
            } => {
                let args: Vec<String> = args.iter().map(|arg| self.arg(arg)).collect();
                format!(
                    "{}({})",
                    self.function(*function, type_args),
                    args.join(", ")
                )
            }
            ExprKind::CallValue { callee, args } => {
                format!("({})({})", self.expr(callee), self.list(args))
            }
            ExprKind::Field { base, index } => format!("{}.{index}", self.expr(base)),
            ExprKind::Index { base, index } => format!("{}[{}]", self.expr(base), self.expr(index)),
            ExprKind::Unary(UnaryOp::Neg, operand) => format!("-{}", self.expr(operand)),
            ExprKind::Unary(UnaryOp::Not, operand) => format!("not {}", self.expr(operand)),
            ExprKind::Binary(op, left, right) => {
                format!("({} {} {})", self.expr(left), op.text(), self.expr(right))
            }
            ExprKind::Aggregate(items) => format!("{}{{{}}}", self.ty(&expr.ty), self.list(items)),
            ExprKind::Variant { index, payload } => {
                format!("{}#{index}({})", self.ty(&expr.ty), self.list(payload))
            }
            ExprKind::Update { base, changes } => {
                let changes: Vec<String> = changes
                    .iter()
                    .map(|(i, value)| format!("{i}: {}", self.expr(value)))
                    .collect();
                format!(
                    "{}{{..{}, {}}}",
                    self.ty(&expr.ty),
                    self.expr(base),
                    changes.join(", ")
                )
            }
            ExprKind::List(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|(spread, item)| {
                        format!("{}{}", if *spread { ".." } else { "" }, self.expr(item))
                    })
                    .collect();
                format!("[{}]: {}", items.join(", "), self.ty(&expr.ty))
            }
            ExprKind::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.expr(key), self.expr(value)))
                    .collect();
                format!("[{}]: {}", entries.join(", "), self.ty(&expr.ty))
            }
            ExprKind::Range {
                start,
                end,
                inclusive,
            } => format!(
                "{}{}{}",
                self.expr(start),
                if *inclusive { "..=" } else { ".." },
                self.expr(end)
            ),
            ExprKind::Format(parts) => self.format(parts, &expr.ty),
            ExprKind::Closure {
                params,
                captures,
                body,
            } => {
                let params: Vec<String> = params.iter().map(|id| self.bound(*id)).collect();
                let captures: Vec<String> = captures.iter().map(|id| self.local(*id)).collect();
                format!(
                    "|{}| captures [{}] {}",
                    params.join(", "),
                    captures.join(", "),
                    self.expr(body)
                )
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => {
                let otherwise = otherwise
                    .as_ref()
                    .map(|expr| format!(" else {}", self.expr(expr)));
                format!(
                    "if {} {}{}",
                    self.expr(condition),
                    self.expr(then),
                    otherwise.unwrap_or_default()
                )
            }
            ExprKind::Match { scrutinee, arms } => self.matching(scrutinee, arms),
            ExprKind::Block { stmts, value } => self.block(stmts, value.as_deref()),
            ExprKind::Try {
                body,
                error,
                handler,
            } => {
                let error = error.map(|id| self.local(id)).unwrap_or_default();
                format!(
                    "try {} catch {error} {}",
                    self.expr(body),
                    self.expr(handler)
                )
            }
            ExprKind::Fail { message, retry } => {
                let retry = retry
                    .as_ref()
                    .map(|retry| format!(", retry: {}", self.expr(retry)));
                format!("fail {}{}", self.expr(message), retry.unwrap_or_default())
            }
            ExprKind::Return(Some(value)) => format!("return {}", self.expr(value)),
            ExprKind::Return(None) => "return".to_string(),
            ExprKind::Break => "break".to_string(),
            ExprKind::Continue => "continue".to_string(),
            ExprKind::Error => "<error>".to_string(),
        }
    }

    fn arg(&self, arg: &Arg) -> String {
        match arg {
            Arg::Value(value) => self.expr(value),
            Arg::InOut(place) => format!("var {}", self.place(place)),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut out = self.local(place.local);
        for projection in &place.projections {
            match projection {
                Projection::Field(index) => {
                    let _ = write!(out, ".{index}");
                }
                Projection::Index(value) => {
                    let _ = write!(out, "[{}]", self.expr(value));
                }
                Projection::Key(value) => {
                    let _ = write!(out, "[key {}]", self.expr(value));
                }
            }
        }
        out
    }

    fn format(&self, parts: &[FormatPart], ty: &Ty) -> String {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                FormatPart::Text(text) => format!("{text:?}"),
                FormatPart::Value(value, format) if format.is_empty() => self.expr(value),
                FormatPart::Value(value, format) => format!("{}:{format}", self.expr(value)),
            })
            .collect();
        let path = if *ty == Ty::Path { "path" } else { "" };
        format!("{path}f({})", parts.join(", "))
    }

    fn matching(&self, scrutinee: &Expr, arms: &[crate::hir::Arm]) -> String {
        let inner = self.deeper();
        let indent = "  ".repeat(inner.depth);
        let mut out = format!("match {} {{\n", self.expr(scrutinee));
        for arm in arms {
            let guard = arm
                .guard
                .as_ref()
                .map(|guard| format!(" if {}", inner.expr(guard)));
            let _ = writeln!(
                out,
                "{indent}{}{} => {}",
                inner.pattern(&arm.pattern),
                guard.unwrap_or_default(),
                inner.expr(&arm.body)
            );
        }
        out.push_str(&"  ".repeat(self.depth));
        out.push('}');
        out
    }

    fn block(&self, stmts: &[Stmt], value: Option<&Expr>) -> String {
        let inner = self.deeper();
        let indent = "  ".repeat(inner.depth);
        let mut out = String::from("{\n");
        for stmt in stmts {
            let _ = writeln!(out, "{indent}{}", inner.stmt(stmt));
        }
        if let Some(value) = value {
            let _ = writeln!(out, "{indent}= {}", inner.expr(value));
        }
        out.push_str(&"  ".repeat(self.depth));
        out.push('}');
        out
    }

    fn stmt(&self, stmt: &Stmt) -> String {
        match &stmt.kind {
            StmtKind::Let { pattern, value } => {
                format!("let {} = {}", self.pattern(pattern), self.expr(value))
            }
            StmtKind::Assign { place, op, value } => {
                let op = op.map_or("", |op| op.text());
                format!("{} {op}= {}", self.place(place), self.expr(value))
            }
            StmtKind::YieldDynamic { output, value, key } => {
                format!(
                    "yield dynamic {output}: {} key {}",
                    self.expr(value),
                    self.expr(key)
                )
            }
            StmtKind::YieldOutput { output, value } => {
                format!("yield {output}: {}", self.expr(value))
            }
            StmtKind::While { condition, body } => {
                format!("while {} {}", self.expr(condition), self.expr(body))
            }
            StmtKind::For {
                pattern,
                iterable,
                body,
            } => format!(
                "for {} in {} {}",
                self.pattern(pattern),
                self.expr(iterable),
                self.expr(body)
            ),
            StmtKind::Expr(expr) => self.expr(expr),
        }
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let all = |items: &[Pattern], separator: &str| {
            items
                .iter()
                .map(|item| self.pattern(item))
                .collect::<Vec<_>>()
                .join(separator)
        };
        match &pattern.kind {
            PatternKind::Wildcard => "_".to_string(),
            PatternKind::Bind(id) => self.bound(*id),
            PatternKind::Literal(value) => self.expr(value),
            PatternKind::Range {
                start,
                end,
                inclusive,
            } => format!("{start}{}{end}", if *inclusive { "..=" } else { ".." }),
            PatternKind::None => "none".to_string(),
            PatternKind::Some(inner) => format!("some({})", self.pattern(inner)),
            PatternKind::Fields(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(i, field)| format!("{i}: {}", self.pattern(field)))
                    .collect();
                format!("({})", fields.join(", "))
            }
            PatternKind::Variant(index, parts) => format!("#{index}({})", all(parts, ", ")),
            PatternKind::List {
                before,
                rest,
                after,
            } => {
                let rest = rest
                    .map(|name| format!("..{}", name.map(|id| self.bound(id)).unwrap_or_default()));
                let parts = before
                    .iter()
                    .map(|part| self.pattern(part))
                    .chain(rest)
                    .chain(after.iter().map(|part| self.pattern(part)));
                format!("[{}]", parts.collect::<Vec<_>>().join(", "))
            }
            PatternKind::Or(parts) => all(parts, " | "),
        }
    }
}
