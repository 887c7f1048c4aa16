//! Conversations: writers that say things until the server dies under them, devices that listen and come back, and what
//! both must find in the end.

use crate::ledger::{Fate, Ledger, Said};
use futures_util::StreamExt as _;
use load::{
    Error, Result,
    api::{Caller, Member, requests},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;

/// A device has everything by then.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a device has heard over all its connections.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    last: u64,
    /// Events that told of each message.
    messages: BTreeMap<u64, Vec<u64>>,
    /// It was told to load afresh.
    resynced: bool,
}

pub(crate) type Ear = Arc<Mutex<Heard>>;

impl Heard {
    fn frame(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        match frame["type"].as_str() {
            Some("batch") => frame["events"].as_array().into_iter().flatten().for_each(|event| self.event(event)),
            Some("resync") => self.resynced = true,
            _ => self.event(&frame),
        }
    }

    fn event(&mut self, event: &Value) {
        // What came before is dropped by its id, as every client does.
        let Some(id) = event["id"].as_u64().filter(|id| *id > self.last) else { return };
        self.last = id;
        if event["type"] == "message.created" {
            self.messages.entry(event["data"]["seq"].as_u64().unwrap_or_default()).or_default().push(id);
        }
    }
}

/// Says one thing after the other in a conversation.
pub(crate) async fn say(addr: SocketAddr, from: usize, token: String, chat: String, round: u64) -> Result<Ledger> {
    let mut caller = Caller::new(addr);
    let mut ledger = Ledger::default();
    for count in 0_u64.. {
        let content = format!("word {round}-{from}-{count}");
        let fate = crate::writers::fate(caller.say(&token, &chat, &content).await)?;
        let dead = fate == Fate::Unknown;
        ledger.said.push(Said { from, content, fate });
        if dead {
            break;
        }
    }
    Ok(ledger)
}

/// Listens until the server dies, or until it has heard `enough` messages.
pub(crate) async fn listen(addr: SocketAddr, token: String, ear: Ear, enough: usize) -> Result<()> {
    let gone = |error: Error| if error.is_unknown() { Ok(()) } else { Err(error) };
    let ticket = match Caller::new(addr).ticket(&token).await {
        Ok(ticket) => ticket,
        Err(error) => return gone(error),
    };
    let last = ear.lock().unwrap().last;
    let url = format!("ws://localhost{}&last_event_id={last}", requests::realtime_path(&ticket));
    let Ok(stream) = TcpStream::connect(addr).await else { return Ok(()) };
    let Ok((mut socket, _)) = client_async(url, stream).await else { return Ok(()) };
    while ear.lock().unwrap().messages.len() < enough {
        let Some(Ok(message)) = socket.next().await else { return Ok(()) };
        if let Ok(text) = message.to_text() {
            ear.lock().unwrap().frame(text);
        }
    }
    Ok(())
}

/// What both sides and their devices have of one conversation, against the ledger: sentences about what is wrong.
pub(crate) async fn check(
    addr: SocketAddr,
    pair: [(usize, &Member, &Ear); 2],
    chat: &str,
    ledger: &Ledger,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut caller = Caller::new(addr);
    let mut lists = Vec::new();
    for (_, member, _) in pair {
        lists.push(caller.all_messages(member.token(), chat).await?);
    }
    let messages = &lists[0];
    for (place, message) in messages.iter().enumerate() {
        if message.seq != place as u64 + 1 || lists[1].get(place).is_none_or(|other| other.id != message.id) {
            wrong.push(format!("{chat}: {} stands at {place}", message.content));
        }
    }
    let mut by_text: HashMap<&str, Vec<(u64, &str)>> = HashMap::new();
    for message in messages {
        by_text.entry(&message.content).or_default().push((message.seq, &message.id));
    }
    for (from, member, _) in pair {
        let mut before = 0;
        for said in ledger.said.iter().filter(|said| said.from == from) {
            let found = by_text.remove(&*said.content).unwrap_or_default();
            let well = match (&said.fate, &found[..]) {
                (Fate::Acknowledged(id), [(_, stored)]) => id == stored,
                (Fate::Unknown, found) => found.len() <= 1,
                _ => false,
            };
            let after = found.first().map_or(before, |(seq, _)| *seq);
            if !well || after < before {
                wrong.push(format!("{said:?}: stored {found:?}, after {before}"));
            }
            before = before.max(after);
        }
        let unread = caller.unread(member.token()).await?;
        let theirs = messages.iter().filter(|message| message.sender_id != member.id).count();
        if unread != theirs as u64 {
            wrong.push(format!("{unread} unread of {theirs}"));
        }
    }
    wrong.extend(by_text.keys().map(|text| format!("{text}: nobody asked to say this")));
    for (from, member, ear) in pair {
        let begin = Instant::now();
        let listening = listen(addr, member.token().to_owned(), ear.clone(), messages.len());
        drop(tokio::time::timeout(PATIENCE, listening).await);
        let heard = ear.lock().unwrap();
        let once = heard.messages.len() == messages.len() && heard.messages.values().all(|events| events.len() == 1);
        if !once || heard.resynced {
            let (count, wait) = (heard.messages.len(), begin.elapsed().as_secs());
            let twice: Vec<_> = heard.messages.iter().filter(|(_, events)| events.len() > 1).take(3).collect();
            let all = messages.len();
            wrong.push(format!(
                "device of {from}: {count} of {all}, twice {twice:?}, resync {}, {wait} s",
                heard.resynced
            ));
        }
    }
    Ok(wrong)
}
