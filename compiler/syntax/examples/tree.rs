//! Prints the tree of files and what is wrong with them: `cargo run -p dynop_syntax --example tree -- FILE…`.

use dynop_base::SourceMap;

fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let mut map = SourceMap::new();
        let file = map.add(path, text.as_str());
        let parse = dynop_syntax::parse(file, &text);
        print!("{}", parse.module.dump());
        for found in &parse.diagnostics {
            let at = map.file(file).line_column(found.primary.span.start);
            println!(
                "{} {}:{} {}",
                found.code.id, at.line, at.column, found.message
            );
            println!("    | {}", map.file(file).line(at.line));
            let width = (found.primary.span.end - found.primary.span.start).clamp(1, 60) as usize;
            let column = at.column as usize - 1;
            println!(
                "    | {:column$}{} {}",
                "",
                "^".repeat(width),
                found.primary.text
            );
            for label in &found.labels {
                println!("    = at {}: {}", map.locate(label.span), label.text);
            }
            for line in found.notes.iter().chain(&found.helps) {
                println!("    = {line}");
            }
            for fix in &found.fixes {
                println!("    fix: {} {:?}", fix.title, fix.edits);
            }
        }
    }
}
