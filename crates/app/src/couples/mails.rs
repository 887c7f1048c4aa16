//! Mails about invitations and their answers.

use super::invitations::{self, join_url};
use crate::{app::App, identity::accounts, mailing::Letter, work::jobs};
use base::{Cx, Result, id::InvitationId};

/// To the invited address: as a member when it has an account, otherwise with the link alone.
pub async fn mail_invitation(app: &App, cx: &Cx, id: InvitationId, key: &str) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let Some(it) = invitations::by_id(&mut tx, id).await? else { return Ok(()) };
    if it.status(cx.now()) != "pending" {
        return Ok(());
    }
    let Some(inviter) = accounts::by_id(cx, &mut tx, it.inviter).await? else { return Ok(()) };
    let known = accounts::by_email(cx, &mut tx, &it.email_key).await?;
    drop(tx);
    let link = join_url(app, &it.code);
    let (inviter_name, link, code) = (&*inviter.name, &*link, &*it.code);
    if let Some(member) = known {
        let name = &*member.name;
        let letter = Letter::PartnerInvitationKnown { name, inviter: inviter_name, link, code };
        return jobs::send(app, cx, &member.email, member.language, &letter, key).await;
    }
    let letter = Letter::PartnerInvitation { inviter: inviter_name, link, code };
    jobs::send(app, cx, &it.email, inviter.language, &letter, key).await
}

/// To the inviter.
pub async fn mail_answer(app: &App, cx: &Cx, id: InvitationId, accepted: bool, key: &str) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let Some(it) = invitations::by_id(&mut tx, id).await? else { return Ok(()) };
    let Some(inviter) = accounts::by_id(cx, &mut tx, it.inviter).await? else { return Ok(()) };
    let by = match it.answered_by {
        Some(id) => accounts::by_id(cx, &mut tx, id).await?,
        None => None,
    };
    drop(tx);
    let (name, partner) = (&*inviter.name, by.as_ref().map_or(&*it.email, |a| &*a.name));
    let letter = if accepted {
        Letter::InvitationAccepted { name, partner }
    } else {
        Letter::InvitationDeclined { name, partner }
    };
    jobs::send(app, cx, &inviter.email, inviter.language, &letter, key).await
}
