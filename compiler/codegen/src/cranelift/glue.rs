//! What every call needs: addresses of data, entry points, arguments, checks of what comes back.

use cranelift_codegen::ir::{self as clif, FuncRef, InstBuilder, Value, types};
use cranelift_module::Module;
use dynop_ir::TypeId;

use super::emit::{Emitter, Result, Val};
use crate::CodegenError;
use crate::constants::RecordId;

impl Emitter<'_, '_, '_> {
    pub(super) fn data_address(&mut self, record: RecordId) -> Result<Value> {
        let data = self.shared.record(record)?;
        let global = self
            .shared
            .module
            .declare_data_in_func(data, self.builder.func);
        Ok(self.builder.ins().symbol_value(types::I64, global))
    }

    pub(super) fn descriptor(&mut self, ty: TypeId) -> Result<Value> {
        let record = self.shared.constants.descriptor(ty)?;
        self.data_address(record)
    }

    /// The number of the current place in the source, as an operand.
    pub(super) fn site(&mut self) -> Value {
        let site = self.shared.site(self.id, self.span);
        self.builder.ins().iconst(types::I32, i64::from(site))
    }

    fn entry_ref(&mut self, name: &str) -> Result<FuncRef> {
        let id = self.shared.entry(name)?;
        let reference = self
            .shared
            .module
            .declare_func_in_func(id, self.builder.func);
        // The runtime is linked into the same executable: a direct call reaches it.
        self.builder.func.dfg.ext_funcs[reference].colocated = true;
        Ok(reference)
    }

    /// Calls a runtime entry point; its result if it has one.
    pub(super) fn call_entry(&mut self, name: &str, args: &[Value]) -> Result<Option<Value>> {
        let reference = self.entry_ref(name)?;
        let signature = self.builder.func.dfg.ext_funcs[reference].signature;
        let wanted: Vec<clif::Type> = self.builder.func.dfg.signatures[signature]
            .params
            .iter()
            .map(|param| param.value_type)
            .collect();
        let given: Vec<clif::Type> = args
            .iter()
            .map(|&arg| self.builder.func.dfg.value_type(arg))
            .collect();
        if wanted != given {
            return Err(CodegenError(format!(
                "`{name}` takes {wanted:?} and is given {given:?}"
            )));
        }
        let call = self.builder.ins().call(reference, args);
        Ok(self.builder.inst_results(call).first().copied())
    }

    /// Calls an entry point that returns a status and goes to `target` if it failed.
    pub(super) fn call_fallible(
        &mut self,
        name: &str,
        args: &[Value],
        target: clif::Block,
        trace: bool,
    ) -> Result<()> {
        let status = self
            .call_entry(name, args)?
            .ok_or_else(|| CodegenError(format!("`{name}` returns no status")))?;
        self.check(status, target, trace)
    }

    /// Goes to `target` on a failed status, adding the current place to the trace.
    pub(super) fn check(&mut self, status: Value, target: clif::Block, trace: bool) -> Result<()> {
        let site = if trace {
            Some(self.shared.site(self.id, self.span))
        } else {
            None
        };
        self.fail_if(status, target, |this| {
            if let Some(site) = site {
                let site = this.builder.ins().iconst(types::I32, i64::from(site));
                this.call_entry("dyn_trace", &[this.ctx, site])?;
            }
            Ok(())
        })
    }

    /// The arguments of a call between compiled functions.
    pub(super) fn push_argument(&mut self, list: &mut Vec<Value>, value: &Val, ty: TypeId) {
        match value {
            Val::Parts(parts) => list.extend(parts),
            Val::Memory(address) => {
                // The callee takes it over from memory that nobody writes meanwhile.
                let size = self.shared.layouts.get(ty).size;
                let copy = self.temporary(size);
                self.store(copy, 0, &Val::Memory(*address), ty);
                list.push(copy);
            }
        }
    }

    /// What a call of a compiled function returned, and its check.
    pub(super) fn finish_call(
        &mut self,
        call: clif::Inst,
        out: Option<Value>,
        result: TypeId,
        fallible: bool,
        target: clif::Block,
    ) -> Result<Val> {
        let mut results = self.builder.inst_results(call).to_vec().into_iter();
        if fallible {
            let status = results
                .next()
                .ok_or_else(|| CodegenError("a call returns no status".into()))?;
            let rest: Vec<Value> = results.collect();
            self.check(status, target, true)?;
            results = rest.into_iter();
        }
        Ok(match out {
            Some(out) => self.load(out, 0, result),
            None => Val::Parts(results.collect()),
        })
    }
}
