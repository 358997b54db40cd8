//! A run as a pure state machine over a plan.
//!
//! What may run now, what waits for what, who is upstream-failed or skipped, when the run is over: all that is decided
//! here, and nothing else is done here. There are no threads, no clock and no IO, so that a test can drive thousands of
//! schedules and get the same answers for the same events. `pool` calls it, under one lock, once a *batch* of clones.
//!
//! **Words.** A [`graph::Graph`] is made once from a job: its *nodes* are the job's steps and what the runtime does
//! between them (gathering a `collect`, waiting for all clones, starting the inner level of a product). Nodes of one
//! scope that form a chain are one *stage*: a worker runs a stage for one position from its first node to its last.
//! While a job runs, a *stream* is the list of keys of one dynamic output of one clone, and a *family* is all instances
//! of one scope inside one instance of the scope around it, one instance a key of a stream, known by its position.
//!
//! **Events and commands.** Workers tell a [`run::Run`] which keys were yielded ([`run::Run::keys`]), which dynamic steps
//! began ([`run::Run::start`]) and ended ([`run::Run::end`]), and which range of positions of a stage is done, the
//! exceptions listed ([`run::Run::done`]). They ask it for ranges to run ([`run::Run::claim`]). The state of a single
//! clone lives with its values in the pool's arrays; what a clone that is about to run must do follows from the states of
//! what it needs by [`decide::decide`].

#![forbid(unsafe_code)]

pub mod decide;
pub mod graph;
pub mod run;
