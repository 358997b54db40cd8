//! Calls of compiled functions, closures and native functions, and what leaves an op.

use dynop_abi::context::FAILED;
use dynop_abi::entries::AbiType;
use dynop_abi::layout::{CLOSURE_CODE, CLOSURE_DATA};
use dynop_ir::{FunctionId, Inst, NativeArg, Operand, Type, TypeId};
use inkwell::attributes::AttributeLoc;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{BasicMetadataValueEnum, PointerValue};

use super::build::{Value, address};
use super::emit::{Emitter, Result, Val};
use super::function_type;
use super::ops::Made;
use super::places::End;
use crate::CodegenError;
use crate::unit::{Register, Signature, Unit};

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn call(
        &mut self,
        function: FunctionId,
        args: &[Operand],
        target: BasicBlock<'c>,
    ) -> Result<Made<'c>> {
        let callee = &self.shared.program.functions[function.0 as usize];
        let (result, fallible) = (callee.result, callee.fallible);
        let params: Vec<TypeId> = Unit::params(callee).collect();
        if params.len() != args.len() {
            return Err(CodegenError(format!(
                "`{}` is called with {} arguments",
                callee.name,
                args.len()
            )));
        }
        let mut values = vec![self.ctx.into()];
        let out = self.out_for(result, &mut values)?;
        for (operand, ty) in args.iter().zip(params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty)?;
        }
        let call = self.call_direct(self.shared.functions[&function], &values)?;
        let made = self.finish_call(call, out, result, fallible, target)?;
        Ok((made, result))
    }

    fn out_for(
        &mut self,
        result: TypeId,
        values: &mut Vec<Value<'c>>,
    ) -> Result<Option<PointerValue<'c>>> {
        let layout = self.shared.layouts.get(result);
        if layout.parts.len() <= 1 {
            return Ok(None);
        }
        let out = self.temporary(layout.size)?;
        values.push(out.into());
        Ok(Some(out))
    }

    pub(super) fn call_closure(
        &mut self,
        callee: &Operand,
        args: &[Operand],
        target: BasicBlock<'c>,
    ) -> Result<Made<'c>> {
        let (closure, ty) = self.typed(callee)?;
        let closure = address(self.single(&closure)?)?;
        let Type::Closure(params, result) = self.shared.program.types.get(ty).clone() else {
            return Err(CodegenError("a call of what is no closure".into()));
        };
        let mut values = vec![self.ctx.into()];
        let out = self.out_for(result, &mut values)?;
        values.push(closure.into());
        for (operand, &ty) in args.iter().zip(&params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty)?;
        }
        let code = self.load_address(closure, CLOSURE_CODE as u32)?;
        let unit = self.shared.unit;
        let signature = unit.signature_of(params, result, true, true);
        let ty = function_type(self.context(), &signature);
        let values: Vec<BasicMetadataValueEnum<'c>> =
            values.into_iter().map(|value| value.into()).collect();
        let call = self.builder.build_indirect_call(ty, code, &values, "")?;
        Ok((self.finish_call(call, out, result, true, target)?, result))
    }

    pub(super) fn make_closure(
        &mut self,
        function: FunctionId,
        captures: &[Operand],
        ty: TypeId,
        target: BasicBlock<'c>,
    ) -> Result<Made<'c>> {
        let callee = &self.shared.program.functions[function.0 as usize];
        let Some(types) = callee.captures.clone() else {
            return Err(CodegenError(format!(
                "`{}` is not the code of a closure",
                callee.name
            )));
        };
        let code = self.shared.functions[&function].as_global_value();
        let descriptor = self.shared.constants.captures(&types)?;
        let descriptor = self.shared.record(descriptor)?;
        let args = [
            self.ctx.into(),
            code.as_pointer_value().into(),
            descriptor.into(),
        ];
        let closure = self.call_for_address("dyn_closure_new", &args)?;
        let (none, site) = (self.is_null(closure)?, self.site());
        self.fail_if(none, target, |this| {
            this.call_entry("dyn_fail_memory", &[this.ctx.into(), site])?;
            Ok(())
        })?;
        let (offsets, _) = self.shared.unit.captures(&types);
        for ((operand, &ty), offset) in captures.iter().zip(&types).zip(offsets) {
            let value = self.value(operand, ty)?;
            self.store(closure, CLOSURE_DATA as u32 + offset, &value, ty)?;
        }
        Ok((Val::Parts(vec![closure.into()]), ty))
    }

    /// The address of a capture of the closure whose code this is, and its type.
    pub(super) fn capture(&mut self, index: u32) -> Result<(PointerValue<'c>, TypeId)> {
        let (Some(closure), Some(captures)) = (self.closure, &self.function.captures) else {
            return Err(CodegenError(
                "a capture outside the code of a closure".into(),
            ));
        };
        let (offsets, _) = self.shared.unit.captures(captures);
        match (offsets.get(index as usize), captures.get(index as usize)) {
            (Some(offset), Some(&ty)) => Ok((self.at(closure, CLOSURE_DATA as u32 + offset)?, ty)),
            _ => Err(CodegenError("a capture that is not there".into())),
        }
    }

    /// Calls a native function by the convention of the table.
    pub(super) fn call_native(
        &mut self,
        inst: &Inst,
        entry: &str,
        args: &[NativeArg],
        described: &[TypeId],
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        if !entry.starts_with("dyn_") {
            return self.call_foreign(inst, entry, args);
        }
        let (declared, _) = Unit::entry(entry)?;
        let result = inst.dst.map(|dst| self.ty_of(dst));
        // One parameter more than context, arguments and descriptors is where the result goes.
        let has_out = declared.params.len() > 1 + args.len() + described.len();
        let mut values: Vec<Value<'c>> = vec![self.ctx.into()];
        let mut out = None;
        if has_out {
            let size = result.map_or(64, |ty| self.shared.layouts.get(ty).size);
            let address = self.temporary(size)?;
            values.push(address.into());
            out = Some(address);
        }
        let mut written = Vec::new();
        for arg in args {
            let kind = declared.params.get(values.len()).copied();
            values.push(match arg {
                NativeArg::Value(operand) => {
                    let (value, ty) = self.typed(operand)?;
                    match kind {
                        Some(AbiType::I64 | AbiType::F64 | AbiType::U8) => self.single(&value)?,
                        _ => self.spill(&value, ty)?.into(),
                    }
                }
                NativeArg::InOut(place) => match self.resolve(place, target)? {
                    End::Memory { address, .. } => address.into(),
                    end @ End::Parts { ty, .. } => {
                        let value = self.read_end(place, end)?;
                        let size = self.shared.layouts.get(ty).size;
                        let address = self.temporary(size)?;
                        self.store(address, 0, &value, ty)?;
                        written.push((place, end, address));
                        address.into()
                    }
                },
            });
        }
        for &ty in described {
            values.push(self.descriptor(ty)?);
        }
        let status = self.call_entry(entry, &values)?;
        // Read back before the check: a failed call may have moved a buffer too.
        for (place, end, address) in written {
            let value = self.load(address, 0, end.ty())?;
            self.write_end(place, end, &value)?;
        }
        if let Some(Value::IntValue(status)) = status {
            self.check(status, target, true)?;
        }
        match (out, result) {
            (Some(out), Some(ty)) => Ok(Some((self.load(out, 0, ty)?, ty))),
            (None, Some(ty)) => Ok(Some((self.zero(ty)?, ty))),
            (_, None) => Ok(None),
        }
    }

    /// Calls a C function of scalars.
    fn call_foreign(
        &mut self,
        inst: &Inst,
        symbol: &str,
        args: &[NativeArg],
    ) -> Result<Option<Made<'c>>> {
        let mut signature = Signature::default();
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let NativeArg::Value(operand) = arg else {
                return Err(CodegenError(format!("`{symbol}` is given a place")));
            };
            let (value, ty) = self.typed(operand)?;
            values.push(self.single(&value)?);
            if let [part] = self.shared.layouts.get(ty).parts.as_slice() {
                signature.params.push(part.kind.into());
            }
        }
        let result = inst.dst.map(|dst| self.ty_of(dst));
        if let Some(ty) = result
            && let [part] = self.shared.layouts.get(ty).parts.as_slice()
        {
            signature.results.push(part.kind.into());
        }
        let function = self.shared.foreign(symbol, &signature)?;
        let call = self.call_direct(function, &values)?;
        for (index, _) in (0..)
            .zip(&signature.params)
            .filter(|(_, register)| **register == Register::Byte)
        {
            call.add_attribute(
                AttributeLoc::Param(index),
                self.shared.attribute("zeroext", 0),
            );
        }
        // It is the user's, also where it has the name of a function of C that LLVM knows.
        call.add_attribute(
            AttributeLoc::Function,
            self.shared.attribute("nobuiltin", 0),
        );
        let returned = call.try_as_basic_value().basic();
        Ok(match (result, returned) {
            (Some(ty), Some(value)) => Some((Val::Parts(vec![value]), ty)),
            (Some(ty), None) => Some((self.zero(ty)?, ty)),
            (None, _) => None,
        })
    }

    pub(super) fn hand_on(
        &mut self,
        entry: &str,
        output: u32,
        value: &Operand,
        key: Option<&Operand>,
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        let (value, ty) = self.typed(value)?;
        let value = self.spill(&value, ty)?;
        let output = self.half(output).into();
        let mut args = vec![self.ctx.into(), self.site(), output, value.into()];
        if let Some(key) = key {
            let (key, ty) = self.typed(key)?;
            args.push(self.spill(&key, ty)?.into());
        }
        self.call_fallible(entry, &args, target, false)?;
        Ok(None)
    }

    pub(super) fn always_fails(
        &mut self,
        entry: &str,
        args: &[Value<'c>],
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        self.call_entry(entry, args)?;
        self.jump(target)?;
        // Whatever the block still holds is not reached.
        let rest = self.new_block();
        self.switch_to(rest);
        Ok(None)
    }

    pub(super) fn catch(
        &mut self,
        inst: &Inst,
        target: BasicBlock<'c>,
    ) -> Result<Option<Made<'c>>> {
        let text = self.known(&Type::Str)?;
        let addresses = [
            self.temporary(16)?,
            self.temporary(16)?,
            self.temporary(16)?,
        ];
        let mut args = vec![self.ctx.into()];
        args.extend(addresses.map(Value::from));
        let status = self.call_for_int("dyn_catch", &args)?;
        let failed = self.is(status, i64::from(FAILED))?;
        self.fail_if(failed, target, |_| Ok(()))?;
        let mut parts = Vec::new();
        for address in addresses {
            if let Val::Parts(words) = self.load(address, 0, text)? {
                parts.extend(words);
            }
        }
        if let Some(dst) = inst.dst {
            return Ok(Some((Val::Parts(parts), self.ty_of(dst))));
        }
        for words in parts.chunks(2) {
            self.release(&Val::Parts(words.to_vec()), text)?;
        }
        Ok(None)
    }
}
