//! Text messages that stay here: rows in the development outbox, for developers and tests.
//!
//! STOP is played by the number: after a first message to a number that ends in 7867 (STOP on a telephone's keys), it
//! counts as opted out, as if its owner had answered; [`Sms::opt`] takes that back.

use super::{MAX_CHARS, Message, Sent, Sms, is_e164};
use crate::{
    Fault, PortError, PortResult,
    durable::hex,
    embedded::outbox::{Channel, Entry, Kept, Outbox},
};
use async_trait::async_trait;
use base::{Time, secret};
use std::sync::Arc;

const STOP: &str = "7867";

pub struct LocalSms {
    outbox: Arc<Outbox>,
}

impl LocalSms {
    pub fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox }
    }
}

#[async_trait]
impl Sms for LocalSms {
    async fn send(&self, message: &Message, now: Time) -> PortResult<Sent> {
        let op = "sms.send";
        checked(&message.to, op)?;
        let length = message.text.chars().count();
        if length > MAX_CHARS {
            return Err(PortError::new(op, Fault::Refused, format!("a text of {length} characters")));
        }
        let provider_id = format!("local-{}", hex(&secret::random::<12>()));
        let entry = Entry {
            id: message.id,
            channel: Channel::Sms,
            to: message.to.clone(),
            subject: None,
            text: message.text.clone(),
            html: None,
            sent_at: now,
            meta: message.meta.clone(),
            provider_id: provider_id.clone(),
            idempotency_key: message.idempotency_key.clone(),
        };
        Ok(match self.outbox.keep(entry, message.to.ends_with(STOP)).await? {
            Kept::Stored => Sent::Accepted { provider_id },
            Kept::Repeated { provider_id, .. } => Sent::Accepted { provider_id },
            Kept::Blocked => Sent::OptedOut,
        })
    }

    async fn opt(&self, number: &str, out: bool, now: Time) -> PortResult<()> {
        checked(number, "sms.opt")?;
        if out {
            self.outbox.block(Channel::Sms, number, now).await
        } else {
            self.outbox.unblock(Channel::Sms, number).await
        }
    }
}

fn checked(number: &str, op: &'static str) -> PortResult<()> {
    if is_e164(number) { Ok(()) } else { Err(PortError::new(op, Fault::Refused, "the number is not E.164")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::Store;
    use base::id::SentId;

    const NOW: Time = Time(1_795_348_800_000);

    #[tokio::test]
    async fn the_end_of_a_number_plays_stop() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(&root.path().join("items.db"), &[Outbox::schema()]).unwrap();
        let sms = LocalSms::new(Arc::new(Outbox::new(store)));
        let message = |n: u8| Message {
            id: SentId::from_bytes([n; 16]),
            to: "+491511117867".to_owned(),
            text: "Your code is 123456".to_owned(),
            idempotency_key: n.to_string(),
            meta: serde_json::Map::new(),
        };
        assert!(matches!(sms.send(&message(1), NOW).await.unwrap(), Sent::Accepted { .. }));
        assert_eq!(sms.send(&message(2), NOW).await.unwrap(), Sent::OptedOut);
        sms.opt("+491511117867", false, NOW).await.unwrap();
        assert!(matches!(sms.send(&message(3), NOW).await.unwrap(), Sent::Accepted { .. }));
        let rows = sms.outbox.list(None, Some("sms"), 10, NOW).unwrap();
        assert_eq!(rows.iter().map(|row| row.id.bytes()[0]).collect::<Vec<_>>(), [3, 1]);
    }
}
