//! Programs.

use super::compile;

#[track_caller]
fn lowers(text: &str) -> dynop_ir::Program {
    let compiled = compile(text);
    let messages = compiled.messages(&compiled.diagnostics);
    assert!(messages.is_empty(), "{}", messages.join("\n"));
    match compiled.lower() {
        Ok(program) => {
            let problems = dynop_ir::verify::verify(&program);
            assert!(problems.is_empty(), "{}", problems.join("\n"));
            let mut finished = program.clone();
            // The verifier runs between the passes too.
            dynop_ir::passes::run(&mut finished);
            program
        }
        Err(diagnostics) => panic!("{}", compiled.messages(&diagnostics).join("\n")),
    }
}

fn names(program: &dynop_ir::Program) -> Vec<&str> {
    program.functions.iter().map(|f| f.name.as_str()).collect()
}

#[test]
fn small_library_functions_go_in_place() {
    let program =
        lowers("op f(list: List<Int>) -> Int { let k = list.len()\n list.map(|x| x + k).sum() }\n");
    assert_eq!(names(&program), ["f"]);
}

#[test]
fn a_function_is_compiled_for_the_closure_it_is_given() {
    let program = lowers(
        "fn twice(f: fn(Int) -> Int, x: Int) -> Int { f(f(x)) }
         op f(k: Int) -> Int { twice(|x| x + k, 1) + twice(|x| x * k, 2) }\n",
    );
    assert_eq!(names(&program), ["f", "twice", "twice$2"]);
    assert_eq!(program.functions[1].params, 2, "the captured `k`, and `x`");
}

#[test]
fn recursion_that_wraps_its_closure_ends() {
    let program = lowers(
        "fn go(f: fn(Int) -> Int, n: Int) -> Int { if n == 0 { f(0) } else { go(|x| f(x) + 1, n - 1) + go(|x| f(x) + 2, n - 1) } }
         op f() -> Int { go(|x| x, 3) }\n",
    );
    assert!(
        program.functions.len() < 1000,
        "{}",
        program.functions.len()
    );
}

#[test]
fn generics_without_end_are_refused() {
    let compiled = compile(
        "fn depth<T>(value: T, levels: Int) -> Int { if levels == 0 { 0 } else { depth([value], levels - 1) } }
op measure() -> Int { depth(1, 3) }\n",
    );
    let found = compiled.lower().expect_err("it has no end");
    let messages = compiled.messages(&found);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("E0603"), "{messages:?}");
}

const MUCH: &str = r#"
struct Row { name: Str, n: Int, tags: List<Str> = [] }
const LIMIT: Int = 10
type Pair = (Int, Str)

fn bump(var row: Row, by: Int = 1) { row.n += by }
fn swap_out(var row: Row, name: Str) -> Str { let old = row.name
    row.name = name
    old }
fn fact(n: Int) -> Int { if n <= 1 { 1 } else { n * fact(n - 1) } }
fn adder(k: Int) -> fn(Int) -> Int { |x| x + k }
fn pick(flag: Bool) -> fn(Int) -> Int { if flag { adder(1) } else { fact } }

op places(rows: List<Row>) -> Int {
    var all = rows
    var m: Map<Str, List<Int>> = ["a": [1, 2]]
    m["b"] = [3]
    m["a"].push(4)
    m["a"][0] += 5
    all.push(Row(name: "x", n: 1))
    bump(all[0])
    bump(all[0], by: 3)
    let old = swap_out(all[0], "y")
    var t = (1, "a")
    let (a, b) = t
    var r = Row(..all[0], n: 7)
    r.tags.push(b)
    r.tags.push(old)
    all[0] = r
    m["a"][0] + all[0].n + a + r.tags.len() + m["b"].len()
}

op control(n: Int, xs: List<Int>, name: Str?) -> Str {
    var out = f"n={n} {n} {name ?? "none"}"
    for i in 0..n { if i % 2 == 0 { continue }
        if i > LIMIT { break }
        out += f"{i}," }
    for _ in 1..=3 { out += "x" }
    for c in out { if c == "n" { out += c } }
    for (k, v) in ["a": 1, "b": 2] { out += f"{k}{v}" }
    var i = 0
    while i < n and not (i == 7 or i == 9) { i += 1 }
    let what = match xs {
        [] => "empty"
        [x] if x > 3 => "one big"
        [x] => f"one {x}"
        [first, ..rest] => f"{first} then {rest.len()}"
    }
    let size = match n { 0 => "zero", 1 | 2 => "small", 3..=9 => "middle", _ => "big" }
    let named = match name { some(s) if s != "" => s, some(_) => "blank", none => "no" }
    let safe = try { fact(n) / xs[0] } catch e { log(e.message)
        -1 }
    let p = (n, "b")
    let q = match p { (0, s) => s, (k, "b") | (k, "c") => f"{k}", _ => "?" }
    if name != none { out += name }
    if safe < 0 { fail f"bad {safe}" }
    while true { if n > 3 { return out + what }
        break }
    out + size + named + q
}

op closures(xs: List<Int>) -> List<Int> {
    let f = pick(true)
    let g = |x| f(x) + 1
    let fs = [f, g]
    let h = fs[0]
    var total = xs.map(g).filter(|x| x > 2).fold(0, |a, b| a + b)
    total += (1..10).map(|x| x * x).filter(|x| x % 2 == 0).take(3).sum()
    let words = ["b", "a"].sorted().join(",").len()
    let big = xs.sorted_by(|x| -x).first() ?? 0
    let groups = xs.group_by(|x| x % 3)
    let pairs = xs.zip(xs.reversed()).enumerate().map(|(i, (a, b))| i + a * b)
    [..pairs, total, words, big, h(2), groups.len(), ..xs]
}

op returned(n: Int) -> List<DynamicOutput<Int>> {
    var out: List<DynamicOutput<Int>> = []
    for i in 0..n { out.push(DynamicOutput(i, mapping_key: f"k{i}")) }
    return out
}

op several(n: Int) -> (values: DynamicOutput<Int>, total: Int, odd: Int?) {
    for i in 0..n { yield DynamicOutput(i, output_name: "values", mapping_key: i) }
    yield Output(n, output_name: "total")
    if n % 2 == 1 { yield Output(n, output_name: "odd") }
}

op both(n: Int) -> (left: Int?, right: Int) {
    return (left: if n > 0 { some(n) } else { none }, right: n)
}
"#;

#[test]
fn much_of_the_language_lowers() {
    lowers(MUCH);
}

#[test]
fn word_count() {
    let program = lowers(include_str!("../../../../examples/word_count/main.dyn"));
    insta::assert_snapshot!(dynop_ir::text::print(&program));
}

#[test]
fn places_and_in_out_arguments() {
    let program = lowers(
        "fn grow(var list: List<Int>, by: Int) -> Int { list.push(by)
    list.len() }
op f(rows: List<List<Int>>) -> Int { var all = rows
    all[0][1] += 2
    let n = grow(all[0], 7)
    try { n + grow(all[1], 8) } catch { 0 } }\n",
    );
    insta::assert_snapshot!(dynop_ir::text::print(&program));
}

#[test]
fn cursors_keep_what_they_change() {
    let program = lowers("op f(n: Int) -> Int { (0..n).iter().map(|x| x * x).sum() }\n");
    insta::assert_snapshot!(dynop_ir::text::print(&program));
}
