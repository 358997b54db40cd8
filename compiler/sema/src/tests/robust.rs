//! Nothing makes the checker panic, take long, or give a broken program without a word.

use super::{draw, run};
use crate::hir::{Expr, ExprKind, FunctionBody};
use crate::walk::children;

/// Programs that use much of the language.
const SEEDS: &[&str] = &[
    include_str!("../../../../runtime/std/list.dyn"),
    include_str!("../../../../runtime/std/iter.dyn"),
    include_str!("../../../../runtime/std/str.dyn"),
    include_str!("seeds.dyn"),
    include_str!("more.dyn"),
    include_str!("jobs.dyn"),
    include_str!("jobs.dyn"),
];

/// A small generator of numbers, the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// Splits a text into words, marks and white space.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        out.push(&rest[..end]);
        rest = &rest[end..];
    }
    out
}

fn mutated(numbers: &mut Numbers) -> String {
    let seed = SEEDS[numbers.below(SEEDS.len())];
    let other = tokens(SEEDS[numbers.below(SEEDS.len())]);
    let mut tokens = tokens(seed);
    for _ in 0..=numbers.below(4) {
        let (at, to) = (numbers.below(tokens.len()), numbers.below(tokens.len()));
        match numbers.below(4) {
            0 => tokens[at] = other[numbers.below(other.len())],
            1 => tokens.swap(at, to),
            2 => {
                tokens.remove(at);
            }
            _ => tokens.insert(at, other[numbers.below(other.len())]),
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens.concat()
}

/// Whether a program without errors is whole: no node is broken.
fn whole(run: &super::Run) -> bool {
    let mut broken = false;
    for function in &run.checked.program.functions {
        if let FunctionBody::Code(body) = &function.body {
            let mut stack: Vec<&Expr> = vec![&body.value];
            while let Some(expr) = stack.pop() {
                broken |= matches!(expr.kind, ExprKind::Error) || expr.ty == crate::ty::Ty::Error;
                children(expr, &mut |child| stack.push(child));
            }
        }
    }
    !broken
}

#[test]
fn changed_programs_are_checked_without_panic_and_silence() {
    let rounds = std::env::var("DYNOP_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(150);
    let mut numbers = Numbers(7);
    let mut fine = 0;
    for _ in 0..rounds {
        let source = mutated(&mut numbers);
        let run = run(&source);
        let errors = run
            .syntax
            .iter()
            .chain(&run.checked.diagnostics)
            .any(|d| d.is_error());
        if !errors {
            fine += 1;
            assert!(whole(&run), "broken in silence:\n{source}\n{}", draw(&run));
        }
    }
    assert!(fine > 0);
}

#[test]
fn long_chains_and_deep_nesting_end() {
    let aliases: String = (0..5000)
        .map(|i| format!("type A{} = List<A{i}>\n", i + 1))
        .collect();
    let doubled: String = (0..40)
        .map(|i| format!("type B{} = (B{i}, B{i})\n", i + 1))
        .collect();
    let consts: String = (0..5000)
        .map(|i| format!("const C{} = C{i}\n", i + 1))
        .collect();
    let tuples: String = (0..60)
        .map(|i| format!("    let x{} = (x{i}, x{i})\n", i + 1))
        .collect();
    let sums = "1 + ".repeat(2000);
    let calls = format!("{}1{}", "some(".repeat(300), ")".repeat(300));
    let pushes: String = (0..60)
        .map(|i| format!("    y{i}.push((y{0}, y{0}))\n", i + 1))
        .collect();
    let ups: String = (0..60)
        .rev()
        .map(|i| format!("    y{i}.push((y{0}, y{0}))\n", i + 1))
        .collect();
    let lists: String = (0..=60).map(|i| format!("    var y{i} = []\n")).collect();
    let spreads: String = (0..60)
        .map(|i| format!("const S{} = [..S{i}, ..S{i}]\n", i + 1))
        .collect();
    let texts: String = (0..60)
        .map(|i| format!("const T{} = T{i} + T{i}\n", i + 1))
        .collect();
    let nodes: String = (0..5000)
        .map(|i| format!("const N{} = Node(next: N{i})\n", i + 1))
        .collect();
    let source = format!(
        "struct Node {{ next: Node? }}\nconst N0 = Node(next: none)\n{nodes}const S0 = [1]\nconst T0 = \"text\"\n{spreads}{texts}fn g() {{ {lists} {pushes} y60.push(1)\n log(f\"{{y0}}\") }}
fn h() {{ {lists} {ups} y60.push(1)\n log(f\"{{y0}}\") }}
type A0 = Int\ntype B0 = Int\nconst C0 = 1\n{aliases}{doubled}{consts}
fn f(a: A5000, b: B40) {{ let x0 = 1\n{tuples}\n let s = {sums}1\n let c = {calls} }}"
    );
    let run = run(&source);
    assert!(!run.checked.diagnostics.is_empty());
}

#[test]
fn a_large_program_takes_little_time() {
    let function = |i: usize| {
        format!(
            "fn f{i}(xs: List<Int>, n: Int) -> Map<Str, Int> {{
    var counts: Map<Str, Int> = [:]
    for x in xs.map(|x| x + n).filter(|x| x > 2) {{
        let key = f\"{{x}}\"
        counts[key] = counts.get(key, 0) + {i}
        match xs.first() {{
            some(v) if v > 1 => {{ counts[\"a\"] = v }}
            some(0) => {{}}
            _ => {{ counts[\"b\"] = n * 2 }}
        }}
    }}
    counts
}}
"
        )
    };
    let source: String = (0..1700).map(function).collect();
    let lines = source.lines().count();
    let run = run(&source);
    println!("{lines} lines checked in {:?}", run.time);
    assert!(run.checked.diagnostics.is_empty(), "{}", draw(&run));
    assert!(lines > 20_000);
    // Far above what it takes even without optimisation: this finds squares, not per cents.
    assert!(run.time < std::time::Duration::from_secs(20));
}
