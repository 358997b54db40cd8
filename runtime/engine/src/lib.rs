//! A run as a pure state machine over a plan.
