//! The time limit of an answer. A caller may take its own time to send the body (limited where it is read); the
//! answer's time begins when the body has arrived, or is wanted no more.

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::oneshot;

/// A body that tells when it has ended or was dropped.
struct Watched {
    inner: Body,
    end: Option<oneshot::Sender<()>>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if this.inner.is_end_stream() || matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.end = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body to hand on, and what passes when the answer has had `limit` since the body's end.
pub(super) fn after(body: Body, limit: Duration) -> (Body, impl Future<Output = ()>) {
    let (body, end) = if http_body::Body::is_end_stream(&body) {
        (body, None)
    } else {
        let (end, ended) = oneshot::channel();
        (Body::new(Watched { inner: body, end: Some(end) }), Some(ended))
    };
    let passed = async move {
        if let Some(ended) = end {
            // The sender is never used: that it is gone is the message.
            let _gone = ended.await;
        }
        tokio::time::sleep(limit).await;
    };
    (body, passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use http_body_util::BodyExt as _;
    use std::{io, pin::pin};

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn the_time_begins_at_the_end_of_the_body() {
        let slow = stream::iter(0..3).then(|_| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Ok::<_, io::Error>(Bytes::from_static(b"x"))
        });
        let (body, passed) = after(Body::from_stream(slow), LIMIT);
        let mut passed = pin!(passed);
        tokio::select! {
            () = &mut passed => unreachable!("the body takes a minute, which is its own matter"),
            read = body.collect() => assert_eq!(read.unwrap().to_bytes(), "xxx"),
        }
        let begun = tokio::time::Instant::now();
        passed.await;
        assert_eq!(begun.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_body_or_when_nobody_reads_it_the_time_begins_at_once() {
        for read in [false, true] {
            let endless = Body::from_stream(stream::pending::<io::Result<Bytes>>());
            let (body, passed) = after(if read { endless } else { Body::empty() }, LIMIT);
            let begun = tokio::time::Instant::now();
            let mut passed = pin!(passed);
            assert!((&mut passed).now_or_never().is_none());
            drop(body);
            passed.await;
            assert_eq!(begun.elapsed(), LIMIT);
        }
    }
}
