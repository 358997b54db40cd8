//! Static data: texts, type descriptors, places in the source, and the record by which the runtime finds it all.
//!
//! It is laid out here, byte for byte, once for all back ends. They refer to records by [`RecordId`] while they emit
//! functions, and write all of them to the object when the functions are done.

use std::collections::HashMap;
use std::mem::offset_of;

use dynop_abi::desc::{FieldDesc, JSON, Kind, PLAIN, StaticStr, TypeDesc};
use dynop_abi::layout::{STR_DATA, STR_HEAP, STR_INLINE};
use dynop_abi::plan::Plan;
use dynop_abi::program::{self, Program, Site};
use dynop_base::{SourceMap, Span};
use dynop_ir::{AggregateKind, Boxed, Function, Type, TypeId};

use crate::CodegenError;
use crate::unit::Unit;

/// Names a record of [`Constants`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct RecordId(pub usize);

/// What a descriptor describes.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Described {
    Type(TypeId),
    /// The captures of a closure, as a tuple.
    Captures(Vec<TypeId>),
    /// The payload of a case of an enum, as a tuple whose fields lie where they do in the enum.
    Payload(TypeId, u32),
}

/// Places in the source, numbered as they come.
#[derive(Default)]
struct Sites {
    numbers: HashMap<(String, String, u32, u32), u32>,
    list: Vec<(String, String, u32, u32)>,
}

impl Sites {
    fn number(&mut self, sources: &SourceMap, function: &str, span: Option<Span>) -> u32 {
        let site = match span {
            Some(span) => {
                let file = sources.file(span.file);
                let at = file.line_column(span.start);
                (file.name.clone(), function.to_owned(), at.line, at.column)
            }
            None => (String::new(), function.to_owned(), 0, 0),
        };
        let next = self.list.len() as u32;
        *self.numbers.entry(site.clone()).or_insert_with(|| {
            self.list.push(site);
            next
        })
    }
}

/// A record: bytes, and addresses at offsets.
#[derive(Debug)]
pub(crate) struct Record {
    pub bytes: Vec<u8>,
    pub align: u64,
    /// Addresses of other records.
    pub addresses: Vec<(usize, RecordId)>,
    /// Addresses of the code of ops, by their number.
    pub code: Vec<(usize, usize)>,
    /// The symbol by which others know it; `None`: it has none.
    pub symbol: Option<&'static str>,
}

impl Record {
    fn new(size: usize) -> Self {
        Self::of(vec![0; size], 8)
    }

    fn of(bytes: Vec<u8>, align: u64) -> Self {
        Self {
            bytes,
            align,
            addresses: Vec::new(),
            code: Vec::new(),
            symbol: None,
        }
    }

    /// Whether it holds addresses. They are written by the loader of a position-independent executable, so such records
    /// can't be read-only for the object file; the linker makes them so after relocation.
    pub(crate) fn relocated(&self) -> bool {
        !(self.addresses.is_empty() && self.code.is_empty())
    }

    fn put(&mut self, offset: usize, bytes: &[u8]) {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn word(&mut self, offset: usize, value: u64) {
        self.put(offset, &value.to_le_bytes());
    }
}

/// The records of a program.
pub(crate) struct Constants<'a> {
    unit: &'a Unit<'a>,
    records: Vec<Record>,
    descriptors: HashMap<Described, RecordId>,
    texts: HashMap<Vec<u8>, RecordId>,
    sites: Sites,
    zeros: Option<RecordId>,
}

impl<'a> Constants<'a> {
    pub(crate) fn new(unit: &'a Unit<'a>) -> Self {
        Self {
            unit,
            records: Vec::new(),
            descriptors: HashMap::new(),
            texts: HashMap::new(),
            sites: Sites::default(),
            zeros: None,
        }
    }

    /// All records, by their ids, once the program's record is there.
    pub(crate) fn finish(self) -> Vec<Record> {
        self.records
    }

    /// A record. It stays as it is, apart from its alignment, which may grow.
    pub(crate) fn get(&self, id: RecordId) -> &Record {
        &self.records[id.0]
    }

    fn add(&mut self, record: Record) -> RecordId {
        self.records.push(record);
        RecordId(self.records.len() - 1)
    }

    /// The number of a place in the source, by which the runtime knows it.
    pub(crate) fn site(&mut self, function: &Function, span: Option<Span>) -> u32 {
        let span = span.or(function.span);
        self.sites
            .number(self.unit.sources, &function.display_name, span)
    }

    /// Bytes in read-only data.
    fn bytes(&mut self, bytes: &[u8], align: u64) -> RecordId {
        if let Some(&id) = self.texts.get(bytes) {
            let record = &mut self.records[id.0];
            record.align = record.align.max(align);
            return id;
        }
        let id = self.add(Record::of(bytes.to_vec(), align));
        self.texts.insert(bytes.to_vec(), id);
        id
    }

    /// 32 zero bytes, which stand for the header of an empty list.
    pub(crate) fn zeros(&mut self) -> RecordId {
        match self.zeros {
            Some(id) => id,
            None => {
                let id = self.add(Record::new(32));
                self.zeros = Some(id);
                id
            }
        }
    }

    /// The words of a text: inline, or the buffer whose address is the first word and the second word.
    pub(crate) fn text(&mut self, text: &[u8]) -> Text {
        if text.len() <= STR_INLINE {
            let mut words = [0u8; 16];
            words[..text.len()].copy_from_slice(text);
            words[15] = text.len() as u8;
            let half =
                |at: usize| u64::from_le_bytes(words[at..at + 8].try_into().unwrap_or_default());
            return Text::Inline(half(0), half(8));
        }
        // Count 0: immortal. The capacity is the length, so nobody thinks of appending in place.
        let mut buffer = vec![0u8; STR_DATA];
        buffer[8..16].copy_from_slice(&(text.len() as u64).to_le_bytes());
        buffer.extend_from_slice(text);
        let id = self.bytes(&buffer, 8);
        Text::Buffer(id, text.len() as u64 | u64::from(STR_HEAP) << 56)
    }

    fn static_str(&mut self, record: &mut Record, offset: usize, text: &str) {
        self.static_bytes(record, offset, text.as_bytes());
    }

    fn static_bytes(&mut self, record: &mut Record, offset: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            let id = self.bytes(bytes, 1);
            let place = offset + offset_of!(StaticStr, data);
            record.addresses.push((place, id));
        }
        record.word(offset + offset_of!(StaticStr, len), bytes.len() as u64);
    }

    /// The descriptor of a type.
    pub(crate) fn descriptor(&mut self, ty: TypeId) -> Result<RecordId, CodegenError> {
        self.described(Described::Type(ty))
    }

    /// The descriptor of a closure's captures.
    pub(crate) fn captures(&mut self, captures: &[TypeId]) -> Result<RecordId, CodegenError> {
        self.described(Described::Captures(captures.to_vec()))
    }

    fn described(&mut self, what: Described) -> Result<RecordId, CodegenError> {
        if let Some(&id) = self.descriptors.get(&what) {
            return Ok(id);
        }
        // There before it is filled, since a type may hold itself.
        let id = self.add(Record::new(0));
        self.descriptors.insert(what.clone(), id);
        let record = match what {
            Described::Type(ty) => self.type_record(ty)?,
            Described::Payload(ty, case) => self.payload_record(ty, case)?,
            Described::Captures(captures) => self.captures_record(&captures)?,
        };
        self.records[id.0] = record;
        Ok(id)
    }

    fn captures_record(&mut self, captures: &[TypeId]) -> Result<Record, CodegenError> {
        let (offsets, size) = self.unit.captures(captures);
        let fields: Vec<(String, Described, u32)> = captures
            .iter()
            .zip(offsets)
            .map(|(&ty, offset)| (String::new(), Described::Type(ty), offset))
            .collect();
        let layouts = &self.unit.layouts;
        let counted = captures.iter().any(|&ty| layouts.get(ty).counted);
        self.record(
            Kind::Tuple,
            size.next_multiple_of(8),
            8,
            counted,
            "captures",
            [None, None],
            &fields,
            &[],
        )
    }

    fn type_record(&mut self, ty: TypeId) -> Result<Record, CodegenError> {
        let types = &self.unit.program.types;
        let layout = self.unit.layouts.get(ty).clone();
        let name = types.display(ty);
        let (mut a, mut b, mut fields) = (None, None, Vec::new());
        let (mut defaults, mut json) = (&[][..], 0);
        let kind = match types.get(ty) {
            Type::Unit => Kind::Unit,
            Type::Int => Kind::Int,
            Type::Float => Kind::Float,
            Type::Bool => Kind::Bool,
            Type::Str => Kind::Str,
            Type::Path => Kind::Path,
            Type::Bytes => Kind::Bytes,
            Type::Duration => Kind::Duration,
            Type::Time => Kind::Time,
            Type::Range => Kind::Range,
            Type::List(item) => {
                a = Some(*item);
                Kind::List
            }
            Type::Box(item, boxed) => {
                a = Some(*item);
                match boxed {
                    Boxed::Value => Kind::Box,
                    Boxed::Option => Kind::BoxOption,
                }
            }
            Type::Set(item) => {
                a = Some(*item);
                b = types.find(&Type::Unit);
                Kind::Set
            }
            Type::Map(key, value) => {
                (a, b) = (Some(*key), Some(*value));
                Kind::Map
            }
            Type::Option(inner) => {
                a = Some(*inner);
                Kind::Option
            }
            Type::Aggregate(aggregate) => {
                let named = aggregate.fields.iter().zip(&layout.fields);
                fields = named
                    .map(|((name, ty), field)| (name.clone(), Described::Type(*ty), field.offset))
                    .collect();
                defaults = &aggregate.defaults;
                match aggregate.kind {
                    AggregateKind::Tuple => Kind::Tuple,
                    AggregateKind::NamedTuple => Kind::NamedTuple,
                    AggregateKind::Struct => Kind::Struct,
                    AggregateKind::DynamicOutput => Kind::DynamicOutput,
                }
            }
            Type::Enum(one) => {
                json = if one.json { JSON } else { 0 };
                let cases = one.variants.iter().zip(0..);
                fields = cases
                    .map(|(case, index)| (case.name.clone(), Described::Payload(ty, index), 0))
                    .collect();
                Kind::Enum
            }
            Type::Closure(..) => Kind::Closure,
        };
        let mut record = self.record(
            kind,
            layout.size,
            layout.align,
            layout.counted,
            &name,
            [a, b],
            &fields,
            defaults,
        )?;
        let plain = if layout.counted { 0 } else { PLAIN };
        record.put(offset_of!(TypeDesc, flags), &[plain | json]);
        Ok(record)
    }

    /// The payload of a case: its fields have the offsets that they have in the enum, so size and alignment are the
    /// enum's.
    fn payload_record(&mut self, ty: TypeId, index: u32) -> Result<Record, CodegenError> {
        let layout = self.unit.layouts.get(ty).clone();
        let Type::Enum(one) = self.unit.program.types.get(ty) else {
            return Err(CodegenError("a case of what is no enum".into()));
        };
        let Some(case) = one.variants.get(index as usize) else {
            return Err(CodegenError("a case that is not there".into()));
        };
        let name = format!("{}.{}", one.name, case.name);
        let places = layout.fields.iter().skip(one.parts_before(index));
        let (mut fields, mut counted) = (Vec::new(), false);
        for ((name, ty), place) in case.payload.iter().zip(places) {
            fields.push((name.clone(), Described::Type(*ty), place.offset));
            counted |= self.unit.layouts.get(*ty).counted;
        }
        let kind = match case.payload.first() {
            Some((name, _)) if !name.is_empty() => Kind::NamedTuple,
            _ => Kind::Tuple,
        };
        self.record(
            kind,
            layout.size,
            layout.align,
            counted,
            &name,
            [None, None],
            &fields,
            &[],
        )
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one record")]
    fn record(
        &mut self,
        kind: Kind,
        size: u32,
        align: u32,
        counted: bool,
        name: &str,
        arguments: [Option<TypeId>; 2],
        fields: &[(String, Described, u32)],
        defaults: &[(u32, Vec<u8>)],
    ) -> Result<Record, CodegenError> {
        let mut record = Record::new(size_of::<TypeDesc>());
        record.put(offset_of!(TypeDesc, kind), &[kind as u8]);
        record.put(
            offset_of!(TypeDesc, flags),
            &[if counted { 0 } else { PLAIN }],
        );
        record.put(
            offset_of!(TypeDesc, align),
            &(align.max(1) as u16).to_le_bytes(),
        );
        record.put(offset_of!(TypeDesc, size), &size.to_le_bytes());
        for (argument, offset) in arguments
            .into_iter()
            .zip([offset_of!(TypeDesc, a), offset_of!(TypeDesc, b)])
        {
            if let Some(ty) = argument {
                let id = self.descriptor(ty)?;
                record.addresses.push((offset, id));
            }
        }
        if !fields.is_empty() {
            let size = size_of::<FieldDesc>();
            let mut table = Record::new(size * fields.len());
            for (index, (name, what, offset)) in fields.iter().enumerate() {
                let id = self.described(what.clone())?;
                table
                    .addresses
                    .push((index * size + offset_of!(FieldDesc, desc), id));
                table.word(
                    index * size + offset_of!(FieldDesc, offset),
                    u64::from(*offset),
                );
                self.static_str(&mut table, index * size + offset_of!(FieldDesc, name), name);
                if let Some((_, bytes)) = defaults.iter().find(|(field, _)| *field == index as u32)
                {
                    let place = index * size + offset_of!(FieldDesc, default);
                    self.static_bytes(&mut table, place, bytes);
                }
            }
            let table = self.add(table);
            record.addresses.push((offset_of!(TypeDesc, fields), table));
        }
        record.word(offset_of!(TypeDesc, field_count), fields.len() as u64);
        self.static_str(&mut record, offset_of!(TypeDesc, name), name);
        Ok(record)
    }

    /// The record that the runtime looks for, and what hangs on it.
    pub(crate) fn program_record(&mut self, plan: &Plan) -> Result<RecordId, CodegenError> {
        let encoded = plan
            .encode()
            .map_err(|error| CodegenError(format!("the plan can't be encoded: {error}")))?;
        let mut record = Record::new(size_of::<Program>());
        record.put(
            offset_of!(Program, abi_version),
            &dynop_abi::ABI_VERSION.to_le_bytes(),
        );
        let plan_data = self.bytes(&encoded, 1);
        record
            .addresses
            .push((offset_of!(Program, plan), plan_data));
        record.word(offset_of!(Program, plan_len), encoded.len() as u64);

        let ops = self.unit.program.ops.len();
        let mut table = Record::new(8 * ops);
        table.code = (0..ops).map(|index| (index * 8, index)).collect();
        let table = self.add(table);
        record.addresses.push((offset_of!(Program, ops), table));
        record.word(offset_of!(Program, op_count), ops as u64);

        let types = self.unit.program.plan_types.clone();
        let mut table = Record::new(8 * types.len());
        for (index, &ty) in types.iter().enumerate() {
            table.addresses.push((index * 8, self.descriptor(ty)?));
        }
        let table = self.add(table);
        record.addresses.push((offset_of!(Program, types), table));
        record.word(offset_of!(Program, type_count), types.len() as u64);

        let sites = std::mem::take(&mut self.sites.list);
        let size = size_of::<Site>();
        let mut table = Record::new(size * sites.len());
        for (index, (file, function, line, column)) in sites.iter().enumerate() {
            let at = index * size;
            self.static_str(&mut table, at + offset_of!(Site, file), file);
            self.static_str(&mut table, at + offset_of!(Site, function), function);
            table.put(at + offset_of!(Site, line), &line.to_le_bytes());
            table.put(at + offset_of!(Site, column), &column.to_le_bytes());
        }
        let table = self.add(table);
        record.addresses.push((offset_of!(Program, sites), table));
        record.word(offset_of!(Program, site_count), sites.len() as u64);

        record.symbol = Some(program::SYMBOL);
        Ok(self.add(record))
    }
}

/// A text constant.
pub(crate) enum Text {
    /// Both words.
    Inline(u64, u64),
    /// The buffer and the second word.
    Buffer(RecordId, u64),
}
