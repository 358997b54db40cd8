//! Static data: the program's records as LLVM's globals.

use inkwell::context::ContextRef;
use inkwell::module::Linkage;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValueEnum, FunctionValue, GlobalValue, PointerValue, UnnamedAddress};
use inkwell::{AddressSpace, module::Module};

use super::Shared;
use crate::CodegenError;
use crate::constants::{Record, RecordId};

/// A piece of a record.
enum Piece<'r> {
    Bytes(&'r [u8]),
    Record(RecordId),
    Code(usize),
}

/// A record's pieces in order: addresses, and the bytes between them.
fn pieces(record: &Record) -> Vec<Piece<'_>> {
    let records = record.addresses.iter();
    let records = records.map(|&(offset, id)| (offset, Piece::Record(id)));
    let code = record.code.iter();
    let code = code.map(|&(offset, op)| (offset, Piece::Code(op)));
    let mut addresses: Vec<(usize, Piece<'_>)> = records.chain(code).collect();
    addresses.sort_by_key(|(offset, _)| *offset);
    let (mut list, mut end) = (Vec::new(), 0);
    for (offset, piece) in addresses {
        if end < offset {
            list.push(Piece::Bytes(&record.bytes[end..offset]));
        }
        list.push(piece);
        end = offset + 8;
    }
    if end < record.bytes.len() || list.is_empty() {
        list.push(Piece::Bytes(&record.bytes[end..]));
    }
    list
}

impl<'c> Shared<'c, '_> {
    /// The address of a record.
    pub(super) fn record(&mut self, id: RecordId) -> Result<PointerValue<'c>, CodegenError> {
        let known = self.records.get(&id).copied();
        let global = known.unwrap_or_else(|| {
            let global = declare(&self.module, self.constants.get(id));
            self.records.insert(id, global);
            global
        });
        Ok(global.as_pointer_value())
    }

    /// Defines all records. Those that code refers to are declared already.
    pub(super) fn define_records(mut self, ops: &[FunctionValue<'c>]) -> Module<'c> {
        let records = self.constants.finish();
        let context = self.module.get_context();
        let mut globals = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let known = self.records.remove(&RecordId(index));
            globals.push(known.unwrap_or_else(|| declare(&self.module, record)));
        }
        for (global, record) in globals.iter().zip(&records) {
            let fields: Vec<BasicValueEnum<'c>> = pieces(record)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Bytes(bytes) => bytes_value(context, bytes),
                    Piece::Record(id) => globals[id.0].as_pointer_value().into(),
                    Piece::Code(op) => ops[op].as_global_value().as_pointer_value().into(),
                })
                .collect();
            global.set_initializer(&context.const_struct(&fields, true));
            // It may have grown since the record was declared.
            global.set_alignment(record.align as u32);
        }
        self.module
    }
}

fn bytes_value<'c>(context: ContextRef<'c>, bytes: &[u8]) -> BasicValueEnum<'c> {
    context.const_string(bytes, false).into()
}

fn declare<'c>(module: &Module<'c>, record: &Record) -> GlobalValue<'c> {
    let context = module.get_context();
    let fields: Vec<BasicTypeEnum<'c>> = pieces(record)
        .iter()
        .map(|piece| match piece {
            Piece::Bytes(bytes) => context.i8_type().array_type(bytes.len() as u32).into(),
            Piece::Record(_) | Piece::Code(_) => context.ptr_type(AddressSpace::default()).into(),
        })
        .collect();
    let ty = context.struct_type(&fields, true);
    let global = module.add_global(ty, None, record.symbol.unwrap_or_default());
    if record.symbol.is_none() {
        global.set_linkage(Linkage::Private);
        global.set_unnamed_address(UnnamedAddress::Global);
    }
    global.set_constant(true);
    global
}
