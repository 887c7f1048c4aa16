//! Every job the product knows, and what it does. A job may run twice and does its effect once. Names are stored:
//! append-only, with a golden file each.

use crate::{
    app::App,
    audit::{self, Entry},
    calls, cards, chat, couples, files,
    identity::{self, accounts, contact, email_change, sessions},
    mailing::{self, Letter, Text},
    notes,
    profiles::pictures,
};
use base::{
    Cx, Error, Lang, Result, Time,
    id::{CallId, ConversationId, CoupleId, FileId, InvitationId, MemberId, SessionId, TokenId},
    time::{MINUTE, SECOND},
};
use ports::{
    mail::{Message, Sent},
    sms,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job")]
pub enum Job {
    #[serde(rename = "identity.verify_email")]
    VerifyEmail { member: MemberId, token: TokenId },
    #[serde(rename = "identity.verification_requested")]
    VerificationRequested { email: String },
    #[serde(rename = "identity.reset_requested")]
    ResetRequested { email: String },
    #[serde(rename = "identity.reset_password")]
    ResetPassword { member: MemberId, token: TokenId },
    #[serde(rename = "identity.set_up_password")]
    SetUpPassword { member: MemberId, token: TokenId },
    #[serde(rename = "identity.password_notice")]
    PasswordNotice { member: MemberId, reset: bool },
    #[serde(rename = "identity.end_sessions")]
    EndSessions { member: MemberId, keep: Option<SessionId>, before: Time },
    #[serde(rename = "identity.email_change")]
    EmailChange { member: MemberId, token: TokenId },
    #[serde(rename = "identity.email_changed")]
    EmailChanged { member: MemberId, to: String },
    #[serde(rename = "identity.contact_code")]
    ContactCode { channel: contact::Channel, destination: String, code: TokenId, lang: Lang },
    #[serde(rename = "members.project_card")]
    ProjectCard { member: MemberId },
    #[serde(rename = "couples.invitation_mail")]
    InvitationMail { invitation: InvitationId, nth: i64 },
    #[serde(rename = "couples.answer_mail")]
    AnswerMail { invitation: InvitationId, accepted: bool },
    #[serde(rename = "couples.linked")]
    CoupleLinked { couple: CoupleId },
    #[serde(rename = "couples.ended")]
    CoupleEnded { couple: CoupleId, by: MemberId, at: Time },
    #[serde(rename = "couples.ended_mail")]
    CoupleEndedMail { couple: CoupleId, to: MemberId },
    #[serde(rename = "profiles.remove_picture")]
    RemovePicture { member: MemberId, name: String },
    #[serde(rename = "files.remove")]
    RemoveFile { file: FileId },
    #[serde(rename = "notes.deliver")]
    DeliverNote(notes::Delivery),
    #[serde(rename = "chat.purge")]
    PurgeConversation { conversation: ConversationId, up_to: u64 },
    #[serde(rename = "calls.entry")]
    CallEntry { call: CallId },
    #[serde(rename = "calls.blocked")]
    CallBlocked { by: MemberId, member: MemberId },
    #[serde(rename = "audit.record")]
    Audit { entry: Box<Entry> },
}

/// The last run of a job that is worth another try.
const TRIES: u32 = 8;

/// How long after its nth failed run a job runs again; none: not again. 1 s, 2 s, 4 s …, with jitter so that what
/// failed together does not come back together; a scheduled note has pauses of its own.
pub fn pause(job: Option<&Job>, runs: u32) -> Option<i64> {
    if let Some(Job::DeliverNote(notes::Delivery { scheduled: Some(_), .. })) = job {
        let nth = usize::try_from(runs).unwrap_or(usize::MAX).saturating_sub(1);
        return notes::REPEATS.get(nth).copied();
    }
    let wait = (SECOND << runs.min(10).saturating_sub(1)).min(14 * MINUTE);
    (runs < TRIES).then(|| wait + rand::random_range(0..=wait / 4))
}

/// A run failed and the next one is at `until`: what its owner is to see of that.
pub async fn put_off(app: &App, cx: &Cx, job: &Job, until: Time) -> Result<()> {
    match job {
        Job::DeliverNote(delivery) => notes::put_off(app, cx, delivery, until).await,
        _ => Ok(()),
    }
}

/// There will be no further run: what its owner is to see of that. May happen twice.
pub async fn given_up(app: &App, cx: &Cx, job: &Job, error: &Error) -> Result<()> {
    match job {
        Job::DeliverNote(delivery) => notes::given_up(app, cx, delivery, error).await,
        _ => Ok(()),
    }
}

/// Does the work. `key` names this job for ever: the idempotency key of what leaves the process.
pub async fn perform(app: &App, cx: &Cx, job: &Job, key: &str) -> Result<()> {
    match job {
        Job::VerifyEmail { member, .. }
        | Job::ResetPassword { member, .. }
        | Job::SetUpPassword { member, .. }
        | Job::PasswordNotice { member, .. }
        | Job::CoupleEndedMail { to: member, .. } => to_member(app, cx, *member, job, key).await,
        Job::VerificationRequested { email } => identity::verification_requested(app, cx, email).await,
        Job::ResetRequested { email } => identity::reset_requested(app, cx, email).await,
        Job::EmailChange { member, token } => email_change::mail(app, cx, *member, *token, key).await,
        Job::EmailChanged { member, to } => email_change::notice(app, cx, *member, to, key).await,
        Job::ContactCode { channel, destination, code, lang } => {
            contact::deliver(app, cx, *channel, destination, *code, *lang, key).await
        }
        Job::EndSessions { member, keep, before } => sessions::end_older(app, cx, *member, *keep, *before).await,
        Job::ProjectCard { member } => cards::project(app, cx, *member).await.map(drop),
        Job::InvitationMail { invitation, .. } => couples::mail_invitation(app, cx, *invitation, key).await,
        Job::AnswerMail { invitation, accepted } => couples::mail_answer(app, cx, *invitation, *accepted, key).await,
        Job::CoupleLinked { couple } => couples::link_items(app, cx, *couple).await,
        Job::CoupleEnded { couple, by, at } => couples::ended(app, cx, *couple, *by, *at).await,
        Job::RemovePicture { member, name } => pictures::discard(app, *member, name).await,
        Job::RemoveFile { file } => files::discard(app, *file).await,
        Job::DeliverNote(delivery) => notes::deliver(app, cx, delivery).await,
        Job::PurgeConversation { conversation, up_to } => chat::purge(app, *conversation, *up_to).await,
        Job::CallEntry { call } => calls::leave_entry(app, cx, *call).await,
        Job::CallBlocked { by, member } => calls::end_blocked(app, cx, *by, *member).await,
        Job::Audit { entry } => audit::record(app, std::slice::from_ref(entry)).await,
    }
}

/// A letter to a member, in the member's language. A member who is gone gets none.
async fn to_member(app: &App, cx: &Cx, member: MemberId, job: &Job, key: &str) -> Result<()> {
    let mut tx = app.ports.sql.read().await?;
    let Some(account) = accounts::by_id(cx, &mut tx, member).await? else { return Ok(()) };
    drop(tx);
    let name = &*account.name;
    let link = |path: &str, token| format!("{}/{path}?token={}", app.public_url(), app.identity.one_time.token(token));
    let (verify, reset);
    let letter = match job {
        Job::VerifyEmail { token, .. } => {
            verify = link("verify", *token);
            Letter::VerifyEmail { name, link: &verify }
        }
        Job::ResetPassword { token, .. } => {
            reset = link("reset", *token);
            Letter::ResetPassword { name, link: &reset }
        }
        Job::SetUpPassword { token, .. } => {
            reset = link("reset", *token);
            Letter::SetUpPassword { name, link: &reset }
        }
        Job::PasswordNotice { reset: true, .. } => Letter::PasswordReset { name },
        Job::PasswordNotice { .. } => Letter::PasswordChanged { name },
        _ => Letter::CoupleEnded { name },
    };
    send(app, cx, &account.email, account.language, &letter, key).await
}

/// A letter to an address, ready to be sent.
pub fn message(app: &App, cx: &Cx, to: &str, lang: Lang, letter: &Letter<'_>, key: &str) -> Message {
    let rendered = mailing::render(letter, lang);
    let mut meta = serde_json::Map::new();
    meta.insert("letter".to_owned(), letter.kind().into());
    meta.insert("language".to_owned(), lang.code().into());
    Message {
        id: cx.id(),
        from: app.mail_from.clone(),
        to: to.to_owned(),
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        idempotency_key: key.to_owned(),
        meta,
    }
}

/// A letter to an address.
pub async fn send(app: &App, cx: &Cx, to: &str, lang: Lang, letter: &Letter<'_>, key: &str) -> Result<()> {
    match app.ports.mail.send(&message(app, cx, to, lang, letter, key), cx.now()).await? {
        Sent::Accepted { .. } => {}
        Sent::Suppressed => tracing::info!(letter = letter.kind(), "not sent: the address is suppressed"),
    }
    Ok(())
}

/// A text message to a number in E.164.
pub async fn text(app: &App, cx: &Cx, to: &str, lang: Lang, text: &Text<'_>, key: &str) -> Result<()> {
    let mut meta = serde_json::Map::new();
    meta.insert("text".to_owned(), text.kind().into());
    meta.insert("language".to_owned(), lang.code().into());
    let message = sms::Message {
        id: cx.id(),
        to: to.to_owned(),
        text: mailing::render_text(text, lang),
        idempotency_key: key.to_owned(),
        meta,
    };
    match app.ports.sms.send(&message, cx.now()).await? {
        sms::Sent::Accepted { .. } => {}
        sms::Sent::OptedOut => tracing::info!(text = text.kind(), "not sent: the number has opted out"),
    }
    Ok(())
}

/// A payload that no release of ours wrote.
pub fn read(body: &[u8]) -> Result<Job> {
    serde_json::from_slice(body).map_err(|e| Error::bug("read a job", e))
}
