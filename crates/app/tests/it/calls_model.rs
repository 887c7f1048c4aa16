//! Calls of four members against a model: whatever they do, in any order, on two nodes, each is in one live call at
//! most, what is over stays as it is, and every call leaves one trace.

use crate::calls::{act, seen, traces};
use base::time::SECOND;
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Actor, Couple, TestApp};

/// What the model knows of a call.
#[derive(Debug, Clone)]
struct Known {
    caller: usize,
    callee: usize,
    state: &'static str,
    /// When it stops ringing, on the model's clock.
    until: i64,
    /// How it was told when it was first seen to be over.
    over: Option<Value>,
}

impl Known {
    fn is_live(&self) -> bool {
        ["ringing", "accepted"].contains(&self.state)
    }
}

struct Run {
    seed: u64,
    random: SmallRng,
    nodes: [TestApp; 2],
    members: Vec<Actor>,
    now: i64,
    calls: BTreeMap<String, Known>,
}

impl Run {
    fn actor(&mut self, member: usize) -> Actor {
        let node = self.nodes.choose(&mut self.random).expect("a node");
        self.members[member].on(node)
    }

    fn live_of(&self, member: usize) -> Option<&Known> {
        self.calls.values().find(|call| call.is_live() && [call.caller, call.callee].contains(&member))
    }

    async fn start(&mut self) {
        let caller = self.random.random_range(0..self.members.len());
        let callee = (caller + self.random.random_range(1..self.members.len())) % self.members.len();
        let body = json!({ "member_id": self.members[callee].id, "type": "voice" });
        let answer = self.actor(caller).post("/v1/calls", body).await;
        let state = match (self.live_of(caller), self.live_of(callee)) {
            (Some(_), _) => {
                assert_eq!(answer.status(), 409, "seed {}: {answer:?}", self.seed);
                return;
            }
            (None, Some(_)) => "busy",
            (None, None) => "ringing",
        };
        let answer = answer.expect(201);
        assert_eq!(answer.at("/state"), state, "seed {}", self.seed);
        let until = self.now + 45 * SECOND;
        self.calls.insert(answer.text("/id"), Known { caller, callee, state, until, over: None });
    }

    /// Any of the four does anything with any call.
    async fn act(&mut self) {
        let ids: Vec<_> = self.calls.keys().cloned().collect();
        let recent = ids.len().saturating_sub(4);
        let Some(id) = ids[recent..].choose(&mut self.random).cloned() else { return };
        let who = self.random.random_range(0..self.members.len());
        let what = *["accept", "accept", "reject", "cancel", "end"].choose(&mut self.random).expect("an act");
        let answer = act(&self.actor(who), &id, what).await;
        let seed = self.seed;
        let call = self.calls.get_mut(&id).expect("a known call");
        let (is_caller, is_callee) = (call.caller == who, call.callee == who);
        let may = match what {
            "accept" | "reject" => is_callee,
            "cancel" => is_caller,
            _ => true,
        };
        let (status, state) = match (what, call.state) {
            _ if !is_caller && !is_callee => (404, call.state),
            _ if !may => (403, call.state),
            ("accept", "ringing" | "accepted") => (200, "accepted"),
            ("reject", "ringing" | "rejected") => (200, "rejected"),
            ("cancel", "ringing" | "cancelled") => (200, "cancelled"),
            ("end", "accepted" | "ended") => (200, "ended"),
            (_, state) => (409, state),
        };
        assert_eq!(answer.status(), status, "seed {seed}: {what} when {}: {answer:?}", call.state);
        call.state = state;
    }

    fn pass(&mut self) {
        let by = self.random.random_range(1..20) * SECOND;
        self.now += by;
        self.nodes[0].advance(by);
        let now = self.now;
        for call in self.calls.values_mut().filter(|call| call.state == "ringing" && call.until <= now) {
            call.state = "missed";
        }
    }

    /// Everybody sees every call as the model does.
    async fn compare(&mut self) {
        for (id, call) in &mut self.calls {
            let told = seen(&self.members[call.callee], id).await;
            assert_eq!(told["state"], call.state, "seed {}: {id}", self.seed);
            if !call.is_live() {
                assert_eq!(*call.over.get_or_insert_with(|| told.clone()), told, "seed {}: {id}", self.seed);
            }
        }
    }
}

async fn run(seed: u64) {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let members = vec![alice, bob, stranger, former];
    let nodes = [app.clone(), app.another_node().await];
    let random = SmallRng::seed_from_u64(seed);
    let mut run = Run { seed, random, nodes, members, now: 0, calls: BTreeMap::new() };
    for _ in 0..120 {
        match run.random.random_range(0..100) {
            0..25 => run.start().await,
            25..80 => run.act().await,
            80..87 => run.pass(),
            87..97 => app.settle().await,
            _ => run.compare().await,
        }
    }
    // Whatever still rings stops; whoever still speaks hangs up.
    for (id, call) in run.calls.clone() {
        if call.state == "accepted" {
            act(&run.members[call.caller], &id, "end").await.expect(200);
        }
    }
    app.advance(45 * SECOND);
    app.settle().await;
    let mut left = BTreeMap::new();
    for (i, one) in run.members.iter().enumerate() {
        for other in &run.members[i + 1..] {
            for trace in traces(one, other).await {
                *left.entry(trace["call"]["id"].as_str().unwrap().to_owned()).or_insert(0) += 1;
            }
        }
    }
    let once: BTreeMap<_, _> = run.calls.keys().map(|id| (id.clone(), 1)).collect();
    assert_eq!(left, once, "seed {seed}: each call left one trace");
    app.settle().await;
}

#[tokio::test]
async fn whatever_four_members_do_their_calls_are_as_the_model_says() {
    let first: u64 = rand::random();
    for nth in 0..6 {
        run(first.wrapping_add(nth)).await;
    }
}
