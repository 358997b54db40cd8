//! Shell commands: `sh"…"` and `sh.run` (`sh.dyn`).
//!
//! What is interpolated never becomes a part of the script: the values are given as positional parameters, which the script
//! first puts into a variable of its own, and then names that, `"${__dynop[0]}"`, in their places. Within a function of the
//! shell, or behind `set --`, the parameters would be others.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::time::Duration;

use dynop_abi::context::{OK, Status};
use dynop_abi::entries::types::{Ctx, I64, Ptr, U8};
use dynop_abi::layout::{ListHeader, StrRepr};
use dynop_values::failing::{self, Failure};
use dynop_values::{list, text};

use crate::process::{Process, Reader};

/// The shells, the better one first.
static BASH: OnceLock<Option<PathBuf>> = OnceLock::new();

/// How much of the end of a long standard error a failure shows.
const SHOWN_BYTES: usize = 2000;
const SHOWN_LINES: usize = 12;
/// How much of the standard error of a command is kept for the log.
const LOGGED_BYTES: usize = 1 << 20;

/// A command as `sh.dyn` gives it.
struct Script<'a> {
    /// The text before, between and behind the interpolations.
    pieces: Vec<&'a str>,
    /// What each interpolation stands for.
    words: Vec<Vec<&'a [u8]>>,
    /// Whether the command has a pipe in it.
    pipes: bool,
}

/// # Safety
/// `pieces` holds a `List<Str>`, `words` a `List<List<Path>>`, and both stay as they are during the call.
unsafe fn script_of<'a>(pieces: Ptr, words: Ptr, pipes: U8) -> Script<'a> {
    // SAFETY: the caller's promise.
    unsafe {
        let pieces = texts(pieces.cast::<*mut ListHeader>().read());
        let lists = words.cast::<*mut ListHeader>().read();
        let each = list::data(lists).cast::<*mut ListHeader>();
        Script {
            pieces: pieces
                .into_iter()
                .map(|piece| std::str::from_utf8(piece).unwrap_or_default())
                .collect(),
            words: (0..list::len(lists))
                .map(|index| texts(each.add(index).read()))
                .collect(),
            pipes: pipes != 0,
        }
    }
}

/// # Safety
/// `list` is a list of texts that stays as it is.
unsafe fn texts<'a>(texts: *mut ListHeader) -> Vec<&'a [u8]> {
    // SAFETY: the caller's promise.
    unsafe {
        let first = list::data(texts).cast::<StrRepr>();
        (0..list::len(texts))
            .map(|index| text::bytes(&*first.add(index)))
            .collect()
    }
}

/// Bash, if the search path has one.
fn bash() -> Option<&'static PathBuf> {
    let search = || {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        std::env::split_paths(&path)
            .map(|folder| folder.join("bash"))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
            })
    };
    BASH.get_or_init(search).as_ref()
}

/// A shell that runs a script: bash, whose pipes fail with any of their parts, or else `sh`.
pub(crate) fn shell(
    bash: Option<&PathBuf>,
    script: &str,
    arguments: &[&[u8]],
    pipes: bool,
) -> Result<Command, Failure> {
    let mut command = match bash {
        Some(bash) => {
            let mut command = Command::new(bash);
            command.args(["-euo", "pipefail", "-c", script, "bash"]);
            command
        }
        None if pipes => {
            return Err("there is no bash here, and a command with a pipe needs it: in `sh` a failure before the last `|` goes unnoticed".into());
        }
        None => {
            let mut command = Command::new("/bin/sh");
            command.args(["-euc", script, "sh"]);
            command
        }
    };
    command.args(
        arguments
            .iter()
            .map(|&argument| OsStr::from_bytes(argument)),
    );
    Ok(command)
}

/// The shell for a whole command.
pub(crate) fn shell_of(command: &str, pipes: bool) -> Result<Command, Failure> {
    shell(bash(), command, &[], pipes)
}

impl Script<'_> {
    fn command(&self, bash: Option<&PathBuf>) -> Result<Command, Failure> {
        let mut script = String::new();
        let mut arguments: Vec<&[u8]> = Vec::new();
        keep_words(
            &mut script,
            self.words.iter().map(Vec::len).sum(),
            bash.is_some(),
        );
        for (index, piece) in self.pieces.iter().enumerate() {
            script.push_str(piece);
            if let Some(words) = self.words.get(index) {
                place_words(&mut script, arguments.len(), words.len(), bash.is_some());
                arguments.extend(words);
            }
        }
        if script.contains('\0') {
            return Err("the command has a NUL character in it".into());
        }
        for argument in &arguments {
            if argument.contains(&0) {
                let shown = String::from_utf8_lossy(argument);
                return Err(format!(
                    "a value has a NUL character in it, which no command can be given: {shown:?}"
                )
                .into());
            }
        }
        shell(bash, &script, &arguments, self.pipes)
    }

    /// Runs it.
    ///
    /// # Safety
    /// `ctx` is the running step's.
    unsafe fn run(
        &self,
        ctx: Ctx,
        error_limit: usize,
        limit: Option<Duration>,
    ) -> Result<Done, Failure> {
        let command = self.command(bash())?;
        let mut streams = Streams::new(error_limit);
        // SAFETY: the caller's promise.
        let status = unsafe {
            Process::with(ctx, command, false, |process| {
                process.finish(ctx, &[], &mut streams, limit)
            })?
        };
        Ok(Done { status, streams })
    }
}

/// Writes the beginning of a script with `count` words: it keeps them under a name, on the line of the first command.
fn keep_words(script: &mut String, count: usize, bash: bool) {
    match count {
        0 => {}
        _ if bash => script.push_str(r#"__dynop=("$@"); set --; "#),
        _ => {
            for index in 0..count {
                // Writing to a text does not fail.
                let _ = write!(script, "__dynop_{index}=${{{}}}; ", index + 1);
            }
            script.push_str("set --; ");
        }
    }
}

/// Writes what stands for `count` words from the one numbered `first` on.
fn place_words(script: &mut String, first: usize, count: usize, bash: bool) {
    // Writing to a text does not fail.
    let _ = match count {
        1 if bash => write!(script, "\"${{__dynop[{first}]}}\""),
        // In an assignment or a redirection it is as good as anything; among words it is none.
        0 if bash => write!(script, "\"${{@:1:0}}\""),
        0 => Ok(()),
        _ if bash => write!(script, "\"${{__dynop[@]:{first}:{count}}}\""),
        _ => {
            for index in first..first + count {
                let blank = if index == first { "" } else { " " };
                let _ = write!(script, "{blank}\"${{__dynop_{index}}}\"");
            }
            Ok(())
        }
    };
}

pub(crate) fn not_started(error: &std::io::Error) -> Failure {
    if error.raw_os_error() == Some(libc::E2BIG) {
        return "the command's values are more than the system can pass to a program: write them to a file, and have the command read that".into();
    }
    format!("can't start the shell: {error}").into()
}

/// What a command has written.
struct Streams {
    output: Vec<u8>,
    error: Tail,
}

impl Streams {
    fn new(error_limit: usize) -> Self {
        Self {
            output: Vec::new(),
            error: Tail::new(error_limit),
        }
    }
}

impl Reader for Streams {
    fn output(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        append(&mut self.output, bytes)
    }

    fn error(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.error.push(bytes)
    }
}

/// Appends, or fails where there is no memory.
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Failure> {
    to.try_reserve(bytes.len()).map_err(|_| Failure::Memory)?;
    to.extend_from_slice(bytes);
    Ok(())
}

/// The end of what was written: at least `limit` bytes of it, and not much more than twice that.
pub(crate) struct Tail {
    bytes: Vec<u8>,
    limit: usize,
    left_out: usize,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            left_out: 0,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        append(&mut self.bytes, bytes)?;
        if self.bytes.len() / 2 > self.limit {
            let more = self.bytes.len() - self.limit;
            self.bytes.drain(..more);
            self.left_out += more;
        }
        Ok(())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The last lines, for a failure; empty if nothing was written.
    pub(crate) fn last_lines(&self) -> String {
        let text = self.text();
        let text = text.trim_end();
        let mut start = text.len().saturating_sub(SHOWN_BYTES);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        if start > 0 {
            // Not half a line, unless it is the only one.
            start += text[start..].find('\n').map_or(0, |end| end + 1);
        }
        let shown = &text[start..];
        let lines: Vec<&str> = shown.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

/// What an ended command leaves.
struct Done {
    status: ExitStatus,
    streams: Streams,
}

/// How a command ended, for a message.
pub(crate) fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(127), _) => "exit status 127 (not found)".to_owned(),
        (Some(126), _) => "exit status 126 (can't be executed)".to_owned(),
        (Some(code), _) => format!("exit status {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or(0)),
    }
}

/// A failure with the end of standard error.
pub(crate) fn ended_badly(what: &str, status: ExitStatus, error: &Tail) -> Failure {
    let mut message = format!("{what} ended with {}", how_it_ended(status));
    let last = error.last_lines();
    if !last.is_empty() {
        message.push_str(": ");
        message.push_str(&last);
    }
    message.into()
}

/// Writes a line to the step's log.
///
/// # Safety
/// `ctx` is the running step's.
pub(crate) unsafe fn log(ctx: Ctx, line: &str) {
    unsafe extern "C" {
        fn dyn_log(ctx: Ctx, message: Ptr) -> Status;
    }
    if let Ok(line) = text::Text::new(line.as_bytes()) {
        // SAFETY: the caller's promise; the text is borrowed, and only read.
        unsafe { dyn_log(ctx, std::ptr::from_ref(line.repr()).cast_mut().cast()) };
    }
}

/// # Safety
/// `ctx` is the running step's.
unsafe fn log_all(ctx: Ctx, error: &Tail) {
    // SAFETY: the caller's promise.
    unsafe {
        if error.left_out > 0 {
            log(ctx, &format!("… {} bytes left out", error.left_out));
        }
        for line in error.text().lines() {
            log(ctx, line);
        }
    }
}

/// A text without the newlines at its end.
fn output_text(mut output: Vec<u8>) -> Result<StrRepr, Failure> {
    while output.last() == Some(&b'\n') {
        output.pop();
    }
    if let Err(error) = std::str::from_utf8(&output) {
        let line = 1 + output[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        return Err(format!(
            "the command's output is not UTF-8 in line {line}: write it to a file"
        )
        .into());
    }
    Ok(text::new(&output)?)
}

/// Runs a body and writes its result to `out`; a panic in it fails the step.
///
/// # Safety
/// `ctx` is the running step's; `out` has room for a `T`.
pub(crate) unsafe fn give<T>(
    ctx: Ctx,
    out: *mut T,
    body: impl FnOnce() -> Result<T, Failure>,
) -> Status {
    let result = catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err("a function of the runtime broke off; this is a bug of it".into()));
    // SAFETY: the caller's promise.
    unsafe {
        match result {
            Ok(value) => {
                out.write(value);
                OK
            }
            Err(failure) => failing::fail(ctx, &failure),
        }
    }
}

/// How long a command may take; `sh.dyn` gives -1 for no limit.
fn limit_of(nanoseconds: i64) -> Option<Duration> {
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

/// The standard output of a command that succeeds.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_sh_output(
    ctx: Ctx,
    out: Ptr,
    pieces: Ptr,
    words: Ptr,
    pipes: U8,
    limit: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out.cast(), || {
            let done = script_of(pieces, words, pipes).run(ctx, LOGGED_BYTES, limit_of(limit))?;
            if !done.status.success() {
                return Err(ended_badly("the command", done.status, &done.streams.error));
            }
            log_all(ctx, &done.streams.error);
            output_text(done.streams.output)
        })
    }
}

/// A `(Int, Str, Str)`.
#[repr(C)]
struct Outcome {
    status: i64,
    output: StrRepr,
    error: StrRepr,
}

/// Status, standard output and standard error of a command, however it ends.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_sh_run(
    ctx: Ctx,
    out: Ptr,
    pieces: Ptr,
    words: Ptr,
    pipes: U8,
    limit: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out.cast(), || {
            let done = script_of(pieces, words, pipes).run(ctx, usize::MAX, limit_of(limit))?;
            // As shells number an end by a signal.
            let by_signal = || 128 + done.status.signal().unwrap_or(0);
            let status = i64::from(done.status.code().unwrap_or_else(by_signal));
            let output = text::Text::from_repr(output_text(done.streams.output)?);
            let error = done.streams.error.text();
            Ok(Outcome {
                status,
                error: text::new(error.trim_end_matches('\n').as_bytes())?,
                output: output.into_repr(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn arguments(command: &Command) -> Vec<OsString> {
        command.get_args().map(OsStr::to_owned).collect()
    }

    #[test]
    fn values_are_parameters() {
        let script = Script {
            pieces: vec!["cat ", " > ", "; echo ", ""],
            words: vec![vec![b"a", b"b c"], vec![b"$(rm x)"], vec![]],
            pipes: false,
        };
        let bash = PathBuf::from("/bin/bash");
        assert_eq!(
            arguments(&script.command(Some(&bash)).unwrap()),
            [
                "-euo",
                "pipefail",
                "-c",
                r#"__dynop=("$@"); set --; cat "${__dynop[@]:0:2}" > "${__dynop[2]}"; echo "${@:1:0}""#,
                "bash",
                "a",
                "b c",
                "$(rm x)"
            ]
        );
        assert_eq!(
            arguments(&script.command(None).unwrap()),
            [
                "-euc",
                r#"__dynop_0=${1}; __dynop_1=${2}; __dynop_2=${3}; set --; cat "${__dynop_0}" "${__dynop_1}" > "${__dynop_2}"; echo "#,
                "sh",
                "a",
                "b c",
                "$(rm x)"
            ]
        );
    }

    #[test]
    fn what_can_not_be_run() {
        let mut script = Script {
            pieces: vec!["echo ", " | cat"],
            words: vec![vec![b"x"]],
            pipes: true,
        };
        let Err(Failure::Message(message)) = script.command(None) else {
            panic!("refused");
        };
        assert!(message.contains("no bash"), "{message}");
        script.words = vec![vec![b"a\0b"]];
        let Err(Failure::Message(message)) = script.command(bash()) else {
            panic!("refused");
        };
        assert!(message.contains("NUL"), "{message}");
    }

    #[test]
    fn the_end_of_long_messages() {
        let mut tail = Tail::new(100);
        for line in 0..100 {
            tail.push(format!("line {line}\n").as_bytes()).unwrap();
        }
        assert!(tail.left_out > 0 && tail.bytes.len() <= 202);
        let last = tail.last_lines();
        assert!(last.ends_with("line 99"), "{last}");
        assert_eq!(last.lines().count(), SHOWN_LINES.min(last.lines().count()));
    }
}
