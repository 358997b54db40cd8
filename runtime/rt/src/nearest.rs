//! The name that somebody probably meant.

/// The known name that is nearest to a given one, if any is near enough.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let furthest = 1 + given.chars().count() / 4;
    known
        .into_iter()
        .map(|name| (distance(given, name), name))
        .filter(|&(distance, _)| distance <= furthest)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// How many characters must be inserted, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(nearest("pth", ["path", "lines"]), Some("path"));
        assert_eq!(nearest("line", ["path", "lines"]), Some("lines"));
        assert_eq!(nearest("zzz", ["path", "lines"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
