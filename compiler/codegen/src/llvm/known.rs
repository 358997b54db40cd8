//! What is known and LLVM can't see: how likely branches are, what memory overlaps, what values loads give, what
//! parameters point to.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::ContextRef;
use inkwell::values::{BasicMetadataValueEnum, FunctionValue, InstructionValue, MetadataValue};

use super::emit::Result;
use crate::CodegenError;
use crate::layout::PartKind;

/// Metadata for instructions, made once a program.
///
/// **Memory.** A header of a buffer never overlaps a value, and values of different registers never overlap: a place in
/// memory keeps its type while it lives, since nothing overlaps within an enum either ([`crate::layout`]). What is
/// reused with another type was freed by the runtime meanwhile, and a call of the runtime is a wall. Accesses that are
/// not marked may meet any.
pub(super) struct Known<'c> {
    prof: u32,
    range: u32,
    tbaa: u32,
    rarely: MetadataValue<'c>,
    mostly: MetadataValue<'c>,
    header: MetadataValue<'c>,
    bytes: MetadataValue<'c>,
    words: MetadataValue<'c>,
    floats: MetadataValue<'c>,
    texts: MetadataValue<'c>,
    addresses: MetadataValue<'c>,
    boolean: MetadataValue<'c>,
    length: MetadataValue<'c>,
}

impl<'c> Known<'c> {
    pub(super) fn new(context: ContextRef<'c>) -> Self {
        let half = |n: u64| context.i32_type().const_int(n, false).into();
        let byte = |n: u64| context.i8_type().const_int(n, false).into();
        let word = |n: u64| context.i64_type().const_int(n, false).into();
        let text = |text: &str| BasicMetadataValueEnum::from(context.metadata_string(text));
        let weights = |then: u64, other: u64| {
            context.metadata_node(&[text("branch_weights"), half(then), half(other)])
        };
        let root = context.metadata_node(&[text("Dynop")]);
        let memory = |name: &str| {
            let ty = context.metadata_node(&[text(name), root.into(), word(0)]);
            context.metadata_node(&[ty.into(), ty.into(), word(0)])
        };
        Self {
            prof: context.get_kind_id("prof"),
            range: context.get_kind_id("range"),
            tbaa: context.get_kind_id("tbaa"),
            rarely: weights(1, 2000),
            mostly: weights(2000, 1),
            header: memory("header"),
            bytes: memory("byte"),
            words: memory("word"),
            floats: memory("float"),
            texts: memory("text"),
            addresses: memory("address"),
            boolean: context.metadata_node(&[byte(0), byte(2)]),
            length: context.metadata_node(&[word(0), word(i64::MIN as u64)]),
        }
    }

    /// A branch whose first way is hardly ever taken.
    pub(super) fn rarely(&self, branch: InstructionValue<'c>) -> Result<()> {
        mark(branch, self.prof, self.rarely)
    }

    /// A branch whose second way is hardly ever taken.
    pub(super) fn mostly(&self, branch: InstructionValue<'c>) -> Result<()> {
        mark(branch, self.prof, self.mostly)
    }

    /// A load or store of a buffer's header.
    pub(super) fn header(&self, access: InstructionValue<'c>) -> Result<()> {
        mark(access, self.tbaa, self.header)
    }

    /// A load of a number of elements.
    pub(super) fn length(&self, load: InstructionValue<'c>) -> Result<()> {
        self.header(load)?;
        mark(load, self.range, self.length)
    }

    /// A load or store of a part of a value.
    pub(super) fn part(&self, access: InstructionValue<'c>, kind: PartKind) -> Result<()> {
        let memory = match kind {
            PartKind::Byte => self.bytes,
            PartKind::Int => self.words,
            PartKind::Float => self.floats,
            PartKind::TextLow | PartKind::TextHigh => self.texts,
            PartKind::List(_) | PartKind::Map(_) | PartKind::Closure => self.addresses,
        };
        mark(access, self.tbaa, memory)
    }

    /// A load of a part of a value: a byte is a `Bool` or the tag of an option.
    pub(super) fn loaded(&self, load: InstructionValue<'c>, kind: PartKind) -> Result<()> {
        self.part(load, kind)?;
        if kind == PartKind::Byte {
            mark(load, self.range, self.boolean)?;
        }
        Ok(())
    }
}

fn mark<'c>(
    instruction: InstructionValue<'c>,
    kind: u32,
    metadata: MetadataValue<'c>,
) -> Result<()> {
    instruction
        .set_metadata(metadata, kind)
        .map_err(|error| CodegenError(error.to_string()))
}

/// What is true of an address that a function is given.
#[derive(Clone, Copy)]
pub(super) enum Given {
    /// The step's context. Other threads write to it, so it is not ours alone.
    Context,
    /// Memory of a result, written before it is read.
    Out(u32),
    /// A closure with captures of that many bytes.
    Closure(u32),
    /// A value of many parts, in memory that is the callee's to read.
    Value(u32),
}

impl Given {
    /// Says so of a parameter.
    pub(super) fn describe<'c>(self, context: ContextRef<'c>, of: FunctionValue<'c>, index: u32) {
        let add = |name: &str, value: u64| {
            let kind = Attribute::get_named_enum_kind_id(name);
            let attribute = context.create_enum_attribute(kind, value);
            of.add_attribute(AttributeLoc::Param(index), attribute);
        };
        let (size, flags): (u64, &[&str]) = match self {
            Self::Context => (16, &[]),
            Self::Out(size) => (size.into(), &["noalias", "writeonly"]),
            Self::Closure(size) => (24 + u64::from(size), &[]),
            Self::Value(size) => (size.into(), &["noalias", "readonly", "nofree"]),
        };
        add("nonnull", 0);
        add("noundef", 0);
        add("align", 8);
        add("dereferenceable", size);
        for flag in flags {
            add(flag, 0);
        }
    }
}
