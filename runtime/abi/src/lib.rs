//! The contract between compiled code and the runtime: layouts, the plan, and the table of runtime entry points.
