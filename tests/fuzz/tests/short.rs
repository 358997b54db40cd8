//! What was found once, and a short run.

use dynop_fuzz::{Until, corpus, holds, run, target};

#[test]
fn what_was_found_stays_mended() {
    let property = target("parser").expect("a target");
    for (name, text) in corpus::kept("parser") {
        assert_eq!(holds(property, &text), Ok(()), "{name}");
    }
}

#[test]
fn a_short_run_finds_nothing() {
    let property = target("parser").expect("a target");
    let (_, found) = run(property, corpus::seeds(), 7, Until::Inputs(400));
    assert!(found.is_none(), "{found:?}");
}

#[test]
fn the_same_seed_gives_the_same_texts() {
    let texts = |seed| {
        let mut mutator = dynop_fuzz::mutate::Mutator::new(corpus::seeds(), seed);
        (0..20).map(|_| mutator.next_text()).collect::<Vec<_>>()
    };
    assert_eq!(texts(3), texts(3));
    assert_ne!(texts(3), texts(4));
}
