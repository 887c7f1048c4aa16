//! Fixtures of tests: the whole application in this process, on embedded adapters in a folder of its own.
//!
//! ```text
//! let Couple { app, alice, bob, .. } = TestApp::couple().await;
//! let note = alice.post("/v1/notes", json!({ "channel": "partner", "content": "Hi" })).await.expect(201);
//! app.settle().await;
//! bob.get(&format!("/v1/notes/{}", note.text("/id"))).await.expect(200);
//! ```
//!
//! - Requests go through the real gate; only the socket is missing, unless [`TestApp::serve`] opens one.
//! - Time stands still until [`TestApp::advance`] moves it; background work runs in [`TestApp::settle`] and nowhere
//!   else. So no test waits, and none depends on the speed of the machine.
//! - A test that ends with work left undone, or with a parked job, fails (see [`TestApp::leave`]).
//! - Passwords cost next to nothing, request rates are off, and the schema is migrated once per process.

mod actor;
mod answer;
mod app;
mod call;
mod faults;
mod fixtures;
mod parts;

pub use self::{
    actor::{Actor, PASSWORD},
    answer::Answer,
    app::TestApp,
    call::Call,
    faults::{Fail, Faults, HIDDEN, Switch},
    fixtures::Couple,
};
