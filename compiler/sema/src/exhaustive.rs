//! Whether the arms of a `match` cover every value, and which arm can never be reached.
//!
//! The usual matrix of patterns (Maranget): rows are arms, columns parts of the value. A value that no row matches is
//! found by splitting the first column by the constructors of its type.

use crate::hir::Program;
use crate::hir::{self, ExprKind, PatternKind};
use crate::substitute::substitute;
use crate::ty::Ty;

/// A pattern reduced to what matters here.
#[derive(Clone, Debug, PartialEq)]
pub enum Pat {
    /// Matches everything.
    Wild,
    /// A constructor with patterns for its parts.
    Con(Con, Vec<Pat>),
    /// One of several.
    Or(Vec<Pat>),
}

/// What a value is made by.
#[derive(Clone, Debug, PartialEq)]
pub enum Con {
    /// A tuple, named tuple, struct or `()`.
    Fields,
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `some(…)`
    Some,
    /// A case of an enum.
    Variant(u32),
    /// A literal or range of a type with endlessly many, by its text.
    Literal(String),
    /// A list of just so many elements.
    List(usize),
    /// A list of so many elements or more: first ones, last ones.
    ListFrom(usize, usize),
}

/// Steps after which the search is given up. Matching is then left to the run, which fails the step on a value that no
/// arm takes; only patterns made to be hard come here.
const STEPS: u32 = 50_000;

/// The search in one `match`.
pub struct Search<'p> {
    program: &'p Program,
    steps: u32,
}

impl<'p> Search<'p> {
    /// A new search.
    pub fn new(program: &'p Program) -> Self {
        Self { program, steps: 0 }
    }

    fn tired(&mut self) -> bool {
        self.steps += 1;
        self.steps > STEPS
    }

    /// Values that no row matches, as patterns.
    pub fn missing(&mut self, rows: &[Vec<Pat>], types: &[Ty]) -> Option<Vec<Pat>> {
        let Some((first, others)) = types.split_first() else {
            return rows.is_empty().then(Vec::new);
        };
        if self.tired() {
            return None;
        }
        let rows = flatten(rows);
        let all = self.constructors(first, &rows);
        let plain = rows.iter().all(|row| row.first() == Some(&Pat::Wild));
        let (Some(all), false) = (all, plain) else {
            let rest: Vec<Vec<Pat>> = rows
                .iter()
                .filter(|row| row.first() == Some(&Pat::Wild))
                .map(|row| row.get(1..).unwrap_or_default().to_vec())
                .collect();
            let mut witness = self.missing(&rest, others)?;
            witness.insert(0, Pat::Wild);
            return Some(witness);
        };
        for con in all {
            let parts = self.parts(&con, first);
            let special: Vec<Vec<Pat>> = rows
                .iter()
                .filter_map(|row| specialize(row, &con, parts.len()))
                .collect();
            let types: Vec<Ty> = parts
                .iter()
                .cloned()
                .chain(others.iter().cloned())
                .collect();
            if let Some(mut witness) = self.missing(&special, &types) {
                let rest = witness.split_off(parts.len());
                let mut out = vec![Pat::Con(con, witness)];
                out.extend(rest);
                return Some(out);
            }
        }
        None
    }

    /// Whether a row matches something that the rows before it do not.
    pub fn useful(&mut self, rows: &[Vec<Pat>], row: &[Pat], types: &[Ty]) -> bool {
        let (Some((first, others)), Some(head)) = (types.split_first(), row.first()) else {
            return rows.is_empty();
        };
        if self.tired() {
            return true;
        }
        let rest = row.get(1..).unwrap_or_default();
        let rows = flatten(rows);
        match head {
            Pat::Or(alternatives) => alternatives.iter().any(|alternative| {
                let row: Vec<Pat> = std::iter::once(alternative).chain(rest).cloned().collect();
                self.useful(&rows, &row, types)
            }),
            Pat::Con(con, _) => {
                // A list with `..` is many constructors at once: it is split like a wildcard.
                let cons = match con {
                    Con::ListFrom(..) => {
                        let mut with = rows.clone();
                        with.push(row.to_vec());
                        self.constructors(first, &with).unwrap_or_default()
                    }
                    con => vec![con.clone()],
                };
                cons.iter()
                    .any(|con| self.useful_for(&rows, row, con, first, others))
            }
            Pat::Wild => match self.constructors(first, &rows) {
                Some(all) if rows.iter().any(|row| row.first() != Some(&Pat::Wild)) => all
                    .iter()
                    .any(|con| self.useful_for(&rows, row, con, first, others)),
                _ => {
                    let wild: Vec<Vec<Pat>> = rows
                        .iter()
                        .filter(|row| row.first() == Some(&Pat::Wild))
                        .map(|row| row.get(1..).unwrap_or_default().to_vec())
                        .collect();
                    self.useful(&wild, rest, others)
                }
            },
        }
    }

    fn useful_for(
        &mut self,
        rows: &[Vec<Pat>],
        row: &[Pat],
        con: &Con,
        first: &Ty,
        others: &[Ty],
    ) -> bool {
        let parts = self.parts(con, first);
        let Some(row) = specialize(row, con, parts.len()) else {
            return false;
        };
        let special: Vec<Vec<Pat>> = rows
            .iter()
            .filter_map(|row| specialize(row, con, parts.len()))
            .collect();
        let types: Vec<Ty> = parts.into_iter().chain(others.iter().cloned()).collect();
        self.useful(&special, &row, &types)
    }

    /// Every constructor of a type; `None` if there are endlessly many.
    fn constructors(&self, ty: &Ty, rows: &[Vec<Pat>]) -> Option<Vec<Con>> {
        Some(match ty {
            Ty::Bool => vec![Con::Bool(true), Con::Bool(false)],
            Ty::Option(_) => vec![Con::None, Con::Some],
            Ty::Unit | Ty::Tuple(_) | Ty::NamedTuple(_) | Ty::Struct(..) => vec![Con::Fields],
            Ty::Enum(id, _) => {
                let count = self.program.enums.get(id.0 as usize)?.variants.len();
                (0..count as u32).map(Con::Variant).collect()
            }
            Ty::List(_) => {
                let longest = rows
                    .iter()
                    .filter_map(|row| match row.first() {
                        Some(Pat::Con(Con::List(n), _)) => Some(*n),
                        Some(Pat::Con(Con::ListFrom(before, after), _)) => Some(before + after),
                        _ => None,
                    })
                    .max()?;
                (0..=longest)
                    .map(Con::List)
                    .chain(std::iter::once(Con::ListFrom(longest + 1, 0)))
                    .collect()
            }
            _ => return None,
        })
    }

    /// The types of a constructor's parts.
    pub fn parts(&self, con: &Con, ty: &Ty) -> Vec<Ty> {
        match (con, ty) {
            (Con::Some, Ty::Option(item)) => vec![(**item).clone()],
            (Con::List(n), Ty::List(item)) => vec![(**item).clone(); *n],
            (Con::ListFrom(before, after), Ty::List(item)) => {
                vec![(**item).clone(); before + after]
            }
            (Con::Fields, Ty::Tuple(items)) => items.to_vec(),
            (Con::Fields, Ty::NamedTuple(fields)) => {
                fields.iter().map(|(_, ty)| ty.clone()).collect()
            }
            (Con::Fields, Ty::Struct(id, args)) => {
                let fields = self
                    .program
                    .structs
                    .get(id.0 as usize)
                    .map(|item| &item.fields);
                let fields = fields.into_iter().flatten();
                fields.map(|field| substitute(&field.ty, args)).collect()
            }
            (Con::Variant(index), Ty::Enum(id, args)) => {
                let item = self.program.enums.get(id.0 as usize);
                let variant = item.and_then(|item| item.variants.get(*index as usize));
                let payload = variant.into_iter().flat_map(|variant| &variant.payload);
                payload.map(|(_, ty)| substitute(ty, args)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A pattern of the tree as one of the matrix. `resolve` replaces inference variables.
    pub fn reduce(&self, pattern: &hir::Pattern, resolve: &dyn Fn(&Ty) -> Ty) -> Pat {
        let all = |items: &[hir::Pattern]| -> Vec<Pat> {
            items
                .iter()
                .map(|item| self.reduce(item, resolve))
                .collect()
        };
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Bind(_) => Pat::Wild,
            PatternKind::Literal(literal) => match &literal.kind {
                ExprKind::Bool(value) => Pat::Con(Con::Bool(*value), Vec::new()),
                ExprKind::Unit => Pat::Con(Con::Fields, Vec::new()),
                ExprKind::Int(value) => Pat::Con(Con::Literal(value.to_string()), Vec::new()),
                ExprKind::Str(text) => Pat::Con(Con::Literal(format!("{text:?}")), Vec::new()),
                ExprKind::Const(id) => {
                    Pat::Con(Con::Literal(format!("const {}", id.0)), Vec::new())
                }
                _ => Pat::Con(Con::Literal(format!("{:?}", literal.span)), Vec::new()),
            },
            PatternKind::Range {
                start,
                end,
                inclusive,
            } => {
                let dots = if *inclusive { "..=" } else { ".." };
                Pat::Con(Con::Literal(format!("{start}{dots}{end}")), Vec::new())
            }
            PatternKind::None => Pat::Con(Con::None, Vec::new()),
            PatternKind::Some(inner) => Pat::Con(Con::Some, vec![self.reduce(inner, resolve)]),
            PatternKind::Variant(index, parts) => Pat::Con(Con::Variant(*index), all(parts)),
            PatternKind::Or(parts) => Pat::Or(all(parts)),
            PatternKind::Fields(fields) => {
                let count = self.parts(&Con::Fields, &resolve(&pattern.ty)).len();
                let mut parts = vec![Pat::Wild; count];
                for (index, field) in fields {
                    if let Some(part) = parts.get_mut(*index as usize) {
                        *part = self.reduce(field, resolve);
                    }
                }
                Pat::Con(Con::Fields, parts)
            }
            PatternKind::List {
                before,
                rest,
                after,
            } => {
                let con = match rest {
                    Some(_) => Con::ListFrom(before.len(), after.len()),
                    None => Con::List(before.len() + after.len()),
                };
                let mut parts = all(before);
                parts.extend(all(after));
                Pat::Con(con, parts)
            }
        }
    }
}

/// Rows whose first pattern is no alternative.
fn flatten(rows: &[Vec<Pat>]) -> Vec<Vec<Pat>> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        flatten_row(row, &mut out);
    }
    out
}

fn flatten_row(row: &[Pat], out: &mut Vec<Vec<Pat>>) {
    match row.split_first() {
        Some((Pat::Or(alternatives), rest)) => {
            for alternative in alternatives {
                let row: Vec<Pat> = std::iter::once(alternative).chain(rest).cloned().collect();
                flatten_row(&row, out);
            }
        }
        _ => out.push(row.to_vec()),
    }
}

/// What is left of a row for values made by `con`, its parts in place of the first column; `None` if it matches none.
fn specialize(row: &[Pat], con: &Con, parts: usize) -> Option<Vec<Pat>> {
    let (head, rest) = row.split_first()?;
    let mut out = match head {
        Pat::Wild => vec![Pat::Wild; parts],
        Pat::Con(own, own_parts) => own_parts_for(own, own_parts, con, parts)?,
        // Rows are flattened before.
        Pat::Or(_) => vec![Pat::Wild; parts],
    };
    out.extend_from_slice(rest);
    Some(out)
}

fn own_parts_for(own: &Con, own_parts: &[Pat], con: &Con, parts: usize) -> Option<Vec<Pat>> {
    match (own, con) {
        (Con::ListFrom(before, after), Con::List(_) | Con::ListFrom(..)) => {
            if before + after > parts {
                return None;
            }
            let mut out = own_parts[..*before].to_vec();
            out.resize(parts - after, Pat::Wild);
            out.extend_from_slice(&own_parts[*before..]);
            Some(out)
        }
        (own, con) if own == con => {
            let mut out = own_parts.to_vec();
            out.resize(parts, Pat::Wild);
            Some(out)
        }
        _ => None,
    }
}

/// A pattern as it would be written.
pub fn write(program: &Program, pat: &Pat, ty: &Ty) -> String {
    let search = Search::new(program);
    let Pat::Con(con, parts) = pat else {
        return "_".to_string();
    };
    let types = search.parts(con, ty);
    let texts: Vec<String> = parts
        .iter()
        .zip(&types)
        .map(|(part, ty)| write(program, part, ty))
        .collect();
    match con {
        Con::Bool(value) => value.to_string(),
        Con::None => "none".to_string(),
        Con::Some => format!("some({})", texts.join(", ")),
        Con::Literal(text) => text.clone(),
        Con::List(_) => format!("[{}]", texts.join(", ")),
        Con::ListFrom(..) => format!("[{}, ..]", texts.join(", ")),
        Con::Variant(index) => variant(program, ty, *index, &texts),
        Con::Fields => match ty {
            Ty::NamedTuple(fields) => {
                let named = fields
                    .iter()
                    .zip(&texts)
                    .map(|((name, _), text)| format!("{name}: {text}"));
                format!("({})", named.collect::<Vec<_>>().join(", "))
            }
            Ty::Struct(id, _) => match program.structs.get(id.0 as usize) {
                Some(item) => {
                    let named = item
                        .fields
                        .iter()
                        .zip(&texts)
                        .map(|(field, text)| format!("{}: {text}", field.name));
                    format!("{}({})", item.name, named.collect::<Vec<_>>().join(", "))
                }
                None => "_".to_string(),
            },
            _ => format!("({})", texts.join(", ")),
        },
    }
}

fn variant(program: &Program, ty: &Ty, index: u32, texts: &[String]) -> String {
    let item = match ty {
        Ty::Enum(id, _) => program.enums.get(id.0 as usize),
        _ => None,
    };
    let Some(item) = item else {
        return "_".to_string();
    };
    let name = item
        .variants
        .get(index as usize)
        .map_or("_", |variant| variant.name.as_str());
    if texts.is_empty() {
        format!("{}.{name}", item.name)
    } else {
        format!("{}.{name}({})", item.name, texts.join(", "))
    }
}
