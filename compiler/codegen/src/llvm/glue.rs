//! What every call needs: addresses of data, entry points, arguments, checks of what comes back.

use dynop_ir::TypeId;
use inkwell::basic_block::BasicBlock;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{CallSiteValue, IntValue, PointerValue};

use super::build::{Value, int};
use super::emit::{Emitter, Result, Val};
use crate::CodegenError;

impl<'c> Emitter<'_, 'c, '_> {
    pub(super) fn descriptor(&mut self, ty: TypeId) -> Result<Value<'c>> {
        let record = self.shared.constants.descriptor(ty)?;
        Ok(self.shared.record(record)?.into())
    }

    /// The number of the current place in the source, as an operand.
    pub(super) fn site(&mut self) -> Value<'c> {
        let site = self.shared.constants.site(self.function, self.span);
        self.half(site).into()
    }

    /// Calls a runtime entry point; its result if it has one.
    pub(super) fn call_entry(
        &mut self,
        name: &str,
        args: &[Value<'c>],
    ) -> Result<Option<Value<'c>>> {
        let entry = self.shared.entry(name)?;
        let wanted: Vec<BasicTypeEnum<'c>> = entry
            .get_param_iter()
            .map(|param| param.get_type())
            .collect();
        let given: Vec<BasicTypeEnum<'c>> = args.iter().map(|arg| arg.get_type()).collect();
        if wanted != given {
            return Err(CodegenError(format!(
                "`{name}` takes {wanted:?} and is given {given:?}"
            )));
        }
        let call = self.call_direct(entry, args)?;
        Ok(call.try_as_basic_value().basic())
    }

    /// Calls an entry point that returns a status and goes to `target` if it failed.
    pub(super) fn call_fallible(
        &mut self,
        name: &str,
        args: &[Value<'c>],
        target: BasicBlock<'c>,
        trace: bool,
    ) -> Result<()> {
        let status = self.call_for_int(name, args)?;
        self.check(status, target, trace)
    }

    /// Goes to `target` on a failed status, adding the current place to the trace.
    pub(super) fn check(
        &mut self,
        status: IntValue<'c>,
        target: BasicBlock<'c>,
        trace: bool,
    ) -> Result<()> {
        let failed = self.not_zero(status)?;
        let site = trace.then(|| self.site());
        self.fail_if(failed, target, |this| {
            if let Some(site) = site {
                this.call_entry("dyn_trace", &[this.ctx.into(), site])?;
            }
            Ok(())
        })
    }

    /// The arguments of a call between compiled functions.
    pub(super) fn push_argument(
        &mut self,
        list: &mut Vec<Value<'c>>,
        value: &Val<'c>,
        ty: TypeId,
    ) -> Result<()> {
        match value {
            Val::Parts(parts) => list.extend(parts),
            Val::Memory(address) => {
                // The callee takes it over from memory that nobody writes meanwhile.
                let size = self.shared.layouts.get(ty).size;
                let copy = self.temporary(size)?;
                self.store(copy, 0, &Val::Memory(*address), ty)?;
                list.push(copy.into());
            }
        }
        Ok(())
    }

    /// What a call of a compiled function returned, and its check.
    pub(super) fn finish_call(
        &mut self,
        call: CallSiteValue<'c>,
        out: Option<PointerValue<'c>>,
        result: TypeId,
        fallible: bool,
        target: BasicBlock<'c>,
    ) -> Result<Val<'c>> {
        let mut results = self.results(call)?;
        if fallible {
            if results.is_empty() {
                return Err(CodegenError("a call returns no status".into()));
            }
            let status = results.remove(0);
            self.check(int(status)?, target, true)?;
        }
        Ok(match out {
            Some(out) => self.load(out, 0, result)?,
            None => Val::Parts(results),
        })
    }

    /// What a call returned: nothing, one value, or two.
    fn results(&mut self, call: CallSiteValue<'c>) -> Result<Vec<Value<'c>>> {
        Ok(match call.try_as_basic_value().basic() {
            None => Vec::new(),
            Some(Value::StructValue(pair)) => vec![
                self.builder.build_extract_value(pair, 0, "")?,
                self.builder.build_extract_value(pair, 1, "")?,
            ],
            Some(value) => vec![value],
        })
    }
}
