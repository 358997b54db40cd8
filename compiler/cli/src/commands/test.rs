//! `dynopc test [FILTER] FILE…`: compiles the tests of each file into an executable and runs every test in a process of its
//! own, so that one that crashes or hangs takes nothing of the others with it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::check::MessageOptions;
use super::compile::CompileOptions;
use super::say;
use crate::driver::{BuildOptions, Built, Frontend};
use crate::testing::report::{self, Summary};
use crate::testing::{Limits, cases, execute};

/// `test`
#[derive(Debug, Args)]
pub struct Test {
    /// Source files, and words that a test's name must hold one of; without a file, `main.dyn`
    #[arg(value_name = "FILTER | FILE")]
    words: Vec<String>,
    /// How the results are written on standard output
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
    /// Print the names of the tests instead of running them
    #[arg(long)]
    list: bool,
    /// How many tests run at once; by default as many as there are processors
    #[arg(long, value_name = "COUNT")]
    threads: Option<std::num::NonZeroUsize>,
    /// Seconds after which a test is ended and has failed
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
    #[command(flatten)]
    compile: CompileOptions,
    #[command(flatten)]
    messages: MessageOptions,
}

/// `--format`
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// A line a test, and a picture of each failure
    Human,
    /// A line of JSON a test, and one for the whole
    Json,
    /// A JUnit report in XML, as CI systems read it
    Junit,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 {
        Duration::try_from_secs_f64(value).map_err(|error| error.to_string())
    } else {
        Err("it must be more than 0".to_owned())
    }
}

/// What the words of the command line are: a word that ends in `.dyn` or names a file is one.
fn sort(words: Vec<String>) -> (Vec<PathBuf>, Vec<String>) {
    let is_file = |word: &String| word.ends_with(".dyn") || PathBuf::from(word).is_file();
    let (files, filters): (Vec<String>, Vec<String>) = words.into_iter().partition(is_file);
    let mut files: Vec<PathBuf> = files.into_iter().map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(PathBuf::from("main.dyn"));
    }
    (files, filters)
}

impl Test {
    /// Runs it.
    pub fn run(mut self) -> ExitCode {
        let options = match self.compile.build_options(None) {
            Ok(options) => options,
            Err(message) => {
                say(&format!("error: {message}"));
                return ExitCode::from(2);
            }
        };
        let (files, filters) = sort(std::mem::take(&mut self.words));
        if !self.list {
            crate::testing::end_on_interrupt();
        }
        let start = Instant::now();
        let mut summary = Summary::new(self.format);
        let mut broken = false;
        for file in files {
            if crate::testing::is_interrupted() {
                break;
            }
            let mut front = Frontend::default();
            front.check(&file);
            broken |= !self.run_file(&mut front, &options, &filters, &mut summary);
        }
        // A misspelt filter must not look like success.
        let nothing = !broken && !filters.is_empty() && summary.chosen == 0;
        if nothing && !crate::testing::is_interrupted() {
            let words: Vec<String> = filters.iter().map(|word| format!("`{word}`")).collect();
            let words = words.join(" or ");
            say(&format!(
                "error: no test has a name with {words} in it; `dynopc test --list` prints them"
            ));
            broken = true;
        }
        if self.list {
            return if broken {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
        if !broken || summary.told() > 0 {
            summary.finish(start.elapsed());
        }
        if crate::testing::is_interrupted() {
            // As of a program that Ctrl-C ends.
            ExitCode::from(130)
        } else if broken || summary.failed() > 0 {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    /// Runs the tests of one program; false if it can't be built.
    fn run_file(
        &self,
        front: &mut Frontend,
        options: &BuildOptions,
        filters: &[String],
        summary: &mut Summary,
    ) -> bool {
        let cases = cases(front, filters);
        summary.left_out += front.tests().len() - cases.len();
        summary.chosen += cases.len();
        if self.list {
            front.report(self.messages.message_format);
            if !front.has_errors() {
                let lines: Vec<String> = cases.iter().map(|case| case.listed()).collect();
                let _ = super::print(&lines.concat());
            }
            return !front.has_errors();
        }
        front.take_tests();
        let built = (!cases.is_empty() || front.has_errors()).then(|| front.build(options, None));
        front.report(self.messages.message_format);
        let bytes = match built {
            None => return true,
            Some(Ok(Built::Executable(bytes))) => bytes,
            Some(_) => return false,
        };
        let limits = Limits {
            threads: self.threads.map_or_else(report::processors, usize::from),
            timeout: self.timeout,
        };
        let told = execute(&bytes, &cases, limits, &mut |case, result| {
            summary.tell(&front.sources, case, result);
        });
        if let Err(error) = told {
            say(&format!("error: can't run the tests: {error}"));
            return false;
        }
        true
    }
}
