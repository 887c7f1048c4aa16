//! Reactions: any single emoji, several of them by one member, each once.

use super::{
    evidence,
    messages::{Found, find, replace},
    model::Reacted,
    post::Ids,
    render::{self, ReactionCount},
    state::{ATTEMPTS, busy},
};
use crate::{app::App, identity::Caller, work::outbox::Event};
use base::{Cx, Error, Result, id::MessageId};
use ports::items::{Commit, Outcome};
use serde::Serialize;
use std::borrow::Cow;
use unicode_properties::UnicodeEmoji as _;
use unicode_segmentation::UnicodeSegmentation as _;
use utoipa::ToSchema;

/// Bytes of an emoji.
const LONGEST: usize = 32;
/// Different reactions at one message.
const MOST: usize = 200;

/// What a reaction did, and how they stand now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reactions {
    /// `added`, `removed`, or null when nothing changed.
    pub changed: Option<&'static str>,
    /// The most frequent first.
    pub reactions: Vec<ReactionCount>,
}

/// Whether this is one emoji as people see it: a single grapheme that shows a picture.
fn is_emoji(text: &str) -> bool {
    const KEYCAP: char = '\u{20e3}';
    let mut graphemes = text.graphemes(true);
    let single = graphemes.next().is_some() && graphemes.next().is_none();
    let shows = text.chars().any(|c| c == KEYCAP || (!c.is_ascii() && c.is_emoji_char()));
    let plain = text.chars().any(|c| c.is_alphabetic() && !c.is_emoji_char());
    single && shows && !plain && text.len() <= LONGEST
}

/// Adds or takes away the caller's reaction. Doing it twice changes nothing.
pub(super) async fn set(
    app: &App,
    cx: &Cx,
    caller: &Caller,
    id: MessageId,
    emoji: &str,
    add: bool,
) -> Result<Reactions> {
    for _ in 0..ATTEMPTS {
        let found = find(app, caller.member, id).await?;
        if !is_emoji(emoji) {
            return Err(Error::field("/emoji", "invalid_emoji", "This is not a single emoji."));
        }
        let Found { us, item, mut stored } = if add { found.standing()? } else { found };
        let mine = |one: &Reacted| one.by == caller.member && one.emoji == emoji;
        let reactions = &mut stored.more.reactions;
        if reactions.iter().any(mine) == add {
            return Ok(Reactions { changed: None, reactions: render::reactions(&stored, caller.member) });
        }
        if add {
            evidence::may_write(app, cx, &us).await?;
            if reactions.len() >= MOST {
                return Err(Error::conflict("no_room", "This message has no room for another reaction."));
            }
            reactions.push(Reacted { by: caller.member, emoji: emoji.to_owned(), at: cx.now() });
        } else {
            reactions.retain(|one| !mine(one));
        }
        let changed = if add { "added" } else { "removed" };
        let ids = Ids::of(&stored);
        let counts = render::reactions(&stored, caller.member);
        let totals: Vec<_> = counts.iter().map(|c| serde_json::json!({ "emoji": c.emoji, "count": c.count })).collect();
        let data = serde_json::json!({
            "conversation_id": ids.conversation_id, "message_id": ids.message_id, "seq": ids.seq,
            "member_id": caller.member, "emoji": emoji, "changed": changed, "reactions": totals,
        });
        let kind = Cow::Borrowed("reaction.changed");
        let event = Event::new(None, vec![(us.their_id(), kind.clone()), (us.my_id(), kind)], data).emit(cx)?;
        let commit = Commit { writes: vec![replace(&item, &stored)?], outbox: vec![event], token: None };
        if let Outcome::Applied { .. } = app.ports.items.commit(commit).await? {
            app.bells.relay.notify_one();
            return Ok(Reactions { changed: Some(changed), reactions: counts });
        }
    }
    Err(busy())
}

pub(super) async fn list(app: &App, caller: &Caller, id: MessageId) -> Result<Reactions> {
    let found = find(app, caller.member, id).await?;
    Ok(Reactions { changed: None, reactions: render::reactions(&found.stored, caller.member) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_and_nothing_else() {
        for good in ["👍", "❤️", "❤", "😂", "👩‍❤️‍💋‍👨", "🇵🇹", "👍🏽", "1️⃣", "☕", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "©"]
        {
            assert!(is_emoji(good), "{good}");
        }
        for bad in ["", " ", "a", "1", "#", "👍👍", "a👍", "👍 ", "ok", "é", "\u{200d}", "👨‍👩‍👧‍👦👍", "中", ":-)"]
        {
            assert!(!is_emoji(bad), "{bad:?}");
        }
        let longer_than_32_bytes = "👩🏽‍❤️‍💋‍👨🏽";
        assert!(longer_than_32_bytes.len() > LONGEST && !is_emoji(longer_than_32_bytes));
    }
}
