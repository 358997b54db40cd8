//! Counts of values: the fast ways are here, the rest is the runtime's.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use dynop_abi::layout::{COUNT, STR_HEAP};
use dynop_ir::TypeId;

use super::emit::{Emitter, Result, TRUSTED, Val};
use crate::layout::{Part, PartKind};

impl Emitter<'_, '_, '_> {
    /// One owner more of a value at hand.
    pub(super) fn retain(&mut self, value: &Val, ty: TypeId) -> Result<()> {
        let layout = self.shared.layouts.get(ty).clone();
        if !layout.counted {
            return Ok(());
        }
        match value {
            Val::Memory(address) => {
                let descriptor = self.descriptor(ty)?;
                self.call_entry("dyn_value_retain", &[*address, descriptor])?;
            }
            Val::Parts(parts) => self.each_count(&layout.parts, parts, Emitter::retain_buffer)?,
        }
        Ok(())
    }

    /// One owner less of a value at hand.
    pub(super) fn release(&mut self, value: &Val, ty: TypeId) -> Result<()> {
        let layout = self.shared.layouts.get(ty).clone();
        if !layout.counted {
            return Ok(());
        }
        match value {
            Val::Memory(address) => {
                let descriptor = self.descriptor(ty)?;
                self.call_entry("dyn_value_release", &[*address, descriptor])?;
            }
            Val::Parts(parts) => self.each_count(&layout.parts, parts, Emitter::release_buffer)?,
        }
        Ok(())
    }

    /// Does `count` to every counted part that holds a buffer: pointers that are not null, texts that are not inline.
    fn each_count(
        &mut self,
        parts: &[Part],
        values: &[Value],
        count: fn(&mut Self, PartKind, Value, Value) -> Result<()>,
    ) -> Result<()> {
        for (index, (part, &value)) in parts.iter().zip(values).enumerate() {
            let (is_buffer, high) = match part.kind {
                PartKind::TextLow => {
                    let high = values[index + 1];
                    let top = self.builder.ins().ushr_imm_u(high, 56);
                    (
                        self.builder
                            .ins()
                            .icmp_imm_s(IntCC::Equal, top, i64::from(STR_HEAP)),
                        high,
                    )
                }
                PartKind::List(_) | PartKind::Map(_) | PartKind::Closure => (
                    self.builder.ins().icmp_imm_s(IntCC::NotEqual, value, 0),
                    value,
                ),
                PartKind::Byte | PartKind::Int | PartKind::Float | PartKind::TextHigh => continue,
            };
            let (then, next) = (self.builder.create_block(), self.builder.create_block());
            self.builder.ins().brif(is_buffer, then, &[], next, &[]);
            self.builder.switch_to_block(then);
            count(self, part.kind, value, high)?;
            self.builder.ins().jump(next, &[]);
            self.builder.switch_to_block(next);
        }
        Ok(())
    }

    /// A local count goes up here; a shared one and an immortal one are the runtime's business.
    fn retain_buffer(&mut self, _: PartKind, buffer: Value, _: Value) -> Result<()> {
        let count = self
            .builder
            .ins()
            .load(types::I32, TRUSTED, buffer, COUNT as i32);
        let local = self
            .builder
            .ins()
            .icmp_imm_s(IntCC::SignedGreaterThan, count, 0);
        let (fast, slow, next) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        self.builder.ins().brif(local, fast, &[], slow, &[]);
        self.builder.switch_to_block(fast);
        let more = self.builder.ins().iadd_imm_s(count, 1);
        self.builder
            .ins()
            .store(TRUSTED, more, buffer, COUNT as i32);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(slow);
        self.call_entry("dyn_buffer_retain", &[buffer])?;
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        Ok(())
    }

    /// A local count above one goes down here; the rest is the runtime's business.
    fn release_buffer(&mut self, kind: PartKind, buffer: Value, high: Value) -> Result<()> {
        let count = self
            .builder
            .ins()
            .load(types::I32, TRUSTED, buffer, COUNT as i32);
        let several = self
            .builder
            .ins()
            .icmp_imm_s(IntCC::SignedGreaterThan, count, 1);
        let (fast, slow, next) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        self.builder.ins().brif(several, fast, &[], slow, &[]);
        self.builder.switch_to_block(fast);
        let less = self.builder.ins().iadd_imm_s(count, -1);
        self.builder
            .ins()
            .store(TRUSTED, less, buffer, COUNT as i32);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(slow);
        match kind {
            PartKind::List(ty) => {
                let descriptor = self.descriptor(ty)?;
                self.call_entry("dyn_list_release", &[buffer, descriptor])?;
            }
            PartKind::Map(ty) => {
                let descriptor = self.descriptor(ty)?;
                self.call_entry("dyn_map_release", &[buffer, descriptor])?;
            }
            PartKind::Closure => {
                self.call_entry("dyn_closure_release", &[buffer])?;
            }
            _ => {
                self.call_entry("dyn_str_release", &[buffer, high])?;
            }
        }
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        Ok(())
    }
}
