//! A few threads for what takes time: checking and questions.
//!
//! Jobs see moments that do not change, so nothing that they do needs a lock of the main thread, and a job that panics
//! takes nothing with it: its caller is told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Stack of a thread, in bytes of address space: the checker's passes are recursive and bounded.
const STACK: usize = 256 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped and what they do is done.
#[derive(Debug)]
pub struct Pool {
    jobs: Sender<Job>,
}

impl Pool {
    /// So many threads.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = waiting.clone();
            std::thread::Builder::new()
                .name(format!("worker {number}"))
                .stack_size(STACK)
                .spawn(move || work(&waiting))?;
        }
        Ok(Self { jobs })
    }

    /// Has a job done; `finish` gets its result, or the words of its panic.
    pub fn run<T: 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
        finish: impl FnOnce(Result<T, String>) + Send + 'static,
    ) {
        let job = move || {
            // What a job that panics leaves half done is its own: moments are read only, caches hold whole entries.
            let result = catch_unwind(AssertUnwindSafe(job));
            finish(result.map_err(|panic| words(panic.as_ref())));
        };
        // Threads that are gone would be a bug of this file; the job is then dropped, and so is its answer.
        let _ = self.jobs.send(Box::new(job));
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_one_job() {
        let pool = Pool::new(2).expect("threads");
        let (done, results) = channel();
        for number in 0..10 {
            let done = done.clone();
            pool.run(
                move || {
                    assert!(number % 3 != 0, "not {number}");
                    number
                },
                move |result| {
                    let _ = done.send(result);
                },
            );
        }
        drop(done);
        let results: Vec<_> = results.iter().collect();
        let panicked = results.iter().filter_map(|r| r.as_ref().err());
        let mut panicked: Vec<_> = panicked.collect();
        panicked.sort();
        assert_eq!(panicked, ["not 0", "not 3", "not 6", "not 9"]);
        assert_eq!(results.len(), 10);
    }
}
