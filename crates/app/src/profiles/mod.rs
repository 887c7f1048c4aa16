//! Profiles: what members say of themselves, how much of it is filled, their picture, their preferences, and what of
//! all this another member may see.
//!
//! `sql` holds profiles; the picture's bytes are objects, written before the commit that names them and removed after
//! the one that does not any more. What is counted (notes sent, days in a row) is derived, never typed in.
//! Not here: the account itself ([`crate::identity`]) and who is whose partner ([`crate::couples`]).

mod activity;
mod change;
pub mod me;
mod model;
pub mod pictures;
mod preferences;
pub mod privacy;
mod public;
mod routes;
mod streak;
mod suggestions;

pub use model::RELATIONSHIP;
pub use privacy::MessagesFrom;
pub use public::{PublicProfile, of as public_profile};
pub use routes::routes;
pub use streak::{mark, seen};
pub use suggestions::for_couple;

use crate::work::outbox::Event;
use base::{Cx, Error, Result, id::MemberId};
use ports::{args, sql::Tx};

/// Why a professional's profile is not kept here.
pub const REGULAR_ONLY: &str = "regular_members_only";

fn regular_only() -> Error {
    Error::forbidden("Profiles are for regular members; professionals have their professional profile.")
        .reason(REGULAR_ONLY)
}

/// After a change of the profile, in its transaction: the first time that everything is filled is kept and told.
pub async fn completed(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let Some(profile) = model::load(tx, member).await? else { return Ok(()) };
    if !profile.completion().is_whole() {
        return Ok(());
    }
    let sql = "update profiles set completed_at = $1 where member_id = $2 and completed_at is null";
    if tx.exec(sql, args![cx.now(), member]).await? == 1 {
        let data = serde_json::json!({ "member_id": member });
        Event::fact("profile.completed", data).in_sql(cx, tx).await?;
    }
    Ok(())
}

/// Own devices and the partner hear of a change.
async fn updated(cx: &Cx, tx: &mut Tx, member: MemberId) -> Result<()> {
    let mut to = vec![member];
    to.extend(crate::couples::partner_in_sql(tx, member).await?);
    Event::to_many(&to, "profile.updated", serde_json::json!({ "member_id": member })).in_sql(cx, tx).await
}
