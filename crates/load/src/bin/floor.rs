//! The floor to compare with: axum, SQLite, a writer thread with group commit and full fsync, and nothing else.
//!
//! `POST /notes` stores its body as one row and answers when it is on disk; `GET /notes/{id}` reads one row. No
//! authorisation, no rules, no log: what remains is what no server of this design can be faster than. It does not
//! use the product's store, so that it can show what that costs.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension};
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};
use tokio::sync::oneshot;

const BATCH: usize = 512;
const READERS: usize = 3;
/// Frames of the log before it is copied, so that the copy is seldom.
const CHECKPOINT: i64 = 10_000;

struct Insert {
    body: Bytes,
    reply: oneshot::Sender<i64>,
}

struct Floor {
    writer: mpsc::Sender<Insert>,
    readers: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the address is the program's answer to whoever started it")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let path = std::env::args_os().nth(1).ok_or("usage: o2o-floor DATABASE")?;
    let connect = || {
        let conn = Connection::open(&path)?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
        conn.pragma_update(None, "mmap_size", 1_i64 << 36)?;
        Ok::<_, rusqlite::Error>(conn)
    };
    let conn = connect()?;
    conn.execute_batch("create table if not exists note (id integer primary key, body blob not null)")?;
    let readers = (0..READERS).map(|_| connect().map(Mutex::new)).collect::<Result<_, _>>()?;
    let (writer, inbox) = mpsc::channel();
    std::thread::spawn(move || write_loop(&conn, &inbox));
    let floor = Arc::new(Floor { writer, readers, next: AtomicUsize::new(0) });
    let router = Router::new().route("/notes", post(insert)).route("/notes/{id}", get(read)).with_state(floor);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(stopped()).await?;
    Ok(())
}

async fn stopped() {
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
    }
}

/// Ends when a commit fails: the callers' replies are dropped, and every later insert is refused.
fn write_loop(conn: &Connection, inbox: &mpsc::Receiver<Insert>) {
    while let Ok(first) = inbox.recv() {
        let batch: Vec<Insert> = std::iter::once(first).chain(inbox.try_iter().take(BATCH - 1)).collect();
        let Ok(ids) = store(conn, &batch) else { return };
        for (insert, id) in batch.into_iter().zip(ids) {
            // A caller that went away needs no answer.
            let _gone = insert.reply.send(id);
        }
    }
}

fn store(conn: &Connection, batch: &[Insert]) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached("begin immediate")?.execute([])?;
    let mut statement = conn.prepare_cached("insert into note (body) values (?1)")?;
    let ids = batch.iter().map(|insert| statement.insert([&insert.body[..]])).collect::<Result<_, _>>()?;
    conn.prepare_cached("commit")?.execute([])?;
    Ok(ids)
}

async fn insert(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    let (reply, answer) = oneshot::channel();
    if floor.writer.send(Insert { body, reply }).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match answer.await {
        Ok(id) => (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], format!("{{\"id\":{id}}}"))
            .into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Row 0 is the sign of life: it is never there, and 200 all the same.
async fn read(State(floor): State<Arc<Floor>>, Path(id): Path<i64>) -> Response {
    let reader = floor.next.fetch_add(1, Ordering::Relaxed) % READERS;
    let conn = floor.readers[reader].lock();
    let row = conn
        .prepare_cached("select body from note where id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional());
    match row {
        Ok(Some(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(None) if id == 0 => StatusCode::OK.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
