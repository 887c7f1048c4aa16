//! Plans: what each costs, what it opens, how much of each thing it includes, and the gate that every call passes
//! that is not open to everybody.
//!
//! A member's *effective plan* is the stored one while its subscription is live, otherwise Basic. The *entitlements*
//! are what that plan opens, and what points unlocked or staff granted besides. Both lie on the member's card, so a
//! gate asks no further store; a refusal looks at `sql` once more before it is spoken.
//!
//! What a plan includes a number of is counted by a [`Meter`] in the commit of the action itself. Whatever changes
//! what a member may do ends in [`store::changed`], time alone included, and the member's devices hear of it.

mod catalogue;
mod feature;
mod gate;
mod limits;
mod me;
mod meter;
mod plan;
mod routes;
pub mod store;
mod words;

pub use feature::Feature;
pub use gate::{Entitled, Entitlements, Grant, Source, gate, require};
pub use limits::Included;
pub use meter::{Meter, Taken, Usage, Window};
pub use plan::{Plan, Status, Subscription};
pub use routes::routes;
pub use store::lapse;
