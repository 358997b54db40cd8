//! Shell commands: `sh"…"` as a call of the standard library's `sh.output`, or as a `sh.Command` where one is wanted.

use dynop_base::codes::foreign;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_syntax::ast::FPart;

use super::expressions::made;
use super::shell_text::{Item, Misplaced, read};
use super::{Ability, BodyChecker};
use crate::context::Definition;
use crate::hir::{Arg, Expr, ExprKind, FormatPart, StructId};
use crate::signatures::unsupported;
use crate::ty::Ty;

impl BodyChecker<'_, '_> {
    /// Whether a command is wanted that is not run.
    pub(super) fn wants_command(&self, expected: &Ty) -> bool {
        match self.infer.shallow(expected) {
            Ty::Struct(id, _) => Some(id) == self.command_struct(),
            _ => false,
        }
    }

    fn sh_item(&self, name: &str) -> Option<Definition> {
        let module = self.cx.std_modules.get(&Symbol::new("sh"))?;
        let entry = self.cx.member(*module, Symbol::new(name))?;
        Some(entry.definition)
    }

    fn command_struct(&self) -> Option<StructId> {
        match self.sh_item("Command")? {
            Definition::Struct(id) => Some(id),
            _ => None,
        }
    }

    /// `sh"…"`: the command's output.
    pub(super) fn shell_output(&mut self, parts: &[FPart], span: Span) -> Expr {
        let command = self.shell_command(parts, span);
        self.call_sh("output", Vec::new(), command, Ty::Str, span)
    }

    /// `sh"…"` where a command is wanted.
    pub(super) fn shell_command(&mut self, parts: &[FPart], span: Span) -> Expr {
        let Some(id) = self.command_struct() else {
            self.report(unsupported("`sh` commands", span));
            return self.error_expr(span);
        };
        let (pipes, evaluated) = self.check_places(parts);
        let mut pieces = vec![String::new()];
        let mut words = Vec::new();
        for part in parts {
            match part {
                FPart::Text { text, .. } => {
                    if let Some(last) = pieces.last_mut() {
                        last.push_str(text);
                    }
                }
                FPart::Value {
                    value,
                    format,
                    span,
                } => {
                    let value = self.expr(value, None);
                    if evaluated.contains(&words.len()) {
                        self.check_evaluated(&value, *span);
                    }
                    words.push((false, self.shell_words(value, format.as_deref(), *span)));
                    pieces.push(String::new());
                }
            }
        }
        let pieces = pieces
            .into_iter()
            .map(|piece| (false, made(ExprKind::Str(piece.into()), Ty::Str, span)))
            .collect();
        let word = Ty::List(Ty::Path.into());
        let fields = vec![
            made(ExprKind::List(pieces), Ty::List(Ty::Str.into()), span),
            made(ExprKind::List(words), Ty::List(word.into()), span),
            made(ExprKind::Bool(pipes), Ty::Bool, span),
        ];
        made(ExprKind::Aggregate(fields), Ty::Struct(id, [].into()), span)
    }

    /// Reports a value that the shell would evaluate, and whose text could be more than a number.
    fn check_evaluated(&mut self, value: &Expr, span: Span) {
        let ty = self.infer.resolve(&value.ty);
        let harmless = match &ty {
            Ty::Int | Ty::Error | Ty::Never => true,
            Ty::List(item) => **item == Ty::Int,
            _ => false,
        };
        if !harmless {
            self.report(misplaced(Misplaced::Evaluated, span));
        }
    }

    /// Reports values where the shell would not take them as words; whether the command has a pipe, and the numbers of the
    /// values that the shell would evaluate.
    fn check_places(&mut self, parts: &[FPart]) -> (bool, Vec<usize>) {
        let mut items = Vec::new();
        let mut spans = Vec::new();
        for part in parts {
            match part {
                FPart::Text { text, .. } => items.extend(text.chars().map(Item::Char)),
                FPart::Value { span, .. } => {
                    items.push(Item::Value);
                    spans.push(*span);
                }
            }
        }
        let found = read(&items);
        let mut evaluated = Vec::new();
        for (value, why) in found.misplaced {
            if why == Misplaced::Evaluated {
                evaluated.push(value);
                continue;
            }
            if let Some(&span) = spans.get(value) {
                self.report(misplaced(why, span));
            }
        }
        (found.pipes, evaluated)
    }

    /// A value as the words that it stands for, a `List<Path>`: paths may be any bytes.
    fn shell_words(&mut self, value: Expr, format: Option<&str>, span: Span) -> Expr {
        let ty = self.infer.resolve(&value.ty);
        let format = format.unwrap_or("");
        match &ty {
            Ty::Error | Ty::Never => self.error_expr(span),
            Ty::Path if format.is_empty() => self.words("word_of_path", Vec::new(), value, span),
            Ty::Str if format.is_empty() => self.words("word", Vec::new(), value, span),
            _ if is_word(&ty) => {
                self.require(&ty, Ability::Show, span);
                self.check_format(format, &ty, span);
                let parts = vec![FormatPart::Value(value, format.into())];
                let text = made(ExprKind::Format(parts), Ty::Str, span);
                self.words("word", Vec::new(), text, span)
            }
            Ty::List(item) if is_word(item) && format.is_empty() => match &**item {
                Ty::Path => value,
                Ty::Str => self.words("words", Vec::new(), value, span),
                item => self.words("words_of", vec![item.clone()], value, span),
            },
            _ => {
                let text = self.show(&ty);
                self.report(no_word(&ty, &text, format, span));
                self.error_expr(span)
            }
        }
    }

    fn words(&self, function: &str, type_args: Vec<Ty>, value: Expr, span: Span) -> Expr {
        self.call_sh(function, type_args, value, Ty::List(Ty::Path.into()), span)
    }

    fn call_sh(
        &self,
        function: &str,
        type_args: Vec<Ty>,
        argument: Expr,
        result: Ty,
        span: Span,
    ) -> Expr {
        let Some(Definition::Function(function)) = self.sh_item(function) else {
            return self.error_expr(span);
        };
        let call = ExprKind::Call {
            function,
            type_args,
            args: vec![Arg::Value(argument)],
        };
        made(call, result, span)
    }
}

/// Whether values of a type are one word.
fn is_word(ty: &Ty) -> bool {
    matches!(
        ty,
        Ty::Int | Ty::Float | Ty::Bool | Ty::Str | Ty::Path | Ty::Duration | Ty::Time
    )
}

fn no_word(ty: &Ty, text: &str, format: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(
        &foreign::NO_WORD,
        span,
        format!("a `{text}` is no word of a command"),
    )
    .here(format!("this is a `{text}`"))
    .note(
        "texts, paths, numbers, durations and times are one word each, a list of them is several",
    );
    match ty {
        Ty::List(_) if !format.is_empty() => {
            found.help("a list has no format: write its elements first, `xs.map(|x| f\"{x:.2}\")`")
        }
        Ty::Option(_) => found.help("say what stands for `none`: `{x ?? \"\"}`"),
        Ty::Set(_) => found.help("make a list of it with `.to_list()`"),
        Ty::Iter(_) => found.help("make a list of it with `.to_list()`"),
        _ => found.help("make a text of it first: `let text = json.to_str(x)`"),
    }
}

fn misplaced(why: Misplaced, span: Span) -> Diagnostic {
    let (message, here, help) = match why {
        Misplaced::Quotes => (
            "a value can't stand between quotes in a shell command",
            "this is within the command's own quotes",
            "leave the quotes around it out; for a longer word make the text first: `let text = f\"…\"`, then `{text}`",
        ),
        Misplaced::HereDocument => (
            "a value can't stand in a here-document",
            "this is within the here-document",
            "make the text first, `let text = f\"…\"`, and give it as a here-string: `cat <<< {text}`",
        ),
        Misplaced::Arithmetic => (
            "a value can't stand in the shell's arithmetic",
            "the shell would read its text as an expression",
            "compute it before the command: `let n = a + 1`, then `{n}`",
        ),
        Misplaced::Parameter => (
            "a value can't stand within `${…}`",
            "this is within a parameter of the shell",
            "give it to a variable first: `name={x}; echo \"${{name}}\"`",
        ),
        Misplaced::Backslash => (
            "a value can't stand behind a backslash",
            "the backslash would take away its quotes",
            "leave the backslash out, or double it to have it in the command",
        ),
        Misplaced::Dollar => (
            "a value can't stand behind a dollar sign",
            "the shell would read `$` and what follows as one",
            "leave `$` out: `{x}` is the value; for the sign itself write `\\\\$` or put it in single quotes",
        ),
        Misplaced::Evaluated => (
            "a value can't stand where the shell evaluates words",
            "the shell would read its text as an expression, and run commands in it",
            "compare texts with `==` in `[[ … ]]` and numbers with `[ … ]`; an `Int` may stand here",
        ),
    };
    Diagnostic::new(&foreign::QUOTED_VALUE, span, message)
        .here(here)
        .note("values are quoted for you: each is given to the shell as a word, whatever it has in it")
        .help(help)
}
