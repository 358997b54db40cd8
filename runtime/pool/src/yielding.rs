//! Yielding: what a running step does with a dynamic value, and how it waits for room.
//!
//! A key and its item go into the stream's row at once; the engine is told of them in batches, or at once where a
//! worker has nothing to do. Where the bound of outstanding clones is reached, the step runs clones of its own items on its
//! own stack, and sleeps only where other workers have taken them all.

use std::time::{Duration, Instant};

use dynop_abi::layout::StrRepr;
use dynop_abi::plan::{Op, Place};
use dynop_engine::run::StreamId;
use dynop_values::{text, walk};

use crate::failure::Kind;
use crate::running::{NO_SITE, Running};
use crate::shared::Core;
use crate::step_key;
use crate::store::Refused;
use crate::unpoisoned;

/// How long a step that yields quickly keeps keys to itself although a worker is idle: waking one takes microseconds, so
/// that doing it for each key would cost more than it gains.
const PATIENCE: Duration = Duration::from_micros(20);

impl Running<'_, '_> {
    /// The op that runs.
    pub fn op(&self) -> &Op {
        let op = self.shared.job().steps[self.step as usize].action.op();
        // Only steps with an op are ever running.
        &self.shared.request.program.ops[op.unwrap_or_default() as usize]
    }

    /// Where it is declared; of a step without an op, where it is invoked.
    pub fn op_place(&self) -> Option<Place> {
        let step = &self.shared.job().steps[self.step as usize];
        match step.action.op() {
            Some(_) => Some(self.op().place.clone()),
            None => Some(step.place.clone()),
        }
    }

    /// The name of an output of it.
    pub fn output_name(&self, output: u32) -> String {
        let output = self.op().outputs.get(output as usize);
        output.map_or_else(String::new, |output| output.name.clone())
    }

    /// Adds an item to a dynamic output; where that can't be, the step fails.
    ///
    /// # Safety
    /// `value` holds an item of the output, which is taken over, `key` a text.
    pub unsafe fn push(&mut self, output: u32, value: *mut u8, key: &StrRepr, site: u32) -> bool {
        let Some(at) = self.yielding.iter().position(|one| one.output == output) else {
            let message = "the runtime does not know this output; this is a bug of it";
            self.fail(Kind::Panic, site, message.into());
            return false;
        };
        let item = self.yielding[at].stream.shape.item;
        if self.shared.tells_ends {
            // SAFETY: the caller's promise.
            unsafe { self.tell_item(output, value, item, key) };
        }
        let stream = &self.yielding[at].stream;
        // SAFETY: the caller's promise; the stream is the running step's.
        let refused = match unsafe { stream.push(value, key, site) } {
            Ok(_) => return true,
            Err(refused) => refused,
        };
        // SAFETY: a refused item is still here.
        unsafe { walk::release(value, item) };
        match refused {
            Refused::Duplicate(first) => self.duplicate(site, key, Some(first)),
            Refused::Memory => self.fail(Kind::Memory, site, "out of memory".into()),
            Refused::Full => {
                let message = format!("more than {} items of one dynamic output", u32::MAX);
                self.fail(Kind::Output, site, message);
            }
        }
        false
    }

    /// The failure of a key that was there before.
    #[cold]
    pub fn duplicate(&mut self, site: u32, key: &StrRepr, first: Option<u32>) {
        // SAFETY: the key was checked to be a text.
        let shown = step_key::quoted(&step_key::joined(unsafe { text::as_str(key) }));
        let message = format!("the mapping key {shown} was yielded before");
        self.fail(Kind::Output, site, message);
        if let (Some(failure), Some(first)) = (&mut self.failure, first) {
            failure.related = Some(("first yielded here".into(), first));
        }
    }

    /// Hands keys on if there are enough of them, or somebody waits for some. Gives whether the step goes on.
    #[inline]
    pub fn hand_on_some(&mut self, output: u32) -> bool {
        let Some(at) = self.yielding.iter().position(|one| one.output == output) else {
            return true;
        };
        let one = &self.yielding[at];
        let kept = one.stream.written() - one.published;
        if kept < self.shared.batch && !(self.shared.is_idle() && self.is_patient_enough()) {
            return true;
        }
        self.hand_on(at)
    }

    /// Whether an idle worker has waited long enough. The first key goes at once: as long as no other worker is started,
    /// nobody looks for keys that were not handed on.
    fn is_patient_enough(&self) -> bool {
        self.handed_on.is_none_or(|at| at.elapsed() >= PATIENCE)
    }

    #[cold]
    fn hand_on(&mut self, at: usize) -> bool {
        let shared = self.shared;
        let one = &mut self.yielding[at];
        let (id, written) = (one.stream.id, one.stream.written());
        one.published = written;
        let mut core = shared.lock();
        shared.hand_on(&mut core, id, written);
        drop(core);
        self.wait_for_room(id);
        self.handed_on = Some(Instant::now());
        if shared.request.cancel.is_requested() {
            self.fail(Kind::Cancelled, NO_SITE, "cancelled".into());
            return false;
        }
        true
    }

    /// Waits until there are fewer clones outstanding than may be, running some meanwhile.
    fn wait_for_room(&mut self, stream: StreamId) {
        let shared = self.shared;
        let bound = u64::from(shared.request.max_outstanding);
        // SAFETY: the worker lives as long as its contexts, and this runs on its thread.
        let Some(worker) = (unsafe { self.worker.as_ref() }) else {
            return;
        };
        let mut core = shared.lock();
        let is_full = |core: &Core<'_>| {
            core.run.load(stream) >= bound && !shared.request.cancel.is_requested()
        };
        if !is_full(&core) {
            return;
        }
        let waits_for = self.waits_for.get();
        if let Some(what) = waits_for {
            shared.pause_wait(&mut core, what);
        }
        while is_full(&core) {
            if let Some(claim) = shared.next(&mut core, worker.index, Some(stream)) {
                core = shared.run_claim(core, claim, worker, self.depth + 1);
                continue;
            }
            core.waiting += 1;
            if core.sleepers + core.waiting >= core.alive {
                // Nobody runs what this waits for. That must not be; going on is better than waiting for ever.
                core.waiting -= 1;
                break;
            }
            core = unpoisoned(shared.room.wait(core));
            core.waiting -= 1;
        }
        drop(core);
        if let Some(what) = waits_for {
            shared.begin_wait(worker, what);
        }
    }

    /// Hands over the items of a returned list, the op having succeeded.
    pub fn release_returned(&mut self) -> bool {
        for one in std::mem::take(&mut self.returned) {
            // SAFETY: the value is an item of the output and is moved out; the key is a text.
            let pushed = unsafe {
                let pushed = self.push(one.output, one.value.as_ptr(), &one.key.0, one.site);
                let size = one.value.desc().size as usize;
                std::ptr::write_bytes(one.value.as_ptr(), 0, size);
                pushed
            };
            if !pushed {
                return false;
            }
        }
        self.returned_keys.clear();
        true
    }
}
