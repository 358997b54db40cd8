//! Calls of compiled functions, closures and native functions, and what leaves an op.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as clif, AbiParam, InstBuilder, Value, types};
use cranelift_module::{Linkage, Module};
use dynop_abi::context::FAILED;
use dynop_abi::entries::{self, AbiType};
use dynop_abi::layout::{CLOSURE_CODE, CLOSURE_DATA};
use dynop_ir::{FunctionId, Inst, NativeArg, Operand, Type, TypeId};

use super::emit::{Emitter, Result, TRUSTED, Val};
use super::ops::Made;
use super::places::End;
use crate::CodegenError;
use crate::unit::Unit;

impl Emitter<'_, '_, '_> {
    pub(super) fn call(
        &mut self,
        function: FunctionId,
        args: &[Operand],
        target: clif::Block,
    ) -> Result<Made> {
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
        let mut values = vec![self.ctx];
        let out = self.out_for(result, &mut values);
        for (operand, ty) in args.iter().zip(params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty);
        }
        let id = self.shared.functions[&function];
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        self.builder.func.dfg.ext_funcs[reference].colocated = true;
        let call = self.builder.ins().call(reference, &values);
        Ok((
            self.finish_call(call, out, result, fallible, target)?,
            result,
        ))
    }

    fn out_for(&mut self, result: TypeId, values: &mut Vec<Value>) -> Option<Value> {
        let layout = self.shared.layouts.get(result);
        let (size, several) = (layout.size, layout.parts.len() > 1);
        several.then(|| {
            let out = self.temporary(size);
            values.push(out);
            out
        })
    }

    pub(super) fn call_closure(
        &mut self,
        callee: &Operand,
        args: &[Operand],
        target: clif::Block,
    ) -> Result<Made> {
        let (closure, ty) = self.typed(callee)?;
        let closure = self.single(closure)?;
        let Type::Closure(params, result) = self.shared.program.types.get(ty).clone() else {
            return Err(CodegenError("a call of what is no closure".into()));
        };
        let mut values = vec![self.ctx];
        let out = self.out_for(result, &mut values);
        values.push(closure);
        for (operand, &ty) in args.iter().zip(&params) {
            let value = self.value(operand, ty)?;
            self.push_argument(&mut values, &value, ty);
        }
        let code = self
            .builder
            .ins()
            .load(types::I64, TRUSTED, closure, CLOSURE_CODE as i32);
        let signature = self.shared.unit.signature_of(params, result, true, true);
        let signature = super::signature(&signature);
        let signature = self.builder.import_signature(signature);
        let call = self.builder.ins().call_indirect(signature, code, &values);
        Ok((self.finish_call(call, out, result, true, target)?, result))
    }

    pub(super) fn make_closure(
        &mut self,
        function: FunctionId,
        captures: &[Operand],
        ty: TypeId,
        target: clif::Block,
    ) -> Result<Made> {
        let callee = &self.shared.program.functions[function.0 as usize];
        let Some(types) = callee.captures.clone() else {
            return Err(CodegenError(format!(
                "`{}` is not the code of a closure",
                callee.name
            )));
        };
        let id = self.shared.functions[&function];
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        let code = self.builder.ins().func_addr(types::I64, reference);
        let descriptor = self.shared.constants.captures(&types)?;
        let descriptor = self.data_address(descriptor)?;
        let closure = self.call_entry("dyn_closure_new", &[self.ctx, code, descriptor])?;
        let closure =
            closure.ok_or_else(|| CodegenError("`dyn_closure_new` returns nothing".into()))?;
        let none = self.builder.ins().icmp_imm_s(IntCC::Equal, closure, 0);
        let site = self.site();
        self.fail_if(none, target, |this| {
            this.call_entry("dyn_fail_memory", &[this.ctx, site])?;
            Ok(())
        })?;
        let (offsets, _) = self.shared.unit.captures(&types);
        for (index, operand) in captures.iter().enumerate() {
            let value = self.value(operand, types[index])?;
            let offset = CLOSURE_DATA as u32 + offsets[index];
            self.store(closure, offset, &value, types[index]);
        }
        Ok((Val::Parts(vec![closure]), ty))
    }

    /// The address of a capture of the closure whose code this is, and its type.
    pub(super) fn capture(&mut self, index: u32) -> Result<(Value, TypeId)> {
        let (Some(closure), Some(captures)) = (self.closure, self.function.captures.clone()) else {
            return Err(CodegenError(
                "a capture outside the code of a closure".into(),
            ));
        };
        let Some(&ty) = captures.get(index as usize) else {
            return Err(CodegenError("a capture that is not there".into()));
        };
        let (offsets, _) = self.shared.unit.captures(&captures);
        let offset = CLOSURE_DATA as u32 + offsets[index as usize];
        Ok((
            self.builder.ins().iadd_imm_s(closure, i64::from(offset)),
            ty,
        ))
    }

    /// Calls a native function by the convention of the table.
    pub(super) fn call_native(
        &mut self,
        inst: &Inst,
        entry: &str,
        args: &[NativeArg],
        described: &[TypeId],
        target: clif::Block,
    ) -> Result<Option<Made>> {
        if !entry.starts_with("dyn_") {
            return self.call_foreign(inst, entry, args);
        }
        let Some(declared) = entries::find(entry) else {
            return Err(CodegenError(format!(
                "`{entry}` is no entry point of the runtime"
            )));
        };
        let result = inst.dst.map(|dst| self.ty_of(dst));
        // One parameter more than context, arguments and descriptors is where the result goes.
        let has_out = declared.params.len() > 1 + args.len() + described.len();
        let mut values = vec![self.ctx];
        let mut out = None;
        if has_out {
            let size = result.map_or(64, |ty| self.shared.layouts.get(ty).size);
            let address = self.temporary(size);
            values.push(address);
            out = Some(address);
        }
        let mut written = Vec::new();
        for arg in args {
            match arg {
                NativeArg::Value(operand) => {
                    let (value, ty) = self.typed(operand)?;
                    let scalar = matches!(
                        declared.params.get(values.len()),
                        Some(AbiType::I64 | AbiType::F64 | AbiType::U8)
                    );
                    values.push(if scalar {
                        self.single(value)?
                    } else {
                        self.spill(&value, ty)
                    });
                }
                NativeArg::InOut(place) => {
                    let end = self.resolve(place, target)?;
                    let address = match end {
                        End::Memory { address, .. } => address,
                        End::Parts { .. } => {
                            let value = self.read_end(place, end);
                            let size = self.shared.layouts.get(end.ty()).size;
                            let address = self.temporary(size);
                            self.store(address, 0, &value, end.ty());
                            written.push((place, end, address));
                            address
                        }
                    };
                    values.push(address);
                }
            }
        }
        for &ty in described {
            values.push(self.descriptor(ty)?);
        }
        let status = self.call_entry(entry, &values)?;
        // Read back before the check: a failed call may have moved a buffer too.
        for (place, end, address) in written {
            let value = self.load(address, 0, end.ty());
            self.write_end(place, end, &value);
        }
        if let Some(status) = status {
            self.check(status, target, true)?;
        }
        match (out, result) {
            (Some(out), Some(ty)) => Ok(Some((self.load(out, 0, ty), ty))),
            (None, Some(ty)) => Ok(Some((self.zero(ty), ty))),
            (_, None) => Ok(None),
        }
    }

    /// Calls a C function of scalars.
    fn call_foreign(
        &mut self,
        inst: &Inst,
        symbol: &str,
        args: &[NativeArg],
    ) -> Result<Option<Made>> {
        let parameter = |ty| match ty {
            types::I8 => AbiParam::new(ty).uext(),
            ty => AbiParam::new(ty),
        };
        let mut signature = self.shared.module.make_signature();
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let NativeArg::Value(operand) = arg else {
                return Err(CodegenError(format!("`{symbol}` is given a place")));
            };
            let (value, _) = self.typed(operand)?;
            let value = self.single(value)?;
            signature
                .params
                .push(parameter(self.builder.func.dfg.value_type(value)));
            values.push(value);
        }
        let result = inst.dst.map(|dst| self.ty_of(dst));
        if let Some(ty) = result
            && let [part] = self.shared.layouts.get(ty).parts.as_slice()
        {
            signature
                .returns
                .push(parameter(super::register(part.kind)));
        }
        let declared = self
            .shared
            .module
            .declare_function(symbol, Linkage::Import, &signature);
        let id = declared.map_err(|error| CodegenError(error.to_string()))?;
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        // It is linked into the same executable.
        self.builder.func.dfg.ext_funcs[reference].colocated = true;
        let call = self.builder.ins().call(reference, &values);
        let returned = self.builder.inst_results(call).first().copied();
        Ok(match (result, returned) {
            (Some(ty), Some(value)) => Some((Val::Parts(vec![value]), ty)),
            (Some(ty), None) => Some((self.zero(ty), ty)),
            (None, _) => None,
        })
    }

    pub(super) fn hand_on(
        &mut self,
        entry: &str,
        output: u32,
        value: &Operand,
        key: Option<&Operand>,
        target: clif::Block,
    ) -> Result<Option<Made>> {
        let (value, ty) = self.typed(value)?;
        let value = self.spill(&value, ty);
        let output = self.builder.ins().iconst(types::I32, i64::from(output));
        let mut args = vec![self.ctx, self.site(), output, value];
        if let Some(key) = key {
            let (key, ty) = self.typed(key)?;
            args.push(self.spill(&key, ty));
        }
        self.call_fallible(entry, &args, target, false)?;
        Ok(None)
    }

    pub(super) fn always_fails(
        &mut self,
        entry: &str,
        args: &[Value],
        target: clif::Block,
    ) -> Result<Option<Made>> {
        self.call_entry(entry, args)?;
        self.builder.ins().jump(target, &[]);
        // Whatever the block still holds is not reached.
        let rest = self.builder.create_block();
        self.builder.set_cold_block(rest);
        self.builder.switch_to_block(rest);
        Ok(None)
    }

    pub(super) fn catch(&mut self, inst: &Inst, target: clif::Block) -> Result<Option<Made>> {
        let text = self.known(&Type::Str)?;
        let addresses = [self.temporary(16), self.temporary(16), self.temporary(16)];
        let status = self.call_entry(
            "dyn_catch",
            &[self.ctx, addresses[0], addresses[1], addresses[2]],
        )?;
        let status = status.ok_or_else(|| CodegenError("`dyn_catch` returns nothing".into()))?;
        let failed = self
            .builder
            .ins()
            .icmp_imm_s(IntCC::Equal, status, i64::from(FAILED));
        self.fail_if(failed, target, |_| Ok(()))?;
        let mut parts = Vec::new();
        for address in addresses {
            if let Val::Parts(words) = self.load(address, 0, text) {
                parts.extend(words);
            }
        }
        match inst.dst {
            Some(dst) => Ok(Some((Val::Parts(parts), self.ty_of(dst)))),
            None => {
                for words in parts.chunks(2) {
                    self.release(&Val::Parts(words.to_vec()), text)?;
                }
                Ok(None)
            }
        }
    }
}
