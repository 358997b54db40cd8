//! Steps without an op: `zip`, `concat` and `filter`.
//!
//! They run when all that they go over has ended, and yield what is there: a value that was skipped is left out, one that
//! failed becomes a key that stands for the failure, so that what is cloned over it is upstream-failed like any other
//! clone.

use std::collections::HashMap;

use dynop_abi::layout::StrRepr;
use dynop_abi::plan::{Action, StepId};
use dynop_engine::decide::{State, Verdict};
use dynop_engine::run::StreamEnd;
use dynop_values::{NoMemory, Owned};

use crate::execute::StageRun;
use crate::failure::Kind;
use crate::make::{Level, View};
use crate::running::NO_SITE;
use crate::shape::{KEY_AT, NodeShape, SideShape};
use crate::step_key::quoted;
use crate::store::Family;

/// The step fails; the reason is in the context, or is this one.
enum Refused {
    Recorded,
    Because(Kind, String),
}

impl From<NoMemory> for Refused {
    fn from(_: NoMemory) -> Self {
        Self::Because(Kind::Memory, "out of memory".into())
    }
}

/// A dynamic that is gone over.
struct Walk<'c, 'r> {
    side: &'r SideShape,
    family: &'c Family<'r>,
    /// The instance of the key first, then those around.
    levels: Vec<Level<'c, 'r>>,
}

impl<'c, 'r> Walk<'c, 'r> {
    /// Goes to a key, and gives what became of its value.
    fn at(&mut self, position: u32) -> Result<Verdict, NoMemory> {
        self.levels[0] = Level::new(self.family, position)?;
        let stream = self.family.stream.as_ref();
        let bad = stream.is_some_and(|stream| stream.is_bad(position));
        Ok(match bad {
            true => Verdict::Failed,
            false => self.view().verdict(&self.side.checks),
        })
    }

    fn view(&self) -> View<'_, 'c, 'r> {
        View {
            levels: &self.levels,
            frame: std::ptr::null_mut(),
            states: &[],
        }
    }

    fn key(&self) -> StrRepr {
        // SAFETY: a row of a stream begins with its key.
        unsafe { self.levels[0].item.add(KEY_AT).cast::<StrRepr>().read() }
    }

    /// Whether the stream left a key out.
    fn leaves_out(&self, key: &str) -> bool {
        let stream = self.family.stream.as_ref();
        stream.is_some_and(|stream| stream.leaves_out(key))
    }

    fn key_text(&self, position: u32) -> &'c str {
        self.family
            .stream
            .as_ref()
            .map_or("", |stream| stream.key(position))
    }
}

impl<'c, 'r> StageRun<'c, '_, 'r> {
    /// Runs a step without an op for the position that is set.
    pub(crate) fn join(&mut self, step: StepId, shape: &'r NodeShape) -> State {
        let position = self.levels[0].position;
        self.begin(step);
        // SAFETY: the context is this claim's.
        let running = unsafe { &mut *self.running };
        self.shared
            .start(self.id, position, step, &mut running.yielding);
        let joined = match &self.shared.job().steps[step as usize].action {
            Action::Zip { .. } => self.zip(shape),
            Action::Concat { .. } => self.concat(shape),
            Action::Filter { .. } => self.filter(shape),
            Action::Op(_) => Ok(()),
        };
        match joined {
            Ok(()) => {
                self.shared.end(&mut running.yielding, StreamEnd::Complete);
                State::Succeeded
            }
            Err(refused) => {
                if let Refused::Because(kind, message) = refused {
                    running.fail(kind, NO_SITE, message);
                }
                self.finish_failed(step, shape)
            }
        }
    }

    fn walk(&self, shape: &'r NodeShape, index: usize) -> Result<Walk<'c, 'r>, Refused> {
        let side = shape.sides.get(index).ok_or(NoMemory)?;
        let home = self.levels[side.hops];
        let family: &'c Family<'r> = home
            .family
            .child(side.child, home.position)
            .ok_or(NoMemory)?;
        let mut levels = Vec::with_capacity(self.levels.len() + 1);
        levels.push(home);
        levels.extend_from_slice(&self.levels[side.hops..]);
        Ok(Walk {
            side,
            family,
            levels,
        })
    }

    /// Adds the key on which `walk` stands, for the failure of one of `sides`.
    fn add_bad(
        &self,
        walk: &Walk<'_, 'r>,
        sides: [&Walk<'_, 'r>; 2],
        item: &Owned,
    ) -> Result<(), Refused> {
        // SAFETY: the context is this claim's.
        let running = unsafe { &mut *self.running };
        if let Some(one) = running.yielding.first() {
            let reason = sides
                .into_iter()
                .find_map(|side| self.shared.root_of_checks(&side.side.checks, &side.levels));
            one.stream.set_next_bad(reason)?;
        }
        self.add(walk, item)
    }

    /// Adds the key on which `walk` stands.
    fn add(&self, walk: &Walk<'_, 'r>, item: &Owned) -> Result<(), Refused> {
        // SAFETY: the context is this claim's.
        let running = unsafe { &mut *self.running };
        let key = walk.key();
        // SAFETY: the item is moved out: it is zeroed behind.
        let pushed = unsafe {
            let pushed = running.push(0, item.as_ptr(), &key, NO_SITE);
            std::ptr::write_bytes(item.as_ptr(), 0, item.desc().size as usize);
            pushed
        };
        if pushed {
            Ok(())
        } else {
            Err(Refused::Recorded)
        }
    }

    /// Notes a key that is left out.
    fn leave_out(&self, key: &str) {
        // SAFETY: the context is this claim's.
        let running = unsafe { &*self.running };
        if let Some(one) = running.yielding.first() {
            one.stream.leave_out(key);
        }
    }

    fn make_side(&self, walk: &Walk<'_, '_>, place: *mut u8) -> Result<(), NoMemory> {
        // SAFETY: zeroed memory of the side's type; everything is there, as the verdict says.
        unsafe {
            self.shared
                .make(&walk.side.recipe, walk.view(), place, walk.side.desc)
        }
    }

    fn filter(&self, shape: &'r NodeShape) -> Result<(), Refused> {
        let (mut kept, mut asked) = (self.walk(shape, 0)?, self.walk(shape, 1)?);
        for position in 0..kept.family.known() {
            let verdict = kept.at(position)?.max(asked.at(position)?);
            let item = Owned::zeroed(kept.side.desc)?;
            match verdict {
                Verdict::Skipped => self.leave_out(kept.key_text(position)),
                Verdict::Failed | Verdict::Cancelled => {
                    self.add_bad(&kept, [&kept, &asked], &item)?;
                }
                Verdict::Ready => {
                    let mut answer = [0u64];
                    self.make_side(&asked, answer.as_mut_ptr().cast())?;
                    if answer[0] as u8 != 0 {
                        self.make_side(&kept, item.as_ptr())?;
                        self.add(&kept, &item)?;
                    } else {
                        self.leave_out(kept.key_text(position));
                    }
                }
            }
        }
        Ok(())
    }

    fn concat(&self, shape: &'r NodeShape) -> Result<(), Refused> {
        let mut first_keys: HashMap<&str, ()> = HashMap::new();
        for index in 0..2 {
            let mut walk = self.walk(shape, index)?;
            for position in 0..walk.family.known() {
                let verdict = walk.at(position)?;
                let key = walk.key_text(position);
                if verdict == Verdict::Skipped {
                    self.leave_out(key);
                    continue;
                }
                if index == 0 {
                    first_keys.insert(key, ());
                } else if first_keys.contains_key(key) {
                    let (left, right) = self.makers(shape);
                    let message = format!(
                        "the mapping key {} comes twice: `{left}` and `{right}` both yielded it",
                        quoted(key)
                    );
                    return Err(Refused::Because(Kind::Output, message));
                }
                let item = Owned::zeroed(walk.side.desc)?;
                if verdict == Verdict::Ready {
                    self.make_side(&walk, item.as_ptr())?;
                    self.add(&walk, &item)?;
                } else {
                    self.add_bad(&walk, [&walk, &walk], &item)?;
                }
            }
        }
        Ok(())
    }

    fn zip(&self, shape: &'r NodeShape) -> Result<(), Refused> {
        let (mut left, mut right) = (self.walk(shape, 0)?, self.walk(shape, 1)?);
        let mut of_key: HashMap<&str, u32> = HashMap::new();
        for position in 0..right.family.known() {
            of_key.insert(right.key_text(position), position);
        }
        let pair = shape
            .outputs
            .first()
            .map(|output| output.desc)
            .ok_or(NoMemory)?;
        let (mut lonely, mut matched) = (None, 0);
        for position in 0..left.family.known() {
            let key = left.key_text(position);
            let Some(&other) = of_key.get(key) else {
                if right.leaves_out(key) {
                    self.leave_out(key);
                } else {
                    lonely = lonely.or(Some((key, 0)));
                }
                continue;
            };
            matched += 1;
            let verdict = left.at(position)?.max(right.at(other)?);
            let item = Owned::zeroed(pair)?;
            match verdict {
                Verdict::Skipped => self.leave_out(key),
                Verdict::Failed | Verdict::Cancelled => {
                    self.add_bad(&left, [&left, &right], &item)?;
                }
                Verdict::Ready => {
                    let [first, second] = pair.fields() else {
                        return Err(NoMemory.into());
                    };
                    // SAFETY: fields lie within the item.
                    let (first, second) = unsafe {
                        (
                            item.as_ptr().add(first.offset as usize),
                            item.as_ptr().add(second.offset as usize),
                        )
                    };
                    self.make_side(&left, first)?;
                    self.make_side(&right, second)?;
                    self.add(&left, &item)?;
                }
            }
        }
        if lonely.is_none() && matched < of_key.len() {
            let keys: HashMap<&str, ()> = (0..left.family.known())
                .map(|position| (left.key_text(position), ()))
                .collect();
            for position in 0..right.family.known() {
                let key = right.key_text(position);
                if keys.contains_key(key) {
                    continue;
                }
                if left.leaves_out(key) {
                    self.leave_out(key);
                } else {
                    lonely = lonely.or(Some((key, 1)));
                }
            }
        }
        let Some((key, side)) = lonely else {
            return Ok(());
        };
        let (left, right) = self.makers(shape);
        let (has, lacks) = if side == 0 {
            (left, right)
        } else {
            (right, left)
        };
        let message = format!(
            "the mapping key {} is yielded by `{has}` and not by `{lacks}`",
            quoted(key)
        );
        Err(Refused::Because(Kind::Key, message))
    }

    /// The names of the steps that yielded the keys.
    fn makers(&self, shape: &NodeShape) -> (&'r str, &'r str) {
        let name = |index: usize| {
            let maker = shape
                .sides
                .get(index)
                .map_or(0, |side: &SideShape| side.maker);
            self.shared.job().steps[maker as usize].name.as_str()
        };
        (name(0), name(1))
    }
}
