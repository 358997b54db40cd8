//! Workers: threads that claim ranges of positions, run them, and lend each other work.
//!
//! **Sharing work.** A worker claims up to [`CLAIM`] positions of one stage under the run's lock and then takes them a few
//! at a time from a range that is its own but for thieves: a worker that finds nothing to claim takes the upper half
//! of another's range. So a step of a second is shared position by position, and a step of a nanosecond costs a lock
//! in a few hundred. Thieves hold the lock, and a worker's range is set under the lock, so a range seen under the lock
//! belongs to the stage that is noted beside it.
//!
//! **Sleeping.** A worker that finds nothing sleeps until it is woken: by whoever makes something claimable, one sleeper at
//! a time, each of which wakes the next while there is more. Since a yielding step hands its keys on in batches, there
//! may be keys of which the engine does not know; a sleeper looks for them at growing intervals while steps yield. So
//! a key waits a few milliseconds at most, however long its op goes on without another `yield`.
//!
//! **Threads** are started when there is work for them, so that a small run costs one thread.

use std::cell::Cell;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dynop_abi::context::StepContext;
use dynop_engine::run::{Claim, StreamId};

use crate::cancel::Cancel;
use crate::execute::StageRun;
use crate::running::Contexts;
use crate::shared::{Core, Shared};
use crate::unpoisoned;

/// Positions in one claim. A claim costs about a microsecond, so that is some nanoseconds a position; four times as many
/// would gain two of them, and would let four times as many items wait.
pub(crate) const CLAIM: u32 = 256;
/// Positions that a worker takes from its range at a time, at most. They can't be stolen, so taking them must be quick:
/// the number grows only while that many take less than [`QUICK`].
const TAKE: u32 = 64;
const QUICK: Duration = Duration::from_micros(20);
/// How long finished positions of a claim may wait before they are reported, which others may wait for.
const REPORT: Duration = Duration::from_millis(5);
/// How long a sleeper waits before it first looks for keys that were not handed on, and at most between two looks.
const FIRST_LOOK: Duration = Duration::from_micros(100);
const LAST_LOOK: Duration = Duration::from_millis(5);

/// The range that a worker has claimed and not yet taken: `from` in the upper half, `to` in the lower.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Range(AtomicU64);

impl Range {
    /// Sets it. The worker's own, under the lock.
    pub fn set(&self, from: u32, to: u32) {
        self.0.store(pack(from, to), Ordering::Release);
    }

    /// Takes up to `count` positions from the front.
    fn take(&self, count: u32) -> Option<(u32, u32)> {
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            let (from, to) = unpack(seen);
            if from >= to {
                return None;
            }
            let end = from + count.min(to - from);
            let new = pack(end, to);
            match self
                .0
                .compare_exchange_weak(seen, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Some((from, end)),
                Err(other) => seen = other,
            }
        }
    }

    /// Takes the upper half, at least one position.
    pub fn steal(&self) -> Option<(u32, u32)> {
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            let (from, to) = unpack(seen);
            if from >= to {
                return None;
            }
            let middle = from + (to - from) / 2;
            let new = pack(from, middle);
            match self
                .0
                .compare_exchange_weak(seen, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Some((middle, to)),
                Err(other) => seen = other,
            }
        }
    }

    /// Puts the last positions that were taken back in front: from `from` to `end`.
    fn give_back(&self, from: u32, end: u32) {
        let mut seen = self.0.load(Ordering::Acquire);
        loop {
            let (front, to) = unpack(seen);
            // Thieves take from the back alone, so the front is where the owner left it.
            debug_assert_eq!(front, end);
            let new = pack(from, to);
            match self
                .0
                .compare_exchange_weak(seen, new, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }

    fn is_empty(&self) -> bool {
        let (from, to) = unpack(self.0.load(Ordering::Acquire));
        from >= to
    }
}

fn pack(from: u32, to: u32) -> u64 {
    u64::from(from) << 32 | u64::from(to)
}

fn unpack(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}

/// Contexts that the canceller knows, for as long as this lives.
struct Known<'c> {
    cancel: &'c Cancel,
    addresses: Vec<*const StepContext>,
}

impl<'c> Known<'c> {
    fn new(cancel: &'c Cancel, addresses: Vec<*const StepContext>) -> Self {
        for &address in &addresses {
            cancel.register(address);
        }
        Self { cancel, addresses }
    }
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        self.cancel.clear_of(&self.addresses);
    }
}

/// A worker thread.
pub(crate) struct Worker<'s, 'r> {
    pub index: usize,
    /// The positions that it has taken from its range: the one it is at, and one behind the last. Of a heavy stage, none.
    taken: Cell<(u32, u32)>,
    pub contexts: Contexts<'s, 'r>,
}

impl<'r> Worker<'_, 'r> {
    /// Puts what was taken and not begun back into the worker's range, for others to take. Called while one of the
    /// positions runs.
    pub fn give_back(&self, shared: &Shared<'r>) {
        let (at, end) = self.taken.get();
        if end > at + 1 {
            shared.ranges[self.index].give_back(at + 1, end);
            self.taken.set((at, at + 1));
        }
    }
}

type Guard<'g, 'r> = MutexGuard<'g, Core<'r>>;

impl<'r> Shared<'r> {
    /// Runs what there is until the run is over.
    pub fn work(&self, index: usize) {
        let worker = Worker {
            index,
            taken: Cell::new((0, 0)),
            contexts: Contexts::new(self, self.depth + 1),
        };
        for depth in 0..=self.depth {
            if let Some(running) = worker.contexts.get(depth) {
                // SAFETY: nobody uses the context yet.
                unsafe { (*running).worker = &raw const worker };
            }
        }
        // Dropped before the contexts go, also where a panic ends this.
        let _known = Known::new(self.request.cancel, worker.contexts.addresses());
        let mut core = self.lock();
        let mut look = FIRST_LOOK;
        while !core.is_over() {
            let surplus = core.is_surplus();
            match (!surplus)
                .then(|| self.next(&mut core, index, None))
                .flatten()
            {
                Some(claim) => {
                    look = FIRST_LOOK;
                    core = self.run_claim(core, claim, &worker, 0);
                }
                None => core = self.sleep(core, &mut look),
            }
        }
        drop(core);
        self.wake.notify_all();
        self.room.notify_all();
    }

    /// Something to run: claimed, or taken from another worker.
    pub fn next(&self, core: &mut Core<'r>, me: usize, under: Option<StreamId>) -> Option<Claim> {
        let claim = self.claim(core, under).or_else(|| {
            self.look_for_keys(core)
                .then(|| self.claim(core, under))
                .flatten()
        });
        let claim = claim.or_else(|| self.steal(core, me, under))?;
        if !self.is_heavy(claim.stage) {
            core.current[me] = (claim.family, claim.stage);
            self.ranges[me].set(claim.from, claim.to);
        }
        // What is left, here or with a worker that has no time for it, or half of what was claimed may be for another.
        if self.is_idle()
            && (claim.to - claim.from > 1 || core.run.has_work(None) || self.can_steal(core))
        {
            self.call_worker(core);
        }
        Some(claim)
    }

    /// Whether there is something in a worker's range.
    pub fn can_steal(&self, core: &Core<'r>) -> bool {
        self.ranges[..core.started]
            .iter()
            .any(|range| !range.is_empty())
    }

    fn claim(&self, core: &mut Core<'r>, under: Option<StreamId>) -> Option<Claim> {
        let shape = self.shape;
        core.run.claim(under, &|stage, ready| {
            if shape.stages[stage as usize].heavy {
                1
            } else {
                ready.min(CLAIM)
            }
        })
    }

    fn steal(&self, core: &Core<'r>, me: usize, under: Option<StreamId>) -> Option<Claim> {
        let count = core.started;
        let others = (1..count).map(|step| (me + step) % count);
        for other in others {
            if self.ranges[other].is_empty() {
                continue;
            }
            let (family, stage) = core.current[other];
            if under.is_some_and(|stream| !core.run.is_under(family, stream)) {
                continue;
            }
            if let Some((from, to)) = self.ranges[other].steal() {
                return Some(Claim {
                    family,
                    stage,
                    from,
                    to,
                });
            }
        }
        None
    }

    /// Tells the engine of keys that steps have yielded and not handed on; gives whether there were some.
    fn look_for_keys(&self, core: &mut Core<'r>) -> bool {
        let mut found = false;
        for at in 0..core.yielding.len() {
            let (id, written) = (core.yielding[at].id, core.yielding[at].written());
            found |= self.hand_on(core, id, written);
        }
        found
    }

    fn sleep<'g>(&'g self, mut core: Guard<'g, 'r>, look: &mut Duration) -> Guard<'g, 'r> {
        core.sleepers += 1;
        core.note_stuck();
        if core.is_over() {
            core.sleepers -= 1;
            self.wake.notify_all();
            self.more.notify_all();
            return core;
        }
        self.note_idle(&core);
        let mut core = if core.yielding.is_empty() {
            unpoisoned(self.wake.wait(core))
        } else {
            let (core, _) = unpoisoned(self.wake.wait_timeout(core, *look));
            *look = (*look * 2).min(LAST_LOOK);
            core
        };
        core.sleepers -= 1;
        self.note_idle(&core);
        core
    }

    /// Runs a claim, and reports it.
    pub fn run_claim<'g>(
        &'g self,
        core: Guard<'g, 'r>,
        claim: Claim,
        worker: &Worker<'g, 'r>,
        depth: usize,
    ) -> Guard<'g, 'r> {
        let family = core.family(claim.family);
        drop(core);
        let mut run = StageRun::new(self, worker, depth, claim.family, &family, claim.stage);
        let mut done = claim.from;
        let mut reported = claim.from;
        if self.is_heavy(claim.stage) {
            while done < claim.to {
                run.position(done);
                done += 1;
            }
        } else {
            let range = &self.ranges[worker.index];
            let mut count = 1;
            let mut last_report = Instant::now();
            let mut before = last_report;
            while let Some((from, to)) = range.take(count) {
                debug_assert_eq!(from, done);
                worker.taken.set((from, to));
                let mut position = from;
                // A step that waits gives the rest back.
                while position < worker.taken.get().1 {
                    worker.taken.set((position, worker.taken.get().1));
                    run.position(position);
                    position += 1;
                }
                worker.taken.set((0, 0));
                done = position;
                let now = Instant::now();
                if now - before < QUICK {
                    count = (count * 2).min(TAKE);
                } else {
                    count = (count / 2).max(1);
                }
                before = now;
                if now - last_report > REPORT && !range.is_empty() {
                    last_report = now;
                    let core = self.lock();
                    drop(self.report(core, &claim, reported..done, run.take_exceptions()));
                    reported = done;
                }
            }
        }
        let exceptions = run.take_exceptions();
        drop(run);
        // Before the report, behind which the family may go: not here, under the lock.
        drop(family);
        let core = self.lock();
        self.report(core, &claim, reported..done, exceptions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_taken_once() {
        let range = Range::default();
        range.set(10, 1000);
        let taken = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while let Some((from, to)) = range.take(3) {
                    taken.lock().expect("no panic").extend(from..to);
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some((from, to)) = range.steal() {
                        taken.lock().expect("no panic").extend(from..to);
                    }
                });
            }
        });
        let mut taken = taken.into_inner().expect("no panic");
        taken.sort_unstable();
        assert!(taken.into_iter().eq(10..1000));
    }
}
