//! Mail that stays here: a row in the development outbox and the real mail as a file, for developers and tests.
//!
//! The file is written first. A crash between leaves a file without a row, which the next attempt writes again and
//! [`LocalMail::reap`] removes in the end.
//!
//! Feedback is played by the address: after a first mail to `…+bounce@…` or `…+complaint@…` the address is suppressed,
//! as if the provider had reported it.

use super::{Mail, Message, Sent, mime};
use crate::{
    PortResult,
    durable::{self, Temp, blocking, failed, hex},
    embedded::outbox::{self, Channel, Entry, Kept, Outbox},
};
use async_trait::async_trait;
use base::{Time, id::SentId, secret};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Ends of the local part after which the address is suppressed.
const TRIGGERS: [&str; 2] = ["+bounce", "+complaint"];

pub struct LocalMail {
    outbox: Arc<Outbox>,
    folder: PathBuf,
}

impl LocalMail {
    /// `folder` takes one `{id}.eml` per mail; it is made on first use.
    pub fn new(outbox: Arc<Outbox>, folder: PathBuf) -> Self {
        Self { outbox, folder }
    }

    /// Where the mail with this id lies once it was accepted.
    pub fn file(&self, id: SentId) -> PathBuf {
        self.folder.join(format!("{id}.eml"))
    }

    /// Removes files of mails older than the outbox keeps, rows or not; how many went. Ids carry their time.
    pub async fn reap(&self, now: Time) -> PortResult<usize> {
        let (op, folder) = ("mail.reap", self.folder.clone());
        blocking(op, move || sweep(&folder, now.minus(outbox::KEEP)).map_err(failed(op))).await
    }
}

#[async_trait]
impl Mail for LocalMail {
    async fn send(&self, message: &Message, now: Time) -> PortResult<Sent> {
        let op = "mail.send";
        let mail = mime::build(message, now, op)?;
        if let Some(kept) = self.outbox.before(Channel::Email, &message.to, &message.idempotency_key)? {
            return Ok(sent(kept, String::new()));
        }
        let (folder, file) = (self.folder.clone(), self.file(message.id));
        let to = file.clone();
        blocking(op, move || write(&folder, &to, &mail).map_err(failed(op))).await?;
        let provider_id = format!("local-{}", hex(&secret::random::<12>()));
        let entry = Entry {
            id: message.id,
            channel: Channel::Email,
            to: message.to.clone(),
            subject: Some(message.subject.clone()),
            text: message.text.clone(),
            html: Some(message.html.clone()),
            sent_at: now,
            meta: message.meta.clone(),
            provider_id: provider_id.clone(),
            idempotency_key: message.idempotency_key.clone(),
        };
        let kept = self.outbox.keep(entry, triggers(&message.to)).await?;
        let stray = match &kept {
            Kept::Stored => false,
            // The one that came first wrote the same file when it has the same id.
            Kept::Repeated { id, .. } => *id != message.id,
            Kept::Blocked => true,
        };
        if stray {
            blocking(op, move || durable::found(fs::remove_file(file)).map_err(failed(op))).await?;
        }
        Ok(sent(kept, provider_id))
    }

    async fn suppress(&self, address: &str, now: Time) -> PortResult<()> {
        self.outbox.block(Channel::Email, address, now).await
    }
}

fn sent(kept: Kept, provider_id: String) -> Sent {
    match kept {
        Kept::Stored => Sent::Accepted { provider_id },
        Kept::Repeated { provider_id, .. } => Sent::Accepted { provider_id },
        Kept::Blocked => Sent::Suppressed,
    }
}

fn triggers(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    TRIGGERS.iter().any(|end| local.ends_with(end))
}

fn write(folder: &Path, to: &Path, mail: &[u8]) -> io::Result<()> {
    durable::make_folder(folder)?;
    Temp::write(folder, &[mail])?.place(to)
}

fn sweep(folder: &Path, before: Time) -> io::Result<usize> {
    let mut gone = 0;
    let Some(entries) = durable::found(fs::read_dir(folder))? else { return Ok(0) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(id) = name.strip_suffix(".eml").and_then(|id| id.parse::<SentId>().ok()) else { continue };
        if made_at(id) <= before && durable::found(fs::remove_file(&path))?.is_some() {
            gone += 1;
        }
    }
    Ok(gone)
}

/// The 48 bits of milliseconds at the front of a UUIDv7 (RFC 9562, 5.7).
fn made_at(id: SentId) -> Time {
    let millis = id.bytes()[..6].iter().fold(0_i64, |ms, byte| (ms << 8) | i64::from(*byte));
    Time(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::Store;
    use base::time::DAY;

    const NOW: Time = Time(1_795_348_800_000);

    fn message(n: u8, at: Time, to: &str) -> Message {
        let mut id = [n; 16];
        id[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
        Message {
            id: SentId::from_bytes(id),
            from: "One 2 One <hello@o2o.example>".to_owned(),
            to: to.to_owned(),
            subject: "Hi".to_owned(),
            text: "Text".to_owned(),
            html: "<p>Text</p>".to_owned(),
            idempotency_key: "one".to_owned(),
            meta: serde_json::Map::new(),
        }
    }

    fn mail(root: &Path) -> LocalMail {
        let store = Store::open(&root.join("items.db"), &[Outbox::schema()]).unwrap();
        LocalMail::new(Arc::new(Outbox::new(store)), root.join("mail"))
    }

    #[tokio::test]
    async fn a_mail_is_a_file_and_a_row_for_seven_days() {
        let root = tempfile::tempdir().unwrap();
        let mail = mail(root.path());
        assert_eq!(mail.reap(NOW).await.unwrap(), 0);
        let first = message(1, NOW, "ada@example.com");
        let Sent::Accepted { provider_id } = mail.send(&first, NOW).await.unwrap() else { panic!("not accepted") };
        let row = &mail.outbox.list(Some("ADA@example.com"), Some("email"), 10, NOW).unwrap()[0];
        assert_eq!(
            (&row.provider_id, row.subject.as_deref(), row.html.as_deref()),
            (&provider_id, Some("Hi"), Some("<p>Text</p>"))
        );
        assert!(fs::read_to_string(mail.file(first.id)).unwrap().contains("To: <ada@example.com>"));
        // A repeat under another id and a suppressed one leave no file.
        mail.send(&message(2, NOW, "ada@example.com"), NOW).await.unwrap();
        mail.suppress("bo@example.com", NOW).await.unwrap();
        let other = Message { idempotency_key: "two".to_owned(), ..message(3, NOW, "Bo@example.com") };
        assert_eq!(mail.send(&other, NOW).await.unwrap(), Sent::Suppressed);
        assert_eq!(fs::read_dir(&mail.folder).unwrap().count(), 1);
        assert_eq!(mail.reap(NOW.plus(7 * DAY - 1)).await.unwrap(), 0);
        assert_eq!(mail.reap(NOW.plus(7 * DAY)).await.unwrap(), 1);
        assert_eq!(fs::read_dir(&mail.folder).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn repeats_at_the_same_time_leave_the_file_of_the_first() {
        for same_id in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let mail = Arc::new(mail(root.path()));
            let mut racers = tokio::task::JoinSet::new();
            for n in 0..8 {
                let (mail, message) = (mail.clone(), message(if same_id { 0 } else { n }, NOW, "ada@example.com"));
                racers.spawn(async move { mail.send(&message, NOW).await.unwrap() });
            }
            racers.join_all().await;
            let rows = mail.outbox.list(None, None, 10, NOW).unwrap();
            let files: Vec<_> = fs::read_dir(&mail.folder).unwrap().map(|file| file.unwrap().path()).collect();
            assert_eq!(files, rows.iter().map(|row| mail.file(row.id)).collect::<Vec<_>>(), "same id: {same_id}");
        }
    }

    #[tokio::test]
    async fn the_end_of_an_address_plays_the_feedback() {
        let root = tempfile::tempdir().unwrap();
        let mail = mail(root.path());
        for (n, to) in [(1, "ada+bounce@example.com"), (2, "Bo+Complaint@example.com")] {
            let first = Message { idempotency_key: format!("{n}"), ..message(n, NOW, to) };
            let again = Message { idempotency_key: format!("{n} again"), ..message(n + 10, NOW, &to.to_lowercase()) };
            assert!(matches!(mail.send(&first, NOW).await.unwrap(), Sent::Accepted { .. }));
            assert_eq!(mail.send(&again, NOW).await.unwrap(), Sent::Suppressed);
        }
        assert!(!triggers("bounce@example.com") && !triggers("ada+bouncer@example.com"));
    }
}
