//! The fenced code blocks of a Markdown page.
//!
//! | info string | meaning |
//! |---|---|
//! | `dyn` | a program, or items of one, that is accepted without a diagnostic |
//! | `dyn,run` | a program whose job prints what the next `output` block says; `dyn,run --n 3` gives arguments |
//! | `dyn,run` before `failure` | a program whose run fails, with each of these lines on standard error |
//! | `dyn,fail=E0301` | a program that is rejected with that code, and perhaps others; an `error` block behind it is what is said with it: message, labels, `note: …`, `help: …` |
//! | `dyn,warn=W0301` | a program that is accepted with that warning |
//! | `dyn,file=text/words.dyn` | a file beside the page's programs, which they can import |
//! | `dyn,ignore` | not a program: a fragment |
//! | anything else | not looked at |

/// A code block.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// The text after the fence's back-quotes.
    pub info: String,
    /// What is between the fences, with its last newline.
    pub text: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
}

/// The blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.trim().to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_lines() {
        let page = "a\n```dyn,run --n 3\nx\ny\n```\nb\n```\nz\n```\n";
        let found = blocks(page);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            Block {
                info: "dyn,run --n 3".into(),
                text: "x\ny\n".into(),
                line: 2
            }
        );
        assert_eq!(found[1].line, 7);
    }
}
