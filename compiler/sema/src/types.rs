//! From written types to [`Ty`].

use dynop_base::codes::{names, types};
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, Ident, TypeKind};

use crate::context::{AliasId, Context, Definition, ModuleId};
use crate::substitute::{measure, substitute};
use crate::ty::Ty;

/// Types with more parts than this are refused: aliases and tuples of themselves would double without end.
pub const LARGEST_TYPE: usize = 2000;

/// Names of built-in types, as messages propose them.
pub const BUILT_IN: &[&str] = &[
    "Int",
    "Float",
    "Bool",
    "Str",
    "Path",
    "Bytes",
    "Duration",
    "Time",
    "Range",
    "List",
    "Map",
    "Set",
    "Iter",
    "DynamicOutput",
];

/// Where a written type stands: the names around it.
#[derive(Clone, Copy)]
pub struct TypeScope<'s> {
    /// The file.
    pub module: ModuleId,
    /// The type parameters of the item.
    pub generics: &'s [Ident],
}

/// Reads a written type; what can't be read is reported and [`Ty::Error`].
pub fn lower_type(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    written: &ast::Type,
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    match &written.kind {
        TypeKind::Name { path, args } => lower_name(cx, scope, written, path, args, diagnostics),
        TypeKind::Optional(inner) => Ty::option(lower_type(cx, scope, inner, diagnostics)),
        TypeKind::Tuple(fields) => lower_tuple(cx, scope, fields, diagnostics),
        TypeKind::Function { params, result } => {
            let params = lower_all(cx, scope, params, diagnostics);
            let result = result.as_ref().map_or(Ty::Unit, |result| {
                lower_type(cx, scope, result, diagnostics)
            });
            Ty::function(params, result)
        }
        TypeKind::Error => Ty::Error,
    }
}

fn lower_all(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    written: &[ast::Type],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Ty> {
    written
        .iter()
        .map(|ty| lower_type(cx, scope, ty, diagnostics))
        .collect()
}

fn lower_tuple(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    fields: &[ast::TupleTypeField],
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    if fields.is_empty() {
        return Ty::Unit;
    }
    let types: Vec<Ty> = fields
        .iter()
        .map(|field| lower_type(cx, scope, &field.ty, diagnostics))
        .collect();
    let named: Vec<Ident> = fields.iter().filter_map(|field| field.name).collect();
    if named.is_empty() {
        return match <[Ty; 1]>::try_from(types) {
            // `(A)` groups, as in an expression.
            Ok([only]) => only,
            Err(types) => Ty::Tuple(types.into()),
        };
    }
    if named.len() != fields.len() {
        let span = named[0].span;
        diagnostics.push(
            Diagnostic::new(
                &types::TYPE_PLACE,
                span,
                "either all fields of a tuple type have names, or none",
            )
            .here("this field has a name, others have none")
            .help("write `(a: A, b: B)` or `(A, B)`"),
        );
        return Ty::Error;
    }
    for (i, name) in named.iter().enumerate() {
        if let Some(first) = named[..i].iter().find(|other| other.name == name.name) {
            diagnostics.push(
                Diagnostic::new(
                    &names::TWICE,
                    name.span,
                    format!("two fields are named `{}`", name.name),
                )
                .here("again here")
                .label(first.span, "first here"),
            );
            return Ty::Error;
        }
    }
    let fields: Vec<(Symbol, Ty)> = named.iter().map(|name| name.name).zip(types).collect();
    Ty::NamedTuple(fields.into())
}

fn lower_name(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    written: &ast::Type,
    path: &[Ident],
    args: &[ast::Type],
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    let args_types = lower_all(cx, scope, args, diagnostics);
    let Some(&last) = path.last() else {
        return Ty::Error;
    };
    if let [name] = path
        && let Some(index) = scope.generics.iter().position(|g| g.name == name.name)
    {
        cx.note_use(name.span, scope.generics[index].span);
        let ty = Ty::Param(index as u32, name.name);
        return counted(ty, name.name.as_str(), 0, written, &args_types, diagnostics);
    }
    let Some(definition) = find_type(cx, scope, path, diagnostics) else {
        return Ty::Error;
    };
    let Some(definition) = definition else {
        return built_in(last, written, args_types, diagnostics);
    };
    cx.note_definition(last.span, definition);
    let (wanted, name) = match definition {
        Definition::Struct(id) => (cx.structs[id.0 as usize].decl.generics.len(), last.name),
        Definition::Enum(id) => (cx.enums[id.0 as usize].decl.generics.len(), last.name),
        Definition::Alias(id) => (cx.aliases[id.0 as usize].decl.generics.len(), last.name),
        other => {
            diagnostics.push(not_a_type(last, other, cx));
            return Ty::Error;
        }
    };
    let checked = counted(
        Ty::Unit,
        name.as_str(),
        wanted,
        written,
        &args_types,
        diagnostics,
    );
    if checked == Ty::Error {
        return Ty::Error;
    }
    match definition {
        Definition::Struct(id) => Ty::Struct(id, args_types.into()),
        Definition::Enum(id) => Ty::Enum(id, args_types.into()),
        Definition::Alias(id) => expand_alias(cx, id, &args_types, written.span, diagnostics),
        _ => Ty::Error,
    }
}

fn expand_alias(
    cx: &Context<'_>,
    id: AliasId,
    args: &[Ty],
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    let ty = substitute(&cx.alias_types[id.0 as usize], args);
    if measure(&ty, LARGEST_TYPE) > LARGEST_TYPE {
        diagnostics.push(too_large(span));
        return Ty::Error;
    }
    ty
}

/// A type with too many parts.
pub fn too_large(span: Span) -> Diagnostic {
    Diagnostic::new(
        &types::TYPE_PLACE,
        span,
        "there is a type here that is too large",
    )
    .note(format!("a type may have at most {LARGEST_TYPE} parts"))
    .help("give its parts names of their own with `struct`")
}

fn not_a_type(name: Ident, found: Definition, cx: &Context<'_>) -> Diagnostic {
    let message = format!("`{}` is {}, not a type", name.name, sort_of(found, cx));
    let diagnostic =
        Diagnostic::new(&names::WRONG_SORT, name.span, message).here("a type is wanted here");
    // Modules of the library are named like the types that they are about: `int`, `time`.
    let written = name.name.as_str();
    let alike = BUILT_IN
        .iter()
        .find(|built_in| built_in.eq_ignore_ascii_case(written))
        .copied()
        .or(foreign_name(written));
    match (alike, found) {
        (Some(ty), _) => diagnostic.fix(
            format!("write `{ty}`"),
            name.span,
            ty,
            Applicability::Maybe,
        ),
        (None, Definition::Module(_)) => {
            diagnostic.help(format!("name a type that is in it: `{written}.…`"))
        }
        (None, _) => diagnostic.help(
            "types are those of the language, such as `Int` and `List<Str>`, and what `struct`, `enum` and `type` declare",
        ),
    }
}

/// What a definition is, with its article.
pub fn sort_of(definition: Definition, cx: &Context<'_>) -> &'static str {
    match definition {
        Definition::Function(id) => match cx.function(id).kind {
            ast::FunctionKind::Fn => "a function",
            ast::FunctionKind::Op => "an op",
            ast::FunctionKind::Graph => "a graph",
            ast::FunctionKind::Job => "a job",
        },
        Definition::Struct(_) => "a struct",
        Definition::Enum(_) => "an enum",
        Definition::Const(_) => "a constant",
        Definition::Alias(_) => "a type",
        Definition::Module(_) => "a module",
    }
}

/// Looks a type's name up: `Some(None)` is a built-in one, `None` is unknown and reported.
fn find_type(
    cx: &Context<'_>,
    scope: TypeScope<'_>,
    path: &[Ident],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Option<Definition>> {
    let (first, rest) = path.split_first()?;
    let found = cx.resolve(scope.module, first.name);
    if rest.is_empty() {
        return match found {
            // `Set` is also a function, the constructor.
            Some(Definition::Module(_) | Definition::Function(_)) | None
                if BUILT_IN.contains(&first.name.as_str()) =>
            {
                Some(None)
            }
            Some(definition) => Some(Some(definition)),
            None => {
                diagnostics.push(unknown_type(cx, scope, *first));
                None
            }
        };
    }
    let Some(Definition::Module(module)) = found else {
        diagnostics.push(
            Diagnostic::new(
                &names::UNKNOWN,
                first.span,
                format!("there is no module `{}` here", first.name),
            )
            .here("not a module in scope"),
        );
        return None;
    };
    cx.note_definition(first.span, Definition::Module(module));
    let [name] = rest else {
        diagnostics.push(
            Diagnostic::new(
                &names::UNKNOWN,
                rest[0].span,
                "modules hold no further modules",
            )
            .help("import the inner module by its own path"),
        );
        return None;
    };
    match crate::names::public_member(cx, scope.module, module, *name) {
        Ok(definition) => Some(Some(definition)),
        Err(diagnostic) => {
            diagnostics.extend(diagnostic.map(|found| *found));
            None
        }
    }
}

fn unknown_type(cx: &Context<'_>, scope: TypeScope<'_>, name: Ident) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        &names::UNKNOWN,
        name.span,
        format!("there is no type `{}`", name.name),
    )
    .here("not found");
    if matches!(name.name.as_str(), "Option" | "Optional" | "Maybe") {
        return diagnostic
            .help("a value that may be missing has the type `T?`: `Int?`, `List<Str>?`");
    }
    let generics = scope.generics.iter().map(|generic| generic.name.as_str());
    let foreign = foreign_name(name.name.as_str());
    let near = foreign.or_else(|| {
        cx.nearest_name(
            scope.module,
            name.name,
            generics.chain(BUILT_IN.iter().copied()),
        )
    });
    match near {
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

/// What other languages call our types.
fn foreign_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "int" | "i64" | "i32" | "u64" | "usize" | "long" | "Integer" | "Number" | "number" => "Int",
        "float" | "f64" | "double" | "Double" => "Float",
        "bool" | "boolean" | "Boolean" => "Bool",
        "str" | "string" | "String" => "Str",
        "list" | "Vec" | "Array" => "List",
        "dict" | "Dict" | "HashMap" => "Map",
        "HashSet" | "frozenset" => "Set",
        "DynamicOut" => "DynamicOutput",
        _ => return None,
    })
}

fn built_in(
    name: Ident,
    written: &ast::Type,
    args: Vec<Ty>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    let text = name.name.as_str();
    let wanted = match text {
        "Map" => 2,
        "List" | "Set" | "Iter" | "DynamicOutput" => 1,
        _ => 0,
    };
    if counted(Ty::Unit, text, wanted, written, &args, diagnostics) == Ty::Error {
        return Ty::Error;
    }
    let mut args = args.into_iter();
    let mut next = || args.next().unwrap_or(Ty::Error);
    match text {
        "Int" => Ty::Int,
        "Float" => Ty::Float,
        "Bool" => Ty::Bool,
        "Str" => Ty::Str,
        "Path" => Ty::Path,
        "Bytes" => Ty::Bytes,
        "Duration" => Ty::Duration,
        "Time" => Ty::Time,
        "Range" => Ty::Range,
        "Map" => Ty::map(next(), next()),
        "List" => Ty::list(next()),
        "Set" => Ty::Set(next().into()),
        "Iter" => Ty::iter(next()),
        "DynamicOutput" => Ty::dynamic(next()),
        _ => Ty::Error,
    }
}

/// `ty`, if as many type arguments are written as wanted.
fn counted(
    ty: Ty,
    name: &str,
    wanted: usize,
    written: &ast::Type,
    args: &[Ty],
    diagnostics: &mut Vec<Diagnostic>,
) -> Ty {
    if args.len() == wanted {
        return ty;
    }
    let form = match (name, wanted) {
        ("Map", _) => "Map<K, V>".to_string(),
        (_, 0) => name.to_string(),
        (_, 1) => format!("{name}<T>"),
        _ => format!("{name}<{}>", vec!["_"; wanted].join(", ")),
    };
    diagnostics.push(
        Diagnostic::new(
            &types::TYPE_ARGUMENTS,
            written.span,
            format!(
                "`{name}` takes {}, {} given",
                count(wanted, "type argument"),
                were(args.len())
            ),
        )
        .here(format!("{} here", count(args.len(), "type argument")))
        .help(match wanted {
            0 => format!("write `{name}` alone"),
            _ => format!("write `{form}`: {}", between_angles(name, wanted)),
        }),
    );
    Ty::Error
}

/// What the type arguments of a type are, in words.
fn between_angles(name: &str, wanted: usize) -> String {
    match (name, wanted) {
        ("Map", _) => "the type of the keys, then that of the values".to_string(),
        ("List" | "Set" | "Iter" | "DynamicOutput", _) => "the type of the items".to_string(),
        ("Result", _) => "the type of the value where it is `Ok`".to_string(),
        _ => format!("{} between the angle brackets", count(wanted, "type")),
    }
}

/// `1 argument`, `2 arguments`, `no arguments`.
pub fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// `1 is`, `2 are`, `none are`.
pub fn were(number: usize) -> String {
    match number {
        0 => "none is".to_string(),
        1 => "1 is".to_string(),
        _ => format!("{number} are"),
    }
}
