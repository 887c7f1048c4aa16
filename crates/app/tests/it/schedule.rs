//! Scheduled notes: the state machine and its timers.
