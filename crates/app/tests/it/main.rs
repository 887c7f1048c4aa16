//! Integration tests: the whole application in one process, behind its real gate, on embedded adapters.
//!
//! One binary, so that it links once; a module per area. `testkit` holds the fixtures.

mod access;
mod couples;
mod documents;
mod edge;
mod idempotency;
mod identity;
mod limits;
mod notes;
mod openapi;
mod realtime;
mod schedule;
mod work;
