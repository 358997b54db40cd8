//! Values of inputs: gathered under the lock as recipes of references, made outside of it.

use std::sync::Arc;

use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::layout::StrRepr;
use dynop_abi::plan::{Collect, Const, Source};
use dynop_values::{NoMemory, constant, list, map, text, walk};

use super::state::{End, InstanceId, Shared, State};
use super::value::Value;

/// How to make a value, without a look at the run.
pub(super) enum Recipe<'a> {
    Const(&'a Const),
    Param(usize),
    Value(Value),
    Key(Arc<str>),
    List(Vec<Recipe<'a>>),
    Keyed(Vec<(Arc<str>, Recipe<'a>)>),
    Tuple(Vec<Recipe<'a>>),
    Some(Box<Recipe<'a>>),
    /// Zero bits: what is skipped where an option is wanted, and what a broken plan names.
    Zero,
}

impl<'a> Shared<'a> {
    /// What a source is, seen from an instance. Everything that it needs has ended.
    pub fn recipe(&self, state: &State, source: &'a Source, from: InstanceId) -> Recipe<'a> {
        match source {
            Source::Const(value) => Recipe::Const(value),
            Source::Param(index) => Recipe::Param(*index as usize),
            Source::Output(output) => self
                .output(state, *output, from)
                .cloned()
                .map_or(Recipe::Zero, Recipe::Value),
            Source::OutputOver { .. } | Source::FlatKey(_) | Source::Each { .. } => Recipe::Zero,
            Source::Item(scope) => {
                let one = &state.instances[self.around(state, from, *scope) as usize];
                Recipe::Value(
                    state.sets[one.set as usize].items[one.position as usize]
                        .value
                        .clone(),
                )
            }
            Source::Key(scope) => {
                let one = &state.instances[self.around(state, from, *scope) as usize];
                Recipe::Key(
                    state.sets[one.set as usize].items[one.position as usize]
                        .key
                        .clone(),
                )
            }
            Source::Collect {
                scope, value, into, ..
            } => {
                let home = self.around(state, from, self.job.scopes[*scope as usize].parent);
                let mut entries = Vec::new();
                for &instance in state.instances[home as usize].inner(*scope) {
                    if self.available(state, value, instance) {
                        let one = &state.instances[instance as usize];
                        let key = state.sets[one.set as usize].items[one.position as usize]
                            .key
                            .clone();
                        entries.push((key, self.recipe(state, value, instance)));
                    }
                }
                match into {
                    Collect::List => {
                        Recipe::List(entries.into_iter().map(|(_, value)| value).collect())
                    }
                    Collect::Keyed => Recipe::Keyed(entries),
                    Collect::Flat | Collect::FlatKeyed | Collect::Results => Recipe::Zero,
                }
            }
            Source::List { elements, .. } => Recipe::List(
                elements
                    .iter()
                    .map(|one| self.recipe(state, one, from))
                    .collect(),
            ),
            Source::Tuple { fields, .. } => Recipe::Tuple(
                fields
                    .iter()
                    .map(|one| self.recipe(state, one, from))
                    .collect(),
            ),
            Source::Some { value, .. } => {
                if self.available(state, value, from) {
                    Recipe::Some(Box::new(self.recipe(state, value, from)))
                } else {
                    Recipe::Zero
                }
            }
        }
    }

    /// Whether everything that a source names is there: not failed, not skipped.
    pub fn available(&self, state: &State, source: &Source, from: InstanceId) -> bool {
        match source {
            Source::Const(_) | Source::Param(_) | Source::Item(_) | Source::Key(_) => true,
            Source::OutputOver { .. } | Source::FlatKey(_) | Source::Each { .. } => false,
            Source::Output(output) => self.output(state, *output, from).is_some(),
            Source::Collect { scope, value, .. } => {
                let described = &self.job.scopes[*scope as usize];
                let home = self.around(state, from, described.parent);
                let set = described
                    .over
                    .and_then(|over| self.set_of(state, over, home));
                let whole =
                    set.is_some_and(|set| state.sets[set as usize].end == Some(End::Succeeded));
                let inner = state.instances[home as usize].inner(*scope);
                whole && inner.iter().all(|&one| !self.broken(state, value, one))
            }
            Source::List { elements, .. } => {
                elements.iter().all(|one| self.available(state, one, from))
            }
            Source::Tuple { fields, .. } => {
                fields.iter().all(|one| self.available(state, one, from))
            }
            Source::Some { value, .. } => self.available(state, value, from),
        }
    }

    /// Whether something that a source names failed (a skip is left out of a fan-in).
    fn broken(&self, state: &State, source: &Source, from: InstanceId) -> bool {
        match source {
            Source::Const(_) | Source::Param(_) | Source::Item(_) | Source::Key(_) => false,
            Source::OutputOver { .. } | Source::FlatKey(_) | Source::Each { .. } => true,
            Source::Output(output) => {
                let node = self.node_of(state, from, output.step);
                !matches!(
                    state.nodes[node as usize].end,
                    Some(End::Succeeded | End::Skipped)
                )
            }
            Source::Collect { .. } => !self.available(state, source, from),
            Source::List { elements, .. } => {
                elements.iter().any(|one| self.broken(state, one, from))
            }
            Source::Tuple { fields, .. } => fields.iter().any(|one| self.broken(state, one, from)),
            Source::Some { value, .. } => self.broken(state, value, from),
        }
    }

    /// Makes a value in zeroed memory, which holds a valid value also on failure.
    ///
    /// # Safety
    /// `place` is memory for a value of `desc`, zeroed.
    pub unsafe fn make(
        &self,
        recipe: &Recipe<'_>,
        place: *mut u8,
        desc: &'static TypeDesc,
    ) -> Result<(), NoMemory> {
        // SAFETY: every arm writes a value of the shape that the plan's types promise, over zeroes.
        unsafe {
            match recipe {
                Recipe::Zero => {}
                Recipe::Const(value) => {
                    let made = constant::materialise(value, desc).map_err(|_| NoMemory)?;
                    std::ptr::copy_nonoverlapping(made.as_ptr(), place, desc.size as usize);
                    std::ptr::write_bytes(made.as_ptr(), 0, desc.size as usize);
                }
                Recipe::Param(index) => {
                    let value = self.request.params[*index].as_ptr();
                    walk::retain(value, desc);
                    std::ptr::copy_nonoverlapping(value, place, desc.size as usize);
                }
                Recipe::Value(value) => value.copy_to(place),
                Recipe::Key(key) => place.cast::<StrRepr>().write(text::new(key.as_bytes())?),
                Recipe::List(elements) => {
                    let item = desc.a();
                    let mut memory = Scratch::new(item);
                    if !elements.is_empty() {
                        list::reserve(place.cast(), elements.len(), desc)?;
                    }
                    for element in elements {
                        self.make(element, memory.clear(), item)?;
                        list::push(place.cast(), memory.place(), desc)?;
                        memory.forget();
                    }
                }
                Recipe::Keyed(entries) => {
                    let item = desc.b();
                    let mut memory = Scratch::new(item);
                    for (key, value) in entries {
                        self.make(value, memory.clear(), item)?;
                        let key = text::Text::new(key.as_bytes())?;
                        let slot =
                            map::slot(place.cast(), std::ptr::from_ref(key.repr()).cast(), desc)?;
                        std::ptr::copy_nonoverlapping(
                            memory.place(),
                            slot.value,
                            item.size as usize,
                        );
                        memory.forget();
                    }
                }
                Recipe::Tuple(fields) => {
                    for (field, recipe) in desc.fields().iter().zip(fields) {
                        self.make(recipe, place.add(field.offset as usize), field.desc())?;
                    }
                }
                Recipe::Some(value) => {
                    debug_assert_eq!(desc.kind, Kind::Option);
                    self.make(value, place.add(desc.payload_offset()), desc.a())?;
                    place.write(1);
                }
            }
        }
        Ok(())
    }
}

/// Memory for one value at a time.
struct Scratch {
    memory: Vec<u64>,
    desc: &'static TypeDesc,
}

impl Scratch {
    fn new(desc: &'static TypeDesc) -> Self {
        Self {
            memory: vec![0; (desc.size as usize).div_ceil(8).max(1)],
            desc,
        }
    }

    fn place(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr().cast()
    }

    fn clear(&mut self) -> *mut u8 {
        self.memory.fill(0);
        self.place()
    }

    /// The value was moved out.
    fn forget(&mut self) {
        self.memory.fill(0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let desc = self.desc;
        // SAFETY: the memory holds a value of the type, or zeroes.
        unsafe { walk::release(self.place(), desc) }
    }
}
