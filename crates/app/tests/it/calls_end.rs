//! Calls that end by themselves, or in a race, and what must hold whatever breaks: one winner, one trace.

use crate::calls::{act, refused, rings, seen, traces};
use app::{
    tables::{BLOCKS, CALLS_UNTIL, LIVE_CALLS, TIMERS},
    work::jobs::{self, Job},
};
use base::{
    id::{CallId, MemberId},
    time::{DAY, HOUR, MINUTE, SECOND},
};
use bytes::Bytes;
use ports::{
    Fault,
    items::{Query, Table, When, Write},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Actor, Couple, Fail, TestApp};

/// How many entries there are in the sharded list of something that becomes due.
async fn waiting(app: &TestApp, table: Table) -> usize {
    let mut count = 0;
    for shard in 0..4_u8 {
        count += app.core().ports.items.query(Query::partition(table, [shard])).await.unwrap().items.len();
    }
    count
}

/// Nobody is in a call, and nothing waits for one.
async fn quiet(app: &TestApp, members: &[&Actor]) {
    for member in members {
        let id: MemberId = member.id.parse().unwrap();
        let live = app.core().ports.items.get(&LIVE_CALLS.key(id.bytes(), b"live")).await.unwrap();
        assert!(live.is_none(), "{} is still in a call", member.name);
    }
    assert_eq!((waiting(app, TIMERS).await, waiting(app, CALLS_UNTIL).await), (0, 0));
}

#[tokio::test]
async fn a_call_that_nobody_answers_is_missed_after_45_seconds() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    app.advance(45 * SECOND - 1);
    app.settle().await;
    assert_eq!(seen(&bob, &call).await["state"], "ringing", "never early");
    app.advance(1);
    app.settle().await;
    let missed = seen(&bob, &call).await;
    assert_eq!((&missed["state"], &missed["end_reason"]), (&json!("missed"), &json!("no_answer")));
    assert_eq!((&missed["duration_s"], &missed["answered_at"]), (&json!(0), &Value::Null));
    let traces = traces(&bob, &alice).await;
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0]["call"], json!({ "id": call, "type": "video", "state": "missed", "duration_s": 0 }));
    app.settle().await;
    quiet(&app, &[&alice, &bob]).await;
}

/// Before its timer has run, a call whose time is over is over all the same.
#[tokio::test]
async fn nobody_answers_a_call_too_late() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    app.advance(45 * SECOND);
    refused(&act(&bob, &call, "accept").await, "call_over");
    assert_eq!(seen(&alice, &call).await["state"], "missed");
    // And it stands in nobody's way.
    let call = rings(&alice, &bob).await;
    app.advance(45 * SECOND);
    let next = rings(&bob, &stranger).await;
    app.advance(45 * SECOND);
    let last = rings(&alice, &stranger).await;
    act(&stranger, &last, "reject").await.expect(200);
    assert_eq!(seen(&alice, &call).await["state"], "missed");
    assert_eq!(seen(&bob, &next).await["state"], "missed");
    app.settle().await;
    quiet(&app, &[&alice, &bob, &stranger]).await;
}

#[tokio::test]
async fn how_long_it_rings_is_a_setting() {
    let Couple { app, alice, bob, .. } = TestApp::with(|s| s.calls.ring_seconds = 10).await.with_couple().await;
    let call = rings(&alice, &bob).await;
    app.advance(10 * SECOND);
    app.settle().await;
    assert_eq!(seen(&bob, &call).await["state"], "missed");
}

#[tokio::test]
async fn a_forgotten_call_ends_after_a_day() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    act(&bob, &call, "accept").await.expect(200);
    app.advance(DAY - 1);
    app.settle().await;
    let alice = alice.renewed().await;
    assert_eq!(seen(&alice, &call).await["state"], "accepted");
    app.advance(1);
    app.settle().await;
    let over = seen(&alice, &call).await;
    assert_eq!((&over["state"], &over["end_reason"]), (&json!("ended"), &json!("timed_out")));
    assert_eq!(over["duration_s"], json!(DAY / SECOND));
    quiet(&app, &[&alice, &bob]).await;
}

#[tokio::test]
async fn a_call_that_lost_its_timer_is_ended_all_the_same() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let ringing = rings(&alice, &bob).await;
    let spoken = rings(&stranger, &former).await;
    act(&former, &spoken, "accept").await.expect(200);
    app.settle().await;
    let items = &app.core().ports.items;
    for shard in 0..4_u8 {
        for item in items.query(Query::partition(TIMERS, [shard])).await.unwrap().items {
            items.try_commit(vec![Write::Delete { key: item.key, when: When::Present }]).await.unwrap().unwrap();
        }
    }
    let look = async || app::work::reconcile(app.core()).await;
    app.advance(45 * SECOND);
    look().await;
    assert_eq!(waiting(&app, CALLS_UNTIL).await, 2, "a timer that is a little late is not lost");
    app.advance(MINUTE);
    look().await;
    app.settle().await;
    assert_eq!(seen(&bob, &ringing).await["state"], "missed");
    assert_eq!(seen(&former, &spoken).await["state"], "accepted");
    app.advance(25 * HOUR);
    look().await;
    app.settle().await;
    let former = former.renewed().await;
    assert_eq!(former.get("/v1/calls").await.expect(200).at("/data/0/end_reason"), "timed_out");
    quiet(&app, &[&alice, &bob, &stranger, &former]).await;
}

#[tokio::test]
async fn of_two_devices_that_answer_one_is_first() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    let tablet = bob.another_device().await;
    for round in 0..12 {
        let call = rings(&alice, &bob).await;
        let devices = [bob.clone(), tablet.on(&node), bob.on(&node), tablet.clone()];
        let answers = crate::raced(devices.map(|device| {
            let call = call.clone();
            async move { act(&device, &call, "accept").await }
        }))
        .await;
        // A device that asks twice has answered once.
        let won: Vec<_> = answers.iter().map(|answer| answer.status() == 200).collect();
        assert!(won == [true, false, true, false] || won == [false, true, false, true], "round {round}: {answers:?}");
        for answer in answers.iter().filter(|answer| answer.status() != 200) {
            refused(answer, "call_answered");
        }
        let (winner, other) = if won[0] { (&bob, &tablet) } else { (&tablet, &bob) };
        assert_eq!(seen(winner, &call).await["on_this_device"], true);
        assert_eq!(seen(other, &call).await["on_this_device"], false);
        // Either device may hang up.
        act(other, &call, "end").await.expect(200);
        app.settle().await;
    }
    assert_eq!(traces(&alice, &bob).await.len(), 12);
    app.settle().await;
}

/// Acts of both at the same moment: one counts, and what everybody is told of it is the same.
#[tokio::test]
async fn of_two_acts_at_once_one_counts() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    // By Alice and by Bob.
    let races = [["end", "end"], ["cancel", "accept"], ["cancel", "reject"]];
    let mut rounds = 0;
    for acts in races {
        let accepted = acts[0] == "end";
        for _ in 0..6 {
            rounds += 1;
            let call = rings(&alice, &bob).await;
            if accepted {
                act(&bob, &call, "accept").await.expect(200);
            }
            let actors = [alice.clone(), bob.on(&node)];
            let runs = actors.iter().chain(&actors).zip(acts.iter().chain(&acts)).take(if accepted { 4 } else { 2 });
            let answers = crate::raced(runs.map(|(who, what)| {
                let (who, call, what) = (who.clone(), call.clone(), *what);
                async move { act(&who, &call, what).await }
            }))
            .await;
            let now = seen(&alice, &call).await;
            if accepted {
                for answer in &answers {
                    assert_eq!(answer.status(), 200, "{answer:?}");
                    assert_eq!(answer.at("/ended_at"), now["ended_at"]);
                }
            } else {
                let won = answers.iter().filter(|answer| answer.status() == 200).count();
                assert_eq!(won, 1, "{answers:?}");
            }
            drop(act(&bob, &call, "end").await);
            app.settle().await;
        }
    }
    assert_eq!(traces(&alice, &bob).await.len(), rounds);
    app.settle().await;
    quiet(&app, &[&alice, &bob]).await;
}

#[tokio::test]
async fn everybody_calls_everybody_at_once() {
    let Couple { app, alice, bob, stranger, former, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    let all = [&alice, &bob, &stranger, &former];
    for (i, one) in all.iter().enumerate() {
        for other in &all[i + 1..] {
            crate::chat::with(one, other).await;
        }
    }
    for _ in 0..6 {
        let mut runs = Vec::new();
        for (i, who) in all.iter().enumerate() {
            for (j, whom) in all.iter().enumerate().filter(|(j, _)| *j != i) {
                let who = if (i + j) % 2 == 0 { (*who).clone() } else { who.on(&node) };
                let body = json!({ "member_id": whom.id, "type": "voice" });
                runs.push(async move { who.post("/v1/calls", body).await });
            }
        }
        let mut live: Vec<(String, String, String)> = Vec::new();
        for answer in crate::raced(runs).await {
            match answer.status() {
                201 if answer.at("/state") == "ringing" => {
                    live.push((answer.text("/id"), answer.text("/caller_id"), answer.text("/callee_id")));
                }
                201 => assert_eq!(answer.at("/state"), "busy"),
                _ => refused(&answer, "in_call"),
            }
        }
        let in_calls: Vec<_> = live.iter().flat_map(|(_, caller, callee)| [caller, callee]).collect();
        assert!(!live.is_empty() && in_calls.len() == in_calls.iter().collect::<BTreeSet<_>>().len(), "{live:?}");
        app.settle().await;
        for (call, caller, _) in &live {
            let caller = all.iter().find(|one| one.id == *caller).unwrap();
            act(caller, call, "cancel").await.expect(200);
        }
        app.settle().await;
        quiet(&app, &all).await;
    }
}

#[tokio::test]
async fn a_block_ends_the_call_of_the_two_and_no_other() {
    let Couple { app, alice, bob, stranger, .. } = TestApp::couple().await;
    // Whoever blocks is seen to have hung up, and is not told of more.
    let cases = [
        (false, true, "cancelled", "cancelled"),
        (false, false, "rejected", "rejected"),
        (true, true, "ended", "hung_up"),
        (true, false, "ended", "hung_up"),
    ];
    for (accepted, by_caller, state, reason) in cases {
        let call = rings(&alice, &bob).await;
        if accepted {
            act(&bob, &call, "accept").await.expect(200);
        }
        let (by, whom) = if by_caller { (&alice, &bob) } else { (&bob, &alice) };
        let block = format!("/v1/members/{}/block", whom.id);
        by.call("PUT", &block).await.expect(204);
        app.settle().await;
        let over = seen(whom, &call).await;
        assert_eq!((&over["state"], &over["end_reason"]), (&json!(state), &json!(reason)));
        let signal = json!({ "kind": "offer", "payload": {} });
        refused(&by.post(&format!("/v1/calls/{call}/signal"), signal).await, "call_over");
        by.delete(&block).await.expect(204);
        app.settle().await;
    }
    assert_eq!(traces(&bob, &alice).await.len(), 4);
    // Somebody else's block, or one that was taken back before it was looked at, is nothing to this call.
    let call = rings(&alice, &bob).await;
    let block = format!("/v1/members/{}/block", stranger.id);
    alice.call("PUT", &block).await.expect(204);
    let block = format!("/v1/members/{}/block", bob.id);
    alice.call("PUT", &block).await.expect(204);
    alice.delete(&block).await.expect(204);
    app.settle().await;
    assert_eq!(seen(&bob, &call).await["state"], "ringing");
    act(&bob, &call, "reject").await.expect(200);
    app.settle().await;
}

/// A start and a block at the same moment: no live call is left between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_slips_past_a_block() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let node = app.another_node().await;
    let block = format!("/v1/members/{}/block", alice.id);
    for _ in 0..40 {
        let body = json!({ "member_id": bob.id, "type": "voice" });
        let runs = [alice.post("/v1/calls", body), bob.on(&node).call("PUT", &block)];
        let answers = crate::raced(runs.map(IntoFuture::into_future)).await;
        assert!([201, 403].contains(&answers[0].status()) && answers[1].status() == 204, "{answers:?}");
        app.settle().await;
        quiet(&app, &[&alice, &bob]).await;
        bob.delete(&block).await.expect(204);
        app.settle().await;
    }
}

/// A block that is stored after the caller was found to be welcome: the commit of the call meets it.
#[tokio::test]
async fn the_commit_of_a_call_meets_a_block() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let [a, b] = [&alice, &bob].map(|one| one.id.parse::<MemberId>().unwrap());
    for (blocker, blocked) in [(a, b), (b, a)] {
        let key = BLOCKS.key(blocker.bytes(), blocked.bytes());
        let block =
            Write::Put { key: key.clone(), number: 0, body: Bytes::new(), expires_at: None, when: When::Absent };
        app.core().ports.items.try_commit(vec![block]).await.unwrap().unwrap();
        let started = alice.post("/v1/calls", json!({ "member_id": bob.id, "type": "voice" })).await;
        started.problem(503, "unavailable");
        quiet(&app, &[&alice, &bob]).await;
        app.core().ports.items.try_commit(vec![Write::Delete { key, when: When::Present }]).await.unwrap().unwrap();
    }
    assert!(alice.get("/v1/calls").await.expect(200).data().is_empty());
}

#[tokio::test]
async fn one_trace_however_often_the_job_runs_and_whatever_breaks() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let call = rings(&alice, &bob).await;
    act(&bob, &call, "reject").await.expect(200);
    app.settle().await;
    let job = Job::CallEntry { call: call.parse::<CallId>().unwrap() };
    let node = app.another_node().await;
    let runs = (0..6).map(|n| {
        let (app, job) = (if n % 2 == 0 { app.clone() } else { node.clone() }, job.clone());
        async move { jobs::perform(app.core(), &app.cx(), &job, "again").await }
    });
    for outcome in crate::raced(runs).await {
        outcome.unwrap();
    }
    assert_eq!(traces(&alice, &bob).await.len(), 1);
    app.settle().await;

    // Each call of the store on the way to a missed call fails once, or is done and its answer lost.
    for spared in 0..32 {
        let app = app.copy().await;
        let (alice, bob) = (alice.on(&app), bob.on(&app));
        let call = rings(&alice, &bob).await;
        app.settle().await;
        app.advance(45 * SECOND);
        let faults = app.faults();
        let switch = if spared % 2 == 0 { &faults.items } else { &faults.lost };
        switch.fail_once_after(spared / 2, Fail::Fault(Fault::Unavailable));
        for _ in 0..4 {
            // A round that fails is repeated by its loop.
            let _failed = Box::pin(app::work::settle(app.core())).await;
            app.advance(31 * SECOND);
        }
        switch.heal();
        app.settle().await;
        assert_eq!(seen(&bob, &call).await["state"], "missed", "{spared}");
        assert_eq!(traces(&bob, &alice).await.len(), 2, "{spared}");
        app.settle().await;
        quiet(&app, &[&alice, &bob]).await;
    }
}

/// The answer to a start is lost: with its key, it is asked again, and there is one call.
#[tokio::test]
async fn a_start_whose_answer_was_lost_is_found_again() {
    let Couple { app, alice, bob, .. } = TestApp::couple().await;
    let body = json!({ "member_id": bob.id, "type": "voice" });
    app.faults().lost.fail_times(Fail::Fault(Fault::Unavailable), 1);
    alice.post("/v1/calls", body.clone()).key("ring").await.problem(503, "unavailable");
    app.faults().lost.heal();
    let call = alice.post("/v1/calls", body).key("ring").await.expect(201).text("/id");
    act(&bob, &call, "accept").await.expect(200);
    // So is that of an end.
    app.faults().lost.fail_times(Fail::Fault(Fault::Unavailable), 1);
    act(&alice, &call, "end").await.problem(503, "unavailable");
    app.faults().lost.heal();
    act(&alice, &call, "end").await.expect(200);
    app.settle().await;
    assert_eq!(traces(&bob, &alice).await.len(), 1);
    app.settle().await;
}
