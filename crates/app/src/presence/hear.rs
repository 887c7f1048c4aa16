//! The channel of presence: what nodes say to each other. A message is a node and what it says of members, each of one
//! size.

use super::{directory::Entry, model::Status, said::Why, watch};
use crate::app::App;
use base::{Result, Time, id::MemberId};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use ports::fanout::Heard;
use std::{sync::Arc, time::Duration};

const CHANNEL: &str = "presence";
/// What is said in one message.
const AT_ONCE: usize = 1_000;
const SIZE: usize = 16 + 1 + 16 + 1 + 1 + 8;

/// What a node says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    Member {
        member: MemberId,
        why: Why,
        here: Option<Entry>,
    },
    /// One watcher is to look again.
    Between {
        member: MemberId,
        watcher: MemberId,
    },
}

fn encode(node: u64, notices: &[Notice]) -> Bytes {
    let mut out = BytesMut::with_capacity(8 + notices.len() * SIZE);
    out.put_u64(node);
    for notice in notices {
        let (member, kind, watcher, here) = match notice {
            Notice::Member { member, why, here } => (member, *why as u8, [0; 16], *here),
            Notice::Between { member, watcher } => (member, u8::MAX, *watcher.bytes(), None),
        };
        out.put_slice(member.bytes());
        out.put_u8(kind);
        out.put_slice(&watcher);
        out.put_u8(here.map_or(Status::Offline, |entry| entry.status) as u8);
        out.put_u8(u8::from(here.is_some_and(|entry| entry.visible)));
        out.put_i64(here.map_or(0, |entry| entry.until.0));
    }
    out.freeze()
}

/// What a message says, unless it is one of our own.
fn decode(node: u64, mut message: Bytes) -> Vec<Notice> {
    if message.len() < 8 || message.get_u64() == node {
        return Vec::new();
    }
    let mut out = Vec::with_capacity(message.len() / SIZE);
    while message.len() >= SIZE {
        let mut one = message.split_to(SIZE);
        let mut id = [0; 16];
        one.copy_to_slice(&mut id);
        let member = MemberId::from_bytes(id);
        let kind = one.get_u8();
        one.copy_to_slice(&mut id);
        let status = Status::ALL.get(usize::from(one.get_u8())).copied().unwrap_or(Status::Offline);
        let entry = Entry { status, visible: one.get_u8() == 1, until: Time(one.get_i64()) };
        let here = (status != Status::Offline).then_some(entry);
        out.push(match kind {
            u8::MAX => Notice::Between { member, watcher: MemberId::from_bytes(id) },
            0 => Notice::Member { member, why: Why::StillHere, here },
            1 => Notice::Member { member, why: Why::Status, here },
            _ => Notice::Member { member, why: Why::Privacy, here },
        });
    }
    out
}

/// Tells the other nodes.
pub(super) async fn publish(app: &App, notices: &[Notice]) -> Result<()> {
    for some in notices.chunks(AT_ONCE) {
        app.ports.fanout.publish(CHANNEL, encode(app.presence.node, some)).await?;
    }
    Ok(())
}

/// Listens to the other nodes until the soft stop; then what waits to be written is written.
pub async fn run(app: Arc<App>) {
    while !app.tasks.is_stopping() {
        match app.ports.fanout.subscribe(CHANNEL).await {
            Ok(subscription) => listen(&app, subscription).await,
            Err(error) => {
                tracing::warn!(error = %error, "presence of other nodes is not heard; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    super::write_all(&app).await;
}

async fn listen(app: &App, mut subscription: Box<dyn ports::fanout::Subscription>) {
    loop {
        tokio::select! {
            heard = subscription.next() => match heard {
                Some(Heard::Message(message)) => {
                    for notice in decode(app.presence.node, message) {
                        hear(app, notice).await;
                    }
                }
                Some(Heard::Lost(_)) => app.presence.directory.lock().doubt(),
                None => {
                    app.presence.directory.lock().doubt();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    return;
                }
            },
            () = app.tasks.stopping() => return,
        }
    }
}

async fn hear(app: &App, notice: Notice) {
    match notice {
        Notice::Between { member, watcher } => watch::tell_one(app, member, watcher).await,
        Notice::Member { member, why, here } => {
            let before = app.presence.directory.lock().put(member, here);
            let changed = before.map(|entry| entry.status) != here.map(|entry| entry.status);
            if changed || why != Why::StillHere {
                watch::tell(app, member, why.max(Why::Status)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn notice() -> impl Strategy<Value = Notice> {
        (any::<[u8; 16]>(), any::<[u8; 16]>(), 0_u8..4, 0_usize..4, any::<bool>(), any::<i64>()).prop_map(
            |(member, watcher, kind, status, visible, until)| {
                let (member, status) = (MemberId::from_bytes(member), Status::ALL[status]);
                let here = (status != Status::Offline).then_some(Entry { status, visible, until: Time(until) });
                match kind {
                    0 => Notice::Member { member, why: Why::StillHere, here },
                    1 => Notice::Member { member, why: Why::Status, here },
                    2 => Notice::Member { member, why: Why::Privacy, here },
                    _ => Notice::Between { member, watcher: MemberId::from_bytes(watcher) },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn messages_round_trip_to_other_nodes(notices in prop::collection::vec(notice(), 0..20)) {
            let message = encode(1, &notices);
            prop_assert_eq!(message.len(), 8 + SIZE * notices.len());
            prop_assert!(decode(1, message.clone()).is_empty(), "nobody listens to oneself");
            prop_assert_eq!(decode(2, message), notices);
        }

        #[test]
        fn no_bytes_panic_the_reader(bytes: Vec<u8>) {
            decode(0, Bytes::from(bytes));
        }
    }
}
