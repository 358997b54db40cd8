//! What is wrong, as pictures.

use super::pictures;

/// One snapshot a program: its source, then what is said of it.
macro_rules! says {
    ($name:ident, $source:expr) => {
        #[test]
        fn $name() {
            insta::with_settings!({ description => $source, omit_expression => true }, {
                insta::assert_snapshot!(pictures($source));
            });
        }
    };
}

says!(
    names,
    r#"
fn f(count: Int) -> Int {
    let total = cuont + 1
    total + lenght
}
fn g() -> Lst<Int> { [] }
fn h(x: string) -> Int { fs.lnies("a") }
fn h(x: Int) -> Int { x }
fn i() -> Int { f }
fn j() -> Int { fs }
fn k() { print("x") }
fn l(a: Int, a: Int) {}
fn m<T, T>(a: T) {}
import text.words
"#
);

says!(
    mismatches,
    r#"
struct Row { name: Str, n: Int = "1" }
fn wants(piece: List<Str>, n: Int) -> Float { 2 }
fn f(a: Int, b: Float, c: Str?) -> Str {
    let x: Str = a
    let y = a + b
    let z = b * 2
    let u = "a" + a
    let v = json.encode(1) == "a"
    wants(["a"], "b")
    wants([1, "a"], n: c)
    if a { "x" } else { "y" }
    let r = Row(name: 1, n: 2)
    var v = 1
    v = "x"
    v += 1.5
    let w = [1, "a"]
    let m = ["a": 1, 2: 2]
    let k = not 1
    let l = a and true
    let t: (Int, Str) = (1, 2)
    c
}
fn noresult() { return 1 }
fn returns() -> Int { return }
"#
);

says!(
    calls,
    r#"
fn f(a: Int, b: Int = 2) -> Int { a + b }
fn g() {
    f()
    f(1, 2, 3)
    f(1, c: 2)
    f(b: 1, 2)
    f(1, a: 2)
    let xs = [1]
    xs.pussh(1)
    xs.length()
    xs.get()
    "a".foo()
    let y = 1
    y(2)
    f<Int>(1)
    xs.len
    xs.map(|a, b| a)
    xs.enumerate().map(|i, x| x)
    let late = |a, b| a - b
    late("x", "y")
    let sign = |a| -a
    sign(true)
    let never = |a, b| a * b
    let itself = |f| f(f)
    let named = |r| r.nmae
    named(Row(name: "x", n: 1))
    (1).f()
    let z = xs.first().len()
}
struct Row { name: Str, n: Int }
fn h(r: Row) -> Row {
    let a = Row("x", 1)
    let b = Row(name: "x")
    let c = Row(name: "x", m: 1)
    let d = r.nmae
    let e = r.n.foo
    let k: Row? = none
    let l = k.name
    let (m, n) = (1, 2, 3)
    Row(..r, n: 2)
}
"#
);

says!(
    control,
    r#"
fn f(a: Int) -> Int {
    for x in a { log }
    while 1 {}
    if a > 1 { 2 }
}
fn g(a: Int) -> Int {
    for i in 0..a { }
    let b = 1
}
fn h(a: Int) -> Int {
    break
    return a
    let x = 1
}
fn i(a: Int) -> Int {
    while true {
        if a > 1 { return 2 }
    }
}
fn j(a: Int) -> Int { if a > 1 { 2 } }
fn k(a: Int) {
    a == 1
    a + 1
    "x"
    5
}
fn l(xs: List<Int>) -> Int {
    var sum = 0
    xs.map(|x| { sum += x
        x })
    let ys = xs
    ys.push(1)
    xs.push(2)
    for x in xs { x = 2 }
    sum
}
fn m(xs: List<Int>) -> Int { for x in xs { xs.map(|y| { break }) }
  1 }
"#
);

says!(
    matching,
    r#"
fn a(x: Int?) -> Int { match x { some(1) => 1, none => 0 } }
fn b(x: Bool, y: Bool) -> Int { match (x, y) { (true, _) => 1, (false, true) => 2 } }
fn c(xs: List<Int>) -> Int { match xs { [] => 0, [x] => x, [x, y, ..rest] if x > 1 => x + y + rest.len() } }
fn d(s: Str) -> Int { match s { "a" => 1, "b" | "c" => 2 } }
fn e(x: Int) -> Int { match x { 1 => 1, 1 => 2, _ => 3, 4 => 4 } }
fn f(x: Int??) -> Int { match x { some(some(v)) => v, some(none) => 0, none => 1 } }
fn g(x: Int) -> Int { match x { some(v) => v, none => 0, "a" => 2, [a] => 3, (a, b) => 4, _ => 1.5 } }
fn h(x: (a: Int, b: Bool)) -> Int { match x { (a: 1, b: true) => 1, (c: 2) => 2, (b: false) => 3 } }
fn i(x: Int?) -> Int { let some(y) = x
    y }
fn j(x: Bool) -> Int { match x { true if x => 1, false => 2 } }
fn k(x: (Int, Int)) -> Int { match x { (a, 1) | (1, a) => a, (a, _) | (_, b) => 2, (a, a) => 1 } }
"#
);

says!(
    ops,
    r#"
op a() -> Int { yield Output(1)
  return 2 }
op b() -> (values: DynamicOutput<Int>, total: Int) {
    yield DynamicOutput(1, output_name: "valeus", mapping_key: "a")
    yield DynamicOutput(1, mapping_key: "a")
    yield Output(1, output_name: "values")
    yield DynamicOutput("x", output_name: "values", mapping_key: 1.5)
    yield DynamicOutput(1, output_name: "values")
    yield 5
}
op c() -> DynamicOutput<Int> {
    [1].map(|x| { yield DynamicOutput(x, mapping_key: x) })
    a()
}
fn d() { yield Output(1) }
op e() { yield Output(1) }
op f() -> List<DynamicOutput<Int>> { [DynamicOutput(1, mapping_key: 1), DynamicOutput("a", mapping_key: "b")] }
op g() -> (values: DynamicOutput<Int>, total: Int) { return (values: [DynamicOutput(1, mapping_key: "k")], totl: 2) }
op h(x: DynamicOutput<Int>, y: Iter<Int>, z: fn(Int) -> Int) -> Iter<Int> { y }
@retri(max: 3)
op i(var x: Int) -> List<List<DynamicOutput<Int>>> { [] }
op j() -> DynamicOutput<Int> { }
fn k() -> Int { a() }
"#
);

says!(
    constants,
    r#"
const A = 1 + B
const B: Int = C
const C = A
const D = [1, 2].len()
const E: Str = 5
const F = D + 1
type X = List<Y>
type Y = X
type Z<T> = (T, T)
fn f(z: Z<Int>, w: Z, v: Int<Int>, x: X) -> Int { E }
const G: Float = -1.5
const BIG = 9223372036854775808
const SMALL = -9223372036854775808
const NEGATED = -SMALL
const ZERO = 0
const DIVIDED = 5 / ZERO
const SHIFTED = 1 << 64
const ITEMS = [1, 2]
const ITEM = ITEMS[2]
const FINE = (ITEMS[1] ** 62 - 1) * 2 + 1
const TEXT = f"n = {FINE}, {ITEMS[0] == 1}" + "."
fn g(a: Int = FINE + 1) -> Str { TEXT }
"#
);

says!(
    unsupported,
    r#"
enum Shape { Circle(Float), Square }
fn f(d: Duration, t: Set<Int>) -> Int {
    let s = Shape.Circle(2.0)
    let x = sh"ls"
    assert 1 == 1
    let w = 30s
    let b = b"x"
    1
}
@retry(max: 3)
op g() -> Result<Int> { 1 }
extern fn hypot(a: Float, b: Float) -> Float = "hypot"
extern op train(rows: List<Int>) -> Int = "python3 train.py"
test "x" { assert 1 == 1 }
"#
);

says!(
    abilities,
    r#"
struct Row { f: fn(Int) -> Int, x: Int }
struct Plain { x: Int, y: List<Plain> }
fn biggest<T>(xs: List<T>) -> T? {
    var best: T? = none
    for x in xs {
        match best {
            some(b) if b < x => { best = x }
            none => { best = x }
            _ => {}
        }
    }
    best
}
fn twice<T>(xs: List<T>) -> T? { biggest(xs) }
fn count<T>(xs: List<T>) -> Map<T, Int> {
    var m: Map<T, Int> = [:]
    for x in xs { m[x] = m.get(x, 0) + 1 }
    m
}
fn f(a: Plain, b: Plain, g: fn(Int) -> Int) {
    let c = a == b
    let d = a < b
    let e = g == g
    twice([a])
    twice([1])
    count([1.5])
    count([(1, "a")])
    let h = [1.5: 2]
    let i: Map<Float, Int> = [:]
    log_it(f"{g}")
    [1, 2].sum()
    ["a"].sum()
    let k = c or d or e
}
fn log_it(s: Str) {}
"#
);

says!(
    output_flow,
    r#"
op a(x: Bool) -> (values: DynamicOutput<Int>, total: Int) {
    if x { return }
    yield Output(1, output_name: "total")
}
op b(x: Bool) -> (left: Int?, right: Int) {
    yield Output(1, output_name: "right")
    if x { yield Output(none, output_name: "left") }
    yield Output(2, output_name: "right")
}
op c(xs: List<Int>) -> (n: Int, m: Int) {
    for x in xs {
        if x > 1 {
            yield Output(x, output_name: "n")
            break
        }
    }
    yield Output(1, output_name: "m")
}
op d(x: Int) -> (n: Int, m: Int) {
    match x {
        1 => { yield Output(x, output_name: "n") }
        _ => fail "no"
    }
}
op e(x: Int) -> Int {
    try { yield Output(x) } catch { yield Output(1) }
    while true { }
}
"#
);

#[test]
fn imports() {
    let words = "
pub struct Word { text: Str, count: Int = 1 }
pub const LONGEST = 20
pub fn clean(text: Str) -> Str { helper(text) }
fn helper(text: Str) -> Str { text.lower() }
pub type Words = List<Word>
pub op count(words: List<Str>) -> Int { words.len() }
";
    let main = "
import text.words
import text.words as w
fn a() -> Int {
    let one: words.Word = w.Word(text: words.clean(\"A\"))
    let all: w.Words = [one]
    one.count + words.LONGEST + all.len() + w.clena(\"x\").len()
}
fn b() -> Str { words.helper(\"x\") }
fn c(x: words.Wrod) -> Int { words.count([]) }
fn d(x: w.Word) -> Int { match x { w.Word(text: \"a\", ..) => 1, w.Word(text: t, count: n) => n + t.len() } }
";
    let run = super::run_files(main, &[("text.words", words)]);
    insta::assert_snapshot!(super::draw(&run));
}

says!(
    compositions,
    r#"
op numbers() -> DynamicOutput<Int> { for n in [1, 2] { yield DynamicOutput(n, mapping_key: n) } }
op shout(text: Str) -> Str { text.upper() }
op join(all: List<Str>) -> Int { all.len() }
op pair() -> (values: DynamicOutput<Int>, total: Int) { return (values: [], total: 1) }
fn helper(n: Int) -> Int { n }
job a() -> Int { join(numbers().map(|n| shout(n)).collect()) }
job b(n: Int) -> Int { n + 1 }
job c() -> Int { helper(join([])) }
job d() -> Int {
    let (values, total) = pair()
    let x = values.map(|v| { let s = shout(f"{v}")
        s })
    if total > 1 { total } else { join(x.collect()) }
}
job e() -> Str { join(numbres().collect()) }
job f() -> Int { join(numbers()) }
job g() -> Int { pair().totl }
"#
);

says!(
    foreign_habits,
    r#"
fn names_of_modules(a: int, b: List<time>, c: csv) -> Int { 1 }
fn f(xs: List<Int>, m: Map<Str, Int>, s: Str) -> Int {
    xs.lenght()
    xs.append(1)
    s.toLower()
    s.startswith("a")
    m.has_key("x")
    m.items()
    len(xs)
    print(s)
    x = 1
    xs.get(0) + 1
    "a" + 1
    s[0]
    for i in xs.len() { i }
    if xs.first() { 1 }
    let y = null
    return None
}
"#
);
