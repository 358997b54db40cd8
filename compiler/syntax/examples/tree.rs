//! Prints the tree of a file and what is wrong with it: `cargo run -p dynop_syntax --example tree -- FILE`.

use dynop_base::SourceMap;

fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut map = SourceMap::new();
        let file = map.add(path, text.as_str());
        let parse = dynop_syntax::parse(file, &text);
        print!("{}", parse.module.dump());
        for found in &parse.diagnostics {
            let at = map.locate(found.primary.span);
            println!(
                "{at}: {} {} ({})",
                found.code.id, found.message, found.primary.text
            );
        }
    }
}
