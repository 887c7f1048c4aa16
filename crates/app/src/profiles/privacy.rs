//! What a member lets others know and do: who may write, whether others see if the member is here and what was read.
//! It takes effect with the answer: the member's card carries it to where it is asked for.

use super::change::clearing;
use crate::{
    app::App,
    cards,
    check::Checks,
    identity::{Caller, accounts},
    presence,
    work::jobs::Job,
};
use base::{Cx, Result, id::MemberId};
use ports::{
    args,
    sql::{Tx, bucket},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose messages a member takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessagesFrom {
    #[default]
    Everyone,
    Friends,
    Partner,
}

impl MessagesFrom {
    const NAMES: &[&str] = &["everyone", "friends", "partner"];

    fn parse(name: &str) -> Self {
        match name {
            "friends" => Self::Friends,
            "partner" => Self::Partner,
            _ => Self::Everyone,
        }
    }

    fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Privacy {
    pub messages_from: MessagesFrom,
    /// Whether senders see that their messages were read.
    pub read_receipts: bool,
    /// Whether others see that the member is here, and was.
    pub presence_visible: bool,
}

/// What to change. Everything else in the body is ignored.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "messages_from": "partner", "read_receipts": false }))]
pub struct ChangePrivacy {
    /// Empty or null: everyone.
    #[serde(default, deserialize_with = "clearing")]
    #[schema(pattern = "^(everyone|friends|partner|)$")]
    pub messages_from: Option<String>,
    pub read_receipts: Option<bool>,
    pub presence_visible: Option<bool>,
}

pub async fn load(tx: &mut Tx, member: MemberId) -> Result<Privacy> {
    let sql = "select messages_from, read_receipts, presence_visible from privacy_settings where member_id = $1";
    Ok(match tx.row(sql, args![member]).await? {
        None => Privacy { messages_from: MessagesFrom::Everyone, read_receipts: true, presence_visible: true },
        Some(row) => Privacy {
            messages_from: MessagesFrom::parse(&row.text(0)?),
            read_receipts: row.bool(1)?,
            presence_visible: row.bool(2)?,
        },
    })
}

pub(super) async fn read(app: &App, caller: &Caller) -> Result<Privacy> {
    load(&mut app.ports.sql.read().await?, caller.member).await
}

pub(super) async fn change(app: &App, cx: &Cx, caller: &Caller, asked: &ChangePrivacy) -> Result<Privacy> {
    let mut checks = Checks::default();
    checks.one_of("/messages_from", asked.messages_from.as_deref(), MessagesFrom::NAMES);
    checks.done()?;
    let member = caller.member;
    let mut tx = app.ports.sql.begin().await?;
    accounts::touch(cx, &mut tx, member).await?;
    let mut privacy = load(&mut tx, member).await?;
    let was_visible = privacy.presence_visible;
    if let Some(from) = &asked.messages_from {
        privacy.messages_from = MessagesFrom::parse(from);
    }
    privacy.read_receipts = asked.read_receipts.unwrap_or(privacy.read_receipts);
    privacy.presence_visible = asked.presence_visible.unwrap_or(privacy.presence_visible);
    let sql = "insert into privacy_settings (member_id, bucket, messages_from, read_receipts, presence_visible,
                 created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $6)
               on conflict (member_id) do update set messages_from = excluded.messages_from,
                 read_receipts = excluded.read_receipts, presence_visible = excluded.presence_visible,
                 updated_at = excluded.updated_at";
    let name = privacy.messages_from.name();
    tx.exec(sql, args![member, bucket(&member), name, privacy.read_receipts, privacy.presence_visible, cx.now()])
        .await?;
    Job::ProjectCard { member }.enqueue(cx, &mut tx).await?;
    tx.commit().await?;
    app.bells.sql.notify_one();
    cards::project(app, cx, member).await?;
    if privacy.presence_visible != was_visible {
        presence::privacy_changed(app, member, privacy.presence_visible);
    }
    Ok(privacy)
}
