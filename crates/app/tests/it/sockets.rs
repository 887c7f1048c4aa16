//! A device with a WebSocket, for tests of real time.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{collections::VecDeque, net::SocketAddr, time::Duration};
use testkit::{Actor, TestApp};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// Nothing takes this long unless it never comes.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Device {
    stream: WebSocketStream<TcpStream>,
    /// What `ready` said.
    pub ready: u64,
    /// Events of a batch that were not asked for yet.
    unread: VecDeque<Value>,
    /// How many frames brought events.
    pub frames: usize,
}

pub(crate) async fn ticket(actor: &Actor) -> String {
    let answer = actor.post("/v1/realtime/tickets", Value::Null).await.expect(200);
    assert_eq!(answer.at("/expires_in"), json!(60));
    answer.text("/ticket")
}

/// A WebSocket to this path and query, whatever becomes of it.
pub(crate) async fn dial(address: SocketAddr, query: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (stream, _) =
        client_async(format!("ws://o2o.test/v1/realtime{query}"), stream).await.expect("the socket opens");
    stream
}

/// The code that the server closes with, past any frames.
pub(crate) async fn close_code(stream: &mut WebSocketStream<TcpStream>) -> u16 {
    let closed = async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("closed without a reason: {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the server closes the socket")
}

/// Ends what `serve` started, and does what the loops left undone.
pub(crate) async fn stop(app: &TestApp) {
    assert!(app.stop().await, "everything ends in time");
    app.settle().await;
}

impl Device {
    /// A device that has seen `last`; `ready` is the first frame it gets.
    pub async fn connect(address: SocketAddr, actor: &Actor, last: Option<u64>) -> Self {
        let last = last.map_or_else(String::new, |id| format!("&last_event_id={id}"));
        let stream = dial(address, &format!("?ticket={}{last}", ticket(actor).await)).await;
        let mut this = Self { stream, ready: 0, unread: VecDeque::new(), frames: 0 };
        let ready = this.frame().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        this.ready = ready["last_event_id"].as_u64().expect("an id");
        this
    }

    /// The next frame as it comes.
    pub async fn frame(&mut self) -> Value {
        let text = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return text,
                    Some(Ok(Message::Ping(_))) => {}
                    other => panic!("no frame but {other:?}"),
                }
            }
        };
        let text = tokio::time::timeout(PATIENCE, text).await.expect("a frame comes");
        serde_json::from_str(&text).expect("frames are JSON")
    }

    /// The next event, out of a batch or single; or `resync`.
    pub async fn event(&mut self) -> Value {
        while self.unread.is_empty() {
            let mut frame = self.frame().await;
            self.frames += 1;
            if frame["type"] == "batch" {
                let Value::Array(events) = frame["events"].take() else { panic!("a batch without events") };
                assert!(events.len() > 1, "one event is no batch");
                self.unread.extend(events);
            } else {
                self.unread.push_back(frame);
            }
        }
        self.unread.pop_front().expect("an event")
    }

    /// The next event, if one comes within this time.
    pub async fn waiting(&mut self, patience: Duration) -> Option<Value> {
        tokio::time::timeout(patience, self.event()).await.ok()
    }

    /// The next event, which has this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let event = self.event().await;
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    pub async fn say(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("the socket is open");
    }

    /// Says something that may find the socket closed.
    pub async fn try_say(&mut self, text: &str) -> bool {
        self.stream.send(Message::text(text)).await.is_ok()
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        self.stream.close(None).await.expect("the socket is open");
        while let Some(Ok(_)) = self.stream.next().await {}
    }

    pub async fn close_code(&mut self) -> u16 {
        close_code(&mut self.stream).await
    }
}
