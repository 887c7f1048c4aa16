//! Couples: invitations, the link, its end; and [`Membership`], the evidence that a member has a partner right now.
//!
//! `sql` decides who is linked with whom (one row per member, so of two concurrent accepts one wins). The couple's
//! epoch in `items` is what couple-scoped commits meet on: unlinking moves it first, so nothing slips past an unlink.

mod answer;
mod invitations;
mod joint;
mod mails;
mod membership;
mod routes;
mod unlink;
mod view;

pub use answer::link_items;
pub use invitations::{address_changed, address_verified, expire_invitations, invite_at_sign_up};
pub use mails::{mail_answer, mail_invitation};
pub use membership::{Membership, partner_in_sql};
pub use routes::routes;
pub use unlink::{ended, reconcile};
