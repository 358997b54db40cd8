//! Worker threads and queues that execute what the engine commands.
