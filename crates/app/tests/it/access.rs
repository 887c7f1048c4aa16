//! The access table: every operation for every actor.
