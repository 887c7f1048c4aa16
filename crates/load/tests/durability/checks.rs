//! What is in the stores in the end, seen through the interface, against the ledger.

use crate::ledger::{Fate, Ledger, Planned, Sent};
use base::Time;
use load::{
    Error, Result,
    api::{Caller, Member},
};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// Sending ends within a minute of the due time.
const MINUTE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(250);
const STATUSES: [&str; 6] = ["scheduled", "sending", "sent", "failed", "cancelled", "paused"];

/// One member's notes and plans, by their texts.
struct Boxes {
    sent: HashMap<String, Vec<String>>,
    received: HashMap<String, Vec<String>>,
    /// Statuses of each plan.
    plans: HashMap<String, Vec<String>>,
}

pub(crate) struct Found(Vec<Boxes>);

impl Found {
    pub(crate) async fn gather(caller: &mut Caller, members: &[Member]) -> Result<Self> {
        let mut found = Vec::new();
        for member in members {
            let mut mailboxes = Vec::new();
            for mailbox in ["sent", "received"] {
                let notes = caller.all_notes(member.token(), mailbox).await?;
                mailboxes.push(by_text(notes.into_iter().map(|note| (note.content, note.id))));
            }
            let mut plans = Vec::new();
            for status in STATUSES {
                let listed = caller.all_scheduled(member.token(), status).await?;
                plans.extend(listed.into_iter().map(|plan| (plan.content, plan.status)));
            }
            let [sent, received] = mailboxes.try_into().map_err(|_| Error::Wire("two boxes"))?;
            found.push(Boxes { sent, received, plans: by_text(plans.into_iter()) });
        }
        Ok(Self(found))
    }

    /// A sentence for everything that is not as it must be.
    pub(crate) fn compare(&self, ledger: &Ledger) -> Vec<String> {
        let mut wrong: Vec<String> = ledger.notes.iter().filter_map(|note| self.note(note)).collect();
        wrong.extend(ledger.schedules.iter().filter_map(|plan| self.plan(plan)));
        let notes = ledger.notes.iter().map(|note| (note.from, note.content.as_str()));
        let plans = ledger.schedules.iter().map(|plan| (plan.from, plan.content.as_str()));
        let asked: HashSet<(usize, &str)> = notes.chain(plans).collect();
        for (member, boxes) in self.0.iter().enumerate() {
            let own = boxes.sent.keys().chain(boxes.plans.keys()).map(|text| (member, text));
            let partners = boxes.received.keys().map(|text| (partner(member), text));
            let ghosts = own.chain(partners).filter(|(from, text)| !asked.contains(&(*from, text.as_str())));
            wrong.extend(ghosts.map(|(from, text)| format!("{text}: nobody asked {from} to write this")));
        }
        wrong
    }

    fn note(&self, note: &Sent) -> Option<String> {
        let sent = ids(&self.0[note.from].sent, &note.content);
        let received = ids(&self.0[partner(note.from)].received, &note.content);
        let well = match &note.fate {
            Fate::Acknowledged(id) => sent == [id.as_str()] && received == [id.as_str()],
            // All or nothing, and never twice.
            Fate::Unknown => sent == received && sent.len() <= 1,
        };
        (!well).then(|| format!("{note:?}: sent {sent:?}, received {received:?}"))
    }

    fn plan(&self, plan: &Planned) -> Option<String> {
        let listed = ids(&self.0[plan.from].plans, &plan.content);
        let received = ids(&self.0[partner(plan.from)].received, &plan.content).len();
        let acknowledged = matches!(plan.fate, Fate::Acknowledged(_));
        let well = match listed[..] {
            [] => !acknowledged && received == 0,
            ["scheduled"] => !plan.soon && received == 0,
            ["sent"] => plan.soon && received == 1,
            _ => false,
        };
        (!well).then(|| format!("{plan:?}: listed {listed:?}, received {received} times"))
    }
}

fn by_text(pairs: impl Iterator<Item = (String, String)>) -> HashMap<String, Vec<String>> {
    let mut map: HashMap<String, Vec<String>> = HashMap::new();
    for (text, value) in pairs {
        map.entry(text).or_default().push(value);
    }
    map
}

fn ids<'a>(map: &'a HashMap<String, Vec<String>>, text: &str) -> Vec<&'a str> {
    map.get(text).map(|values| values.iter().map(String::as_str).collect()).unwrap_or_default()
}

fn partner(member: usize) -> usize {
    member ^ 1
}

/// Waits until no plan that is due waits for its sending.
pub(crate) async fn sending_ends(
    caller: &mut Caller,
    members: &[Member],
    ledger: &Ledger,
    now: Time,
) -> Result<Vec<String>> {
    let due: HashSet<&str> =
        ledger.schedules.iter().filter(|plan| plan.due <= now).map(|plan| plan.content.as_str()).collect();
    let begin = Instant::now();
    loop {
        let mut waiting = Vec::new();
        for member in members {
            for status in ["scheduled", "sending"] {
                let listed = caller.all_scheduled(member.token(), status).await?;
                waiting.extend(listed.into_iter().filter(|plan| due.contains(plan.content.as_str())));
            }
        }
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        if begin.elapsed() > MINUTE {
            return Ok(vec![format!("{} notes are still unsent a minute after their time", waiting.len())]);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Every session goes on; every sign-up without an answer either happened or can be made now.
pub(crate) async fn sessions(caller: &mut Caller, ledger: &Ledger) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (index, session) in ledger.sessions.iter().enumerate() {
        match caller.refresh(session).await {
            Ok(_) => {}
            Err(error) => wrong.push(format!("session {index} of {} is lost: {error}", ledger.sessions.len())),
        }
    }
    for email in &ledger.half_registered {
        let entered = match caller.register("Somebody", email).await {
            Err(Error::Refused { status: 409, .. }) => caller.login(email).await,
            registered => registered,
        };
        if let Err(error) = entered {
            wrong.push(format!("{email} is half registered: {error}"));
        }
    }
    Ok(wrong)
}
