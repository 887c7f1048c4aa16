//! Conversations as one participant sees them, and the list of them.

use super::{
    ids::{Tag, message_id},
    labels,
    model::Kind,
    state::{Seated, Side, total},
};
use crate::{
    app::App,
    cards::{self, Card},
    check::Checks,
    fold::fold,
    identity::Caller,
    presence::{self, MemberPresence},
    profiles::pictures,
    tables::CHATS,
};
use base::{
    Cx, Lang, Result, Time,
    id::{ConversationId, MemberId, MessageId},
    page::{Page, limit},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ports::items::Query;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Who one talks with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Face {
    pub id: MemberId,
    pub name: String,
    /// A signed link that opens the picture for an hour at least; null without a picture.
    pub avatar_url: Option<String>,
    pub avatar_thumbnail_url: Option<String>,
}

impl Face {
    pub async fn of(app: &App, cx: &Cx, id: MemberId, card: &Card) -> Result<Self> {
        let links = pictures::links(app, cx, id, card.picture.as_deref()).await?;
        Ok(Self { id, name: card.name.clone(), avatar_url: links.large, avatar_thumbnail_url: links.small })
    }
}

/// A conversation as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Conversation {
    pub id: ConversationId,
    /// The other participant.
    pub member: Face,
    /// Of the other participant.
    pub presence: MemberPresence,
    /// The newest message; 0 when there is none.
    pub last_seq: u64,
    pub last_message_id: Option<MessageId>,
    pub last_message_kind: Option<Kind>,
    /// The beginning of a text; of other kinds their name in the caller's language.
    pub last_message_preview: Option<String>,
    pub last_message_at: Option<Time>,
    pub unread_count: i64,
    /// By the caller's own hand: the badge shows one at least.
    pub marked_unread: bool,
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    pub hidden: bool,
    /// By the caller.
    pub blocked: bool,
    /// Up to where the caller has read.
    pub last_read_seq: u64,
    /// Up to where the other one has, as far as the caller may know.
    pub read_up_to_seq: u64,
    pub delivered_up_to_seq: u64,
    pub cleared_before: Option<Time>,
    /// Up to where the caller has cleared it.
    pub cleared_seq: u64,
    pub created_at: Time,
    pub updated_at: Time,
}

/// A list of conversations.
#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    pub data: Vec<Conversation>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListConversations {
    /// `all` (default: neither archived nor hidden), `archived` or `hidden`.
    pub view: Option<String>,
    /// Part of the other one's name or of the preview, without regard to case and accents.
    #[param(max_length = 200)]
    pub q: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Conversations read at once.
const AT_ONCE: usize = 16;

fn preview(side: &Side, lang: Lang) -> Option<String> {
    let last = side.last.as_ref()?;
    Some(if last.kind == Kind::Text { last.text.clone() } else { labels::of(last.kind, lang).to_owned() })
}

/// The conversation of evidence, as its participant sees it.
pub(super) async fn of(app: &App, cx: &Cx, us: &Seated) -> Result<Conversation> {
    let theirs = cards::load(app, cx, us.their_id()).await?;
    let lang = cards::load(app, cx, us.my_id()).await?.lang;
    let (me, them) = (us.me(), us.them());
    let last = me.last.as_ref();
    let may_see = theirs.presence_visible && !me.blocks && !them.blocks;
    Ok(Conversation {
        id: us.state.id,
        member: Face::of(app, cx, us.their_id(), &theirs).await?,
        presence: presence::shown(app, cx, us.their_id(), may_see).await,
        last_seq: us.state.last_seq,
        last_message_id: last.map(|last| message_id(last.at, us.tag(), last.seq)),
        last_message_kind: last.map(|last| last.kind),
        last_message_preview: preview(me, lang),
        last_message_at: last.map(|last| last.at),
        unread_count: me.unread,
        marked_unread: me.marked_unread,
        muted: me.muted,
        pinned: me.pinned,
        archived: me.archived,
        hidden: me.hidden,
        blocked: me.blocks,
        last_read_seq: me.read,
        read_up_to_seq: them.seen,
        delivered_up_to_seq: them.delivered,
        cleared_before: me.cleared_at,
        cleared_seq: me.cleared,
        created_at: us.state.created_at,
        updated_at: us.state.updated_at,
    })
}

/// Every conversation of a member.
pub(super) async fn all(app: &App, member: MemberId) -> Result<Vec<Seated>> {
    let (mut tags, mut next) = (Vec::new(), None);
    loop {
        let found = app.ports.items.query(Query::partition(CHATS, member.bytes()).limit(1_000).after(next)).await?;
        tags.extend(found.items.iter().filter_map(|item| Tag::from_slice(&item.key.sk)));
        next = found.next;
        if next.is_none() {
            break;
        }
    }
    let seats = stream::iter(tags).map(|tag| Seated::at(app, member, tag)).buffered(AT_ONCE);
    seats.try_collect().await
}

/// Where a conversation stands: pinned ones first, then by the newest message, those without one last.
fn place(us: &Seated) -> (bool, Option<Time>, ConversationId) {
    (us.me().pinned, us.me().last.as_ref().map(|last| last.at), us.state.id)
}

fn sealed((pinned, at, id): (bool, Option<Time>, ConversationId)) -> Vec<u8> {
    let mut out = vec![u8::from(pinned), u8::from(at.is_some())];
    out.extend_from_slice(&at.unwrap_or(Time(0)).0.to_be_bytes());
    out.extend_from_slice(id.bytes());
    out
}

fn opened(position: &[u8]) -> Option<(bool, Option<Time>, ConversationId)> {
    let at = Time(i64::from_be_bytes(position.get(2..10)?.try_into().ok()?));
    let id = ConversationId::from_slice(position.get(10..)?)?;
    Some((position[0] == 1, (position[1] == 1).then_some(at), id))
}

pub(super) async fn list(app: &App, cx: &Cx, caller: &Caller, asked: &ListConversations) -> Result<Page<Conversation>> {
    let mut checks = Checks::default();
    let view = checks.one_of("/query/view", asked.view.as_deref(), &["all", "archived", "hidden"]);
    let words = asked.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
    if let Some(words) = words {
        checks.length("/query/q", words, 1, 200);
    }
    checks.done()?;
    let limit = limit(asked.limit)?;
    let scope = format!("conversations {} {view:?} {words:?}", caller.member);
    let after = match &asked.cursor {
        None => None,
        Some(cursor) => opened(&app.cursors.open(&scope, cursor)?),
    };
    let shown = |us: &Seated| match view.as_deref() {
        Some("archived") => us.me().archived && !us.me().hidden,
        Some("hidden") => us.me().hidden,
        _ => !us.me().archived && !us.me().hidden,
    };
    let mut seats: Vec<Seated> = all(app, caller.member).await?;
    seats.retain(|us| shown(us) && after.is_none_or(|after| place(us) < after));
    seats.sort_by_key(|us| std::cmp::Reverse(place(us)));
    let words = words.map(fold);
    let mut data: Vec<Conversation> = Vec::with_capacity(seats.len().min(limit));
    for us in &seats {
        let conversation = of(app, cx, us).await?;
        let fits = |words: &String| {
            let preview = conversation.last_message_preview.as_deref().unwrap_or_default();
            fold(&conversation.member.name).contains(words) || fold(preview).contains(words)
        };
        if !words.as_ref().is_none_or(fits) {
            continue;
        }
        if data.len() == limit {
            let last = seats.iter().find(|us| data.last().is_some_and(|last| last.id == us.state.id));
            let next_cursor = last.map(|us| app.cursors.seal(&scope, &sealed(place(us))));
            return Ok(Page { data, next_cursor });
        }
        data.push(conversation);
    }
    Ok(Page { data, next_cursor: None })
}

/// Unread messages of one conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadConversation {
    pub conversation_id: ConversationId,
    pub unread_count: i64,
    pub marked_unread: bool,
}

/// Unread messages in all conversations, muted ones among them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unread {
    /// A conversation marked as unread counts one at least.
    pub total: i64,
    /// Those with something unread.
    pub conversations: Vec<UnreadConversation>,
}

pub(super) async fn unread(app: &App, caller: &Caller) -> Result<Unread> {
    let seats = all(app, caller.member).await?;
    let some = seats.iter().filter(|us| us.me().unread > 0 || us.me().marked_unread);
    let conversations = some.map(|us| UnreadConversation {
        conversation_id: us.state.id,
        unread_count: us.me().unread,
        marked_unread: us.me().marked_unread,
    });
    Ok(Unread { total: total(app, caller.member).await?, conversations: conversations.collect() })
}
