//! Chat against a plain reference model: random operations by both participants on several devices that come and go,
//! with retries, lost answers and two nodes. When all is quiet, every device, every list and every counter says what the
//! model says.

use crate::{
    chat::with,
    sockets::{Device, stop},
};
use app::tables::EVENTS;
use base::id::MemberId;
use ports::{Fault, items::Query};
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use testkit::{Actor, Couple, Fail, TestApp};

const EMOJIS: [&str; 3] = ["👍", "❤️", "😂"];

/// A message as it should be.
#[derive(Debug, Clone)]
struct Said {
    id: String,
    sender: usize,
    text: String,
    edited: bool,
    gone: bool,
    hidden: [bool; 2],
    starred: [bool; 2],
    pinned: bool,
    /// Who and what, in the order it came.
    reactions: Vec<(usize, &'static str)>,
}

#[derive(Debug, Clone, Default)]
struct Side {
    read: usize,
    delivered: usize,
    cleared: usize,
    marked: bool,
    hidden: bool,
}

#[derive(Debug, Default)]
struct Model {
    /// The message `seq` at `seq - 1`.
    said: Vec<Said>,
    sides: [Side; 2],
}

impl Model {
    fn unread(&self, side: usize) -> usize {
        let mine = &self.sides[side];
        let after = mine.read.max(mine.cleared);
        let counts = |said: &&Said| said.sender != side && !said.gone && !said.hidden[side];
        self.said.iter().skip(after).filter(counts).count()
    }

    fn sees(&self, side: usize, seq: usize) -> bool {
        seq > self.sides[side].cleared && !self.said[seq - 1].hidden[side]
    }

    fn preview(&self, side: usize) -> Option<&str> {
        let seen = (1..=self.said.len()).rev().find(|seq| self.sees(side, *seq) && !self.said[seq - 1].gone);
        seen.map(|seq| &*self.said[seq - 1].text)
    }

    /// The newest message that the participant got and still sees. Later ones may have been cleared away before any
    /// device had them.
    fn got(&self, side: usize) -> usize {
        let got = (1..=self.said.len()).rev().find(|seq| self.said[seq - 1].sender != side && self.sees(side, *seq));
        got.unwrap_or(0)
    }

    fn status(&self, seq: usize) -> &'static str {
        let receiver = &self.sides[1 - self.said[seq - 1].sender];
        match seq {
            _ if seq <= receiver.read => "read",
            _ if seq <= receiver.delivered => "delivered",
            _ => "sent",
        }
    }

    /// What a participant sees of a message, in the terms of [`seen`].
    fn shown(&self, side: usize, seq: usize) -> Value {
        let said = &self.said[seq - 1];
        let mut counts: Vec<(&str, usize, bool)> = Vec::new();
        for (who, emoji) in &said.reactions {
            match counts.iter_mut().find(|(known, ..)| known == emoji) {
                Some(one) => {
                    one.1 += 1;
                    one.2 |= *who == side;
                }
                None => counts.push((emoji, 1, *who == side)),
            }
        }
        counts.sort_by_key(|one| std::cmp::Reverse(one.1));
        json!({
            "id": said.id, "seq": seq, "content": (!said.gone).then_some(&said.text), "edited": said.edited,
            "deleted": said.gone, "starred": said.starred[side], "pinned": said.pinned,
            "reactions": counts.iter().map(|(e, n, m)| json!([e, n, m])).collect::<Vec<_>>(),
        })
    }
}

/// A message as a client shows it, without what only its sender is told.
fn seen(message: &Value) -> Value {
    let reactions = message["reactions"].as_array().unwrap().iter();
    json!({
        "id": message["id"], "seq": message["seq"], "content": message["content"],
        "edited": !message["edited_at"].is_null(), "deleted": message["deleted"], "starred": message["starred"],
        "pinned": message["pinned"],
        "reactions": reactions.map(|r| json!([r["emoji"], r["count"], r["mine"]])).collect::<Vec<_>>(),
    })
}

/// A device with what it knows from frames alone.
struct Replica {
    actor: Actor,
    socket: Option<Device>,
    last: u64,
    messages: BTreeMap<u64, Value>,
    conversation: Value,
    total: i64,
}

impl Replica {
    /// Knows nothing yet: what happens from the beginning on comes by the log.
    fn new(actor: Actor, last: u64) -> Self {
        Self { actor, socket: None, last, messages: BTreeMap::new(), conversation: Value::Null, total: 0 }
    }

    async fn connect(&mut self, address: SocketAddr) {
        if self.socket.is_none() {
            self.socket = Some(Device::connect(address, &self.actor, Some(self.last)).await);
        }
    }

    /// Applies what has come, up to the event `newest`. That one may tell nothing any more: what it told of was cleared
    /// away meanwhile.
    async fn catch_up(&mut self, newest: u64) {
        const PATIENCE: Duration = Duration::from_secs(3);
        while self.last < newest {
            let socket = self.socket.as_mut().expect("it is connected");
            let Some(event) = socket.waiting(PATIENCE).await else { return };
            self.apply(&event);
        }
    }

    fn apply(&mut self, event: &Value) {
        assert_ne!(event["type"], "resync", "nobody was away for long");
        let data = &event["data"];
        if event["type"] == "typing" {
            return;
        }
        let id = event["id"].as_u64().unwrap_or_else(|| panic!("without an id: {event}"));
        assert!(id > self.last, "{id} after {}: {event}", self.last);
        self.last = id;
        let seq = data["seq"].as_u64().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "message.created" | "message.updated" => {
                self.messages.insert(seq, data.clone());
            }
            "message.deleted" if data["for"] == "me" => {
                self.messages.remove(&seq);
            }
            "message.deleted" => {
                if let Some(message) = self.messages.get_mut(&seq) {
                    message["deleted"] = json!(true);
                    message["content"] = Value::Null;
                    message["reactions"] = json!([]);
                    message["starred"] = json!(false);
                    message["pinned"] = json!(false);
                }
            }
            "message.status" => {
                let up_to = data["up_to_seq"].as_u64().unwrap();
                for (_, message) in self.messages.range_mut(..=up_to) {
                    if message["sender_id"] == self.actor.id && message["status"] != "read" {
                        message["status"] = data["status"].clone();
                    }
                }
            }
            "reaction.changed" => {
                if let Some(message) = self.messages.get_mut(&seq) {
                    let mine = data["member_id"] == self.actor.id;
                    let before = message["reactions"].as_array().unwrap().clone();
                    let was_mine = |emoji: &Value| before.iter().any(|r| r["emoji"] == *emoji && r["mine"] == true);
                    let counts = data["reactions"].as_array().unwrap().iter().map(|count| {
                        let about = mine && count["emoji"] == data["emoji"];
                        let mine = if about { data["changed"] == "added" } else { was_mine(&count["emoji"]) };
                        json!({ "emoji": count["emoji"], "count": count["count"], "mine": mine })
                    });
                    message["reactions"] = counts.collect();
                }
            }
            "pin.changed" => {
                if let Some(message) = self.messages.get_mut(&seq) {
                    message["pinned"] = data["pinned"].clone();
                }
            }
            "conversation.updated" => {
                let up_to = data["cleared_seq"].as_u64().unwrap();
                self.messages.retain(|seq, _| *seq > up_to);
                self.conversation = data.clone();
            }
            "unread.total" => self.total = data["total"].as_i64().unwrap(),
            other => panic!("an event of no conversation: {other}"),
        }
    }
}

struct Run {
    seed: u64,
    random: SmallRng,
    nodes: [TestApp; 2],
    address: SocketAddr,
    chat: String,
    model: Model,
    /// Two devices of each.
    devices: [Vec<Replica>; 2],
    named: usize,
}

impl Run {
    /// One of a member's devices, on either node.
    fn actor(&mut self, side: usize) -> Actor {
        let device = self.devices[side].choose(&mut self.random).expect("a device").actor.clone();
        let node = self.nodes.choose(&mut self.random).expect("a node");
        device.on(node)
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/conversations/{}{rest}", self.chat)
    }

    fn message(&self, seq: usize) -> String {
        format!("/v1/messages/{}", self.model.said[seq - 1].id)
    }

    /// A message that this participant sees and that was not deleted.
    fn pick(&mut self, side: usize, own: bool) -> Option<usize> {
        let fits = |seq: &usize| {
            let said = &self.model.said[seq - 1];
            self.model.sees(side, *seq) && !said.gone && (!own || said.sender == side)
        };
        let all: Vec<usize> = (1..=self.model.said.len()).filter(fits).collect();
        all.choose(&mut self.random).copied()
    }

    fn sent(&mut self, side: usize, answer: &Value, text: &str) {
        let seq = usize::try_from(answer["seq"].as_u64().unwrap()).unwrap();
        assert_eq!(seq, self.model.said.len() + 1, "seed {}: no gap", self.seed);
        let id = answer["id"].as_str().unwrap().to_owned();
        self.model.said.push(Said {
            id,
            sender: side,
            text: text.to_owned(),
            edited: false,
            gone: false,
            hidden: [false; 2],
            starred: [false; 2],
            pinned: false,
            reactions: Vec::new(),
        });
        for side in &mut self.model.sides {
            side.hidden = false;
        }
    }

    /// Several messages of both at once, each said once or more.
    async fn burst(&mut self) {
        let mut calls = Vec::new();
        for _ in 0..self.random.random_range(1..6) {
            let side = self.random.random_range(0..2);
            self.named += 1;
            let text = format!("Word {}", self.named);
            let body = json!({ "client_id": format!("c-{}", self.named), "kind": "text", "content": text });
            for _ in 0..self.random.random_range(1..3) {
                calls.push((side, text.clone(), self.actor(side), body.clone()));
            }
        }
        let path = self.path("/messages");
        let runs = calls.into_iter().map(|(side, text, actor, body)| {
            let path = path.clone();
            async move { (side, text, actor.post(&path, body).await) }
        });
        let mut answers = BTreeMap::new();
        for (side, text, answer) in crate::raced(runs).await {
            assert!([200, 201].contains(&answer.status()), "seed {}: {answer:?}", self.seed);
            let new = answer.status() == 201;
            let entry: &mut (usize, String, Value, usize) =
                answers.entry(answer.at("/seq").as_u64().unwrap()).or_insert((side, text, answer.json(), 0));
            entry.3 += usize::from(new);
        }
        for (side, text, answer, created) in answers.into_values() {
            assert_eq!(created, 1, "seed {}: one call made it, the others found it", self.seed);
            self.sent(side, &answer, &text);
        }
    }

    /// A message whose answer is lost, and that is sent again until there is one.
    async fn lost(&mut self) {
        let side = self.random.random_range(0..2);
        self.named += 1;
        let text = format!("Lost {}", self.named);
        let body = json!({ "client_id": format!("c-{}", self.named), "content": text });
        let path = self.path("/messages");
        let actor = self.devices[side][0].actor.clone();
        self.nodes[0].faults().lost.fail_times(Fail::Fault(Fault::Unavailable), 1);
        let first = actor.post(&path, body.clone()).await;
        self.nodes[0].faults().lost.heal();
        let answer = if first.status() == 503 { actor.post(&path, body).await } else { first };
        assert!([200, 201].contains(&answer.status()), "seed {}: {answer:?}", self.seed);
        self.sent(side, &answer.json(), &text);
    }

    async fn step(&mut self) {
        let side = self.random.random_range(0..2);
        let actor = self.actor(side);
        let count = self.model.said.len();
        match self.random.random_range(0..100) {
            0..35 => self.burst().await,
            35..40 => self.lost().await,
            40..55 => {
                let up_to = self.random.random_range(0..=count + 1);
                actor.post(&self.path("/read"), json!({ "seq": up_to })).await.expect(200);
                let mine = &mut self.model.sides[side];
                mine.read = mine.read.max(up_to.min(count));
                mine.delivered = mine.delivered.max(mine.read);
                mine.marked = false;
            }
            55..65 => {
                let Some(seq) = self.pick(side, true) else { return };
                self.named += 1;
                let text = format!("Edited {}", self.named);
                actor.patch(&self.message(seq), json!({ "content": text })).await.expect(200);
                let said = &mut self.model.said[seq - 1];
                (said.text, said.edited) = (text, true);
            }
            65..70 => {
                let Some(seq) = self.pick(side, true) else { return };
                actor.delete(&format!("{}?for=everyone", self.message(seq))).await.expect(204);
                let said = &mut self.model.said[seq - 1];
                (said.gone, said.starred, said.pinned) = (true, [false; 2], false);
                said.reactions.clear();
            }
            70..75 => {
                let Some(seq) = self.pick(side, false) else { return };
                actor.delete(&self.message(seq)).await.expect(204);
                let said = &mut self.model.said[seq - 1];
                said.hidden[side] = true;
                said.starred[side] = false;
            }
            75..83 => {
                let Some(seq) = self.pick(side, false) else { return };
                let emoji = *EMOJIS.choose(&mut self.random).unwrap();
                let path = format!("{}/reactions/{emoji}", self.message(seq));
                let reactions = &mut self.model.said[seq - 1].reactions;
                if reactions.contains(&(side, emoji)) {
                    reactions.retain(|one| *one != (side, emoji));
                    assert_eq!(actor.delete(&path).await.expect(200).at("/changed"), "removed");
                } else {
                    reactions.push((side, emoji));
                    assert_eq!(actor.call("PUT", &path).await.expect(200).at("/changed"), "added");
                }
            }
            83..87 => {
                let Some(seq) = self.pick(side, false) else { return };
                let said = &mut self.model.said[seq - 1];
                said.starred[side] = !said.starred[side];
                let (method, path) = (if said.starred[side] { "PUT" } else { "DELETE" }, self.message(seq));
                actor.call(method, &format!("{path}/star")).await.expect(200);
            }
            87..91 => {
                let Some(seq) = self.pick(side, false) else { return };
                let said = &mut self.model.said[seq - 1];
                said.pinned = !said.pinned;
                let (method, path) = (if said.pinned { "PUT" } else { "DELETE" }, self.message(seq));
                actor.call(method, &format!("{path}/pin")).await.expect(200);
            }
            91..95 => {
                let marked = self.random.random_bool(0.5);
                actor.patch(&self.path(""), json!({ "marked_unread": marked })).await.expect(200);
                self.model.sides[side].marked = marked;
            }
            95..97 => {
                actor.post(&self.path("/clear"), Value::Null).await.expect(200);
                let mine = &mut self.model.sides[side];
                (mine.cleared, mine.marked) = (count, false);
            }
            97 => {
                actor.delete(&self.path("")).await.expect(204);
                let mine = &mut self.model.sides[side];
                (mine.cleared, mine.marked, mine.hidden) = (count, false, true);
            }
            _ => {
                let seen = actor.get(&self.path("/messages?limit=5")).await.expect(200).data();
                let newest = (1..=count).rev().filter(|seq| self.model.sees(side, *seq)).take(5);
                let wanted: Vec<_> = newest.map(|seq| self.model.shown(side, seq)).collect();
                assert_eq!(seen.iter().map(self::seen).collect::<Vec<_>>(), wanted, "seed {}", self.seed);
                self.delivered(side, count);
            }
        }
    }

    /// Everything addressed to the participant was fetched.
    fn delivered(&mut self, side: usize, up_to: usize) {
        let mine = &mut self.model.sides[side];
        mine.delivered = mine.delivered.max(up_to);
    }

    /// Devices go, come back and read some of what is there.
    async fn shake(&mut self) {
        for side in 0..2 {
            for device in 0..self.devices[side].len() {
                let device = &mut self.devices[side][device];
                match self.random.random_range(0..4) {
                    0 => device.socket = None,
                    1 => device.connect(self.address).await,
                    _ => {}
                }
            }
        }
    }

    async fn newest(&self, side: usize) -> u64 {
        let member: MemberId = self.devices[side][0].actor.id.parse().unwrap();
        let query = Query::partition(EVENTS, member.bytes()).backward().limit(1);
        let found = self.nodes[0].core().ports.items.query(query).await.unwrap();
        u64::from_be_bytes(found.items[0].key.sk[..].try_into().unwrap())
    }

    /// Until nothing happens any more, with every device connected and up to date.
    async fn quiet(&mut self) {
        for side in 0..2 {
            for device in 0..self.devices[side].len() {
                self.devices[side][device].connect(self.address).await;
            }
        }
        let mut before = [0; 2];
        loop {
            let now = [self.newest(0).await, self.newest(1).await];
            for (side, newest) in now.into_iter().enumerate() {
                for device in &mut self.devices[side] {
                    device.catch_up(newest).await;
                }
            }
            // A relay that met a fault waits a while before it goes on.
            let told = self.nodes[0].core().ports.items.outbox(0, 1).await.unwrap().is_empty();
            if told && now == before {
                break;
            }
            before = now;
            // What was pushed is recorded as delivered a moment later.
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        // What a record tells beside itself comes behind it.
        for device in self.devices.iter_mut().flatten() {
            let socket = device.socket.as_mut().expect("it is connected");
            let mut rest = Vec::new();
            while let Some(event) = socket.waiting(Duration::from_millis(400)).await {
                rest.push(event);
            }
            for event in &rest {
                device.apply(event);
            }
        }
    }

    async fn compare(&mut self) {
        self.quiet().await;
        let count = self.model.said.len();
        let seed = self.seed;
        for side in 0..2 {
            // Every device was connected: everything was pushed, or came by the log.
            self.delivered(side, self.model.got(side));
        }
        for side in 0..2 {
            let wanted: BTreeMap<u64, Value> = (1..=count)
                .filter(|seq| self.model.sees(side, *seq))
                .map(|seq| (u64::try_from(seq).unwrap(), self.model.shown(side, seq)))
                .collect();
            let certain = self.model.sides[1 - side].delivered;
            let statuses: BTreeMap<u64, &str> = (1..=certain)
                .filter(|seq| self.model.sees(side, *seq) && self.model.said[seq - 1].sender == side)
                .map(|seq| (u64::try_from(seq).unwrap(), self.model.status(seq)))
                .collect();
            let mine = &self.model.sides[side];
            let unread = self.model.unread(side);
            let total = unread.max(usize::from(mine.marked));
            let preview = self.model.preview(side);
            for device in &self.devices[side] {
                let shown: BTreeMap<u64, Value> = device.messages.iter().map(|(seq, m)| (*seq, seen(m))).collect();
                let differ = shown.iter().find(|(seq, m)| wanted.get(*seq) != Some(*m));
                assert_eq!(shown.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "seed {seed}: {side}");
                assert_eq!(differ, None, "seed {seed}: a message on a device of {side}, not {wanted:?}");
                let own = device.messages.range(..=u64::try_from(certain).unwrap());
                let own = own.filter(|(_, m)| m["sender_id"] == device.actor.id);
                let shown: BTreeMap<u64, &str> = own.map(|(seq, m)| (*seq, m["status"].as_str().unwrap())).collect();
                assert_eq!(shown, statuses, "seed {seed}: statuses on a device of {side}");
                assert_eq!(device.total, i64::try_from(total).unwrap(), "seed {seed}: total of {side}");
                assert_eq!(device.conversation["unread_count"], unread, "seed {seed}: unread of {side}");
                assert_eq!(device.conversation["last_message_preview"].as_str(), preview, "seed {seed}");
                assert_eq!(device.conversation["hidden"], mine.hidden, "seed {seed}");
            }
            let actor = self.actor(side);
            let (mut listed, mut query) = (BTreeMap::new(), "/messages?after_seq=0&limit=7".to_owned());
            loop {
                let page = actor.get(&self.path(&query)).await.expect(200);
                listed.extend(page.data().iter().map(|m| (m["seq"].as_u64().unwrap(), seen(m))));
                let Some(cursor) = page.at("/next_cursor").as_str().map(str::to_owned) else { break };
                query = format!("/messages?after_seq=0&limit=7&cursor={cursor}");
            }
            assert_eq!(listed, wanted, "seed {seed}: the list of {side}");
            let stored = actor.get("/v1/unread").await.expect(200);
            assert_eq!(stored.at("/total"), total, "seed {seed}: the stored total of {side}");
            let starred = actor.get("/v1/me/starred-messages?limit=100").await.expect(200).data();
            let stars = (1..=count).filter(|seq| self.model.sees(side, *seq) && self.model.said[seq - 1].starred[side]);
            assert_eq!(starred.len(), stars.count(), "seed {seed}: stars of {side}");
        }
    }
}

async fn run(seed: u64) {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    app.settle().await;
    let chat = with(&alice, &bob).await;
    let mut run = Run {
        seed,
        random: SmallRng::seed_from_u64(seed),
        nodes: [app.clone(), app.another_node().await],
        address: app.serve().await,
        chat,
        model: Model::default(),
        devices: [Vec::new(), Vec::new()],
        named: 0,
    };
    // Seats of the model: 0 is Alice.
    for (side, actor) in [&alice, &bob].into_iter().enumerate() {
        let other = actor.another_device().await;
        let ready = Device::connect(run.address, actor, None).await.ready;
        for actor in [actor.clone(), other] {
            run.devices[side].push(Replica::new(actor, ready));
        }
    }
    for _ in 0..4 {
        for _ in 0..15 {
            run.step().await;
            run.shake().await;
        }
        run.compare().await;
    }
    drop(run);
    stop(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_see_what_the_model_says() {
    for _ in 0..2 {
        run(rand::random()).await;
    }
}
