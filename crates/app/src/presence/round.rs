//! One round of the work behind presence: who went without a word, what is to be said, what is to be written.

use super::{
    behind,
    directory::Entry,
    hear::{self, Notice},
    live,
    said::Why,
    view, watch,
};
use crate::app::App;
use base::{Cx, Result, id::MemberId};

/// Does what is due now; how much it was.
pub async fn round(app: &App) -> Result<usize> {
    let cx = Cx::new(&app.world);
    Ok(sweep(app, &cx).await? + say(app, &cx).await? + behind::write_due(app, false).await?)
}

/// What the cache and the card say of a member now.
async fn look(app: &App, cx: &Cx, member: MemberId) -> Result<Option<Entry>> {
    let record = live::load(app, member, cx.now()).await?;
    Ok(match Entry::of(&record, false, cx.now()) {
        None => None,
        Some(entry) => Some(Entry { visible: view::is_visible(app, cx, member).await?, ..entry }),
    })
}

/// Looks at those of whom nothing was heard for long; whoever is gone is offline. Each node does so for its watchers.
async fn sweep(app: &App, cx: &Cx) -> Result<usize> {
    let overdue = app.presence.directory.lock().overdue(cx.now());
    let mut changed = 0;
    for (i, member) in overdue.iter().enumerate() {
        let here = match look(app, cx, *member).await {
            Ok(here) => here,
            Err(error) => {
                // The rest is looked at with the next round.
                app.presence.directory.lock().again(&overdue[i..]);
                return Err(error);
            }
        };
        let before = app.presence.directory.lock().put(*member, here);
        // Another status: the message that said so was lost.
        if before.map(|entry| entry.status) != here.map(|entry| entry.status) {
            watch::tell(app, *member, Why::Status).await;
            changed += 1;
        }
    }
    Ok(changed)
}

/// Tells the other nodes, and the watchers on this one, what has changed.
async fn say(app: &App, cx: &Cx) -> Result<usize> {
    let (due, between) = {
        let mut unsaid = app.presence.unsaid.lock();
        (unsaid.due(cx.now()), unsaid.between())
    };
    if due.is_empty() && between.is_empty() {
        return Ok(0);
    }
    let notices = match notices(app, cx, &due, &between).await {
        Ok(notices) => notices,
        Err(error) => {
            app.presence.unsaid.lock().again(due, between);
            return Err(error);
        }
    };
    for notice in &notices {
        match notice {
            Notice::Between { member, watcher } => watch::tell_one(app, *member, *watcher).await,
            Notice::Member { why: Why::StillHere, .. } => {}
            Notice::Member { member, why, .. } => watch::tell(app, *member, *why).await,
        }
    }
    Ok(notices.len())
}

async fn notices(app: &App, cx: &Cx, due: &[(MemberId, Why)], between: &[(MemberId, MemberId)]) -> Result<Vec<Notice>> {
    let mut notices = Vec::with_capacity(due.len() + between.len());
    for (member, why) in due {
        let here = look(app, cx, *member).await?;
        app.presence.directory.lock().put(*member, here);
        notices.push(Notice::Member { member: *member, why: *why, here });
    }
    notices.extend(between.iter().map(|(member, watcher)| Notice::Between { member: *member, watcher: *watcher }));
    hear::publish(app, &notices).await?;
    Ok(notices)
}
