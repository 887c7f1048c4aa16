//! Calls, one at a time, for what is not measured: fixtures, faults, checks.

use super::{
    Mail, Member, Message, Note, PASSWORD, Page, Scheduled, Session, requests,
    shapes::{Clock, Entered, Identified, Invitation, Renewed, Ticket, Unread},
};
use crate::{Error, Result, client::Connection, wire::Request};
use base::Time;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// No call may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A mail is out by then.
const MAIL: Duration = Duration::from_secs(20);
const PAGE: u32 = 100;

/// A client with one connection, opened when it is needed and again after it broke.
#[derive(Debug)]
pub struct Caller {
    addr: SocketAddr,
    /// With the time of its last use.
    connection: Option<(Connection, Instant)>,
}

/// A connection that rested longer may be closed by the server while we write.
const RESTED: Duration = Duration::from_secs(5);

impl Caller {
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, connection: None }
    }

    /// 2xx or an error; `key` is the idempotency key.
    async fn call<T: DeserializeOwned>(&mut self, op: &'static str, request: &Request, key: Option<&str>) -> Result<T> {
        let mut bytes = Vec::new();
        match key {
            Some(key) => request.write_keyed(key, &mut bytes),
            None => request.write(&mut bytes),
        }
        // Taken, so that a connection with an answer still under way is never used again.
        let mut connection = match self.connection.take() {
            Some((connection, used)) if used.elapsed() < RESTED => connection,
            _ => Connection::open(self.addr).await?,
        };
        let answer = tokio::time::timeout(PATIENCE, connection.exchange(&bytes))
            .await
            .map_err(|_| Error::Timeout { op, after: PATIENCE })??;
        let result = if answer.accepted() {
            // An absent body reads as null, for calls whose answer does not matter.
            let body = if answer.body.is_empty() { b"null" } else { answer.body };
            serde_json::from_slice(body).map_err(|error| Error::Shape { op, detail: error.to_string() })
        } else {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            Err(Error::Refused { op, status: answer.status, body })
        };
        self.connection = Some((connection, Instant::now()));
        result
    }

    pub async fn register(&mut self, name: &str, email: &str) -> Result<Member> {
        let body = json!({
            "name": name, "email": email, "password": PASSWORD, "consent": true, "age_attested": true, "client": "native",
        });
        let entered: Entered = self.call("register", &Request::post("/v1/auth/register").json(&body), None).await?;
        Ok(Member { id: entered.member.id, email: email.to_owned(), session: entered.session })
    }

    pub async fn login(&mut self, email: &str) -> Result<Member> {
        let entered: Entered = self.call("login", &requests::login(email), None).await?;
        Ok(Member { id: entered.member.id, email: email.to_owned(), session: entered.session })
    }

    pub async fn refresh(&mut self, refresh_token: &str) -> Result<Session> {
        let body = json!({"refresh_token": refresh_token});
        let renewed: Renewed = self.call("refresh", &Request::post("/v1/auth/refresh").json(&body), None).await?;
        Ok(renewed.session)
    }

    /// Follows the link of the verification mail.
    pub async fn verify_email(&mut self, email: &str) -> Result<()> {
        let mail = self.await_mail(email, "/verify?token=").await?;
        let body = json!({"token": mail});
        self.call::<IgnoredAny>("verify", &Request::post("/v1/auth/email/verify").json(&body), None).await.map(drop)
    }

    /// The token behind `link` in the newest mail to `email` that has such a link.
    async fn await_mail(&mut self, email: &str, link: &str) -> Result<String> {
        let path = format!("/dev/outbox?to={}&channel=email", email.replace('@', "%40").replace('+', "%2B"));
        let patience = tokio::time::Instant::now() + MAIL;
        loop {
            let page: Page<Mail> = self.call("outbox", &Request::get(&path), None).await?;
            if let Some(token) = page.data.iter().find_map(|mail| token_after(&mail.text, link)) {
                return Ok(token.to_owned());
            }
            if tokio::time::Instant::now() > patience {
                return Err(Error::Timeout { op: "mail", after: MAIL });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Invites and gives back the code.
    pub async fn invite(&mut self, token: &str, email: &str) -> Result<String> {
        let request = Request::post("/v1/couple/invitations").bearer(token).json(&json!({"email": email}));
        let invitation: Invitation = self.call("invite", &request, None).await?;
        Ok(invitation.code)
    }

    pub async fn join(&mut self, token: &str, code: &str) -> Result<()> {
        let request = Request::post("/v1/couple/join").bearer(token).json(&json!({"code": code}));
        self.call::<IgnoredAny>("join", &request, None).await.map(drop)
    }

    pub async fn send_note(&mut self, token: &str, content: &str, key: Option<&str>) -> Result<Note> {
        self.call("send note", &requests::send_note(token, content), key).await
    }

    pub async fn schedule(&mut self, token: &str, content: &str, due: Time, key: Option<&str>) -> Result<Scheduled> {
        self.call("schedule note", &requests::schedule_note(token, content, due), key).await
    }

    /// The conversation with a member.
    pub async fn conversation(&mut self, token: &str, member: &str) -> Result<String> {
        let request = Request::post("/v1/conversations").bearer(token).json(&json!({"member_id": member}));
        let found: Identified = self.call("open conversation", &request, None).await?;
        Ok(found.id)
    }

    /// Says something under its own name; the message's id.
    pub async fn say(&mut self, token: &str, conversation: &str, content: &str) -> Result<String> {
        let request = requests::send_message(token, conversation, content, content);
        let said: Identified = self.call("say", &request, None).await?;
        Ok(said.id)
    }

    /// Everything said in a conversation, oldest first.
    pub async fn all_messages(&mut self, token: &str, conversation: &str) -> Result<Vec<Message>> {
        let mut all: Vec<Message> =
            self.all("list messages", |cursor| requests::list_messages(token, conversation, PAGE, cursor)).await?;
        all.reverse();
        Ok(all)
    }

    /// Unread messages of a member.
    pub async fn unread(&mut self, token: &str) -> Result<u64> {
        let unread: Unread = self.call("unread", &Request::get("/v1/unread").bearer(token), None).await?;
        Ok(unread.total)
    }

    /// The whole of a box, page by page.
    pub async fn all_notes(&mut self, token: &str, mailbox: &str) -> Result<Vec<Note>> {
        self.all("list notes", |cursor| requests::list_notes(token, mailbox, PAGE, cursor)).await
    }

    pub async fn all_scheduled(&mut self, token: &str, status: &str) -> Result<Vec<Scheduled>> {
        self.all("list scheduled", |cursor| requests::list_scheduled(token, status, PAGE, cursor)).await
    }

    /// Whether the member has any scheduled note of this status.
    pub async fn has_scheduled(&mut self, token: &str, status: &str) -> Result<bool> {
        let request = requests::list_scheduled(token, status, 1, None);
        let page: Page<IgnoredAny> = self.call("list scheduled", &request, None).await?;
        Ok(!page.data.is_empty())
    }

    async fn all<T: DeserializeOwned>(
        &mut self,
        op: &'static str,
        request: impl Fn(Option<&str>) -> Request,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page: Page<T> = self.call(op, &request(cursor.as_deref()), None).await?;
            all.extend(page.data);
            match page.next_cursor {
                Some(next) if cursor.as_ref() == Some(&next) => {
                    return Err(Error::Shape { op, detail: "the cursor does not advance".to_owned() });
                }
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Moves the server's clock forward and tells its time.
    pub async fn advance(&mut self, millis: i64) -> Result<Time> {
        let request = Request::post("/dev/clock").json(&json!({"advance_ms": millis}));
        let clock: Clock = self.call("clock", &request, None).await?;
        time("clock", &clock.now)
    }

    /// A ticket for a socket, good for one minute.
    pub async fn ticket(&mut self, token: &str) -> Result<String> {
        let ticket: Ticket = self.call("ticket", &Request::post("/v1/realtime/tickets").bearer(token), None).await?;
        Ok(ticket.ticket)
    }
}

/// An instant of an answer.
pub(crate) fn time(op: &'static str, text: &str) -> Result<Time> {
    text.parse().map_err(|_| Error::Shape { op, detail: format!("not an instant: {text}") })
}

/// The id in the body of a created resource.
pub(crate) fn created_id(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value["id"].as_str().map(str::to_owned)
}

/// The URL-safe token behind `link`.
fn token_after<'a>(text: &'a str, link: &str) -> Option<&'a str> {
    let rest = &text[text.find(link)? + link.len()..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.~".contains(c))).unwrap_or(rest.len());
    // A full stop after the link ends the sentence.
    let token = rest[..end].trim_end_matches('.');
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_what_follows_the_link() {
        let text = "Hello.\nhttp://127.0.0.1:80/verify?token=Ab-_9.\nBye";
        assert_eq!(token_after(text, "/verify?token="), Some("Ab-_9"));
        assert_eq!(token_after("/verify?token=\n", "/verify?token="), None);
        assert_eq!(token_after(text, "/reset?token="), None);
    }
}
