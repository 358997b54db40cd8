//! Tuples, structs, options, enums: made and looked into.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use dynop_ir::{Operand, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::ops::Made;
use crate::CodegenError;

impl Emitter<'_, '_, '_> {
    pub(super) fn make(
        &mut self,
        ty: TypeId,
        tag: Option<Value>,
        fields: &[Operand],
    ) -> Result<Made> {
        let layout = self.shared.layouts.get(ty).clone();
        let types: Vec<TypeId> = if layout.fields.is_empty() {
            fields
                .iter()
                .map(|_| self.int_type())
                .collect::<Result<_>>()?
        } else {
            layout.fields.iter().map(|field| field.ty).collect()
        };
        if types.len() != fields.len() {
            return Err(CodegenError(
                "an aggregate with another number of fields than its type".into(),
            ));
        }
        if self.shared.layouts.in_memory(ty) {
            let address = self.temporary(layout.size);
            if let Some(tag) = tag {
                self.builder.ins().store(TRUSTED, tag, address, 0);
            }
            for (field, operand) in layout.fields.iter().zip(fields) {
                let value = self.value(operand, field.ty)?;
                self.store(address, field.offset, &value, field.ty);
            }
            return Ok((Val::Memory(address), ty));
        }
        let mut parts: Vec<Value> = tag.into_iter().collect();
        for (operand, field) in fields.iter().zip(types) {
            match self.value(operand, field)? {
                Val::Parts(more) => parts.extend(more),
                Val::Memory(_) => {
                    return Err(CodegenError("a small value with a large field".into()));
                }
            }
        }
        Ok((Val::Parts(parts), ty))
    }

    pub(super) fn variant(&mut self, ty: TypeId, case: u32, payload: &[Operand]) -> Result<Made> {
        let Type::Enum(one) = self.shared.program.types.get(ty) else {
            return Err(CodegenError("a case of what is no enum".into()));
        };
        let before = one.parts_before(case);
        let layout = self.shared.layouts.get(ty).clone();
        let address = self.temporary(layout.size);
        self.zero_memory(address, layout.size);
        let tag = self.builder.ins().iconst(types::I64, i64::from(case));
        self.builder.ins().store(TRUSTED, tag, address, 0);
        for (field, operand) in layout.fields.iter().skip(before).zip(payload) {
            let value = self.value(operand, field.ty)?;
            self.store(address, field.offset, &value, field.ty);
        }
        Ok((self.load(address, 0, ty), ty))
    }

    pub(super) fn copy_of_field(&mut self, base: &Operand, index: usize) -> Result<Made> {
        let (base, ty) = self.typed(base)?;
        let (value, ty) = self.field(&base, ty, index)?;
        let value = self.keep(value, ty);
        self.retain(&value, ty)?;
        Ok((value, ty))
    }

    pub(super) fn tag(&mut self, base: &Operand) -> Result<Value> {
        let (base, ty) = self.typed(base)?;
        match base {
            Val::Parts(parts) => parts
                .first()
                .copied()
                .ok_or_else(|| CodegenError("no tag".into())),
            Val::Memory(address) => {
                let part = self.shared.layouts.get(ty).parts[0];
                Ok(self.load_part(address, 0, part))
            }
        }
    }
}
