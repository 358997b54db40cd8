//! Which locals are read later, at each point of a function.

use crate::function::{Block, BlockId, Function, LocalId, Operand};

/// A set of locals of one function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalSet {
    words: Vec<u64>,
}

impl LocalSet {
    /// An empty set for locals below `count`.
    pub fn new(count: usize) -> Self {
        Self {
            words: vec![0; count.div_ceil(64)],
        }
    }

    /// Whether the local is in it.
    pub fn contains(&self, local: LocalId) -> bool {
        self.words
            .get(local.0 as usize / 64)
            .is_some_and(|word| word >> (local.0 % 64) & 1 == 1)
    }

    /// Puts a local in.
    pub fn insert(&mut self, local: LocalId) {
        if let Some(word) = self.words.get_mut(local.0 as usize / 64) {
            *word |= 1 << (local.0 % 64);
        }
    }

    /// Takes a local out.
    pub fn remove(&mut self, local: LocalId) {
        if let Some(word) = self.words.get_mut(local.0 as usize / 64) {
            *word &= !(1 << (local.0 % 64));
        }
    }

    /// Adds all of another set; whether that changed anything.
    pub fn union(&mut self, other: &LocalSet) -> bool {
        let mut changed = false;
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            changed |= *more & !*word != 0;
            *word |= more;
        }
        changed
    }

    /// The locals in it, in order.
    pub fn iter(&self) -> impl Iterator<Item = LocalId> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| LocalId(index as u32 * 64 + bit))
        })
    }
}

/// Live locals at the ends of every block, of those that are tracked.
#[derive(Debug)]
pub struct Liveness {
    tracked: LocalSet,
    live_in: Vec<LocalSet>,
    empty: LocalSet,
}

impl Liveness {
    /// Computes it: backwards over the blocks until nothing changes.
    pub fn of(function: &Function, tracked: &LocalSet) -> Self {
        let empty = LocalSet::new(function.locals.len());
        let mut this = Self {
            tracked: tracked.clone(),
            live_in: vec![empty.clone(); function.blocks.len()],
            empty,
        };
        let mut changed = true;
        while changed {
            changed = false;
            for (index, block) in function.blocks.iter().enumerate().rev() {
                let live = this.before_block(block);
                if this.live_in[index] != live {
                    this.live_in[index] = live;
                    changed = true;
                }
            }
        }
        this
    }

    /// What is live at the start of a block.
    pub fn live_in(&self, block: BlockId) -> &LocalSet {
        self.live_in.get(block.0 as usize).unwrap_or(&self.empty)
    }

    /// What is live behind a block's terminator.
    pub fn live_out(&self, block: &Block) -> LocalSet {
        let mut live = self.empty.clone();
        block.terminator.successors(&mut |next| {
            live.union(self.live_in(next));
        });
        live
    }

    /// What is live after each instruction of a block, in order.
    pub fn after_each(&self, block: &Block) -> Vec<LocalSet> {
        let mut after = Vec::with_capacity(block.insts.len());
        self.backwards(block, |live| after.push(live.clone()));
        after.reverse();
        after
    }

    fn before_block(&self, block: &Block) -> LocalSet {
        self.backwards(block, |_| {})
    }

    fn backwards(&self, block: &Block, mut after: impl FnMut(&LocalSet)) -> LocalSet {
        let mut live = self.live_out(block);
        if let Some((Operand::Local(local), _)) = block.terminator.operand() {
            self.read(&mut live, *local);
        }
        for inst in block.insts.iter().rev() {
            after(&live);
            if let Some(dst) = inst.dst {
                live.remove(dst);
            }
            if let Some(handler) = inst.on_fail {
                live.union(self.live_in(handler));
            }
            inst.uses(&mut |local, _| self.read(&mut live, local));
        }
        live
    }

    fn read(&self, live: &mut LocalSet, local: LocalId) {
        if self.tracked.contains(local) {
            live.insert(local);
        }
    }
}
