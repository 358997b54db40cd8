//! Methods: `x.f(a)` is `f(x, a)`.

use dynop_base::Diagnostic;
use dynop_base::Symbol;
use dynop_base::codes::types;
use dynop_syntax::ast::{self, FunctionKind, Ident};

use super::BodyChecker;
use super::arguments::Written;
use super::expressions::made;
use crate::context::{Definition, ModuleId};
use crate::hir::{Arg, Expr, ExprKind, FunctionId};
use crate::substitute::substitute;
use crate::ty::Ty;

/// What methods are called in other languages, and here.
const FOREIGN: &[(&str, &str)] = &[
    ("length", "len"),
    ("size", "len"),
    ("count", "len"),
    ("append", "push"),
    ("add", "push"),
    ("lowercase", "lower"),
    ("to_lowercase", "lower"),
    ("to_lower", "lower"),
    ("uppercase", "upper"),
    ("to_uppercase", "upper"),
    ("to_upper", "upper"),
    ("has", "contains"),
    ("has_key", "contains"),
    ("contains_key", "contains"),
    ("includes", "contains"),
    ("strip", "trim"),
    ("reduce", "fold"),
    ("collect", "to_list"),
    ("to_string", "to_str"),
    ("startswith", "starts_with"),
    ("endswith", "ends_with"),
    ("items", "entries"),
];

impl BodyChecker<'_, '_> {
    pub(super) fn call_method(
        &mut self,
        receiver: Expr,
        name: Ident,
        type_args: &[ast::Type],
        written: Written<'_>,
    ) -> Expr {
        let written = Written {
            callee: name.span,
            ..written
        };
        let ty = self.infer.shallow(&receiver.ty);
        if let Some((index, field)) = self.find_field(&ty, name.name) {
            self.cx.note_field(name.span, &ty, index);
            let callee = made(
                ExprKind::Field {
                    base: Box::new(receiver),
                    index,
                },
                field,
                name.span,
            );
            return self.call_value(callee, written);
        }
        match ty {
            Ty::Error | Ty::Never => return self.broken_call(written),
            Ty::Infer(_) => {
                self.cannot_infer(receiver.span, "the type of this");
                return self.broken_call(written);
            }
            _ => {}
        }
        if let Some(id) = self.method(&ty, name.name) {
            return self.call_function(id, type_args, Some(receiver), written);
        }
        if ty == Ty::Range
            && let Some(id) = self.method(&Ty::iter(Ty::Int), name.name)
            && let Some(iter) = self.method(&ty, Symbol::new("iter"))
        {
            let receiver = self.converted(iter, receiver);
            return self.call_function(id, type_args, Some(receiver), written);
        }
        if let Some(id) = self.function_for(&ty, name.name) {
            return self.call_function(id, type_args, Some(receiver), written);
        }
        // A method of the option itself, on a variable that is narrowed.
        let receiver = match super::narrowing::unread(receiver) {
            Ok(option) => match self.method(&self.infer.shallow(&option.ty), name.name) {
                Some(id) => return self.call_function(id, type_args, Some(option), written),
                None => option,
            },
            Err(receiver) => receiver,
        };
        self.unknown_method(&ty, name, &receiver);
        self.broken_call(written)
    }

    /// `function(value)` of the standard library, of one parameter and no type parameters.
    pub(super) fn converted(&mut self, function: FunctionId, value: Expr) -> Expr {
        let ty = self.cx.function(function).result.clone();
        let span = value.span;
        made(
            ExprKind::Call {
                function,
                type_args: Vec::new(),
                args: vec![Arg::Value(value)],
            },
            ty,
            span,
        )
    }

    /// A method of the standard library, by the receiver's type.
    pub(super) fn method(&self, ty: &Ty, name: Symbol) -> Option<FunctionId> {
        let module = self.cx.methods_of(ty)?;
        let entry = self.cx.member(module, name)?;
        let Definition::Function(first) = entry.definition else {
            return None;
        };
        let function = self.cx.function(first);
        let of = function.params.first()?;
        let is_method = self.cx.methods_of(&of.ty) == Some(module);
        (is_method && (entry.public || module == self.module)).then_some(first)
    }

    /// Whether `.name` could be called on a type.
    pub(super) fn has_method(&self, ty: &Ty, name: Symbol) -> bool {
        self.method(ty, name).is_some()
    }

    /// A function in scope whose first parameter a value of the type fits.
    fn function_for(&mut self, ty: &Ty, name: Symbol) -> Option<FunctionId> {
        let Some(Definition::Function(first)) = self.cx.resolve(self.module, name) else {
            return None;
        };
        let function = self.cx.function(first);
        if function.kind != FunctionKind::Fn {
            return None;
        }
        let (param, generics) = (function.params.first()?.ty.clone(), function.generics.len());
        let span = function.name_span;
        let args = self.infer.fresh_list(generics, span);
        let param = substitute(&param, &args);
        let fits = self.infer.fits(&param, ty)
            || matches!(&param, Ty::Option(inner) if self.infer.fits(inner, ty));
        fits.then_some(first)
    }

    fn unknown_method(&mut self, ty: &Ty, name: Ident, receiver: &Expr) {
        let text = self.show(ty);
        let diagnostic = Diagnostic::new(
            &types::UNKNOWN_METHOD,
            name.span,
            format!("a `{text}` has no method `{}`", name.name),
        )
        .here("no such method")
        .label(receiver.span, format!("this is a `{text}`"));
        let diagnostic = match ty {
            Ty::Option(inner) if self.has_method(&self.infer.shallow(inner), name.name) => diagnostic
                .note("the value may be `none`")
                .help("call it if the value is there with `?.`, or give a default with `?? …` first"),
            Ty::List(item) if self.has_method(&Ty::Iter(item.clone()), name.name) => diagnostic
                .help(format!("iterators have it: `.iter().{}(…)`", name.name)),
            Ty::Iter(item) if self.has_method(&Ty::List(item.clone()), name.name) => diagnostic
                .help(format!("lists have it: `.to_list().{}(…)`", name.name)),
            Ty::Dynamic(_) => diagnostic
                .help("a `DynamicOutput` is mapped and collected in a job; in an op it is only yielded or returned"),
            Ty::Param(..) => diagnostic.note(format!("nothing is known of a `{text}` but that it is a value")),
            _ => self.near_method(diagnostic, ty, name),
        };
        let diagnostic = if diagnostic.helps.is_empty() {
            let own = match ty {
                Ty::Param(..) => format!(
                    "pass what is to be done as a function: a parameter `{}: fn({text}) -> …`",
                    name.name
                ),
                _ => format!(
                    "declare it in this file: `fn {}(x: {text}, …) -> …` is then called as `x.{0}(…)`",
                    name.name
                ),
            };
            diagnostic.help(own)
        } else {
            diagnostic
        };
        self.report(diagnostic);
    }

    /// The name of an imported module whose public function could be called on a value of the type.
    fn module_with_function(&self, ty: &Ty, name: Symbol) -> Option<&'static str> {
        let takes_it = |module: ModuleId| {
            let entry = self.cx.member(module, name)?;
            let Definition::Function(function) = entry.definition else {
                return None;
            };
            let function = self.cx.function(function);
            let first = &function.params.first()?.ty;
            // A generic parameter is no reason to name it: whether it fits is for inference to say.
            (entry.public && function.kind == FunctionKind::Fn && first == ty).then_some(())
        };
        let names = self.cx.scope(self.module)?.iter();
        names
            .filter_map(|(name, entry)| match entry.definition {
                // A local variable of this name would be meant by it.
                Definition::Module(module) if !self.scope.contains_key(name) => {
                    takes_it(module).map(|()| name.as_str())
                }
                _ => None,
            })
            .min()
    }

    fn near_method(&self, diagnostic: Diagnostic, ty: &Ty, name: Ident) -> Diagnostic {
        let written = name.name.as_str();
        let known = dynop_base::nearest(written, FOREIGN.iter().map(|(foreign, _)| *foreign));
        let other = FOREIGN
            .iter()
            .filter(|(foreign, _)| *foreign == written)
            .chain(
                FOREIGN
                    .iter()
                    .filter(|(foreign, _)| Some(*foreign) == known),
            )
            .map(|(_, own)| *own)
            .find(|own| self.has_method(ty, Symbol::new(own)));
        if let Some(other) = other {
            return diagnostic.help(format!("it is called `{other}` here")).fix(
                format!("write `{other}`"),
                name.span,
                other,
                dynop_base::Applicability::Maybe,
            );
        }
        if let Some(module) = self.module_with_function(ty, name.name) {
            return diagnostic.help(format!(
                "`{module}` has a function of this name: `{module}.{written}(…)`"
            ));
        }
        let methods = self
            .cx
            .methods_of(ty)
            .and_then(|module| self.cx.scope(module))
            .into_iter()
            .flatten()
            .filter(|(name, _)| self.has_method(ty, **name))
            .map(|(name, _)| name.as_str());
        let fields = self.field_names(ty);
        self.with_near(diagnostic, name, methods.chain(fields))
    }
}
