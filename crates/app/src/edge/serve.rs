//! The server: accepts connections, gives each a deadline for its request heads, and drains on a soft stop.

use super::gate::{Gate, HEAD_LIMIT};
use crate::app::App;
use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};

/// Serves until the soft stop; then waits for the requests under way (the supervisor's hard stop ends them).
pub async fn serve(app: Arc<App>, gate: Arc<Gate>, listener: TcpListener) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(app.settings.edge.head_seconds))
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(true)
        .pipeline_flush(true);
    let places = Arc::new(Semaphore::new(app.settings.edge.max_connections));
    let stopping = app.tasks.stopping();
    tokio::pin!(stopping);
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = &mut stopping => return,
        };
        let Ok(place) = place else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopping => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or a connection reset before it was taken: neither ends the server.
                tracing::warn!(error = %error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _best_effort = stream.set_nodelay(true);
        let (gate, ip) = (gate.clone(), peer.ip().to_canonical());
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let gate = gate.clone();
            async move { Ok::<_, Infallible>(gate.handle(request.map(Body::new), ip).await) }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let (metrics, stop) = (app.clone(), app.tasks.stopping());
        app.tasks.spawn("connection", async move {
            metrics.metrics.connections.add(1);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(error = %error, "a connection ended badly");
            }
            metrics.metrics.connections.sub(1);
            drop(place);
        });
    }
}
