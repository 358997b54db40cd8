//! Ops, and what the job does with their outputs.

use super::Generator;
use super::types::Ty;

/// What every op is given.
const INPUTS: &str = "n: Int, s: Str, x: Float";

/// An invocation of an op in the job.
#[derive(Clone, Debug)]
pub struct Step {
    /// The op's name.
    pub op: String,
    /// The step's.
    pub name: String,
    /// What the op is given.
    pub inputs: (i64, &'static str, f64),
    /// The lines of the job that run it.
    pub(super) call: String,
    /// Its outputs, in their order.
    pub outputs: Vec<Output>,
    /// The op and the step that take the plain output and change it, and are shown too.
    pub consumer: Option<(String, String)>,
}

/// An op, before it is invoked.
struct Declared {
    name: String,
    text: String,
    outputs: Outputs,
}

#[derive(Clone, Copy)]
enum Outputs {
    Plain { consumed: bool },
    Dynamic,
    Several,
}

/// An output of a step.
#[derive(Clone, Debug)]
pub struct Output {
    /// The step that shows it, by its log.
    pub shown_by: String,
    /// Whether it is dynamic: then the step that shows it has a clone for each key.
    pub dynamic: bool,
}

impl Generator {
    /// An op, and so many steps of it with different inputs.
    pub(super) fn op(&mut self, steps: usize) -> (String, Vec<Step>) {
        let name = self.fresh("o");
        let declared = match self.random.below(5) {
            0 => self.streaming(name),
            1 => self.listing(name),
            2 => self.several(name),
            _ => self.plain(name),
        };
        let numbers = [0, 1, 2, 3, 7, 12, -1, -40, 1 << 40, i64::MAX, i64::MIN];
        let texts = [
            "",
            "a",
            "key",
            "12",
            "two words",
            "añb",
            "a longer text that has a buffer",
        ];
        let floats = [0.0, -0.0, 1.5, -3.25, 1e300, f64::NAN, f64::INFINITY];
        let steps = (0..steps).map(|index| {
            let inputs = (
                *self.random.of(&numbers),
                *self.random.of(&texts),
                *self.random.of(&floats),
            );
            declared.step(index, inputs)
        });
        let steps = steps.collect();
        (declared.text, steps)
    }

    /// Declares what every op is given, within `work`.
    fn with_inputs(&mut self, work: impl FnOnce(&mut Self) -> String) -> String {
        self.within(|this| {
            this.declare("n", &Ty::Int, false);
            this.declare("s", &Ty::Str, false);
            this.declare("x", &Ty::Float, false);
            work(this)
        })
    }

    /// The body of an op: statements, then what `end` makes of what is in scope.
    fn body(&mut self, end: impl FnOnce(&mut Self) -> String) -> String {
        self.with_inputs(|this| {
            let count = 2 + this.random.below(5);
            let statements = this.statements(count, 1);
            let end = end(this);
            format!("{statements}    {end}\n")
        })
    }

    /// `-> T`, now and then handed on to a consumer that changes what it gets.
    fn plain(&mut self, name: String) -> Declared {
        let ty = self.ty(2);
        self.result = Some(ty.clone());
        let body = self.body(|this| this.expression(&ty, 3));
        self.result = None;
        let mut text = format!("op {name}({INPUTS}) -> {} {{\n{body}}}\n", ty.text());
        let consumed = self.random.once_in(2);
        if consumed {
            let (given, changed) = (self.fresh("p"), self.fresh("v"));
            let body = self.within(|this| {
                this.declare(&given, &ty, false);
                this.declare(&changed, &ty, true);
                let statements = this.statements(3, 1);
                format!("    var {changed} = {given}\n{statements}    {changed}\n")
            });
            let ty = ty.text();
            text += &format!("op after_{name}({given}: {ty}) -> {ty} {{\n{body}}}\n");
        }
        Declared {
            name,
            text,
            outputs: Outputs::Plain { consumed },
        }
    }

    /// `-> DynamicOutput<T>` that yields in between.
    fn streaming(&mut self, name: String) -> Declared {
        let ty = self.ty(2);
        let body = self.with_inputs(|this| {
            let first = this.a_yield(&ty);
            this.yields = Some(ty.clone());
            let statements = this.statements(5, 1);
            let last = this.a_yield(&ty);
            this.yields = None;
            format!("    var count = 0\n    {first}\n{statements}    {last}\n")
        });
        Declared {
            text: format!(
                "op {name}({INPUTS}) -> DynamicOutput<{}> {{\n{body}}}\n",
                ty.text()
            ),
            name,
            outputs: Outputs::Dynamic,
        }
    }

    /// `-> List<DynamicOutput<T>>`
    fn listing(&mut self, name: String) -> Declared {
        let ty = self.ty(2);
        let body = self.body(|this| {
            let list = this.expression(&Ty::list(ty.clone()), 3);
            format!(
                "var all: List<DynamicOutput<{}>> = []\n    for (at, item) in ({list}).enumerate() {{\n        all.push(DynamicOutput(item, mapping_key: f\"é{{at}}\"))\n    }}\n    return all",
                ty.text()
            )
        });
        Declared {
            text: format!(
                "op {name}({INPUTS}) -> List<DynamicOutput<{}>> {{\n{body}}}\n",
                ty.text()
            ),
            name,
            outputs: Outputs::Dynamic,
        }
    }

    /// `-> (left: A?, right: B, many: DynamicOutput<C>)`
    fn several(&mut self, name: String) -> Declared {
        let (left, right, many) = (self.ty(1), self.ty(2), self.ty(1));
        let returned = self.random.once_in(2);
        let body = self.body(|this| {
            let right = this.expression(&right, 2);
            if returned {
                let left = this.expression(&Ty::option(left.clone()), 2);
                let many = this.expression(&many, 1);
                return format!(
                    "return (left: {left}, right: {right}, many: [DynamicOutput({many}, mapping_key: \"only\")])"
                );
            }
            let (condition, left) = (this.expression(&Ty::Bool, 1), this.expression(&left, 2));
            let many = this.expression(&many, 2);
            format!(
                "if {condition} {{\n        yield Output({left}, output_name: \"left\")\n    }}\n    yield DynamicOutput({many}, output_name: \"many\", mapping_key: \"m\")\n    yield Output({right}, output_name: \"right\")"
            )
        });
        Declared {
            text: format!(
                "op {name}({INPUTS}) -> (left: {}?, right: {}, many: DynamicOutput<{}>) {{\n{body}}}\n",
                left.text(),
                right.text(),
                many.text()
            ),
            name,
            outputs: Outputs::Several,
        }
    }
}

impl Declared {
    /// An invocation.
    fn step(&self, index: usize, inputs: (i64, &'static str, f64)) -> Step {
        let op = &self.name;
        let step = format!("{op}_{index}");
        let (n, s, x) = inputs;
        let n = match n {
            i64::MIN => "LEAST".to_owned(),
            n => n.to_string(),
        };
        let x = match x {
            x if x.is_nan() => "math.NAN".to_owned(),
            x if x.is_infinite() => "math.INFINITY".to_owned(),
            x => format!("{x:?}").replace("1e300", "1.0e300"),
        };
        let mut call = format!("    let {step} = {op}({n}, \"{s}\", {x}) as {step}\n");
        let mut consumer = None;
        let outputs: &[(&str, bool)] = match self.outputs {
            Outputs::Plain { consumed } => {
                call += &format!("    show({step}) as show_{step}\n");
                if consumed {
                    let after = format!("after_{step}");
                    call += &format!(
                        "    let {after} = after_{op}({step}) as {after}\n    show({after}) as show_{after}\n"
                    );
                    consumer = Some((format!("after_{op}"), after));
                }
                &[("", false)]
            }
            Outputs::Dynamic => {
                call += &format!("    {step}.map(|x| show(x) as show_{step})\n");
                &[("", true)]
            }
            Outputs::Several => {
                call += &format!(
                    "    show({step}.left) as show_{step}_left\n    show({step}.right) as show_{step}_right\n    {step}.many.map(|x| show(x) as show_{step}_many)\n"
                );
                &[("_left", false), ("_right", false), ("_many", true)]
            }
        };
        let outputs = outputs.iter().map(|(output, dynamic)| Output {
            shown_by: format!("show_{step}{output}"),
            dynamic: *dynamic,
        });
        Step {
            outputs: outputs.collect(),
            op: op.clone(),
            name: step,
            inputs,
            call,
            consumer,
        }
    }
}
