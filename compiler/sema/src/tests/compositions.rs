//! The rules of composition: what is said of programs that break them, and that the repairs offered are repairs.

use dynop_base::Diagnostic;

use super::{pictures, run};

/// Ops of many shapes, in front of each program below.
const OPS: &str = r#"op nums(n: Int = 3) -> DynamicOutput<Int> { for i in 0..n { yield DynamicOutput(i, mapping_key: i) } }
op texts() -> DynamicOutput<Str> { yield DynamicOutput("a", mapping_key: "a") }
op chunks(x: Int) -> DynamicOutput<Int> { for i in 0..x { yield DynamicOutput(i, mapping_key: i) } }
op split(n: Int) -> (values: DynamicOutput<Int>, negatives: DynamicOutput<Int>, total: Int) {
    return (values: [], negatives: [], total: n)
}
op double(x: Int) -> Int { x * 2 }
op loud(s: Str) -> Str { s.upper() }
op add(a: Int, b: Int) -> Int { a + b }
op sum(xs: List<Int>) -> Int { xs.sum() }
op one() -> Int { 1 }
op note(s: Str) { log(s) }
op echo<T>(x: T) -> T { x }
op opt(x: Int?) -> Int { x ?? 0 }
struct Row { n: Int }
op row(r: Row) -> Row { r }
fn helper(x: Int) -> Int { x }
const N = 4
"#;

fn with_ops(source: &str) -> String {
    let pictures = pictures(&format!("{OPS}{source}"));
    assert!(!pictures.contains("nothing to say"), "{source}");
    pictures
}

macro_rules! breaks {
    ($name:ident, $source:expr) => {
        #[test]
        fn $name() {
            insta::with_settings!({ description => $source, omit_expression => true }, {
                insta::assert_snapshot!(with_ops($source));
            });
        }
    };
}

breaks!(
    direct_passing,
    r#"job argument() -> Int { double(nums()) }
job beside() -> Int {
    let d = nums()
    add(1, d)
}
job list_wanted() -> Int { sum(nums()) }
job generic() -> Int { echo(nums()) }
job mapped() -> Int { sum(texts().map(loud)) }
job named_output() -> Int { sum(split(1).values) }
"#
);

breaks!(
    direct_passing_elsewhere,
    r#"job result() -> Int { nums() }
job result_list() -> List<Int> { nums().map(double) }
job part_of_result() -> (Int, Int) { (one(), nums()) }
job operand() -> Int {
    let d = nums()
    d + 1
}
job field() -> Int { nums().x }
job receiver() -> Int { nums().len() }
job element() -> Int { sum([nums(), 1]) }
job later_element() -> Int { sum([1, nums()]) }
job condition() -> Int { if nums() { 1 } else { 2 } }
job text() { note(f"{nums()}") }
job written() -> Int {
    let d: Int = nums()
    d
}
job param(d: DynamicOutput<Int>) -> Int { 1 }
"#
);

breaks!(
    direct_passing_beside_an_item,
    r#"job made_of_it() -> Int {
    let d = nums()
    let e = d.map(double)
    sum(d.map(|x| add(x, e)).collect())
}
job itself() -> Int {
    let d = nums()
    sum(d.map(|x| add(x, d)).collect())
}
"#
);

breaks!(
    mapped_types,
    r#"job closure() -> Int { sum(nums().map(|x| loud(x)).collect()) }
job name() -> Int { sum(texts().map(double).collect()) }
job chain() -> Int { sum(texts().map(loud).map(|s| double(s)).collect()) }
job key() -> Int { sum(nums().map(|x, key| double(key)).collect()) }
job collected() -> Int { sum(texts().collect()) }
job nested() -> Int { sum(nums().map(|x| chunks(x)).collect()) }
job written() -> Int {
    let d: DynamicOutput<Str> = nums()
    sum(d.collect())
}
"#
);

breaks!(
    bad_maps,
    r#"job without() -> Int { sum(nums().map().collect()) }
job function() -> Int { sum(nums().map(helper).collect()) }
job two_required() -> Int { sum(nums().map(add).collect()) }
job taken_apart() -> Int { sum(nums().map(|(a, b)| add(a, b)).collect()) }
job three() -> Int { sum(nums().map(|a, b, c| double(a)).collect()) }
job misspelt() -> Int { sum(nums().mapp(double).collect()) }
job plain() -> Int { one().map(double) }
job several() -> Int { sum(split(1).map(double).collect()) }
job collected_plain() -> Int { one().collect() }
"#
);

breaks!(
    items_that_are_not_used,
    r#"job constant() -> Int { sum(nums().map(|x| 5).collect()) }
job other_step() -> Int { sum(nums().map(|x| one()).collect()) }
job part() -> Int { sum(nums().map(|x| (a: one(), b: double(x))).b.collect()) }
job outer_only() -> Int { sum(nums().map(|x| chunks(x).map(|y| double(x))).map(|d| sum(d.collect())).collect()) }
job runs_once() -> Int { sum(nums().map(|x| add(x, one())).collect()) }
job by_after() -> Int { sum(nums().map(|x| one().after(x)).collect()) }
job unused() -> Int {
    let d = nums()
    let e = one()
    nums()
    2
}
"#
);

breaks!(
    values_of_a_run,
    r#"job operand() -> Int { one() + 1 }
job param(n: Int) -> Int { n + 1 }
job param_in_text(n: Int) { note(f"a{n}") }
job steered(n: Int) -> Int { if n == 1 { one() } else { double(n) } }
job matched() -> Int { match one() { 1 => 2, _ => 3 } }
job method() -> Int { one().abs() }
job field() -> Int {
    let r = row(Row(n: 1))
    r.n
}
job made() -> Row { row(Row(n: one())) }
job wrapped() -> Int { opt(some(one())) }
job item() -> Int { sum(nums().map(|x| x + 1).collect()) }
job function() -> Int { helper(one()) }
job function_of_constants() -> Int { double(helper(2)) }
job unpacked() -> Int {
    let (a, b) = one()
    add(a, b)
}
"#
);

breaks!(
    invocations,
    r#"job unknown_argument() -> Int { add(1, b: one(), c: 2) }
job missing() -> Int { add(one()) }
job misspelt() -> Int { add(aa: 1, b: 2) }
job too_many() -> Int { add(1, 2, 3) }
job unknown() -> Int { doubel(one()) }
job a_job() -> Int { missing() }
job op_alone() -> Int { one }
job op_as_argument() -> Int { double(double) }
job no_output() -> Int { double(note("a")) }
job outputs() -> Int { split(1).totl }
job uneven() -> Int {
    let (values, rest) = split(1)
    sum(values.collect())
}
job after_what() -> Int { add(1, 2).after(one()).after(nums()) }
job after_nothing() -> Int {
    let x = one()
    x.after(one())
}
job as_nothing() -> Int {
    let x = one()
    x as y
}
"#
);

breaks!(
    statements_of_ops,
    r#"job assigned() -> Int {
    var x = one()
    x = one()
    x
}
job returned() -> Int { return one() }
job failed() -> Int { fail "no" }
job tried() -> Int { try { one() } catch e { one() } }
job waiting() { while true { one() } }
job without_result() -> Int { }
job wrong_result() -> Str { one() }
job wrong_names() -> (a: Int, b: Int) { (a: one(), c: one()) }
"#
);

/// The program after the fix whose title holds `title`, of its only error.
fn repaired(source: &str, title: &str) -> String {
    let whole = format!("{OPS}{source}");
    let found = run(&whole);
    let errors: Vec<&Diagnostic> = found
        .checked
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .collect();
    assert_eq!(errors.len(), 1, "{}", pictures(&whole));
    let fix = errors[0].fixes.iter().find(|fix| fix.title.contains(title));
    let mut edits = fix.expect("a fix of this title").edits.clone();
    edits.sort_by_key(|edit| edit.span);
    let mut text = whole.clone();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

fn is_right(source: &str) {
    // The repaired programs are pieces, and what they do not use is no matter of these tests.
    let run = super::run(source);
    let said = run.syntax.iter().chain(&run.checked.diagnostics);
    let wrong = said.filter(|found| found.code.id != "W0209").count();
    assert_eq!(wrong, 0, "{}", pictures(source));
}

#[test]
fn collect_is_a_repair() {
    is_right(&repaired("job a() -> Int { sum(nums()) }", "collect"));
    is_right(&repaired(
        "job a() -> List<Int> { nums().map(double) }",
        "collect",
    ));
    let nested = "op totals(xs: List<List<Int>>) -> Int { xs.len() }
job a() -> Int { totals(nums().map(|x| chunks(x)).collect()) }";
    is_right(&repaired(nested, "collect each level"));
}

#[test]
fn map_is_a_repair() {
    is_right(&repaired(
        "job a() -> List<Int> {
    let d = nums()
    let e = add(1, b: d)
    e.collect()
}",
        "once per key",
    ));
    is_right(&repaired("job a() { note(texts()) }", "once per key"));
}

#[test]
fn names_are_a_repair() {
    is_right(&repaired("job a() -> Int { split(1).totl }", "total"));
    is_right(&repaired(
        "job a() -> List<Int> { nums().colect() }",
        "collect",
    ));
    is_right(&repaired("job a() -> Int { one }", "invoke"));
}

#[test]
fn what_is_right_is_not_spoken_of() {
    is_right(&format!(
        "{OPS}{}",
        r#"
job all(n: Int, p: Str = f"x{N}") -> (a: Int, b: List<List<Int>>) {
    let (values, negatives, total) = split(n)
    let outs = split(total) as again
    let mapped = values.map(|x, key| (double(x), loud(key)))
    let (doubled, keys) = mapped
    let typed: DynamicOutput<Int> = outs.values
    note(p).after(keys)
    let captured = negatives.map(|y| add(y, total))
    let nested = typed.map(|x| chunks(x).map(|y| add(x, y)).collect())
    let waits = doubled.map(|x| { note("a").after(x) })
    note("b").after(waits)
    (a: sum([sum(captured.collect()), N, one(), n]), b: nested.collect())
}
"#
    ));
}
