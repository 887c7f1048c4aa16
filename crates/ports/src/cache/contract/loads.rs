use super::Subject;
use crate::cache::{Life, Loader};
use crate::contract::race;
use bytes::Bytes;
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

const LIFE: Life = Life { present_ms: 10_000, absent_ms: 2_000 };

const VALUE: Option<Bytes> = Some(Bytes::from_static(b"loaded"));

pub(super) async fn single_flight(s: Subject) {
    let (loader, loads, now) = (Arc::new(Loader::new(s.port.clone())), Arc::new(AtomicUsize::new(0)), s.now());
    for (key, answer) in [("there", VALUE), ("not there", None)] {
        loads.store(0, Ordering::SeqCst);
        let answers = race(100, |_| {
            let (loader, loads, answer) = (loader.clone(), loads.clone(), answer.clone());
            async move {
                let miss = async || {
                    loads.fetch_add(1, Ordering::SeqCst);
                    // Long enough for the others to come.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Ok::<_, Infallible>(answer)
                };
                loader.load(key, LIFE, now, miss).await.expect("it cannot fail")
            }
        });
        for found in answers.await {
            assert_eq!(found, answer);
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1, "loads of one key, {key}");
    }
}

/// Loads `answer` unless something is cached; what came, and whether it was loaded.
async fn looked(s: &Subject, loader: &Loader, key: &str, answer: Option<Bytes>) -> (Option<Bytes>, bool) {
    let loads = AtomicUsize::new(0);
    let miss = async || {
        loads.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(answer)
    };
    let found = loader.load(key, LIFE, s.now(), miss).await.expect("it cannot fail");
    (found, loads.load(Ordering::SeqCst) > 0)
}

pub(super) async fn lives(s: Subject) {
    let loader = Loader::new(s.port.clone());
    assert_eq!(looked(&s, &loader, "there", VALUE).await, (VALUE, true));
    assert_eq!(looked(&s, &loader, "absent", None).await, (None, true));
    assert_eq!(looked(&s, &loader, "empty", Some(Bytes::new())).await, (Some(Bytes::new()), true));
    // Lives are up to a tenth shorter.
    s.after(1_800 - 1);
    assert_eq!(looked(&s, &loader, "there", None).await, (VALUE, false));
    assert_eq!(looked(&s, &loader, "absent", VALUE).await, (None, false), "its absence is not remembered");
    assert_eq!(looked(&s, &loader, "empty", None).await, (Some(Bytes::new()), false), "empty is not absent");
    s.after(201);
    assert_eq!(looked(&s, &loader, "absent", VALUE).await, (VALUE, true), "its absence is remembered too long");
    assert_eq!(looked(&s, &loader, "there", None).await, (VALUE, false));
    s.after(8_000);
    assert_eq!(looked(&s, &loader, "there", None).await, (None, true), "kept beyond its life");
    s.port.remove(&["absent"]).await.expect("remove answers");
    assert_eq!(looked(&s, &loader, "absent", None).await, (None, true), "a removed key is loaded again");
}

pub(super) async fn failure(s: Subject) {
    let (loader, tries, now) = (Arc::new(Loader::new(s.port.clone())), Arc::new(AtomicUsize::new(0)), s.now());
    let answers = race(10, |_| {
        let (loader, tries) = (loader.clone(), tries.clone());
        async move {
            let miss = async || {
                let mine = tries.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
                if mine < 3 { Err(mine) } else { Ok(VALUE) }
            };
            loader.load("k", LIFE, now, miss).await
        }
    });
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|a| a.is_err()).count(), 3, "each failure goes to one caller");
    assert!(answers.into_iter().flatten().all(|found| found == VALUE));
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

pub(super) async fn cancelled(s: Subject) {
    let (loader, begun, now) = (Arc::new(Loader::new(s.port.clone())), Arc::new(Notify::new()), s.now());
    let stuck = {
        let (loader, begun) = (loader.clone(), begun.clone());
        async move {
            let miss = async || {
                begun.notify_one();
                std::future::pending::<Result<Option<Bytes>, Infallible>>().await
            };
            loader.load("k", LIFE, now, miss).await
        }
    };
    tokio::select! {
        _ = stuck => unreachable!("it never answers"),
        () = begun.notified() => {}
    }
    let next = looked(&s, &loader, "k", VALUE);
    let next = tokio::time::timeout(Duration::from_secs(30), next).await.expect("held up by a cancelled load");
    assert_eq!(next, (VALUE, true));
}
