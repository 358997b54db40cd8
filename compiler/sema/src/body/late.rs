//! Operators on what is not known yet, such as the parameters of a closure that is bound by `let` and called further
//! down: their operands' type is looked at once the body has told it.

use dynop_base::Span;
use dynop_syntax::ast::BinaryOp;

use super::BodyChecker;
use crate::ty::Ty;

/// An operator whose operands had no type where it stands.
#[derive(Clone, Debug)]
pub(super) struct Late {
    /// `None` is the negation.
    op: Option<BinaryOp>,
    at: Span,
    ty: Ty,
    operands: [Span; 2],
}

impl BodyChecker<'_, '_> {
    /// Puts off whether `op` exists for `ty`, the type of both operands.
    pub(super) fn put_off(&mut self, op: BinaryOp, at: Span, ty: &Ty, operands: [Span; 2]) {
        self.late.push(Late {
            op: Some(op),
            at,
            ty: ty.clone(),
            operands,
        });
    }

    /// Puts off whether a value of `ty` can be negated.
    pub(super) fn put_negation_off(&mut self, at: Span, ty: &Ty, operand: Span) {
        self.late.push(Late {
            op: None,
            at,
            ty: ty.clone(),
            operands: [operand; 2],
        });
    }

    /// Looks at what was put off. A type that is not known even now is reported with the variable that has it.
    pub(super) fn look_at_late(&mut self) {
        for late in std::mem::take(&mut self.late) {
            let ty = self.infer.shallow(&late.ty);
            if matches!(ty, Ty::Infer(_) | Ty::Error | Ty::Never) {
                continue;
            }
            match late.op {
                Some(op) if !super::operators::exists(op, &ty) => {
                    self.no_operator(op, late.at, &ty, late.operands);
                }
                None if !super::operators::can_be_negated(&ty) => {
                    self.no_negation(late.at, &ty, late.operands[0]);
                }
                _ => {}
            }
        }
    }
}
