//! The runtime as a static library: entry points, the executable's command line and the wiring of a run.
