//! What was found once, and a short run of each target.

use dynop_fuzz::{Found, TARGETS, Until, Watch, corpus, holds, run, target};
use dynop_tests::on_compiler_stack;

#[test]
fn what_was_found_stays_mended() {
    on_compiler_stack(|| {
        for target in &TARGETS {
            for (name, text) in corpus::kept(target.name) {
                assert_eq!(
                    holds(target.property, &text),
                    Ok(()),
                    "{}/{name}",
                    target.name
                );
            }
        }
    });
}

/// Keeps what is found.
#[derive(Default)]
struct Finds(Vec<Found>);

impl Watch for Finds {
    fn begins(&mut self, _: u64, _: &str) {}

    fn found(&mut self, found: &Found) {
        self.0.push(found.clone());
    }
}

fn short_run(name: &str, inputs: u64) {
    let target = target(name).expect("a target");
    on_compiler_stack(|| {
        let mut finds = Finds::default();
        run(target, 7, Until::Inputs(inputs), &mut finds);
        assert!(finds.0.is_empty(), "{:?}", finds.0);
    });
}

#[test]
fn a_short_run_of_syntax_finds_nothing() {
    short_run("syntax", 400);
}

#[test]
fn a_short_run_of_check_finds_nothing() {
    short_run("check", 40);
}

#[test]
fn a_short_run_of_json_finds_nothing() {
    short_run("json", 4_000);
}

#[test]
fn a_short_run_of_csv_finds_nothing() {
    short_run("csv", 4_000);
}

#[test]
fn a_short_run_of_protocol_finds_nothing() {
    short_run("protocol", 4_000);
}

#[test]
fn the_same_seed_gives_the_same_texts() {
    let target = target("syntax").expect("a target");
    let texts = |seed| {
        let mut mutator = dynop_fuzz::mutate::Mutator::new(
            (target.seeds)(),
            target.tokens,
            target.mutations,
            seed,
        );
        (0..20).map(|_| mutator.next_text()).collect::<Vec<_>>()
    };
    assert_eq!(texts(3), texts(3));
    assert_ne!(texts(3), texts(4));
}
