//! Jobs and the plans they become, as text.

use dynop_base::{FileId, SourceMap};
use dynop_sema::{Checked, Input, Role};
use dynop_syntax::ast::Module;

use crate::PlanOutput;

/// Ops of many shapes, in front of each job below.
const OPS: &str = r#"
op nums(n: Int = 3) -> DynamicOutput<Int> { for i in 0..n { yield DynamicOutput(i, mapping_key: i) } }
op returned() -> List<DynamicOutput<Int>> { return [DynamicOutput(1, mapping_key: "a")] }
op chunks(x: Int) -> DynamicOutput<Int> { for i in 0..x { yield DynamicOutput(i, mapping_key: i) } }
op split(n: Int) -> (values: DynamicOutput<Int>, negatives: DynamicOutput<Int>, total: Int) {
    return (values: [], negatives: [], total: n)
}
op double(x: Int) -> Int { x * 2 }
op loud(s: Str) -> Str { s.upper() }
op add(a: Int, b: Int) -> Int { a + b }
op sum(xs: List<Int>) -> Int { xs.sum() }
op total(xs: List<List<Int>>) -> Int { xs.len() }
op one() -> Int { 1 }
op note(s: Str) { log(s) }
op keyed(xs: Map<Str, Int>) -> Int { xs.len() }
op echo<T>(x: T) -> T { x }
op gather<T>(xs: List<T>) -> Int { xs.len() }
op maybe(x: Int) -> (left: Int?, right: Int?) { yield Output(x, output_name: "left") }
op odd(x: Int) -> Bool { x % 2 == 1 }
op less(a: Int, b: Int) -> Bool { a < b }
op both(p: (Int, Int)) -> Int {
    let (a, b) = p
    a + b
}
op opt(x: Int?) -> Int { x ?? 0 }
struct Row { n: Int, s: Str = "x" }
op row(r: Row, p: Path = "data", tags: List<Str> = ["a"], m: Map<Str, Float> = ["a": -2.5]) -> Row { r }
const N = 4
const NAME = f"n{N * 2}"
"#;

/// A checked program with its sources.
fn checked(source: &str) -> (SourceMap, Checked) {
    let mut sources = SourceMap::new();
    let mut modules: Vec<(Role, Module)> = Vec::new();
    let mut parse = |role: Role, name: String, text: &str| {
        let id: FileId = sources.add(name, text);
        modules.push((role, dynop_syntax::parse(id, text).module));
    };
    parse(Role::Main, "main.dyn".into(), source);
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../runtime/std");
    let mut files: Vec<_> = std::fs::read_dir(library)
        .expect("the standard library")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "dyn"))
        .collect();
    files.sort();
    for path in files {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        parse(Role::Std(name.clone()), format!("std/{name}.dyn"), &text);
    }
    let inputs: Vec<Input<'_>> = modules
        .iter()
        .map(|(role, module)| Input {
            module,
            role: role.clone(),
            imports: Vec::new(),
        })
        .collect();
    let checked = dynop_sema::check(&inputs);
    (sources, checked)
}

fn planned(jobs: &str) -> Result<PlanOutput, Vec<String>> {
    let (sources, checked) = checked(&format!("{OPS}{jobs}"));
    let errors: Vec<&str> = checked
        .diagnostics
        .iter()
        // What the runtime does not do yet is planned all the same.
        .filter(|found| found.is_error() && found.code.id != "E0901")
        .map(|found| found.message.as_str())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    crate::build(&checked.program, &sources).map_err(|found| {
        found
            .iter()
            .map(|one| {
                format!(
                    "{}: {} ({})",
                    one.code.id,
                    one.message,
                    one.helps.join("; ")
                )
            })
            .collect()
    })
}

macro_rules! becomes {
    ($name:ident, $jobs:expr) => {
        #[test]
        fn $name() {
            let text = match planned($jobs) {
                Ok(output) => crate::dump(&output.plan),
                Err(found) => found.join("\n"),
            };
            insta::with_settings!({ description => $jobs, omit_expression => true }, {
                insta::assert_snapshot!(text);
            });
        }
    };
}

becomes!(
    one_level,
    r#"
job word_count(n: Int = N, p: Path = "x", names: List<Str> = [NAME]) -> Int {
    let items = nums(n)
    let doubled = items.map(|x| double(x))
    sum(doubled.collect())
}
job by_name() -> Int { sum(nums().map(double).map(double).collect()) }
job with_key() -> Int { keyed(nums().map(|x, key| { note(key).after(x)
    double(x) }).collect_keyed()) }
job listed() -> Int { sum(returned().collect()) }
job items_alone() -> List<Int> { nums().collect() }
"#
);

becomes!(
    several_outputs,
    r#"
job by_order() -> Int {
    let (values, negatives, rest) = split(1)
    sum([sum(values.map(double).collect()), sum(negatives.collect()), rest])
}
job by_part() -> Int {
    let outs = split(1)
    add(sum(outs.negatives.map(|n| add(n, outs.total)).collect()), outs.total)
}
job of_closures() -> (Int, Int) {
    let (a, b) = nums().map(|x| (double(x), add(x, 1)))
    let named = nums().map(|x| (left: double(x), again: double(double(x))))
    (add(sum(a.collect()), sum(b.collect())), sum(named.again.collect()))
}
job of_clones() -> Int {
    let parts = nums().map(|x| split(x))
    add(sum(parts.total.collect()), total(parts.values.map(|d| d.collect()).collect()))
}
job optional() -> Int { add(opt(maybe(1).left), gather(nums().map(|x| maybe(x).right).collect())) }
"#
);

becomes!(
    nested,
    r#"
job per_outer_key() -> Int { sum(nums().map(|x| sum(chunks(x).map(|y| double(y)).collect())).collect()) }
job outer_item_inside() -> Int { total(nums().map(|x| chunks(x).map(|y| add(x, y)).collect()).collect()) }
job outer_only() -> Int {
    total(nums().map(|x| chunks(x).map(|y| add(double(x), y)).collect()).collect())
}
job returned_from_the_closure() -> Int {
    let levels = nums().map(|x| chunks(x))
    total(levels.map(|d| d.map(double).collect()).collect())
}
job three() -> Int {
    sum(nums().map(|x| sum(chunks(x).map(|y| sum(chunks(y).map(|z| sum([x, y, z])).collect())).collect())).collect())
}
job product() -> Int {
    let (a, b) = (nums(1), nums(2))
    total(a.map(|x| b.map(|y| add(x, y)).collect()).collect())
}
job after_a_collect() -> Int { sum(chunks(sum(nums().collect())).map(double).collect()) }
"#
);

becomes!(
    captures,
    r#"
job plain() -> Int {
    let base = one()
    sum(nums().map(|x| add(x, base)).collect())
}
job fan_in_beside_the_item() -> Int {
    let d = nums()
    let all = sum(d.collect())
    sum(d.map(|x| add(x, all)).collect())
}
job collected_inside() -> Int {
    let d = nums()
    sum(d.map(|x| add(x, sum(d.collect()))).collect())
}
job fan_in_of_lists() -> Int {
    let d = nums()
    sum(d.map(|x| sum([x, double(x), 3, N])).collect())
}
"#
);

becomes!(
    order_and_names,
    r#"
job ordered() -> Int {
    let d = nums()
    let noted = d.map(|x, key| note(key))
    let first = note("a") as start
    add(one().after(noted), one().after(first)).after(d)
}
job all_clones_beside_one() -> Int {
    let d = nums()
    let noted = d.map(|x, key| note(key))
    sum(d.map(|x| add(double(x).after(noted), one().after(x, d.map(double)))).collect())
}
job all_of_an_outer_clone() -> Int {
    sum(nums().map(|x| {
        let noted = chunks(x).map(|y| note("y").after(y))
        sum(chunks(x).map(|y| double(y).after(noted)).collect())
    }).collect())
}
job all_of_its_own_keys() -> Int {
    sum(nums().map(|x| {
        let inner = chunks(x)
        let noted = inner.map(|y| note("y").after(y))
        sum(inner.map(|y| double(y).after(noted)).collect())
    }).collect())
}
job counted() -> Int { add(one(), add(one(), one() as last)) }
job cloned_by_after() -> Int { sum(nums().map(|x| one().after(x)).collect()) }
job cloned_by_steps() -> Int { sum(nums().map(|x| { let n = note("x").after(double(x))
    one().after(n) }).collect()) }
job nothing() { note("x") }
"#
);

becomes!(
    constants,
    r#"
job filled(r: Int = -N, t: (Int, Str) = (1, NAME), f: Bool = not true) -> Row {
    row(Row(n: 2 + N ** 2, s: f"{N}{NAME}"), tags: ["a", ..["b"], NAME])
}
job constant() -> (Int, Str) { (N, "x") }
job passed(n: Int) -> (a: Int, b: Int) { (a: n, b: echo(n)) }
job generic() -> Int { gather([echo("a"), echo(NAME), loud("b")]) }
"#
);

becomes!(
    names_taken,
    r#"
job twice() -> Int { add(one() as x, one() as x) }
job taken() -> Int { add(one(), double(1) as one) }
"#
);

becomes!(
    products,
    r#"
job inner_alone() -> Int {
    let b = nums()
    total(nums(2).map(|x| b.map(|y| add(x, double(y))).collect()).collect())
}
job with_itself() -> Int {
    let d = nums()
    total(d.map(|x| d.map(|y| add(double(x), double(y))).collect()).collect())
}
job made_before() -> Int {
    let (a, b) = (nums(1), nums(2))
    let doubled = b.map(double)
    total(a.map(|x| doubled.map(|y| add(x, y)).collect()).collect())
}
job inner_fan_in() -> Int {
    let (a, b, c) = (nums(1), nums(2), nums(3))
    total(a.map(|x| b.map(|y| add(x, sum(c.map(|z| add(double(y), z)).collect()))).collect()).collect())
}
job named_tuples() -> Int {
    let (a, b) = (nums(1), nums(2))
    let pairs = a.map(|x| b.map(|y| (both: add(x, y), inner: sum([double(y), x]))))
    total(pairs.both.map(|d| d.collect()).collect())
}
"#
);

becomes!(
    found_by_keys,
    r#"
job a_dynamic_of_the_inner_alone() -> Int {
    let (a, b) = (nums(1), nums(2))
    sum(a.map(|x| sum(b.map(|y| sum(chunks(y).map(|z| add(x, z)).collect())).collect())).collect())
}
job waits_for_the_inner_alone() -> Int {
    let (a, b) = (nums(1), nums(2))
    sum(a.map(|x| sum(b.map(|y| add(x, y).after(double(y), chunks(y).map(double))).collect())).collect())
}
job made_before() -> Int {
    let (a, b) = (nums(1), nums(2))
    let m = b.map(chunks)
    total(a.map(|x| m.flatten().map(|z| add(x, z)).collect()).collect())
}
job turned() -> Int {
    let d = nums()
    let pairs = d.map(|x| d.map(|y| chunks(add(x, y))))
    total(d.map(|x| pairs.map(|p| p.map(|q| q.map(|z| add(x, z)))).flatten().flatten().collect()).collect())
}
job filtered() -> Int {
    let (a, b) = (nums(1), nums(2))
    total(a.map(|x| b.map(|y| sum(chunks(y).filter(|z| less(x, z)).collect())).collect()).collect())
}
job graphs_wait() -> Int {
    let (a, b) = (nums(1), nums(2))
    sum(a.map(|x| sum(b.map(|y| add(x, y).after(noted(y))).collect())).collect())
}
graph noted(x: Int) { chunks(x).map(|z| note("z").after(z)) }
"#
);

becomes!(
    without_output,
    r#"
job collected() -> Int { gather(nums().map(|x, key| note(key)).collect()) }
job collected_and_waited() -> Int { one().after(nums().map(|x, key| note(key)).collect()) }
job graphs() -> Int { gather(nums().map(noted).collect()) }
job beside_another() -> Int {
    let (a, b) = (nums(1), nums(2))
    total(a.map(|x| b.map(|y, key| add(x, gather([note(key)]))).collect()).collect())
}
graph noted(x: Int) { chunks(x).map(|z| note("z").after(z)) }
"#
);

becomes!(
    flattened,
    r#"
job list() -> Int { sum(nums().map(chunks).flatten().map(double).collect()) }
job keys() -> Int { keyed(nums().map(chunks).flatten().map(|x, key| double(x).after(note(key))).collect_keyed()) }
job three() -> Int {
    sum(nums().map(|x| chunks(x).map(chunks)).flatten().flatten().map(double).collect())
}
job inner_first() -> Int {
    sum(nums().map(|x| sum(chunks(x).map(chunks).flatten().collect())).collect())
}
job kept() -> Int {
    sum(nums().map(chunks).flatten().filter(|x| odd(x)).map(double).collect())
}
job paired() -> Int {
    let d = nums().map(chunks).flatten()
    sum(d.zip(d.map(double)).map(both).collect())
}
job joined() -> Int {
    let d = nums()
    total(d.map(|x| d.map(|y| chunks(add(x, y))).flatten().concat(nums(x)).map(double).collect()).collect())
}
"#
);

becomes!(
    joined,
    r#"
job zipped() -> Int {
    let d = nums()
    sum(d.zip(d.map(double)).map(both).collect())
}
job other_keys() -> Int { sum(nums(1).zip(nums(2)).map(both).collect()) }
job per_outer_key() -> Int {
    let e = nums(2)
    sum(nums().map(|x| sum(chunks(x).zip(e.map(|y| add(x, y))).map(both).collect())).collect())
}
job joined() -> Int { sum(nums(1).concat(nums(2).map(double)).concat(nums(3)).map(double).collect()) }
job kept() -> Int { sum(nums().filter(odd).collect()) }
job kept_by_outer() -> Int {
    let b = nums(1)
    total(nums().map(|x| b.filter(|y| less(y, x)).collect()).collect())
}
job named() -> Int { gather((nums().zip(nums()) as pairs).filter(|p| odd(both(p)) as is_odd).collect()) }
"#
);

becomes!(
    graphs,
    r#"
graph twice(x: Int) -> Int { double(double(x)) }
graph all<T>(d: DynamicOutput<T>, tail: T) -> (list: List<T>, mapped: DynamicOutput<T>) {
    let mapped = d.map(|x| echo(x))
    let more = echo(tail)
    (list: mapped.collect(), mapped: mapped)
}
graph quiet(x: Int) { note("a").after(x)
    note("b").after(x) }
graph outer(x: Int) -> Int { add(twice(x), twice(1)) as last }
job plain() -> Int { add(twice(1), twice(2)) }
job mapped() -> Int { sum(nums().map(twice).map(|x| twice(x)).collect()) }
job generic() -> Int {
    let outs = all(nums(), 5)
    add(sum(outs.list), gather(all(outs.mapped.map(|x| loud("a").after(x)), "z").list))
}
job nested() -> Int { sum(nums().map(|x| outer(x) as here).collect()) }
job ordered() -> Int { one().after(quiet(1).after(note("first"))) }
job ordered_clones() -> Int { sum(nums().map(|x| one().after(quiet(x))).collect()) }
"#
);

becomes!(
    graph_faults,
    r#"
graph no_item(x: Int) -> Int { one() }
graph steered(x: Int) -> Int { if x > 1 { one() } else { x } }
graph circle(x: Int) -> Int { circle(x) }
job item_free() -> Int { sum(nums().map(no_item).collect()) }
job unknown() -> Int { steered(one()) }
job item() -> Int { sum(nums().map(steered).collect()) }
job endless() -> Int { circle(1) }
job parameter(n: Int) -> Int { steered(n) }
job named_in_a_loop() { for x in 0..2 { one() as same } }
job large() { for x in 0..200 { for y in 0..200 { add(x, y) } } }
"#
);

becomes!(
    policies,
    r#"
@retry(max: 3, delay: 250ms, backoff: exponential, jitter: full)
@timeout(30s)
@concurrency("db", limit: 4)
@concurrency("disk", limit: N)
@resources(cpus: 2, memory: 4GiB)
@cache
@isolate
op careful(x: Int) -> Int { x }
@retry(2)
op again(x: Int) -> Int { x }
graph often(x: Int, times: Int) -> Int { again(x).with(retry: times + 1) as often }
job main() -> Int {
    sum([careful(1), often(1, 4), again(2).with(retry: 5, delay: 1s, cache: true),
        careful(3).with(isolate: false, concurrency: "db", limit: 1, timeout: 1m).after(one()), one()])
}
"#
);

becomes!(
    bad_policies,
    r#"
@retry(max: N)
op again(x: Int) -> Int { x }
graph often(x: Int, times: Int) -> Int { again(x).with(retry: times) }
job negative() -> Int { often(1, -1) }
job unknown() -> Int { often(1, one()) }
job never() -> Int { one().with(jitter: full) }
"#
);

becomes!(
    results,
    r#"
op tried(xs: List<Result<Int>>) -> Int { xs.len() }
job results() -> Int { tried(nums().map(double).collect_results()) }
job flattened() -> Int { tried(nums().map(chunks).flatten().map(double).collect_results()) }
job printed() -> List<Result<Int>> { nums().collect_results() }
"#
);

becomes!(
    steered,
    r#"
graph scaled(x: Int, by: Int, name: Str?) -> Int {
    for round in 0..by { note(f"{round + 1} of {by}").after(x) }
    if name != none { note("named") }
    if by == 2 and true { double(x) } else { x }
}
job chosen() -> Int { if N > 3 { one() } else { double(1) } }
job unrolled() -> Int {
    for s in ["a", NAME] { note(s) }
    for (k, v) in ["a": 1, "b": 2] { note(k).after(double(v)) }
    for one_row in [Row(n: 1), Row(n: 2, s: "z")] { row(Row(n: one_row.n + 1, s: one_row.s)) }
    sum([scaled(one(), by: 2, name: "x"), scaled(3, by: 0, name: none)])
}
job outputs() -> Int { sum((if N > 3 { nums() } else { nums(9) }).map(|x| scaled(x, by: 1, name: none)).collect()) }
"#
);

#[test]
fn an_op_is_one_instance_for_each_of_its_types() {
    let jobs = "job a() -> Int { add(echo(1), echo(2)) }\njob b() -> Str { echo(\"x\") }";
    let output = planned(jobs).expect("a plan");
    let names: Vec<&str> = output.plan.ops.iter().map(|op| op.name.as_str()).collect();
    assert_eq!(names, ["add", "echo", "echo"]);
    assert_eq!(output.plan.ops.len(), output.ops.len());
}

#[test]
fn what_a_plan_counts_is_there() {
    let output =
        planned("job a() -> Int { sum(nums().map(|x| add(x, one())).collect()) }").expect("a plan");
    let job = &output.plan.jobs[0];
    for step in &job.steps {
        let op = step.action.op().expect("an op");
        let op = &output.plan.ops[op as usize];
        assert_eq!(op.params.len(), step.inputs.len());
        assert!(
            op.params
                .iter()
                .all(|param| (param.ty as usize) < output.types.len())
        );
        assert!((step.scope as usize) < job.scopes.len());
    }
}

#[test]
fn a_file_without_jobs_says_so() {
    let found = planned("").expect_err("no job");
    assert!(found[0].contains("there is no job"), "{found:?}");
}

#[test]
fn drawings_have_scopes_as_boxes() {
    let jobs =
        "job a() -> Int { sum(nums().map(|x| sum(chunks(x).map(double).collect())).collect()) }";
    let plan = planned(jobs).expect("a plan").plan;
    insta::assert_snapshot!("dot", dynop_abi::graph::dot(&plan, &plan.jobs[0]));
    insta::assert_snapshot!("mermaid", dynop_abi::graph::mermaid(&plan, &plan.jobs[0]));
}
