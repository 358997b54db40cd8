//! Makes a failing text smaller.

/// Takes parts out of `text` as long as `fails` says that the rest still fails: ever smaller parts, down to a character.
pub(crate) fn shrink(text: &str, fails: &dyn Fn(&str) -> bool) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut part = chars.len() / 2;
    // Bounded, since an input that is slow to fail is slow to shrink.
    let mut attempts = 2_000;
    while part > 0 && attempts > 0 {
        let mut start = 0;
        while start < chars.len() && attempts > 0 {
            attempts -= 1;
            let end = (start + part).min(chars.len());
            let rest: String = chars[..start].iter().chain(&chars[end..]).collect();
            if fails(&rest) {
                chars.drain(start..end);
            } else {
                start = end;
            }
        }
        part /= 2;
    }
    chars.into_iter().collect()
}
