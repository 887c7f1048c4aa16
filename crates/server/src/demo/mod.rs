//! Couples for a demonstration, made as people make them: every step is an operation of the API, called within this
//! process through its gate, so that whatever a rule forbids cannot be seeded either. The same number of couples has
//! the same people with the same words; ids and times are those of the day.

mod words;

use crate::wire::Failure;
use app::{
    app::App,
    edge::{self, gate::Gate},
    operator,
    plans::Plan,
    work,
};
use axum::body::Body;
use base::Cx;
use http::{HeaderValue, Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use words::{TONGUES, Tongue};

/// Everybody's.
pub const PASSWORD: &str = "tea at the kitchen table";

/// The application whose data is made.
pub struct Stage {
    app: Arc<App>,
    gate: Arc<Gate>,
}

/// Somebody with a session.
struct Person {
    email: String,
    token: String,
}

impl Stage {
    /// Background work is done step by step, not by loops.
    pub fn new(app: Arc<App>) -> Self {
        let gate = edge::gate(&app, None);
        Self { app, gate }
    }

    /// Whether somebody has an account here.
    pub async fn has_members(&self) -> Result<bool, Failure> {
        let mut tx = self.app.ports.sql.read().await?;
        Ok(tx.row("select 1 from accounts limit 1", Vec::new()).await?.is_some())
    }

    /// Makes couple number `n`; the addresses of its two.
    pub async fn couple(&self, n: usize) -> Result<[String; 2], Failure> {
        let tongue = &TONGUES[n % TONGUES.len()];
        let round = n / TONGUES.len();
        let one = self.person(tongue, n, 2 * round).await?;
        let two = self.person(tongue, n, 2 * round + 1).await?;
        let invited = self.send(&one, Method::POST, "/v1/couple/invitations", json!({ "email": two.email })).await?;
        self.send(&two, Method::POST, "/v1/couple/join", json!({ "code": invited["code"] })).await?;
        // Basic sends three notes a month; scheduling is Premiere's.
        for person in [&one, &two] {
            operator::grant_plan(&self.cx(), &self.app.ports.sql, &person.email, Plan::Premiere).await?;
        }
        self.settle().await?;
        for i in 0..3 + n % 3 {
            let (from, to) = if i % 2 == 0 { (&one, &two) } else { (&two, &one) };
            let content = tongue.notes[(round + i) % tongue.notes.len()];
            let note = json!({ "channel": "partner", "content": content, "language": tongue.code });
            let note = self.send(from, Method::POST, "/v1/notes", note).await?;
            if i > 0 {
                let id = note["id"].as_str().unwrap_or_default();
                self.send(to, Method::POST, &format!("/v1/notes/{id}/open"), Value::Null).await?;
            }
        }
        let tomorrow = self.app.world.now().plus(base::time::DAY).to_string();
        let morning = json!({ "channel": "partner", "content": tongue.morning, "date": &tomorrow[..10],
            "time": "09:00", "timezone": tongue.timezone });
        self.send(&one, Method::POST, "/v1/scheduled-notes", morning).await?;
        self.settle().await?;
        Ok([one.email, two.email])
    }

    /// Signs up, opens the link of the mail, and fills in the profile.
    async fn person(&self, tongue: &Tongue, n: usize, nth: usize) -> Result<Person, Failure> {
        let name = tongue.names[nth % tongue.names.len()];
        let plain: String = name.to_lowercase().chars().map(unaccented).collect();
        let email = format!("{plain}.{}@demo.example", n + 1);
        let visitor = Person { email: email.clone(), token: String::new() };
        let sign_up = json!({ "name": name, "email": email, "password": PASSWORD, "consent": true,
            "age_attested": true, "language": tongue.code, "timezone": tongue.timezone, "client": "native" });
        self.send(&visitor, Method::POST, "/v1/auth/register", sign_up).await?;
        self.settle().await?;
        let token = self.mailed(&email)?;
        let opened = json!({ "token": token, "client": "native" });
        let answer = self.send(&visitor, Method::POST, "/v1/auth/email/verify", opened).await?;
        let token = answer["session"]["access_token"].as_str().unwrap_or_default().to_owned();
        let person = Person { email, token };
        let about = json!({ "bio": tongue.bios[nth % 3], "location": tongue.places[n / TONGUES.len() % 3],
            "interests": [tongue.interests[nth % 4], tongue.interests[(nth + 1) % 4]] });
        self.send(&person, Method::PATCH, "/v1/me", about).await?;
        Ok(person)
    }

    /// The token of the newest mail with a link that verifies an address.
    fn mailed(&self, email: &str) -> Result<String, Failure> {
        let outbox = self.app.dev_outbox.as_ref();
        let outbox = outbox.ok_or("a demonstration reads its mails itself: [mail] kind must be \"local\"")?;
        let mails = outbox.list(Some(email), Some("email"), 10, self.app.world.now())?;
        let link = mails.iter().find_map(|mail| Some(mail.text.split_once("/verify?token=")?.1));
        let token = link.ok_or_else(|| format!("{email} got no mail with a link"))?;
        Ok(token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect())
    }

    async fn settle(&self) -> Result<(), Failure> {
        match Box::pin(work::settle(&self.app)).await? {
            0 => Ok(()),
            failed => Err(format!("{failed} jobs failed; see `o2o jobs parked`").into()),
        }
    }

    fn cx(&self) -> Cx {
        Cx::new(&self.app.world)
    }

    /// A call that must succeed.
    async fn send(&self, from: &Person, method: Method, path: &str, body: Value) -> Result<Value, Failure> {
        let call = format!("{method} {path}");
        let mut request = Request::new(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) });
        *request.method_mut() = method;
        *request.uri_mut() = path.parse()?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if !from.token.is_empty() {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", from.token))?);
        }
        let answer = Box::pin(self.gate.handle(request, IpAddr::V4(Ipv4Addr::LOCALHOST))).await;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.map_err(|error| format!("{call}: {error}"))?.to_bytes();
        if !status.is_success() {
            return Err(format!("{call}: {status} {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// Addresses are ASCII.
fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'à' => 'a',
        'é' | 'è' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' => 'u',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ascii_and_words_differ() {
        for tongue in &TONGUES {
            assert!(tongue.names.iter().all(|name| name.to_lowercase().chars().map(unaccented).all(|c| c.is_ascii())));
            let mut notes = tongue.notes.to_vec();
            notes.sort_unstable();
            notes.dedup();
            assert_eq!(notes.len(), tongue.notes.len(), "{}", tongue.code);
        }
    }
}
