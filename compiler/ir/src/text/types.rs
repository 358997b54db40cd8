//! Types as text: written as in the language, but structs and enums by an alias that is declared at the head.

use std::collections::HashMap;
use std::fmt::Write;

use crate::types::{AggregateKind, Boxed, Type, TypeId, Types};

/// Aliases of the structs and enums of a table.
pub(super) struct TypeNames<'t> {
    types: &'t Types,
    aliases: HashMap<TypeId, String>,
}

impl<'t> TypeNames<'t> {
    pub(super) fn new(types: &'t Types) -> Self {
        let mut aliases = HashMap::new();
        for (id, ty) in types.iter() {
            let name = match ty {
                Type::Aggregate(one) if one.kind == AggregateKind::Struct => &one.name,
                Type::Enum(one) => &one.name,
                _ => continue,
            };
            let mut alias: String = name
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let number = aliases.len();
            let _ = write!(alias, "${number}");
            aliases.insert(id, alias);
        }
        Self { types, aliases }
    }

    /// The declarations of all aliases, a line each.
    pub(super) fn declarations(&self) -> String {
        let mut out = String::new();
        for (id, ty) in self.types.iter() {
            let Some(alias) = self.aliases.get(&id) else {
                continue;
            };
            let _ = match ty {
                Type::Aggregate(one) => writeln!(
                    out,
                    "struct {alias} {:?} ({}){}",
                    one.name,
                    self.fields(&one.fields),
                    defaults(&one.defaults)
                ),
                Type::Enum(one) => {
                    let cases: Vec<String> = one
                        .variants
                        .iter()
                        .map(|case| format!("{}({})", case.name, self.fields(&case.payload)))
                        .collect();
                    let json = if one.json { " json" } else { "" };
                    writeln!(
                        out,
                        "enum {alias} {:?}{json} ({})",
                        one.name,
                        cases.join(", ")
                    )
                }
                _ => Ok(()),
            };
        }
        out
    }

    fn fields(&self, fields: &[(String, TypeId)]) -> String {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, ty)| match name.as_str() {
                "" => self.name(*ty),
                name => format!("{name}: {}", self.name(*ty)),
            })
            .collect();
        fields.join(", ")
    }

    fn list(&self, types: &[TypeId]) -> String {
        let names: Vec<String> = types.iter().map(|&ty| self.name(ty)).collect();
        names.join(", ")
    }

    /// A type as it stands in text.
    pub(super) fn name(&self, id: TypeId) -> String {
        if let Some(alias) = self.aliases.get(&id) {
            return alias.clone();
        }
        match self.types.get(id) {
            Type::List(item) => format!("List<{}>", self.name(*item)),
            Type::Box(item, Boxed::Value) => format!("Box<{}>", self.name(*item)),
            Type::Box(item, Boxed::Option) => format!("BoxOption<{}>", self.name(*item)),
            Type::Set(item) => format!("Set<{}>", self.name(*item)),
            Type::Map(key, value) => format!("Map<{}, {}>", self.name(*key), self.name(*value)),
            Type::Option(inner) => format!("{}?", self.name(*inner)),
            Type::Closure(params, result) => {
                // In brackets, so that a `?` behind it is not taken for the result's.
                format!("fn({}) -> [{}]", self.list(params), self.name(*result))
            }
            Type::Aggregate(one) => match one.kind {
                AggregateKind::NamedTuple => format!("({})", self.fields(&one.fields)),
                AggregateKind::DynamicOutput => format!("dynamic({})", self.fields(&one.fields)),
                AggregateKind::Tuple | AggregateKind::Struct => {
                    let fields: Vec<TypeId> = one.fields.iter().map(|(_, ty)| *ty).collect();
                    format!("({})", self.list(&fields))
                }
            },
            Type::Unit => "Unit".into(),
            _ => self.types.display(id),
        }
    }
}

/// ` default 1 "0a02"`: the field, and the bytes of its default.
fn defaults(all: &[(u32, Vec<u8>)]) -> String {
    let mut out = String::new();
    for (field, bytes) in all {
        let _ = write!(out, " default {field} \"");
        for byte in bytes {
            let _ = write!(out, "{byte:02x}");
        }
        out.push('"');
    }
    out
}
