//! Tuples, structs, options, enums: made and looked into.

use dynop_ir::{Operand, Type, TypeId};

use super::build::Value;
use super::emit::{Emitter, Result, Val};
use super::ops::Made;
use crate::CodegenError;

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn make(
        &mut self,
        ty: TypeId,
        tag: Option<Value<'c>>,
        fields: &[Operand],
    ) -> Result<Made<'c>> {
        let layouts = self.shared.layouts;
        let layout = layouts.get(ty);
        let types: Vec<TypeId> = if layout.fields.is_empty() {
            vec![self.int_type()?; fields.len()]
        } else {
            layout.fields.iter().map(|field| field.ty).collect()
        };
        if types.len() != fields.len() {
            return Err(CodegenError(
                "an aggregate with another number of fields than its type".into(),
            ));
        }
        if layouts.in_memory(ty) {
            let address = self.temporary(layout.size)?;
            if let Some(tag) = tag {
                self.store_register(tag, address, 0)?;
            }
            for (field, operand) in layout.fields.iter().zip(fields) {
                let value = self.value(operand, field.ty)?;
                self.store(address, field.offset, &value, field.ty)?;
            }
            return Ok((Val::Memory(address), ty));
        }
        let mut parts: Vec<Value<'c>> = tag.into_iter().collect();
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

    pub(super) fn variant(
        &mut self,
        ty: TypeId,
        case: u32,
        payload: &[Operand],
    ) -> Result<Made<'c>> {
        let Type::Enum(one) = self.shared.program.types.get(ty) else {
            return Err(CodegenError("a case of what is no enum".into()));
        };
        let before = one.parts_before(case);
        let layout = self.shared.layouts.get(ty);
        let address = self.temporary(layout.size)?;
        self.zero_memory(address, layout.size)?;
        self.store_register(self.word(i64::from(case)), address, 0)?;
        for (field, operand) in layout.fields.iter().skip(before).zip(payload) {
            let value = self.value(operand, field.ty)?;
            self.store(address, field.offset, &value, field.ty)?;
        }
        Ok((self.load(address, 0, ty)?, ty))
    }

    pub(super) fn copy_of_field(&mut self, base: &Operand, index: usize) -> Result<Made<'c>> {
        let (base, ty) = self.typed(base)?;
        let (value, ty) = self.field(&base, ty, index)?;
        let value = self.keep(value, ty)?;
        self.retain(&value, ty)?;
        Ok((value, ty))
    }

    pub(super) fn tag(&mut self, base: &Operand) -> Result<Value<'c>> {
        let (base, ty) = self.typed(base)?;
        let parts = &self.shared.layouts.get(ty).parts;
        match (base, parts.first()) {
            (Val::Parts(parts), Some(_)) if !parts.is_empty() => Ok(parts[0]),
            (Val::Memory(address), Some(&part)) => self.load_part(address, 0, part),
            _ => Err(CodegenError("no tag".into())),
        }
    }
}
