//! Static data: the program's records as Cranelift's module takes them.

use std::collections::HashMap;

use cranelift_module::{DataDescription, DataId, FuncId, Linkage, Module};
use cranelift_object::ObjectModule;

use super::Shared;
use crate::CodegenError;
use crate::constants::{Record, RecordId};

impl Shared<'_> {
    /// What stands for a record in Cranelift's module.
    pub(super) fn record(&mut self, id: RecordId) -> Result<DataId, CodegenError> {
        if let Some(&known) = self.records.get(&id) {
            return Ok(known);
        }
        let declared = declare(&mut self.module, self.constants.get(id))?;
        self.records.insert(id, declared);
        Ok(declared)
    }
}

fn declare(module: &mut ObjectModule, record: &Record) -> Result<DataId, CodegenError> {
    let writable = record.relocated();
    Ok(match record.symbol {
        Some(symbol) => module.declare_data(symbol, Linkage::Export, writable, false)?,
        None => module.declare_anonymous_data(writable, false)?,
    })
}

/// Defines all records. Those that code refers to are declared already.
pub(super) fn define(
    module: &mut ObjectModule,
    declared: &mut HashMap<RecordId, DataId>,
    records: Vec<Record>,
    ops: &[FuncId],
) -> Result<(), CodegenError> {
    let mut ids = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        ids.push(match declared.remove(&RecordId(index)) {
            Some(id) => id,
            None => declare(module, record)?,
        });
    }
    for (&id, record) in ids.iter().zip(records) {
        let mut data = DataDescription::new();
        let bytes = if record.bytes.is_empty() {
            vec![0]
        } else {
            record.bytes
        };
        data.define(bytes.into_boxed_slice());
        data.set_align(record.align);
        for (offset, target) in record.addresses {
            let value = module.declare_data_in_data(ids[target.0], &mut data);
            data.write_data_addr(offset as u32, value, 0);
        }
        for (offset, op) in record.code {
            let function = module.declare_func_in_data(ops[op], &mut data);
            data.write_function_addr(offset as u32, function);
        }
        module.define_data(id, &data)?;
    }
    Ok(())
}
