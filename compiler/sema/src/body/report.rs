//! Words for what several checkers say.

use dynop_base::codes::{names, types};
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::Ident;

use super::BodyChecker;
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// The type with every known variable replaced, as text.
    pub fn show(&self, ty: &Ty) -> String {
        self.cx.show(&self.infer.resolve(ty))
    }

    /// Reports a name that is not in scope, with the nearest one.
    pub fn unknown_name(&mut self, name: Symbol, span: Span) {
        if let Some(diagnostic) = self.type_as_value(name, span) {
            return self.report(diagnostic);
        }
        let locals: Vec<&'static str> = self.scope.keys().map(|name| name.as_str()).collect();
        let built_in = ["some", "Path"];
        let near = self
            .cx
            .nearest_name(self.module, name, locals.into_iter().chain(built_in));
        let diagnostic =
            Diagnostic::new(&names::UNKNOWN, span, format!("there is no `{name}` here"))
                .here("not found in this scope");
        let diagnostic = match (foreign(name.as_str()), near) {
            (Some(help), _) => diagnostic.help(help),
            (None, Some(near)) => diagnostic
                .help(format!("the nearest name is `{near}`"))
                .fix(format!("write `{near}`"), span, near, Applicability::Maybe),
            (None, None) => diagnostic.help(format!(
                "bind it before this, `let {name} = …`, or declare it: as a parameter `{name}: …`, or as `fn {name}(…)` in this file"
            )),
        };
        self.report(diagnostic);
    }

    pub(super) fn cannot_infer(&mut self, span: Span, what: &str) {
        self.report(
            Diagnostic::new(&types::CANNOT_INFER, span, format!("{what} must be known here"))
                .here("nothing before this says what it is")
                .help("write the type where the variable or parameter is bound: `let x: T = …`, `|x: T| …`"),
        );
    }

    /// Adds the nearest of some names, with a fix; where none is near, all of them.
    pub fn with_nearest(
        &self,
        diagnostic: Diagnostic,
        name: Ident,
        candidates: impl IntoIterator<Item = &'static str>,
    ) -> Diagnostic {
        let mut candidates: Vec<&'static str> = candidates.into_iter().collect();
        // Names in scope come in any order, and nothing that is said may depend on that.
        candidates.sort_unstable();
        let helps = diagnostic.helps.len();
        let diagnostic = self.with_near(diagnostic, name, candidates.iter().copied());
        if diagnostic.helps.len() > helps || candidates.is_empty() {
            return diagnostic;
        }
        let shown = candidates.iter().take(12).map(|name| format!("`{name}`"));
        let listed = crate::signatures::list_of(shown);
        diagnostic.help(match candidates.len() {
            1 => format!("the only one is {listed}"),
            2..=12 => format!("choose among {listed}"),
            _ => format!("choose among {listed} and others"),
        })
    }

    /// Adds the nearest of some names, with a fix.
    pub fn with_near(
        &self,
        diagnostic: Diagnostic,
        name: Ident,
        candidates: impl IntoIterator<Item = &'static str>,
    ) -> Diagnostic {
        let mut candidates: Vec<&'static str> = candidates.into_iter().collect();
        candidates.sort_unstable();
        match dynop_base::nearest(name.name.as_str(), candidates) {
            Some(near) => diagnostic
                .help(format!("the nearest name is `{near}`"))
                .fix(
                    format!("write `{near}`"),
                    name.span,
                    near,
                    Applicability::Maybe,
                ),
            None => diagnostic,
        }
    }
}

/// What names of other languages are called here.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name {
        "None" | "null" | "nil" | "undefined" => "a missing value is `none`",
        "True" => "it is written `true`",
        "False" => "it is written `false`",
        "print" | "println" | "printf" => "a message is written with `log(…)`",
        "len" => "the length is a method: `xs.len()`",
        "Some" | "Just" => "it is written `some(…)`",
        "str" => "make a text with an f-string: `f\"{x}\"`",
        "panic" | "error" | "raise" | "throw" | "abort" => {
            "a step is failed by the word `fail`: `fail \"message\"`"
        }
        "self" | "this" => {
            "there are no methods with a receiver of their own: `x.f(a)` calls `fn f(x, a)`"
        }
        _ => return None,
    })
}
