//! The program's static record, checked and taken apart.

use dynop_abi::context::OpCode;
use dynop_abi::desc::TypeDesc;
use dynop_abi::plan::{Plan, Source, TypeIndex};
use dynop_abi::program::{Program, Site};

/// The program.
pub struct Loaded {
    /// Its ops and jobs.
    pub plan: Plan,
    /// Code of the ops.
    pub code: &'static [OpCode],
    /// Type descriptors.
    pub types: Vec<&'static TypeDesc>,
    /// Places in the source.
    pub sites: &'static [Site],
}

fn slice<T>(data: *const T, len: u64) -> &'static [T] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the compiler emits `len` records at `data` into read-only data.
    unsafe { std::slice::from_raw_parts(data, len as usize) }
}

impl Loaded {
    /// Reads the record.
    ///
    /// # Errors
    /// Where it is of another version, or its parts do not fit together.
    pub fn new(program: &'static Program) -> Result<Self, String> {
        if program.abi_version != dynop_abi::ABI_VERSION {
            return Err(format!(
                "this program was compiled for version {} of the runtime, which is version {}",
                program.abi_version,
                dynop_abi::ABI_VERSION
            ));
        }
        let plan = Plan::decode(slice(program.plan, program.plan_len))
            .map_err(|error| format!("the plan in this executable can't be read: {error}"))?;
        let types = slice(program.types, program.type_count);
        let loaded = Self {
            plan,
            code: slice(program.ops, program.op_count),
            // SAFETY: the compiler emits a pointer to a static descriptor for each type.
            types: types.iter().map(|&ty| unsafe { &*ty }).collect(),
            sites: slice(program.sites, program.site_count),
        };
        if loaded.is_consistent() {
            Ok(loaded)
        } else {
            Err("the plan in this executable does not fit its code".to_owned())
        }
    }

    /// The descriptor of a type of the plan.
    pub fn ty(&self, index: TypeIndex) -> &'static TypeDesc {
        self.types[index as usize]
    }

    /// Whether every number in the plan is within its table, so that nobody has to look again.
    fn is_consistent(&self) -> bool {
        let has = |ty: &TypeIndex| (*ty as usize) < self.types.len();
        self.code.len() == self.plan.ops.len()
            && self.plan.ops.iter().all(|op| {
                op.params.iter().all(|param| has(&param.ty))
                    && op.outputs.iter().all(|output| has(&output.ty))
            })
            && self.plan.jobs.iter().all(|job| {
                has(&job.result_type)
                    && job.params.iter().all(|param| has(&param.ty))
                    && sources_have_types(&job.result, &has)
                    && job.steps.iter().all(|step| {
                        let own = step
                            .action
                            .op()
                            .is_none_or(|op| (op as usize) < self.plan.ops.len());
                        own && step.action.item().is_none_or(|item| has(&item))
                            && (step.inputs.iter()).all(|input| sources_have_types(input, &has))
                    })
            })
    }
}

fn sources_have_types(source: &Source, has: &impl Fn(&TypeIndex) -> bool) -> bool {
    match source {
        Source::Collect { value, ty, .. } | Source::Some { value, ty } => {
            has(ty) && sources_have_types(value, has)
        }
        Source::List { elements, ty } => {
            has(ty) && elements.iter().all(|one| sources_have_types(one, has))
        }
        Source::Tuple { fields, ty } => {
            has(ty) && fields.iter().all(|one| sources_have_types(one, has))
        }
        Source::Const(_)
        | Source::Param(_)
        | Source::Output(_)
        | Source::OutputOver { .. }
        | Source::Done(_)
        | Source::Item(_)
        | Source::Key(_)
        | Source::FlatKey(_) => true,
        Source::Each { value, .. } => sources_have_types(value, has),
    }
}
