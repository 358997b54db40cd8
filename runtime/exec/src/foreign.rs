//! Extern ops: the body of a step in any language.
//!
//! The op's inputs go to the program as one JSON document on its standard input; [`crate::protocol`] reads what it
//! answers. Items of dynamic outputs are handed on as they come. Standard error is the step's log.

use dynop_abi::context::{OK, Status};
use dynop_abi::desc::{Kind, TypeDesc};
use dynop_abi::entries::types::{Ctx, Desc, Ptr, U8, U32};
use dynop_abi::layout::StrRepr;
use dynop_values::Owned;
use dynop_values::failing::{Failure, NO_SITE};
use dynop_values::json;
use dynop_values::text::{self, Text};

use crate::gathered::{Gathered, NAMED};
use crate::process::{Process, Reader};
use crate::protocol::{Answer, Output, outputs, read_line};
use crate::shell::{self, Tail, append, ended_badly};

unsafe extern "C" {
    fn dyn_yield(ctx: Ctx, site: U32, output: U32, value: Ptr, key: Ptr) -> Status;
    fn dyn_output(ctx: Ctx, site: U32, output: U32, value: Ptr) -> Status;
}

/// The longest line, in bytes: a program that never ends one must not take all memory there is.
const LONGEST_LINE: usize = 1 << 30;
/// How much of a bad line a message shows, in characters.
const SHOWN: usize = 120;
/// How much of the end of standard error is kept for the message of a failure.
const KEPT: usize = 16 * 1024;

/// Runs an extern op.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`: `command` and `kinds` are texts, `inputs` holds a value of
/// `input_type`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_extern_op(
    ctx: Ctx,
    command: Ptr,
    kinds: Ptr,
    pipes: U8,
    inputs: Ptr,
    input_type: Desc,
    output_types: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        let mut done = ();
        shell::give(ctx, &raw mut done, || {
            let command = text::as_str(&*command.cast::<StrRepr>());
            let kinds = text::as_str(&*kinds.cast::<StrRepr>());
            let document = document(inputs, &*input_type)?;
            let answers = Answers::new(ctx, outputs(&*output_types, kinds), None);
            answers.of(command, pipes != 0, &document).map(|_| ())
        })
    }
}

/// Runs an extern op for a test that calls it, and gives what it gives as JSON.
///
/// # Safety
/// As for [`dyn_extern_op`]; `out` has room for a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_extern_answers(
    ctx: Ctx,
    out: Ptr,
    command: Ptr,
    kinds: Ptr,
    pipes: U8,
    inputs: Ptr,
    input_type: Desc,
    output_types: Desc,
) -> Status {
    // SAFETY: the convention; descriptors are static.
    unsafe {
        shell::give(ctx, out.cast::<StrRepr>(), || {
            let command = text::as_str(&*command.cast::<StrRepr>());
            let kinds = text::as_str(&*kinds.cast::<StrRepr>());
            let document = document(inputs, &*input_type)?;
            let outputs = outputs(&*output_types, kinds);
            let gathered = Gathered::new(outputs.len());
            let answers = Answers::new(ctx, outputs, Some(gathered));
            let answers = answers.of(command, pipes != 0, &document)?;
            let Some(gathered) = answers.gathered else {
                return Err("nothing was gathered".into());
            };
            let value = gathered.value(&answers.outputs, kinds.ends_with(NAMED))?;
            Ok(text::new(value.as_bytes())?)
        })
    }
}

/// The inputs as one line of JSON.
///
/// # Safety
/// `inputs` holds a value of `ty`.
unsafe fn document(inputs: Ptr, ty: &TypeDesc) -> Result<String, Failure> {
    if ty.kind == Kind::Unit {
        return Ok("{}\n".to_owned());
    }
    let mut document = String::new();
    // SAFETY: the caller's promise.
    unsafe { json::write(&mut document, inputs, ty) }.map_err(|error| error.message)?;
    document.push('\n');
    Ok(document)
}

/// Takes the answers of a program to its step.
struct Answers {
    ctx: Ctx,
    outputs: Vec<Output>,
    /// The line that is not complete, and how many were.
    line: Vec<u8>,
    number: u64,
    error_line: Vec<u8>,
    tail: Tail,
    /// Where outputs go that are no step's.
    gathered: Option<Gathered>,
}

impl Answers {
    fn new(ctx: Ctx, outputs: Vec<Output>, gathered: Option<Gathered>) -> Self {
        Self {
            ctx,
            outputs,
            line: Vec::new(),
            number: 0,
            error_line: Vec::new(),
            tail: Tail::new(KEPT),
            gathered,
        }
    }

    /// Runs the program to its end and gives itself back; fails where the program did.
    ///
    /// # Safety
    /// The context is the running step's.
    unsafe fn of(mut self, command: &str, pipes: bool, document: &str) -> Result<Self, Failure> {
        let (ctx, shell) = (self.ctx, shell::shell_of(command, pipes)?);
        // SAFETY: the caller's promise.
        let status = unsafe {
            Process::with(ctx, shell, true, |process| {
                process.finish(ctx, document.as_bytes(), &mut self, None)
            })?
        };
        self.end()?;
        if status.success() {
            return Ok(self);
        }
        let what = format!("`{command}`");
        Err(ended_badly(&what, status, &self.tail))
    }

    fn answer(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.number += 1;
        let answer = read_line(line, &self.outputs).map_err(|reason| {
            let all = String::from_utf8_lossy(line);
            let mut shown: String = all.trim_end().chars().take(SHOWN).collect();
            if shown.len() < all.trim_end().len() {
                shown.push('…');
            }
            format!(
                "line {} of the program's standard output: {reason}\n{shown}",
                self.number
            )
        })?;
        if let Some(gathered) = &mut self.gathered {
            match answer {
                Answer::Nothing => {}
                // SAFETY: the context is the running step's.
                Answer::Log(text) => unsafe { shell::log(self.ctx, &text) },
                Answer::Output(output, value) => {
                    let name = self.outputs[output as usize].name;
                    gathered.output(output, name, &value)?;
                }
                Answer::Item(output, value, key) => gathered.item(output, &key, &value)?,
            }
            return Ok(());
        }
        // SAFETY: the context is the running step's; values are of the outputs' types and are moved out.
        let status = unsafe {
            match answer {
                Answer::Nothing => OK,
                Answer::Log(text) => {
                    shell::log(self.ctx, &text);
                    OK
                }
                Answer::Output(output, value) => {
                    let status = dyn_output(self.ctx, NO_SITE, output, value.as_ptr());
                    moved_out(&value);
                    status
                }
                Answer::Item(output, value, key) => {
                    let key = Text::new(key.as_bytes())?;
                    let key = std::ptr::from_ref(key.repr()).cast_mut().cast();
                    let status = dyn_yield(self.ctx, NO_SITE, output, value.as_ptr(), key);
                    moved_out(&value);
                    status
                }
            }
        };
        // The entry point has recorded why; the first failure counts.
        if status == OK {
            Ok(())
        } else {
            Err("refused".into())
        }
    }

    /// Takes what is left where lines do not end.
    fn end(&mut self) -> Result<(), Failure> {
        let rest = std::mem::take(&mut self.error_line);
        self.log(&rest);
        let rest = std::mem::take(&mut self.line);
        if rest.is_empty() {
            return Ok(());
        }
        self.answer(&rest)
    }

    fn log(&self, line: &[u8]) {
        if !line.is_empty() {
            // SAFETY: the context is the running step's.
            unsafe { shell::log(self.ctx, String::from_utf8_lossy(line).trim_end()) };
        }
    }
}

/// Leaves zeroes where a value was taken over.
unsafe fn moved_out(value: &Owned) {
    // SAFETY: the caller's promise: the value is another's now.
    unsafe { std::ptr::write_bytes(value.as_ptr(), 0, value.desc().size as usize) };
}

/// Takes the lines that are complete off `pending` and `bytes`.
fn lines<'b>(
    pending: &mut Vec<u8>,
    mut bytes: &'b [u8],
    mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
        let (line, rest): (&'b [u8], &'b [u8]) = (&bytes[..end], &bytes[end + 1..]);
        bytes = rest;
        if pending.is_empty() {
            each(line)?;
            continue;
        }
        append(pending, line)?;
        each(pending)?;
        pending.clear();
    }
    append(pending, bytes)
}

impl Reader for Answers {
    fn output(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut pending = std::mem::take(&mut self.line);
        let result = lines(&mut pending, bytes, |line| self.answer(line));
        if pending.len() > LONGEST_LINE {
            return Err(format!(
                "line {} of the program's standard output is longer than 1 GiB: have it write a file, and answer with its path",
                self.number + 1
            )
            .into());
        }
        self.line = pending;
        result
    }

    fn error(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.tail.push(bytes)?;
        let mut pending = std::mem::take(&mut self.error_line);
        let result = lines(&mut pending, bytes, |line| {
            self.log(line);
            Ok(())
        });
        self.error_line = pending;
        result
    }
}
