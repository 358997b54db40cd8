//! Steps without an op: `zip`, `concat` and `filter`.
//!
//! They run when all that they go over has ended, and yield what is there: a value that was skipped is left out, one that
//! failed becomes a key that stands for the failure, so that what is cloned over it is upstream-failed like any other
//! clone. Where a step that yields the keys has failed behind some of them, those go on all the same: the step is
//! upstream-failed, and so is whatever needs the whole set, but not what is cloned over the keys that there are.

use std::collections::{HashMap, HashSet};

use dynop_abi::layout::StrRepr;
use dynop_abi::plan::{Action, StepId};
use dynop_engine::decide::{State, Verdict};
use dynop_engine::run::StreamEnd;
use dynop_values::text::Text;
use dynop_values::{NoMemory, Owned};

use crate::execute::StageRun;
use crate::failure::Kind;
use crate::make::{Level, View};
use crate::running::NO_SITE;
use crate::shape::{KEY_AT, NodeShape, SideShape};
use crate::step_key::{PARTS, joined, quoted};
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

/// What the keys of two sides come to.
struct Matches {
    /// Numbers of values on both sides with the same key, in the left one's order.
    pairs: Vec<(u32, u32)>,
    /// A key that one side alone has, and which.
    lonely: Option<(String, u32)>,
}

/// A dynamic that is gone over, by number: the positions of its one scope, or the places of several.
struct Walk<'c, 'r> {
    side: &'r SideShape,
    /// The instances of the outermost scope.
    family: &'c Family<'r>,
    /// Of a flattened one: every instance of the innermost scope.
    places: Option<Places>,
    /// The instance of the key first, then those around.
    levels: Vec<Level<'c, 'r>>,
}

/// Where a walk over several scopes stands.
#[derive(Default)]
struct Places {
    /// The positions on all levels, from the outermost, and the key with all its parts.
    all: Vec<(Box<[u32]>, String)>,
    /// Beginnings of keys, or keys, that were left out.
    left_out: HashSet<String>,
    /// Whether keys of an inner level are missing, since what yields them has failed.
    partial: bool,
}

impl Places {
    /// Adds the instances of the scopes `children` leads to within an instance whose key is `key`.
    fn add(
        &mut self,
        family: &Family<'_>,
        children: &[usize],
        positions: &mut Vec<u32>,
        key: &str,
    ) -> Result<(), NoMemory> {
        let Some(stream) = &family.stream else {
            return Ok(());
        };
        let join = |part: &str| match key.is_empty() {
            true => part.to_owned(),
            false => format!("{key}{PARTS}{part}"),
        };
        stream.each_left_out(|part| {
            self.left_out.insert(join(part));
        });
        for position in 0..family.known() {
            let key = join(stream.key(position));
            positions.push(position);
            match children.split_first() {
                None => {
                    self.all.try_reserve(1).map_err(|_| NoMemory)?;
                    self.all.push((positions.as_slice().into(), key));
                }
                Some((&child, further)) => {
                    let inner = family.child(child, position);
                    let end = inner.and_then(|inner| Some(inner.stream.as_ref()?.end()));
                    self.partial |= !matches!(end, Some(StreamEnd::Complete | StreamEnd::Skipped));
                    match (inner, end) {
                        (_, Some(StreamEnd::Skipped)) => {
                            self.left_out.insert(key);
                        }
                        (Some(inner), _) => self.add(inner, further, positions, &key)?,
                        (None, _) => {}
                    }
                }
            }
            positions.pop();
        }
        Ok(())
    }
}

/// A key and its beginnings, the whole first.
fn beginnings(key: &str) -> impl Iterator<Item = &str> {
    let cuts = key.rmatch_indices(PARTS).map(|(at, _)| &key[..at]);
    std::iter::once(key).chain(cuts)
}

impl<'c, 'r> Walk<'c, 'r> {
    /// Whether all keys are there.
    fn is_whole(&self) -> bool {
        let stream = self.family.stream.as_ref();
        stream.is_some_and(|stream| stream.end() == StreamEnd::Complete)
            && !self.places.as_ref().is_some_and(|places| places.partial)
    }

    /// How many values there are.
    fn count(&self) -> u32 {
        match &self.places {
            None => self.family.known(),
            Some(places) => places.all.len() as u32,
        }
    }

    /// Goes to a value, and gives what became of it.
    fn at(&mut self, number: u32) -> Result<Verdict, NoMemory> {
        let levels = self.side.children.len();
        match &self.places {
            None => self.levels[0] = Level::new(self.family, number)?,
            Some(places) => {
                let (positions, _) = &places.all[number as usize];
                let mut family = self.family;
                for (depth, &position) in positions.iter().enumerate() {
                    if depth > 0 {
                        let outer = self.levels[levels - depth].position;
                        let child = self.side.children[depth];
                        family = family.child(child, outer).ok_or(NoMemory)?;
                    }
                    self.levels[levels - 1 - depth] = Level::new(family, position)?;
                }
            }
        }
        let bad = |level: &Level<'_, '_>| {
            let stream = level.family.stream.as_ref();
            stream.is_some_and(|stream| stream.is_bad(level.position))
        };
        Ok(match self.levels[..levels].iter().any(bad) {
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

    /// Whether a key was left out on the way here.
    fn leaves_out(&self, key: &str) -> bool {
        beginnings(key).any(|key| match (&self.places, &self.family.stream) {
            (Some(places), _) => places.left_out.contains(key),
            (None, Some(stream)) => stream.leaves_out(key),
            (None, None) => false,
        })
    }

    /// Calls for every key, or beginning of keys, that was left out.
    fn each_left_out(&self, mut found: impl FnMut(&str)) {
        match (&self.places, &self.family.stream) {
            (Some(places), _) => places.left_out.iter().for_each(|key| found(key)),
            (None, Some(stream)) => stream.each_left_out(found),
            (None, None) => {}
        }
    }

    fn key_text(&self, number: u32) -> &str {
        match &self.places {
            Some(places) => &places.all[number as usize].1,
            None => self
                .family
                .stream
                .as_ref()
                .map_or("", |stream| stream.key(number)),
        }
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
        // Without one side there is nothing to go over; what was begun ends as the state says.
        match self.outermost_ends(shape) {
            Some(Verdict::Ready | Verdict::Failed) => {}
            Some(Verdict::Skipped) => return State::Skipped,
            Some(Verdict::Cancelled) => return State::Cancelled,
            None => return State::UpstreamFailed,
        }
        let joined = match &self.shared.job().steps[step as usize].action {
            Action::Zip { .. } => self.zip(shape),
            Action::Concat { .. } => self.concat(shape),
            Action::Filter { .. } => self.filter(shape),
            Action::Op(_) => Ok(true),
        };
        match joined {
            Ok(true) => {
                self.shared.end(&mut running.yielding, StreamEnd::Complete);
                State::Succeeded
            }
            Ok(false) => State::UpstreamFailed,
            Err(refused) => {
                if let Refused::Because(kind, message) = refused {
                    running.fail(kind, NO_SITE, message);
                }
                self.finish_failed(step, shape)
            }
        }
    }

    /// How the outermost keys of all sides have ended, the worst of them; `None` where some never came to be.
    fn outermost_ends(&self, shape: &NodeShape) -> Option<Verdict> {
        let end = |side: &SideShape| {
            let home = self.levels.get(side.hops)?;
            let family = home.family.child(*side.children.first()?, home.position)?;
            Some(match family.stream.as_ref()?.end() {
                StreamEnd::Complete => Verdict::Ready,
                StreamEnd::Skipped => Verdict::Skipped,
                StreamEnd::Failed => Verdict::Failed,
                StreamEnd::Cancelled => Verdict::Cancelled,
            })
        };
        shape
            .sides
            .iter()
            .try_fold(Verdict::Ready, |worst, side| Some(worst.max(end(side)?)))
    }

    fn walk(&self, shape: &'r NodeShape, index: usize) -> Result<Walk<'c, 'r>, Refused> {
        let side = shape.sides.get(index).ok_or(NoMemory)?;
        let home = self.levels[side.hops];
        let (&outermost, further) = side.children.split_first().ok_or(NoMemory)?;
        let family: &'c Family<'r> = home
            .family
            .child(outermost, home.position)
            .ok_or(NoMemory)?;
        // The levels gone over are filled in for each value.
        let mut levels = vec![home; side.children.len()];
        levels.extend_from_slice(&self.levels[side.hops..]);
        let mut places = None;
        if !further.is_empty() {
            let mut found = Places::default();
            found.add(family, further, &mut Vec::new(), "")?;
            places = Some(found);
        }
        Ok(Walk {
            side,
            family,
            places,
            levels,
        })
    }

    /// Adds a key, for the failure of one of `sides`.
    fn add_bad(
        &self,
        walk: &Walk<'_, 'r>,
        number: u32,
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
        self.add(walk, number, item)
    }

    /// Adds the key of a value of `walk`, which stands on it.
    fn add(&self, walk: &Walk<'_, 'r>, number: u32, item: &Owned) -> Result<(), Refused> {
        let made;
        let key = match &walk.places {
            // SAFETY: a row of a stream begins with its key.
            None => unsafe { walk.levels[0].item.add(KEY_AT).cast::<StrRepr>().read() },
            Some(places) => {
                made = Text::new(places.all[number as usize].1.as_bytes())?;
                *made.repr()
            }
        };
        // SAFETY: the context is this claim's.
        let running = unsafe { &mut *self.running };
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

    /// Yields what is kept; gives whether that is all of it. So do the other two.
    fn filter(&self, shape: &'r NodeShape) -> Result<bool, Refused> {
        let (mut kept, mut asked) = (self.walk(shape, 0)?, self.walk(shape, 1)?);
        kept.each_left_out(|key| self.leave_out(key));
        for number in 0..kept.count() {
            let verdict = kept.at(number)?.max(asked.at(number)?);
            let item = Owned::zeroed(kept.side.desc)?;
            match verdict {
                Verdict::Skipped => self.leave_out(kept.key_text(number)),
                Verdict::Failed | Verdict::Cancelled => {
                    self.add_bad(&kept, number, [&kept, &asked], &item)?;
                }
                Verdict::Ready => {
                    let mut answer = [0u64];
                    self.make_side(&asked, answer.as_mut_ptr().cast())?;
                    if answer[0] as u8 != 0 {
                        self.make_side(&kept, item.as_ptr())?;
                        self.add(&kept, number, &item)?;
                    } else {
                        self.leave_out(kept.key_text(number));
                    }
                }
            }
        }
        Ok(kept.is_whole())
    }

    fn concat(&self, shape: &'r NodeShape) -> Result<bool, Refused> {
        let (mut left, mut right) = (self.walk(shape, 0)?, self.walk(shape, 1)?);
        left.each_left_out(|key| self.leave_out(key));
        right.each_left_out(|key| self.leave_out(key));
        let mut passed = Vec::new();
        for number in 0..left.count() {
            if self.concat_one(&mut left, number)? {
                passed.push(number);
            }
        }
        let first_keys: HashSet<&str> = passed.iter().map(|&at| left.key_text(at)).collect();
        for number in 0..right.count() {
            let twice = first_keys.contains(right.key_text(number));
            if twice && right.at(number)? != Verdict::Skipped {
                let key = right.key_text(number);
                let (left, right) = self.makers(shape);
                let message = format!(
                    "the mapping key {} comes twice: `{left}` and `{right}` both yielded it",
                    quoted(&joined(key))
                );
                return Err(Refused::Because(Kind::Output, message));
            }
            self.concat_one(&mut right, number)?;
        }
        let whole = left.is_whole() && right.is_whole();
        Ok(whole)
    }

    /// Passes a value of one side on; gives whether it was not left out.
    fn concat_one(&self, walk: &mut Walk<'c, 'r>, number: u32) -> Result<bool, Refused> {
        let verdict = walk.at(number)?;
        if verdict == Verdict::Skipped {
            self.leave_out(walk.key_text(number));
            return Ok(false);
        }
        let item = Owned::zeroed(walk.side.desc)?;
        if verdict == Verdict::Ready {
            self.make_side(walk, item.as_ptr())?;
            self.add(walk, number, &item)?;
        } else {
            self.add_bad(walk, number, [walk, walk], &item)?;
        }
        Ok(true)
    }

    fn zip(&self, shape: &'r NodeShape) -> Result<bool, Refused> {
        let (mut left, mut right) = (self.walk(shape, 0)?, self.walk(shape, 1)?);
        left.each_left_out(|key| {
            if right.leaves_out(key) {
                self.leave_out(key);
            }
        });
        right.each_left_out(|key| {
            if left.leaves_out(key) {
                self.leave_out(key);
            }
        });
        let matches = self.matches(&left, &right);
        let pair = shape
            .outputs
            .first()
            .map(|output| output.desc)
            .ok_or(NoMemory)?;
        for (number, other) in matches.pairs {
            let verdict = left.at(number)?.max(right.at(other)?);
            let item = Owned::zeroed(pair)?;
            match verdict {
                Verdict::Skipped => self.leave_out(left.key_text(number)),
                Verdict::Failed | Verdict::Cancelled => {
                    self.add_bad(&left, number, [&left, &right], &item)?;
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
                    self.add(&left, number, &item)?;
                }
            }
        }
        if !left.is_whole() || !right.is_whole() {
            // What lacks its partner may have been about to get it.
            return Ok(false);
        }
        let Some((key, side)) = matches.lonely else {
            return Ok(true);
        };
        let (left, right) = self.makers(shape);
        let (has, lacks) = if side == 0 {
            (left, right)
        } else {
            (right, left)
        };
        let message = format!(
            "the mapping key {} is yielded by `{has}` and not by `{lacks}`",
            quoted(&joined(&key))
        );
        Err(Refused::Because(Kind::Key, message))
    }

    /// Which values of two sides have equal keys. Keys that the other side left out are left out.
    fn matches(&self, left: &Walk<'_, 'r>, right: &Walk<'_, 'r>) -> Matches {
        let mut of_key: HashMap<&str, u32> = HashMap::new();
        for number in 0..right.count() {
            of_key.insert(right.key_text(number), number);
        }
        let (mut pairs, mut lonely) = (Vec::new(), None);
        for number in 0..left.count() {
            let key = left.key_text(number);
            match of_key.get(key) {
                Some(&other) => pairs.push((number, other)),
                None if right.leaves_out(key) => self.leave_out(key),
                None => lonely = lonely.or(Some((key.to_owned(), 0))),
            }
        }
        if lonely.is_none() && pairs.len() < of_key.len() {
            let keys: HashSet<&str> = (0..left.count()).map(|at| left.key_text(at)).collect();
            for number in 0..right.count() {
                let key = right.key_text(number);
                if keys.contains(key) {
                    continue;
                }
                if left.leaves_out(key) {
                    self.leave_out(key);
                } else {
                    lonely = lonely.or(Some((key.to_owned(), 1)));
                }
            }
        }
        Matches { pairs, lonely }
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
