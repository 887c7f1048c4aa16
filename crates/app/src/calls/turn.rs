//! What the two parties do with a call: accept, reject, cancel, end.

use super::{
    history::{self, Call},
    model::Act,
    store::{ATTEMPTS, Party, busy, turn_into},
};
use crate::{app::App, identity::Caller};
use base::{Cx, Result, id::CallId};

/// Does it, once: a call that is so already is answered as it is.
pub(super) async fn turn(app: &App, cx: &Cx, caller: &Caller, id: CallId, act: Act) -> Result<Call> {
    for _ in 0..ATTEMPTS {
        let us = Party::load(app, cx, caller.member, id).await?;
        let now = match us.call.after(act, us.role, caller.session, cx.now())? {
            None => us.call,
            Some(after) if turn_into(app, cx, (&us.call, us.version), &after, None).await? => after,
            Some(_) => continue,
        };
        return history::view(app, cx, &now, us.role, Some(caller.session)).await;
    }
    Err(busy())
}
