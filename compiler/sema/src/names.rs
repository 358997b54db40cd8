//! Gathers the items of all modules and binds their names.

use std::collections::HashMap;

use dynop_base::codes::names;
use dynop_base::{Applicability, Diagnostic, Span, Symbol};
use dynop_syntax::ast::{self, Ident, ItemKind};

use crate::context::{AliasId, Context, Declared, Definition, Entry, FunctionItem, ModuleId};
use crate::hir::{self, ConstId, EnumId, FunctionId, StructId};
use crate::ty::Ty;
use crate::types::sort_of;
use crate::{Imported, Input, Role};

/// A context with every item's name and nothing more.
pub fn collect<'a>(inputs: &'a [Input<'a>], diagnostics: &mut Vec<Diagnostic>) -> Context<'a> {
    let mut cx = Context {
        inputs,
        program: hir::Program::default(),
        functions: Vec::new(),
        structs: Vec::new(),
        enums: Vec::new(),
        consts: Vec::new(),
        aliases: Vec::new(),
        alias_types: Vec::new(),
        scopes: vec![HashMap::new(); inputs.len()],
        std_modules: HashMap::new(),
        core: None,
        reached: Vec::new(),
        suggestions: crate::context::SUGGESTIONS.into(),
        recorder: Default::default(),
    };
    // The library's items have the first numbers, which are the same in every program then: see [`crate::Library`].
    for index in library_first(inputs) {
        let Some(input) = inputs.get(index) else {
            continue;
        };
        let module = ModuleId(index as u32);
        if matches!(input.role, Role::Std(_)) {
            cx.program.library.insert(input.module.file);
        }
        match &input.role {
            Role::Main => {
                cx.program.main = Some(input.module.file);
                cx.program.docs = input.module.docs.clone();
            }
            Role::Import(_) => {}
            Role::Std(name) if name == "core" => cx.core = Some(module),
            Role::Std(name) => {
                cx.std_modules.insert(Symbol::new(name), module);
            }
        }
        let mut collector = Collector {
            cx: &mut cx,
            module,
            diagnostics,
        };
        for item in &input.module.items {
            collector.item(input, item);
        }
    }
    cx
}

/// The indices of all inputs, those of the library's files before the others.
fn library_first(inputs: &[Input<'_>]) -> Vec<usize> {
    let is_own = |&index: &usize| !matches!(inputs[index].role, Role::Std(_));
    let (own, library): (Vec<usize>, Vec<usize>) = (0..inputs.len()).partition(is_own);
    library.into_iter().chain(own).collect()
}

struct Collector<'c, 'a> {
    cx: &'c mut Context<'a>,
    module: ModuleId,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl<'a> Collector<'_, 'a> {
    fn item(&mut self, input: &'a Input<'a>, item: &'a ast::Item) {
        let public = item.public.is_some();
        match &item.kind {
            ItemKind::Import(import) => self.import(input, item, import),
            ItemKind::Const(decl) => {
                let id = ConstId(self.cx.consts.len() as u32);
                self.cx.consts.push(Declared {
                    module: self.module,
                    decl,
                });
                self.bind(decl.name, Definition::Const(id), public);
            }
            ItemKind::TypeAlias(decl) => {
                let id = AliasId(self.cx.aliases.len() as u32);
                self.cx.aliases.push(Declared {
                    module: self.module,
                    decl,
                });
                self.generics(&decl.generics);
                self.bind(decl.name, Definition::Alias(id), public);
            }
            ItemKind::Struct(decl) => {
                let id = StructId(self.cx.structs.len() as u32);
                self.cx.structs.push(Declared {
                    module: self.module,
                    decl,
                });
                let generics = self.generics(&decl.generics);
                self.cx.program.structs.push(hir::Struct {
                    name: decl.name.name,
                    name_span: decl.name.span,
                    docs: item.docs.clone(),
                    generics,
                    fields: Vec::new(),
                });
                self.bind(decl.name, Definition::Struct(id), public);
            }
            ItemKind::Enum(decl) => {
                let id = EnumId(self.cx.enums.len() as u32);
                self.cx.enums.push(Declared {
                    module: self.module,
                    decl,
                });
                let generics = self.generics(&decl.generics);
                self.cx.program.enums.push(hir::Enum {
                    name: decl.name.name,
                    name_span: decl.name.span,
                    docs: item.docs.clone(),
                    generics,
                    variants: Vec::new(),
                });
                self.bind(decl.name, Definition::Enum(id), public);
            }
            ItemKind::Function(decl) => self.function(input, item, decl),
            ItemKind::Test(test) => self.test(input, item, test),
            ItemKind::Error => {}
        }
    }

    /// A test is an op that nothing can name.
    fn test(&mut self, input: &'a Input<'a>, item: &'a ast::Item, test: &'a ast::TestDecl) {
        let function = self.declare(input, item, &test.function);
        let file = input.module.file;
        let tests = &mut self.cx.program.tests;
        let same = |other: &&hir::Test| other.file == file && other.name == test.name;
        if let Some(first) = tests.iter().find(same) {
            let first = first.span;
            self.diagnostics.push(
                Diagnostic::new(
                    &dynop_base::codes::tests::TEST_TWICE,
                    test.name_span,
                    format!("there are two tests named {:?}", test.name),
                )
                .here("the second one")
                .label(first, "the first one")
                .help("a test is chosen and reported by its name: give each one of its own"),
            );
        }
        tests.push(hir::Test {
            name: test.name.clone(),
            function,
            file,
            span: test.name_span,
        });
    }

    fn function(&mut self, input: &'a Input<'a>, item: &'a ast::Item, decl: &'a ast::FunctionDecl) {
        let id = self.declare(input, item, decl);
        let scope = self.cx.scope(self.module);
        let before = scope.and_then(|scope| scope.get(&decl.name.name)).copied();
        match before.map(|entry| entry.definition) {
            Some(Definition::Function(first)) if self.overloads(first, decl) => {
                let last = self.cx.overloads(first).last().unwrap_or(first);
                self.cx.functions[last.0 as usize].overload = Some(id);
            }
            _ => self.bind(decl.name, Definition::Function(id), item.public.is_some()),
        }
    }

    /// Adds a function without giving it a name in the file.
    fn declare(
        &mut self,
        input: &'a Input<'a>,
        item: &'a ast::Item,
        decl: &'a ast::FunctionDecl,
    ) -> FunctionId {
        let id = FunctionId(self.cx.functions.len() as u32);
        self.cx.functions.push(FunctionItem {
            module: self.module,
            item,
            decl,
            overload: None,
        });
        let generics = self.generics(&decl.generics);
        self.cx.program.functions.push(hir::Function {
            kind: decl.kind,
            name: decl.name.name,
            name_span: decl.name.span,
            file: input.module.file,
            docs: item.docs.clone(),
            generics,
            params: Vec::new(),
            result: Ty::Unit,
            outputs: hir::Outputs::default(),
            policy: Vec::new(),
            body: hir::FunctionBody::Error,
        });
        id
    }

    /// Whether `decl` may share its name with `first`: in the standard library, if the numbers of parameters differ.
    fn overloads(&self, first: FunctionId, decl: &ast::FunctionDecl) -> bool {
        self.cx.is_std(self.module)
            && self.cx.overloads(first).all(|other| {
                self.cx.functions[other.0 as usize].decl.params.len() != decl.params.len()
            })
    }

    fn generics(&mut self, generics: &[Ident]) -> Vec<Symbol> {
        for (i, name) in generics.iter().enumerate() {
            if let Some(first) = generics[..i].iter().find(|other| other.name == name.name) {
                self.diagnostics.push(twice(*name, first.span));
            }
        }
        generics.iter().map(|name| name.name).collect()
    }

    fn import(&mut self, input: &Input<'_>, item: &ast::Item, import: &ast::Import) {
        let Some(&last) = import.path.last() else {
            return;
        };
        let name = import.alias.unwrap_or(last);
        let found = input.imports.iter().find(|(id, _)| *id == item.id);
        let module = match found.map(|(_, found)| found) {
            Some(Imported::File(index)) => ModuleId(*index as u32),
            Some(Imported::Unreadable) => ModuleId::MISSING,
            Some(Imported::Missing(near)) => self.missing(item, import, near.as_deref()),
            None => self.missing(item, import, None),
        };
        // The name of a standard module stands for it, whether or not the import was needed.
        let is_std = import.path.len() == 1 && import.alias.is_none() && self.is_std_name(last);
        if module != ModuleId::MISSING || !is_std {
            self.bind(name, Definition::Module(module), false);
        }
    }

    fn is_std_name(&self, name: Ident) -> bool {
        let is_it = |role: &Role| matches!(role, Role::Std(std) if *std == name.name.as_str());
        self.cx.inputs.iter().any(|input| is_it(&input.role))
    }

    /// Tells that an import leads nowhere.
    fn missing(&mut self, item: &ast::Item, import: &ast::Import, near: Option<&str>) -> ModuleId {
        let dotted: Vec<&str> = import.path.iter().map(|part| part.name.as_str()).collect();
        let first = import.path[0];
        let span = import
            .path
            .iter()
            .fold(first.span, |span, part| span.to(part.span));
        let diagnostic = Diagnostic::new(
            &names::UNKNOWN_MODULE,
            span,
            format!("there is no module `{}`", dotted.join(".")),
        )
        .here(format!(
            "`{}.dyn` is not beside this file",
            dotted.join("/")
        ));
        self.diagnostics.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("import `{near}`"),
                span,
                near,
                Applicability::Maybe,
            ),
            None if self.is_std_name(first) => diagnostic
                .help(format!(
                    "`{}` is of the standard library, which needs no import",
                    first.name
                ))
                .fix("remove the import", item.span, "", Applicability::Certain),
            None => diagnostic
                .help("`import text.words` reads `text/words.dyn` beside the importing file"),
        });
        ModuleId::MISSING
    }

    fn bind(&mut self, name: Ident, definition: Definition, public: bool) {
        let Some(scope) = self.cx.scopes.get_mut(self.module.0 as usize) else {
            return;
        };
        if let Some(first) = scope.get(&name.name) {
            let first = first.span;
            self.diagnostics.push(twice(name, first));
            return;
        }
        scope.insert(
            name.name,
            Entry {
                definition,
                span: name.span,
                public,
            },
        );
    }
}

/// A name that is defined already.
pub fn twice(name: Ident, first: Span) -> Diagnostic {
    Diagnostic::new(
        &names::TWICE,
        name.span,
        format!("`{}` is defined twice", name.name),
    )
    .here("again here")
    .label(first, "first here")
    .help("give one of them another name")
}

/// A name of another module, which must be public there.
///
/// # Errors
///
/// What is wrong with the name, boxed since it is large beside the result; nothing where the module itself was wrong.
pub fn public_member(
    cx: &Context<'_>,
    from: ModuleId,
    module: ModuleId,
    name: Ident,
) -> Result<Definition, Option<Box<Diagnostic>>> {
    if module == ModuleId::MISSING {
        return Err(None);
    }
    let of = match cx.inputs.get(module.0 as usize).map(|input| &input.role) {
        Some(Role::Main) => "the main file".to_owned(),
        _ => format!("the module `{}`", cx.module_name(module)),
    };
    let Some(entry) = cx.member(module, name.name) else {
        let diagnostic = Diagnostic::new(
            &names::UNKNOWN,
            name.span,
            format!("there is no `{}` in {of}", name.name),
        )
        .here("not found there");
        return Err(Some(Box::new(match cx.nearest_member(module, name.name) {
            Some(near) => diagnostic
                .help(format!("the nearest name is `{near}`"))
                .fix(
                    format!("write `{near}`"),
                    name.span,
                    near,
                    Applicability::Maybe,
                ),
            None => diagnostic,
        })));
    };
    if entry.public || from == module {
        return Ok(entry.definition);
    }
    let diagnostic = Diagnostic::new(
        &names::PRIVATE,
        name.span,
        format!("`{}` of {of} is not public", name.name),
    )
    .here("not visible from this file");
    Err(Some(Box::new(if cx.is_std(module) {
        let near = cx.nearest_member(module, name.name);
        match near {
            Some(near) => diagnostic
                .help(format!("use `{near}`, which is public"))
                .fix(
                    format!("write `{near}`"),
                    name.span,
                    near,
                    Applicability::Maybe,
                ),
            None => diagnostic.help(format!(
                "it is an inner part of the library: use what is public there, such as {}",
                crate::signatures::list_of(
                    cx.public_members(module, 6)
                        .iter()
                        .map(|name| format!("`{name}`"))
                )
            )),
        }
    } else {
        diagnostic
            .label(
                entry.span,
                format!("{} declared here", sort_of(entry.definition, cx)),
            )
            .help("write `pub` before its declaration")
            .fix(
                "make it public",
                declaration(cx, module, entry).at_start(),
                "pub ",
                Applicability::Maybe,
            )
    })))
}

/// The item around an entry's name.
fn declaration(cx: &Context<'_>, module: ModuleId, entry: Entry) -> Span {
    cx.inputs
        .get(module.0 as usize)
        .into_iter()
        .flat_map(|input| &input.module.items)
        .map(|item| item.span)
        .find(|span| span.contains(entry.span.start))
        .unwrap_or(entry.span)
}
