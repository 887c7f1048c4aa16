//! The node's ear: one subscription, one look for silent devices.

use super::{CHANNEL, Logged, connection::close, decode, hydrate};
use crate::{app::App, chat::Follow};
use base::id::SessionId;
use ports::fanout::Heard;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Runs until the soft stop; then every socket is told that the server goes away.
pub async fn run(app: Arc<App>) {
    while !app.tasks.is_stopping() {
        let subscription = match app.ports.fanout.subscribe(CHANNEL).await {
            Ok(subscription) => subscription,
            Err(error) => {
                tracing::warn!(error = %error, "live events are not heard; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        // Between two subscriptions nothing is heard: devices come back and resume from their logs.
        app.rooms.close_all(close::GOING_AWAY);
        listen(&app, subscription).await;
    }
    app.rooms.close_all(close::GOING_AWAY);
}

async fn listen(app: &Arc<App>, mut subscription: Box<dyn ports::fanout::Subscription>) {
    let heartbeat = Duration::from_secs(app.settings.realtime.heartbeat_seconds.max(1));
    let mut sweep = tokio::time::interval(heartbeat / 2);
    loop {
        tokio::select! {
            heard = subscription.next() => match heard {
                Some(Heard::Message(mut message)) => {
                    while let Some(event) = decode(&mut message) {
                        hand_out(app, event).await;
                    }
                }
                // What was lost is in the log: devices come back and resume from it.
                Some(Heard::Lost(_)) => app.rooms.close_all(close::GOING_AWAY),
                None => {
                    tracing::warn!("the fan-out ended; listening anew");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    return;
                }
            },
            _ = sweep.tick() => app.rooms.sweep(heartbeat),
            () = app.tasks.stopping() => return,
        }
    }
}

async fn hand_out(app: &Arc<App>, event: Logged) {
    if event.body.starts_with(b"{\"type\":\"session.revoked\"") {
        revoked(app, &event);
    }
    if !app.rooms.is_here(event.member) {
        return;
    }
    let events = hydrate::events(app, &event, Follow::Changed).await;
    let count = app.rooms.deliver(event.member, &events);
    app.metrics.events_published.add(count);
}

/// A session ended, maybe on another node.
fn revoked(app: &App, event: &Logged) {
    #[derive(Deserialize)]
    struct Body {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        session_id: SessionId,
    }
    if let Ok(body) = serde_json::from_slice::<Body>(&event.body) {
        app.identity.tokens.revoke(body.data.session_id, app.world.now());
        app.rooms.close_session(event.member, body.data.session_id);
    }
}
