//! The op instances and types that a plan counts by index.

use std::collections::HashMap;

use dynop_abi::plan::{self, OpIndex, TypeIndex};
use dynop_base::SourceMap;
use dynop_sema::hir::{self, FunctionId};
use dynop_sema::substitute::substitute;
use dynop_sema::ty::Ty;

/// Ops and types met so far.
pub(crate) struct Tables<'a> {
    pub program: &'a hir::Program,
    pub sources: &'a SourceMap,
    ops: Vec<plan::Op>,
    op_list: Vec<(FunctionId, Vec<Ty>)>,
    op_ids: HashMap<(FunctionId, Vec<Ty>), OpIndex>,
    types: Vec<Ty>,
    type_ids: HashMap<Ty, TypeIndex>,
}

impl<'a> Tables<'a> {
    pub fn new(program: &'a hir::Program, sources: &'a SourceMap) -> Self {
        Self {
            program,
            sources,
            ops: Vec::new(),
            op_list: Vec::new(),
            op_ids: HashMap::new(),
            types: Vec::new(),
            type_ids: HashMap::new(),
        }
    }

    pub fn finish(self, jobs: Vec<plan::Job>) -> crate::PlanOutput {
        crate::PlanOutput {
            plan: plan::Plan {
                ops: self.ops,
                jobs,
                docs: self.program.docs.clone().unwrap_or_default(),
            },
            ops: self.op_list,
            types: self.types,
        }
    }

    /// The index of a type without variables.
    pub fn ty(&mut self, ty: &Ty) -> TypeIndex {
        if let Some(&index) = self.type_ids.get(ty) {
            return index;
        }
        let index = self.types.len() as TypeIndex;
        self.types.push(ty.clone());
        self.type_ids.insert(ty.clone(), index);
        index
    }

    /// The index of an op instance.
    pub fn op(&mut self, id: FunctionId, type_args: &[Ty]) -> OpIndex {
        let key = (id, type_args.to_vec());
        if let Some(&index) = self.op_ids.get(&key) {
            return index;
        }
        let function = &self.program.functions[id.0 as usize];
        let params = function
            .params
            .iter()
            .map(|param| plan::OpParam {
                name: param.name.to_string(),
                ty: self.ty(&substitute(&param.ty, type_args)),
            })
            .collect();
        let outputs = function
            .outputs
            .list
            .iter()
            .map(|output| plan::Output {
                name: output.name.to_string(),
                ty: self.ty(&substitute(&output.ty, type_args)),
                dynamic: output.dynamic,
                optional: output.optional,
            })
            .collect();
        let place = crate::place(self.sources, function.name_span);
        let index = self.ops.len() as OpIndex;
        self.ops.push(plan::Op {
            name: function.name.to_string(),
            params,
            outputs,
            returns_output: dynop_sema::hir::returns_output(&function.outputs, &function.result),
            place,
        });
        self.op_list.push(key.clone());
        self.op_ids.insert(key, index);
        index
    }
}
