//! How a step is run: the attributes of its op, then what `.with(…)` says at its invocation.

use dynop_abi::plan::{Backoff, Concurrency, Jitter, Policy, Resources, Retry};
use dynop_base::Span;
use dynop_sema::compose::Invocation;
use dynop_sema::hir::ExprKind;
use dynop_sema::policy::{Setting, What, out_of_range, wrong_value};

use super::Evaluator;

impl Evaluator<'_, '_, '_> {
    pub(super) fn policy(&mut self, invocation: &Invocation) -> Option<Policy> {
        let program = self.tables.program;
        let function = &program.functions[invocation.function.0 as usize];
        let mut policy = Policy::default();
        for setting in function.policy.iter().chain(&invocation.with) {
            self.set(&mut policy, setting)?;
        }
        Some(policy)
    }

    fn set(&mut self, policy: &mut Policy, setting: &Setting) -> Option<()> {
        let value = self.node(&setting.value)?;
        let Some(literal) = value.literal() else {
            let found = self.must_be_known(setting.value.span);
            return self.found(found);
        };
        let span = setting.value.span;
        if let Some(why) = out_of_range(setting.what, &literal.kind) {
            return self.found(wrong_value(span, setting.what, why));
        }
        match (setting.what, &literal.kind) {
            (What::Retry, ExprKind::Int(max)) => match &mut policy.retry {
                Some(retry) => retry.max = *max,
                None => {
                    policy.retry = Some(Retry {
                        max: *max,
                        delay: 0,
                        backoff: Backoff::default(),
                        jitter: Jitter::default(),
                    });
                }
            },
            (What::Delay, ExprKind::Duration(delay)) => self.retry(policy, span)?.delay = *delay,
            (What::Backoff, ExprKind::Str(word)) => {
                self.retry(policy, span)?.backoff = match &**word {
                    "linear" => Backoff::Linear,
                    "exponential" => Backoff::Exponential,
                    _ => Backoff::Constant,
                }
            }
            (What::Jitter, ExprKind::Str(word)) => {
                self.retry(policy, span)?.jitter = match &**word {
                    "full" => Jitter::Full,
                    "plus_minus" => Jitter::PlusMinus,
                    _ => Jitter::None,
                }
            }
            (What::Timeout, ExprKind::Duration(timeout)) => policy.timeout = Some(*timeout),
            (What::Concurrency, ExprKind::Str(name)) => {
                // The last is the one whose limit comes next.
                policy.concurrency.retain(|one| *one.name != **name);
                policy.concurrency.push(Concurrency {
                    name: name.to_string(),
                    limit: 1,
                });
            }
            (What::Limit, ExprKind::Int(limit)) => {
                if let Some(last) = policy.concurrency.last_mut() {
                    last.limit = *limit;
                }
            }
            (What::Cpus, ExprKind::Int(cpus)) => resources(policy).cpus = Some(*cpus),
            (What::Memory, ExprKind::Int(bytes)) => resources(policy).memory = Some(*bytes),
            (What::Cache, ExprKind::Bool(on)) => policy.cache = *on,
            (What::Isolate, ExprKind::Bool(on)) => policy.isolate = *on,
            _ => return None,
        }
        Some(())
    }

    /// The retries that a further setting is about.
    fn retry<'p>(&mut self, policy: &'p mut Policy, span: Span) -> Option<&'p mut Retry> {
        if policy.retry.is_none() {
            return self.found(
                wrong_value(span, What::Retry, "the step is not tried again")
                    .help("say how often: `@retry(max: 3, …)`, or `.with(retry: 3, …)`"),
            );
        }
        policy.retry.as_mut()
    }
}

fn resources(policy: &mut Policy) -> &mut Resources {
    policy.resources.get_or_insert(Resources {
        cpus: None,
        memory: None,
    })
}
