//! What the group-commit store promises beside its ports: who fails when something fails, and a whole file after load.

use crate::adapters::open;
use ports::{Fault, PortError, PortResult, embedded::Store};
use rusqlite::{Connection, params};
use std::sync::{Arc, mpsc};
use tempfile::TempDir;

type Work = Box<dyn FnOnce(&Connection) -> rusqlite::Result<usize> + Send>;

struct Bench {
    store: Arc<Store>,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = open(folder.path());
        let bench = Self { store, _folder: folder };
        bench.store.write("t", |c| c.execute_batch("create table t (x integer, y blob)")).await.expect("a table");
        bench
    }

    /// Runs `works` in one batch: they wait in line while the writer is held up by another one.
    async fn in_one_batch(&self, works: Vec<(bool, Work)>) -> Vec<PortResult<usize>> {
        let (release, gate) = mpsc::channel::<()>();
        let (entered, inside) = mpsc::channel::<()>();
        let mut blocker = Box::pin(self.store.write("blocker", move |_| {
            entered.send(()).expect("the test listens");
            let _released = gate.recv();
            Ok(())
        }));
        assert!(poll_once(&mut blocker).await.is_none());
        inside.recv().expect("a batch of its own has begun");
        let mut waiting = Vec::new();
        for (savepoint, work) in works {
            let store = self.store.clone();
            let mut call: std::pin::Pin<Box<dyn Future<Output = PortResult<usize>>>> = Box::pin(async move {
                if savepoint {
                    store.write("step", work).await
                } else {
                    store.write_checked("step", work, |_| ()).await
                }
            });
            assert!(poll_once(&mut call).await.is_none(), "it went past the line");
            waiting.push(call);
        }
        release.send(()).expect("the writer waits");
        blocker.await.expect("the blocker ran");
        let mut answers = Vec::new();
        for call in waiting {
            answers.push(call.await);
        }
        answers
    }

    fn stored(&self) -> Vec<i64> {
        self.store
            .read("stored", |c| c.prepare("select x from t order by x")?.query_map([], |r| r.get(0))?.collect())
            .expect("read answers")
    }

    fn whole(&self) {
        let answer: String = self
            .store
            .read("check", |c| c.query_row("pragma integrity_check", [], |r| r.get(0)))
            .expect("check answers");
        assert_eq!(answer, "ok");
    }
}

/// One poll of a call: it takes its place in the line.
async fn poll_once<F: Future + Unpin>(call: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *call).poll(cx) {
            std::task::Poll::Ready(out) => Some(out),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

fn insert(x: i64) -> (bool, Work) {
    (true, Box::new(move |c| c.prepare_cached("insert into t (x) values (?1)")?.execute([x])))
}

/// Writes, then fails on a statement.
fn insert_and_fail(x: i64) -> Work {
    Box::new(move |c| {
        c.execute("insert into t (x) values (?1)", [x])?;
        c.execute("insert into nowhere values (1)", [])
    })
}

fn fault(answer: &PortResult<usize>) -> Option<Fault> {
    answer.as_ref().err().map(|error: &PortError| error.fault)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_closure_is_undone_alone() {
    let bench = Bench::new().await;
    let answers = bench.in_one_batch(vec![insert(1), (true, insert_and_fail(2)), insert(3)]).await;
    assert_eq!(answers.iter().map(fault).collect::<Vec<_>>(), [None, Some(Fault::Refused), None]);
    assert_eq!(bench.stored(), [1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_ok_when_the_batch_was_undone() {
    let bench = Bench::new().await;
    let answers = bench.in_one_batch(vec![insert(1), (false, insert_and_fail(2)), insert(3)]).await;
    assert_eq!(answers.iter().map(fault).collect::<Vec<_>>(), [Some(Fault::Unavailable), Some(Fault::Refused), None]);
    assert!(answers[0].as_ref().is_err_and(|e| e.detail.contains("nowhere")), "the cause is not told: {answers:?}");
    assert_eq!(bench.stored(), [3], "what had not run yet goes into the next batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_does_not_take_the_writer_away() {
    let bench = Bench::new().await;
    let panics: Work = Box::new(|c| {
        c.execute("insert into t (x) values (2)", [])?;
        panic!("a panic of this test")
    });
    let answers = bench.in_one_batch(vec![insert(1), (true, panics), insert(3)]).await;
    let expected = [Some(Fault::Unavailable), Some(Fault::Unavailable), None];
    assert_eq!(answers.iter().map(fault).collect::<Vec<_>>(), expected);
    bench.store.write("later", |c| c.execute("insert into t (x) values (4)", [])).await.expect("the writer lives");
    assert_eq!(bench.stored(), [3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_survived() {
    let bench = Bench::new().await;
    bench.store.write("t", |c| c.execute("insert into t (x) values (1)", [])).await.expect("there is room");
    // No room for more than a few pages, as a full disk has none.
    let cap = |pages: i64| {
        move |c: &Connection| {
            let now: i64 = c.query_row("pragma page_count", [], |r| r.get(0))?;
            c.query_row(&format!("pragma max_page_count = {}", now + pages), [], |r| r.get::<_, i64>(0))
        }
    };
    bench.store.write("cap", cap(2)).await.expect("capped");
    let heavy: Work = Box::new(|c| c.execute("insert into t values (3, zeroblob(1000000))", []));
    let answers = bench.in_one_batch(vec![insert(2), (true, heavy), insert(4)]).await;
    let error = answers[1].as_ref().expect_err("there is no room");
    assert_eq!((error.fault, &error.detail[..]), (Fault::Unavailable, "the disk is full"));
    let acknowledged = [2, 3, 4].into_iter().zip(&answers).filter(|(_, a)| a.is_ok()).map(|(x, _)| x);
    let expected: Vec<i64> = [1].into_iter().chain(acknowledged).collect();
    assert_eq!(bench.stored(), expected, "what was answered and what is there differ");
    bench.store.write("cap", cap(10_000)).await.expect("room again");
    let heavy = bench.store.write("t", |c| c.execute("insert into t values (5, zeroblob(1000000))", []));
    heavy.await.expect("there is room again");
    bench.whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_went_away_is_no_failure() {
    let bench = Bench::new().await;
    let (release, gate) = mpsc::channel::<()>();
    let mut gone = Box::pin(bench.store.write("gone", move |c| {
        let _released = gate.recv();
        c.execute("insert into t (x) values (1)", [])
    }));
    assert!(poll_once(&mut gone).await.is_none());
    drop(gone);
    release.send(()).expect("the writer waits");
    bench.store.write("next", |c| c.execute("insert into t (x) values (2)", [])).await.expect("the writer lives");
    assert_eq!(bench.stored(), [1, 2]);
}

#[test]
fn a_newer_layout_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    drop(open(folder.path()));
    let path = folder.path().join("items.db");
    Connection::open(&path).expect("opens").pragma_update(None, "user_version", 99).expect("written");
    let error = Store::open(&path, &[]).err().expect("a newer file is not touched");
    assert_eq!(error.fault, Fault::Refused);
    assert!(error.detail.contains("newer release") && error.detail.contains("99"), "{}", error.detail);
}

#[test]
fn what_is_no_database_is_corrupt() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("items.db");
    std::fs::write(&path, vec![b'x'; 8192]).expect("written");
    assert_eq!(Store::open(&path, &[]).err().expect("not a database").fault, Fault::Corrupt);
}

/// The log must start over while writers and readers go on: more than twice its length passes through it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn load_beside_the_checkpointer_leaves_a_whole_file() {
    let bench = Bench::new().await;
    let (writers, rounds, pages) = (6_i64, 220_i64, 32_i64);
    let done = ports::contract::race(8, |who| {
        let (store, who) = (bench.store.clone(), i64::try_from(who).expect("small"));
        async move {
            for i in 0..rounds {
                if who < writers {
                    let x = who * rounds + i;
                    let work = move |c: &Connection| {
                        c.prepare_cached("insert into t values (?1, randomblob(?2))")?
                            .execute(params![x, pages * 4_000])
                    };
                    store.write("load", work).await.expect("stored");
                    let seen: i64 = store
                        .read("load", |c| {
                            c.prepare_cached("select count(*) from t where x = ?1")?.query_row([x], |r| r.get(0))
                        })
                        .expect("read answers");
                    assert_eq!(seen, 1, "an acknowledged write is not seen");
                } else {
                    store
                        .read("scan", |c| c.query_row("select sum(length(y)) from t", [], |_| Ok(())))
                        .expect("read answers");
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
        }
    });
    assert_eq!(done.await.len(), 8);
    assert_eq!(bench.stored(), (0..writers * rounds).collect::<Vec<_>>());
    bench.whole();
    let log = std::fs::metadata(bench.store.path().with_file_name("items.db-wal")).expect("a log").len();
    let written = u64::try_from(writers * rounds * pages * 4_096).expect("positive");
    assert!(written > 3 * 12_000 * 4_096, "too little was written to say anything");
    assert!(log < written * 2 / 3, "the log never started over: {log} bytes of {written}");

    let path = bench.store.path().to_owned();
    let Bench { store, _folder } = bench;
    drop(store);
    let log = path.with_file_name("items.db-wal");
    assert!(!log.exists(), "closing leaves a log behind");
    let again = open(path.parent().expect("a folder"));
    let count: i64 =
        again.read("count", |c| c.query_row("select count(*) from t", [], |r| r.get(0))).expect("read answers");
    assert_eq!(count, writers * rounds);
}
