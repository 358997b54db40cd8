//! The lines of a file that a diagnostic's drawing shows, made fit to be drawn.
//!
//! A source line may be anything: twenty thousand characters long, full of escape sequences, ended by a carriage return.
//! So what is drawn is a copy of the few lines around the labels, in which long lines are cut to what lies around the
//! labels and characters that would move the cursor or reorder the text are drawn as signs for themselves. Positions in
//! the file become positions in the copy. [`crate::render`] hands the copy to miette, which lays it out; nothing here
//! knows what a diagnostic says.

use std::ops::Range;

use dynop_base::{LineColumn, SourceFile};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Lines of more characters than this are cut. About one and a half times the width of a drawing: most lines that people
/// write are shown whole, and a terminal wraps none of the others more than once.
const LONGEST_LINE: usize = 160;

/// How many characters beside each end of a label are kept of a cut line.
const AROUND: usize = 40;

/// How many characters are kept of a long line without a label.
const BEGINNING: usize = 100;

/// A label over more lines than this is drawn on its first line alone.
const MOST_LINES: u32 = 12;

/// Up to so many lines between two labels are shown, since leaving them out would save nothing.
const SMALL_GAP: u32 = 4;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The copy.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    /// Of each label, in the order given: where it lies in `text`, and where it begins in the file.
    labels: Vec<(Range<usize>, LineColumn)>,
}

/// One line of the copy.
#[derive(Debug)]
struct Line {
    /// In the file, from 1.
    number: u32,
    /// Where it begins in the copy.
    start: usize,
}

impl Excerpt {
    /// An excerpt of `file` for labels at these bytes of it. `ellipsis` stands where something was cut.
    pub fn new(file: &SourceFile, labels: &[Range<usize>], ellipsis: &str) -> Self {
        let labels: Vec<Label> = labels
            .iter()
            .map(|range| Label::new(file, range.clone()))
            .collect();
        let mut excerpt = Self {
            name: file.name.clone(),
            text: String::new(),
            lines: Vec::new(),
            labels: labels.iter().map(|label| (0..0, label.at)).collect(),
        };
        for number in shown(&labels, file.line_count()) {
            excerpt.add_line(file, number, &labels, ellipsis);
        }
        excerpt
    }

    /// Where each label lies in the copy, in the order in which they were given.
    pub fn labels(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.labels.iter().map(|(range, _)| range.clone())
    }

    fn add_line(&mut self, file: &SourceFile, number: u32, labels: &[Label], ellipsis: &str) {
        let line = file.line(number);
        let ends: Vec<Option<(usize, usize)>> =
            labels.iter().map(|label| label.on_line(number)).collect();
        let kept = kept(line, ends.iter().flatten().flat_map(|&(a, b)| [a, b]));
        self.lines.push(Line {
            number,
            start: self.text.len(),
        });
        // Where in the copy the characters of this line are, for the ends of labels on it.
        let mut places: Vec<(usize, usize)> = Vec::new();
        let mut shown_to = 0;
        for part in kept {
            if part.start > shown_to {
                self.text.push_str(ellipsis);
            }
            shown_to = part.end;
            for (at, c) in line[part.clone()].char_indices() {
                places.push((part.start + at, self.text.len()));
                if (number, part.start + at, c) != (1, 0, BYTE_ORDER_MARK) {
                    self.text.push(drawable(c));
                }
            }
            places.push((part.end, self.text.len()));
        }
        if shown_to < line.len() {
            self.text.push_str(ellipsis);
        }
        self.text.push('\n');
        let place = |column: usize| {
            let found = places.partition_point(|&(at, _)| at < column);
            places
                .get(found)
                .map_or(self.text.len(), |&(_, place)| place)
        };
        for (label, ((range, _), here)) in labels.iter().zip(self.labels.iter_mut().zip(ends)) {
            let Some((first, last)) = here else { continue };
            if label.lines.start == number {
                range.start = place(first);
            }
            range.end = place(last).max(range.start);
        }
    }

    /// The index of the line that holds a byte of the copy.
    fn line_at(&self, offset: usize) -> Option<usize> {
        if offset > self.text.len() {
            return None;
        }
        self.lines
            .partition_point(|line| line.start <= offset)
            .checked_sub(1)
    }

    /// How many lines from `index` on follow each other in the file, itself included.
    fn run_from(&self, index: usize) -> usize {
        let gap = self.lines[index..]
            .windows(2)
            .position(|pair| pair[0].number + 1 != pair[1].number);
        gap.map_or(self.lines.len() - index, |position| position + 1)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let outside = MietteError::OutOfBounds;
        let first = self
            .line_at(span.offset())
            .ok_or(MietteError::OutOfBounds)?;
        let end = span.offset() + span.len();
        let last = self.line_at(end.saturating_sub(1).max(span.offset()));
        let last = last.ok_or(MietteError::OutOfBounds)?;
        let run = self.run_from(first);
        // Labels with lines left out between them are two pictures.
        if last >= first + run {
            return Err(outside);
        }
        let mut from = first;
        while from > 0
            && first - from < before
            && self.lines[from - 1].number + 1 == self.lines[from].number
        {
            from -= 1;
        }
        let to = (last + after).min(first + run - 1);
        let start = self.lines[from].start;
        let stop = self
            .lines
            .get(to + 1)
            .map_or(self.text.len(), |line| line.start);
        // Asked for no context, miette wants the place for a picture's head line.
        let column = match self
            .labels
            .iter()
            .find(|(range, _)| range.start == span.offset())
        {
            Some((_, at)) if before == 0 => at.column as usize - 1,
            _ => 0,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..stop],
            (start, stop - start).into(),
            self.lines[from].number as usize - 1,
            column,
            first + run - from,
        )))
    }
}

/// A label in the file.
struct Label {
    at: LineColumn,
    /// Its first line and the one past its last.
    lines: Range<u32>,
    /// Byte of its first line at which it begins.
    first: usize,
    /// Byte of its last line at which it ends.
    last: usize,
}

impl Label {
    fn new(file: &SourceFile, range: Range<usize>) -> Self {
        let byte = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let at = file.line_column(byte(range.start));
        // What ends with a line's end does not reach into the next line.
        let end = file.line_column(byte(range.end.saturating_sub(1).max(range.start)));
        let in_line = |line: u32, offset: usize| {
            let column = offset.saturating_sub(file.line_start(line));
            column.min(file.line(line).len())
        };
        if end.line - at.line >= MOST_LINES {
            return Self {
                at,
                lines: at.line..at.line + 1,
                first: in_line(at.line, range.start),
                last: file.line(at.line).len(),
            };
        }
        Self {
            at,
            lines: at.line..end.line + 1,
            first: in_line(at.line, range.start),
            last: in_line(end.line, range.end),
        }
    }

    /// The bytes of a line under this label.
    fn on_line(&self, number: u32) -> Option<(usize, usize)> {
        let is_last = number + 1 == self.lines.end;
        self.lines.contains(&number).then(|| {
            let first = if number == self.lines.start {
                self.first
            } else {
                0
            };
            (first, if is_last { self.last } else { first })
        })
    }
}

/// The numbers of the lines to show: those of labels, one before and one after, and small gaps between them.
fn shown(labels: &[Label], count: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = labels
        .iter()
        .flat_map(|label| {
            label.lines.start.saturating_sub(1).max(1)..(label.lines.end + 1).min(count + 1)
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let gaps: Vec<Range<u32>> = numbers
        .windows(2)
        .map(|pair| pair[0] + 1..pair[1])
        .filter(|gap| gap.end - gap.start <= SMALL_GAP)
        .collect();
    numbers.extend(gaps.into_iter().flatten());
    numbers.sort_unstable();
    numbers
}

/// The parts of a line that are shown, in order, as bytes of it, where ends of labels are at these bytes.
///
/// Never looks at the whole of a long line: there may be many labels on one of megabytes.
fn kept(line: &str, ends: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    if line.chars().nth(LONGEST_LINE).is_none() {
        return std::iter::once(0..line.len()).collect();
    }
    let back = |from: usize| {
        line[..from]
            .char_indices()
            .rev()
            .take(AROUND)
            .last()
            .map_or(from, |(at, _)| at)
    };
    let forth = |from: usize, count: usize| {
        from + line[from..]
            .chars()
            .take(count)
            .map(char::len_utf8)
            .sum::<usize>()
    };
    let mut parts: Vec<Range<usize>> = ends
        .map(|end| line.floor_char_boundary(end))
        .map(|end| back(end)..forth(end, AROUND))
        .collect();
    if parts.is_empty() {
        parts.push(0..forth(0, BEGINNING));
    }
    parts.sort_unstable_by_key(|part| part.start);
    parts.dedup_by(|next, part| {
        let touch = next.start <= part.end;
        if touch {
            part.end = part.end.max(next.end);
        }
        touch
    });
    parts
}

/// A character as it may be drawn: signs for control characters, so that nothing in a source moves a terminal's cursor,
/// and a replacement for the characters that would reorder the line or show as nothing.
fn drawable(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => '\u{fffd}',
        _ => c,
    }
}
