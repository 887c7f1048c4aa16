//! Who is online, for lists and counts; and several members at once.

use super::{model::MemberPresence, view};
use crate::{app::App, identity::Caller, tables::BLOCKS};
use base::{
    Cx, Error, Result,
    id::MemberId,
    page::{Page, limit},
};
use ports::items::Query;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use utoipa::{IntoParams, ToSchema};

/// Members asked for at once.
const MOST: usize = 100;
/// Up to so many who are online, blocks by others are taken out of the count; beyond they make no difference.
const EXACT: usize = 500;

/// The presence of several members, by their ids.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresenceMap {
    #[schema(value_type = BTreeMap<String, MemberPresence>)]
    pub data: BTreeMap<MemberId, MemberPresence>,
}

/// A list of members who are online.
#[derive(Serialize, ToSchema)]
pub struct OnlinePage {
    pub data: Vec<MemberPresence>,
    pub next_cursor: Option<String>,
}

/// How many members are online.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnlineCount {
    pub count: usize,
}

/// Several members; the parameter may be repeated instead.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its schema is used: a repeated parameter is read by hand")]
pub struct ReadMany {
    #[param(style = Form, explode = false, min_items = 1, max_items = 100)]
    pub member_ids: Vec<MemberId>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListOnline {
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// The ids of `member_ids=a,b&member_ids=c`.
pub(super) fn ids(query: &[(String, String)]) -> Result<Vec<MemberId>> {
    const POINTER: &str = "/query/member_ids";
    let given = query.iter().filter(|(name, value)| name == "member_ids" && !value.is_empty());
    let mut ids = Vec::new();
    for text in given.flat_map(|(_, value)| value.split(',')) {
        let id = text.parse().map_err(|_| Error::field(POINTER, "wrong_type", "These are ids of members."))?;
        ids.push(id);
        if ids.len() > MOST {
            return Err(Error::field(POINTER, "too_long", "At most 100 members at once."));
        }
    }
    if ids.is_empty() { Err(Error::field(POINTER, "required", "This is required.")) } else { Ok(ids) }
}

/// An entry for each of these, also where there is no such member.
pub(super) async fn many(app: &App, cx: &Cx, caller: &Caller, ids: &[MemberId]) -> Result<PresenceMap> {
    let mut data = BTreeMap::new();
    for id in ids {
        if !data.contains_key(id) {
            data.insert(*id, view::of(app, cx, caller.member, *id).await?);
        }
    }
    Ok(PresenceMap { data })
}

/// The members who are online and whom the caller may see, in the order of their ids.
pub(super) async fn online(app: &App, cx: &Cx, caller: &Caller, asked: &ListOnline) -> Result<Page<MemberPresence>> {
    let limit = limit(asked.limit)?;
    let scope = format!("online {}", caller.member);
    let mut place = match &asked.cursor {
        None => None,
        Some(cursor) => MemberId::from_slice(&app.cursors.open(&scope, cursor)?),
    };
    let mut data: Vec<MemberPresence> = Vec::with_capacity(limit);
    loop {
        let some = app.presence.directory.lock().after(place, limit);
        for member in &some {
            if data.len() == limit {
                let next_cursor = place.map(|place| app.cursors.seal(&scope, place.bytes()));
                return Ok(Page { data, next_cursor });
            }
            // What the node knows may be a moment old; what is listed is not.
            let presence = view::of(app, cx, caller.member, *member).await?;
            if presence.online {
                data.push(presence);
            }
            place = Some(*member);
        }
        if some.len() < limit {
            return Ok(Page { data, next_cursor: None });
        }
    }
}

/// How many members are online, without those whom the caller may not see.
pub(super) async fn count(app: &App, cx: &Cx, caller: &Caller) -> Result<OnlineCount> {
    let (total, some) = {
        let directory = app.presence.directory.lock();
        (directory.online(), directory.after(None, EXACT))
    };
    if total <= EXACT {
        let mut count = 0;
        for member in some {
            count += usize::from(view::of(app, cx, caller.member, member).await?.online);
        }
        return Ok(OnlineCount { count });
    }
    let blocked = blocked(app, caller.member).await?;
    let directory = app.presence.directory.lock();
    let hidden = blocked.into_iter().filter(|member| directory.counts(*member)).count();
    Ok(OnlineCount { count: total.saturating_sub(hidden) })
}

async fn blocked(app: &App, blocker: MemberId) -> Result<HashSet<MemberId>> {
    let (mut blocked, mut next) = (HashSet::new(), None);
    loop {
        let found = app.ports.items.query(Query::partition(BLOCKS, blocker.bytes()).limit(1_000).after(next)).await?;
        blocked.extend(found.items.iter().filter_map(|item| MemberId::from_slice(&item.key.sk)));
        next = found.next;
        if next.is_none() {
            return Ok(blocked);
        }
    }
}
