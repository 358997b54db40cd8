//! Counts of values: the fast ways are here, the rest is the runtime's.

use dynop_abi::layout::COUNT;
use dynop_ir::TypeId;
use inkwell::IntPredicate;
use inkwell::values::PointerValue;

use super::build::{Value, address, int};
use super::emit::{Emitter, Result, Val};
use crate::layout::{Part, PartKind};

impl<'c> Emitter<'_, 'c, '_> {
    /// One owner more of a value at hand.
    pub(super) fn retain(&mut self, value: &Val<'c>, ty: TypeId) -> Result<()> {
        let layouts = self.shared.layouts;
        let layout = layouts.get(ty);
        if !layout.counted {
            return Ok(());
        }
        match value {
            Val::Memory(address) => {
                let args = [(*address).into(), self.descriptor(ty)?];
                self.call_entry("dyn_value_retain", &args)?;
                Ok(())
            }
            Val::Parts(parts) => self.each_count(&layout.parts, parts, Emitter::retain_buffer),
        }
    }

    /// One owner less of a value at hand.
    pub(super) fn release(&mut self, value: &Val<'c>, ty: TypeId) -> Result<()> {
        let layouts = self.shared.layouts;
        let layout = layouts.get(ty);
        if !layout.counted {
            return Ok(());
        }
        match value {
            Val::Memory(address) => {
                let args = [(*address).into(), self.descriptor(ty)?];
                self.call_entry("dyn_value_release", &args)?;
                Ok(())
            }
            Val::Parts(parts) => self.each_count(&layout.parts, parts, Emitter::release_buffer),
        }
    }

    /// Does `count` to every counted part that holds a buffer: pointers that are not null, texts that are not inline.
    fn each_count(
        &mut self,
        parts: &[Part],
        values: &[Value<'c>],
        count: fn(&mut Self, PartKind, PointerValue<'c>, Value<'c>) -> Result<()>,
    ) -> Result<()> {
        for (index, (part, &value)) in parts.iter().zip(values).enumerate() {
            let (is_buffer, high) = match part.kind {
                PartKind::TextLow => {
                    let high = values[index + 1];
                    (self.is_buffer(int(high)?)?, high)
                }
                PartKind::List(_) | PartKind::Map(_) | PartKind::Closure => {
                    (self.not_zero(value)?, value)
                }
                PartKind::Byte | PartKind::Int | PartKind::Float | PartKind::TextHigh => continue,
            };
            let (then, next) = (self.new_block(), self.new_block());
            self.branch(is_buffer, then, next)?;
            self.switch_to(then);
            let buffer = match part.kind {
                PartKind::TextLow => self.to_address(int(value)?)?,
                _ => address(value)?,
            };
            count(self, part.kind, buffer, high)?;
            self.jump(next)?;
            self.switch_to(next);
        }
        Ok(())
    }

    /// A local count goes up here; a shared one and an immortal one are the runtime's business.
    fn retain_buffer(&mut self, _: PartKind, buffer: PointerValue<'c>, _: Value<'c>) -> Result<()> {
        self.step_count(buffer, 0, 1, |this| {
            this.call_entry("dyn_buffer_retain", &[buffer.into()])?;
            Ok(())
        })
    }

    /// A local count above one goes down here; the rest is the runtime's business.
    fn release_buffer(
        &mut self,
        kind: PartKind,
        buffer: PointerValue<'c>,
        high: Value<'c>,
    ) -> Result<()> {
        self.step_count(buffer, 1, -1, |this| {
            let value = buffer.into();
            match kind {
                PartKind::List(ty) => {
                    let descriptor = this.descriptor(ty)?;
                    this.call_entry("dyn_list_release", &[value, descriptor])?;
                }
                PartKind::Map(ty) => {
                    let descriptor = this.descriptor(ty)?;
                    this.call_entry("dyn_map_release", &[value, descriptor])?;
                }
                PartKind::Closure => {
                    this.call_entry("dyn_closure_release", &[value])?;
                }
                _ => {
                    let word = this.context().i64_type();
                    let low = this.builder.build_ptr_to_int(buffer, word, "")?;
                    this.call_entry("dyn_str_release", &[low.into(), high])?;
                }
            }
            Ok(())
        })
    }

    /// Adds to a count that is above `least`; where it is not, does what `slow` says.
    fn step_count(
        &mut self,
        buffer: PointerValue<'c>,
        least: u32,
        step: i32,
        slow: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let count = self.load_count(buffer)?;
        let local = self.compare_words(IntPredicate::SGT, count, self.half(least))?;
        let (fast, slow_block, next) = (self.new_block(), self.new_block(), self.new_block());
        self.branch(local, fast, slow_block)?;
        self.switch_to(fast);
        let step = self.half(step as u32);
        let stepped = self.builder.build_int_add(count, step, "")?;
        self.store_header(stepped, buffer, COUNT as u32)?;
        self.jump(next)?;
        self.switch_to(slow_block);
        slow(self)?;
        self.jump(next)?;
        self.switch_to(next);
        Ok(())
    }
}
