//! How long parsing takes: `cargo run --release -p dynop_syntax --example time -- FILE…`.

use std::time::Instant;

fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).expect("a readable file");
        let text = String::from_utf8_lossy(&bytes);
        let start = Instant::now();
        let parse = dynop_syntax::parse(dynop_base::FileId(0), &text);
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{path}: {} bytes, {:.1} ms, {:.1} MB/s, {} items, {} diagnostics",
            text.len(),
            seconds * 1e3,
            text.len() as f64 / 1e6 / seconds,
            parse.module.items.len(),
            parse.diagnostics.len()
        );
    }
}
