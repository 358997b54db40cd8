//! Dynamic outputs: what goes over them, gathers them and joins them.

use std::collections::HashMap;

use dynop_abi::plan::{Action, Collect, OutputRef, Source};
use dynop_base::codes::composition;
use dynop_base::{Diagnostic, Span, Symbol};
use dynop_sema::compose::{BindingId, CTy, Filter, Gathering, Join, Node};
use dynop_sema::ty::Ty;

use super::Evaluator;
use super::sources::View;
use super::value::{Draft, Value};
use crate::axes::{Axes, Axis};

impl Evaluator<'_, '_, '_> {
    pub(super) fn map(
        &mut self,
        source: Value,
        item: BindingId,
        key: Option<BindingId>,
        body: &Node,
    ) -> Option<Value> {
        let (axes, result) = self.each(source, item, key, body)?;
        if result.lacks(&axes) {
            return self.item_free(body.span);
        }
        Some(dynamic(&axes, result))
    }

    /// What the checker can't see: a graph whose result does not depend on what it is given.
    fn item_free<T>(&mut self, span: Span) -> Option<T> {
        self.found(
            Diagnostic::new(
                &composition::ITEM_FREE_RESULT,
                span,
                "this does not depend on the item",
            )
            .here("is the same for every key")
            .help("move it out of the closure, or use the item in it"),
        )
    }

    /// Evaluates a closure for the items of a dynamic; the axes that it was open on, and what it gives.
    fn each(
        &mut self,
        source: Value,
        item: BindingId,
        key: Option<BindingId>,
        body: &Node,
    ) -> Option<(Vec<Axis>, Value)> {
        let Value::Dynamic(axes, value) = source else {
            return None;
        };
        let (axes, value) = self.opened(axes, *value);
        let depth = self.nest.len();
        // The axes on which the item itself depends are around it, open or not: a dynamic output of clones.
        for one in value.axes().into_iter().chain(axes.iter().copied()) {
            if !self.nest.contains(&one) {
                self.nest.push(one);
            }
        }
        self.frame.bindings.insert(item, value);
        if let Some(key) = key {
            let draft = match axes.as_slice() {
                [axis] => Draft::Key(*axis),
                axes => Draft::FlatKey(axes.to_vec()),
            };
            self.frame
                .bindings
                .insert(key, Value::Plain(draft, axes.clone()));
        }
        let result = self.node(body);
        self.nest.truncate(depth);
        Some((axes, result?))
    }

    /// The axes and items of a dynamic that is gone over now: an axis that is open already is made anew.
    fn opened(&mut self, axes: Vec<Axis>, mut item: Value) -> (Vec<Axis>, Value) {
        if !axes.iter().any(|axis| self.nest.contains(axis)) {
            return (axes, item);
        }
        let mut renaming = Renaming {
            axes: &mut self.axes,
            known: HashMap::new(),
        };
        let nest = &self.nest;
        let axes = axes
            .into_iter()
            .map(|axis| renaming.open(axis, nest.contains(&axis)))
            .collect();
        item.renamed(&mut |axis| renaming.open(axis, false));
        (axes, item)
    }

    // ------------------------------------------------------------------------------------------------------ fan-in

    pub(super) fn collect(&mut self, source: Value, how: Gathering, ty: &Ty) -> Option<Value> {
        let Value::Dynamic(axes, item) = source else {
            return None;
        };
        let element = match (how, ty) {
            (Gathering::Results, Ty::List(item)) => match &**item {
                // The one type argument of `Result`.
                Ty::Enum(_, args) => args.first()?.clone(),
                _ => return None,
            },
            (_, Ty::List(item)) => (**item).clone(),
            (_, Ty::Map(pair)) => pair.1.clone(),
            _ => return None,
        };
        let (mut value, mut free) = self.draft(*item, &element)?;
        let ty = self.tables.ty(ty);
        for (level, axis) in axes.iter().rev().enumerate() {
            free.retain(|one| one != axis);
            let into = match (how, level) {
                (Gathering::List, 0) => Collect::List,
                (Gathering::Keyed, 0) => Collect::Keyed,
                (Gathering::Results, 0) => Collect::Results,
                (Gathering::List | Gathering::Results, _) => Collect::Flat,
                (Gathering::Keyed, _) => Collect::FlatKeyed,
            };
            value = Draft::Collect {
                outer: free.clone(),
                axis: *axis,
                value: Box::new(value),
                into,
                ty,
            };
        }
        Some(Value::Plain(value, free))
    }

    // ------------------------------------------------------------------------------------------------------- steps

    /// `zip` and `concat`.
    pub(super) fn join(&mut self, join: &Join, node: &Node) -> Option<Value> {
        let word = if join.pairs { "zip" } else { "concat" };
        let left = self.node(&join.left)?;
        let name = self.step_name(join.name, word, node.span);
        let right = self.node(&join.right)?;
        let item = self.item_type(node)?;
        let types = match &item {
            Ty::Tuple(types) if join.pairs => (types.first()?.clone(), types.get(1)?.clone()),
            one => (one.clone(), one.clone()),
        };
        let left = self.side(left, &types.0)?;
        let right = self.side(right, &types.1)?;
        let mut axes = left.outer.clone();
        axes.extend(&right.outer);
        axes.extend(self.graph_axes());
        let axes = self.ordered(axes);
        let ty = self.tables.ty(&item);
        let action = if join.pairs {
            Action::Zip { item: ty }
        } else {
            Action::Concat { item: ty }
        };
        let home = self.view(axes);
        let inputs = vec![
            self.all_of(&left, &home, join.left.span)?,
            self.all_of(&right, &home, join.right.span)?,
        ];
        let axis = self.dynamic_step(name, action, &home, inputs, node.span)?;
        Some(items_of(axis, home.seen))
    }

    /// A dynamic as an input of a step of its own.
    fn side(&mut self, value: Value, ty: &Ty) -> Option<Side> {
        let Value::Dynamic(axes, item) = value else {
            return None;
        };
        let (value, mut outer) = self.draft(*item, ty)?;
        outer.retain(|one| !axes.contains(one));
        Some(Side { axes, value, outer })
    }

    pub(super) fn filter(&mut self, filter: &Filter, node: &Node) -> Option<Value> {
        let source = self.node(&filter.source)?;
        let name = self.step_name(filter.name, "filter", node.span);
        let (axes, keep) = self.each(source, filter.item, filter.key, &filter.body)?;
        if keep.lacks(&axes) {
            return self.item_free(filter.body.span);
        }
        let item = self.frame.bindings.get(&filter.item).cloned()?;
        let ty = self.item_type(node)?;
        let (value, mut outer) = self.draft(item, &ty)?;
        let (keep, more) = self.draft(keep, &Ty::Bool)?;
        let (&axis, around) = axes.split_last()?;
        outer.extend(more);
        outer.extend(around);
        outer.extend(self.graph_axes());
        outer.retain(|one| *one != axis);
        // The outer levels of a flattened dynamic are not open any more, but lie around, in this order.
        let depth = self.nest.len();
        for one in around {
            if !self.nest.contains(one) {
                self.nest.push(*one);
            }
        }
        let outer = self.ordered(outer);
        self.nest.truncate(depth);
        let home = self.view(outer.clone());
        let of = |value| Side {
            axes: vec![axis],
            value,
            outer: outer.clone(),
        };
        let inputs = vec![
            self.all_of(&of(value), &home, filter.source.span)?,
            self.all_of(&of(keep), &home, filter.body.span)?,
        ];
        let item = self.tables.ty(&ty);
        let kept = self.dynamic_step(name, Action::Filter { item }, &home, inputs, node.span)?;
        let mut axes = around.to_vec();
        axes.push(kept);
        let Value::Dynamic(_, item) = items_of(kept, home.seen) else {
            return None;
        };
        Some(Value::Dynamic(axes, item))
    }

    fn all_of(&mut self, side: &Side, home: &View, span: Span) -> Option<Source> {
        let (mut scopes, mut outer) = (Vec::new(), side.outer.clone());
        let mut inner = home.clone();
        for &axis in &side.axes {
            let (scope, within) = self.inner(&outer, axis, &inner, span)?;
            scopes.push(scope);
            outer.push(axis);
            inner = within;
        }
        let value = Box::new(self.resolve(&side.value, &inner, span)?);
        Some(Source::Each { scopes, value })
    }

    fn dynamic_step(
        &mut self,
        name: String,
        action: Action,
        home: &View,
        inputs: Vec<Source>,
        span: Span,
    ) -> Option<Axis> {
        let order = self.graph_order(home)?;
        let step = self.push_step(name, action, home, (inputs, order), span)?;
        let output = OutputRef { step, output: 0 };
        Some(self.axes.axis(output, &home.seen))
    }

    fn item_type(&self, node: &Node) -> Option<Ty> {
        match &node.ty {
            CTy::Dynamic(item) => match &**item {
                CTy::Value(ty) => Some(self.ty(ty)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A dynamic whose items are an input.
struct Side {
    /// Several where it is flattened, from the outermost.
    axes: Vec<Axis>,
    value: Draft,
    /// The axes besides that its items depend on.
    outer: Vec<Axis>,
}

/// Axes that are made anew, so that the same keys can be gone over twice.
struct Renaming<'x> {
    axes: &'x mut Axes,
    known: HashMap<Axis, Axis>,
}

impl Renaming<'_> {
    /// What stands for an axis: another one if it is `anew`, or if what yields its items is found by one that is.
    fn open(&mut self, axis: Axis, anew: bool) -> Axis {
        if let Some(&known) = self.known.get(&axis) {
            return known;
        }
        let before = self.axes.of(axis).to_vec();
        let of: Vec<Axis> = before.iter().map(|one| self.open(*one, false)).collect();
        let stands = if anew || of != before {
            self.axes.again(axis, of)
        } else {
            axis
        };
        self.known.insert(axis, stands);
        stands
    }
}

/// The items of a dynamic output.
pub(super) fn items_of(axis: Axis, mut axes: Vec<Axis>) -> Value {
    axes.push(axis);
    Value::Dynamic(vec![axis], Box::new(Value::Plain(Draft::Item(axis), axes)))
}

/// What a map gives whose closure gave this.
fn dynamic(axes: &[Axis], value: Value) -> Value {
    match value {
        Value::Group(parts) => {
            Value::Group(parts.into_iter().map(|part| dynamic(axes, part)).collect())
        }
        one => Value::Dynamic(axes.to_vec(), Box::new(one)),
    }
}

/// The name given by `as`.
pub(super) type Given = Option<(Symbol, Span)>;
