//! The binary as an operator meets it, in one program of tests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by breaking")]

mod backup;
mod binary;
mod common;
mod upgrade;
