//! Who watches whom. A socket that watches nobody costs nothing here; what it watches ends with it.

use super::{model::MemberPresence, said::Why, view};
use crate::{
    app::App,
    realtime::{self, Connection, Event},
};
use base::{Cx, Error, Result, error::Chain, id::MemberId};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Members that one connection may watch.
const MOST: usize = 500;
const SHARDS: usize = 16;

struct Watcher {
    member: MemberId,
    connection: Arc<Connection>,
}

/// The watchers on this node by whom they watch.
#[derive(Default)]
pub(super) struct Watchers([Mutex<HashMap<MemberId, Vec<Watcher>>>; SHARDS]);

impl Watchers {
    fn shard(&self, watched: MemberId) -> &Mutex<HashMap<MemberId, Vec<Watcher>>> {
        &self.0[usize::from(watched.bytes()[15]) % SHARDS]
    }

    fn add(&self, watched: MemberId, watcher: Watcher) {
        self.shard(watched).lock().entry(watched).or_default().push(watcher);
    }

    fn remove(&self, watched: MemberId, connection: &Arc<Connection>) {
        let mut shard = self.shard(watched).lock();
        if let Some(watchers) = shard.get_mut(&watched) {
            watchers.retain(|watcher| !Arc::ptr_eq(&watcher.connection, connection));
            if watchers.is_empty() {
                shard.remove(&watched);
            }
        }
    }

    /// The connections that watch a member, each with its own member.
    fn of(&self, watched: MemberId) -> Vec<(MemberId, Arc<Connection>)> {
        let shard = self.shard(watched).lock();
        shard.get(&watched).into_iter().flatten().map(|w| (w.member, w.connection.clone())).collect()
    }
}

/// What one connection watches, and how often: two parts of a page may watch the same member, and one of them may stop.
pub struct Watches {
    app: Arc<App>,
    member: MemberId,
    connection: Arc<Connection>,
    times: BTreeMap<MemberId, u32>,
}

impl Drop for Watches {
    fn drop(&mut self) {
        for watched in self.times.keys() {
            self.app.presence.watchers.remove(*watched, &self.connection);
        }
    }
}

/// Adds a watch of each of these to what a connection watches, and tells it how they are now. Those beyond the limit
/// are passed over.
pub async fn watch(
    app: &Arc<App>,
    watches: &mut Option<Box<Watches>>,
    member: MemberId,
    connection: &Arc<Connection>,
    watched: &[MemberId],
) -> Result<()> {
    let mine = watches.get_or_insert_with(|| {
        let connection = connection.clone();
        Box::new(Watches { app: app.clone(), member, connection, times: BTreeMap::new() })
    });
    let mut told = Vec::with_capacity(watched.len());
    for id in watched {
        if mine.times.len() >= MOST && !mine.times.contains_key(id) {
            continue;
        }
        let times = mine.times.entry(*id).or_default();
        *times = times.saturating_add(1);
        if *times == 1 {
            let watcher = Watcher { member: mine.member, connection: connection.clone() };
            app.presence.watchers.add(*id, watcher);
        }
        told.push(*id);
    }
    let cx = Cx::new(&app.world);
    // Looked at after the watch has begun: a change in between is told twice rather than never.
    for id in told {
        connection.push(event(&cx, &view::of(app, &cx, member, id).await?)?);
    }
    Ok(())
}

/// Takes one watch of each of these away.
pub fn unwatch(watches: &mut Option<Box<Watches>>, watched: &[MemberId]) {
    let Some(mine) = watches else { return };
    for id in watched {
        let Some(times) = mine.times.get_mut(id) else { continue };
        *times -= 1;
        if *times == 0 {
            mine.times.remove(id);
            mine.app.presence.watchers.remove(*id, &mine.connection);
        }
    }
    if mine.times.is_empty() {
        *watches = None;
    }
}

fn event(cx: &Cx, presence: &MemberPresence) -> Result<Event> {
    let data = serde_json::to_vec(presence).map_err(|e| Error::bug("write a presence", e))?;
    Ok(Event::from((0, realtime::body("presence.changed", cx.now(), &data))))
}

/// Tells the watchers of a member on this node, each what may be seen.
pub(super) async fn tell(app: &App, member: MemberId, why: Why) {
    let watchers = app.presence.watchers.of(member);
    if watchers.is_empty() {
        return;
    }
    if let Err(error) = tell_all(app, member, why, watchers).await {
        tracing::warn!(error = %Chain(&error), "watchers were not told");
    }
}

async fn tell_all(app: &App, member: MemberId, why: Why, watchers: Vec<(MemberId, Arc<Connection>)>) -> Result<()> {
    let cx = Cx::new(&app.world);
    let visible = view::is_visible(app, &cx, member).await?;
    let seen = event(&cx, &view::shown(app, &cx, member, true).await)?;
    let unseen = event(&cx, &MemberPresence::unknown(member))?;
    for (watcher, connection) in watchers {
        let own = watcher == member;
        // Who may not see is told nothing, or that something happened would show. Only the switch itself is told.
        if !own && ((!visible && why != Why::Privacy) || view::are_apart(app, watcher, member).await?) {
            continue;
        }
        connection.push(if own || visible { seen.clone() } else { unseen.clone() });
        app.metrics.events_published.add(1);
    }
    Ok(())
}

/// Tells one watcher how a member looks now.
pub(super) async fn tell_one(app: &App, member: MemberId, watcher: MemberId) {
    let mut watchers = app.presence.watchers.of(member);
    watchers.retain(|(one, _)| *one == watcher);
    if watchers.is_empty() {
        return;
    }
    let cx = Cx::new(&app.world);
    let told = view::of(app, &cx, watcher, member).await.and_then(|presence| event(&cx, &presence));
    match told {
        Ok(event) => watchers.iter().for_each(|(_, connection)| connection.push(event.clone())),
        Err(error) => tracing::warn!(error = %Chain(&error), "a watcher was not told"),
    }
}
