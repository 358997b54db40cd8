use super::{parse, print};

/// Every instruction there is, as text; read and written again it must be the same.
const EVERYTHING: &str = include_str!("everything.ir");

#[test]
fn everything_round_trips() {
    let program = parse(EVERYTHING).expect("it reads");
    assert_eq!(print(&program), EVERYTHING);
}

#[test]
fn errors_name_their_line() {
    let error = parse("fn f0 \"f\" () -> Int {\nbb0:\n  %0 = frobnicate 1\n").unwrap_err();
    assert_eq!(error.to_string(), "line 3: `frobnicate` is no instruction");
}

#[test]
fn no_prefix_of_a_text_makes_it_panic() {
    for end in 0..EVERYTHING.len() {
        let _ = parse(&EVERYTHING[..end]);
    }
    let deep = format!("plan {}", "List<".repeat(10_000));
    assert!(parse(&deep).is_err());
}
