//! f-strings.

use dynop_ir::{Const, NativeArg, Op, Operand};
use dynop_sema::hir::FormatPart;
use dynop_sema::ty::Ty;

use crate::builder::Builder;
use crate::expressions::whole;

impl<'p> Builder<'_, 'p> {
    /// An f-string: a text that begins with its first literal part and grows in place.
    pub(crate) fn format(&mut self, parts: &'p [FormatPart], ty: &Ty) -> Operand {
        let str_type = self.lowering.type_id(&Ty::Str);
        let text = self.temp(str_type);
        let (first, rest) = match parts.split_first() {
            Some((FormatPart::Text(first), rest)) => (first.to_string(), rest),
            _ => (String::new(), parts),
        };
        self.emit(Some(text), Op::Copy(Operand::Const(Const::Str(first))));
        for part in rest {
            match part {
                FormatPart::Text(part) => {
                    let part = Operand::Const(Const::Str(part.to_string()));
                    self.emit(None, Op::StrAppend(whole(text), part));
                }
                FormatPart::Value(value, format) => {
                    let is_text = format.is_empty() && self.concrete(&value.ty) == Ty::Str;
                    let value = self.expr(value);
                    self.emit(
                        None,
                        if is_text {
                            Op::StrAppend(whole(text), value)
                        } else {
                            Op::FormatAppend(whole(text), value, format.to_string())
                        },
                    );
                }
            }
        }
        if self.concrete(ty) != Ty::Path {
            return Operand::Local(text);
        }
        let path = self.lowering.type_id(&Ty::Path);
        let op = Op::CallNative {
            entry: "dyn_path_from_str".to_string(),
            args: vec![NativeArg::Value(Operand::Local(text))],
            types: Vec::new(),
        };
        self.compute(path, op)
    }
}
