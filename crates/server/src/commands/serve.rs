//! `o2o serve`: opens everything, serves until it is told to stop, then drains.

use super::say;
use crate::{
    cli::{ServeArgs, Shared},
    config::Config,
    lock::{self, FolderLock},
    logging, web,
    wire::{self, Failure},
};
use app::{app::App, edge};
use base::{World, world::SystemWorld};
use std::{
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Below this, argon2id is no longer memory-hard in practice (OWASP password storage cheat sheet).
const WEAK_KIB: u32 = 7_168;

pub fn run(shared: &Shared, args: &ServeArgs) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), args.listen)?;
    config.require_adapters()?;
    logging::init(&config.log)?;
    if config.identity.argon2_memory_kib < WEAK_KIB {
        tracing::warn!("identity.argon2_memory_kib is below 7 MiB: fit for tests only");
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if config.server.worker_threads > 0 {
        runtime.worker_threads(config.server.worker_threads);
    }
    runtime.enable_all().thread_name("o2o").max_blocking_threads(16).build()?.block_on(serve(&config))
}

async fn serve(config: &Config) -> Result<ExitCode, Failure> {
    // Deaf until we listen would lose a stop that comes early.
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    lock::prepare_folder(&config.data.dir)?;
    let mut folder = FolderLock::take(&config.data.dir, lock::PATIENCE)?;
    let listener = bind(config.server.listen, config.server.backlog)?;
    let address = listener.local_addr()?;
    let public_url = config.public_url(address);
    let world: Arc<dyn World> = Arc::new(SystemWorld::default());
    let parts = wire::open(config, world, &public_url).await?;
    let app = App::new(parts).await?;
    app.set_public_url(&public_url);
    let gate = edge::gate(&app, web::site());
    app.start_work();
    app.tasks.spawn("server", edge::serve::serve(app.clone(), gate, listener));
    folder.announce(&public_url)?;
    announce(address);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    let grace = Duration::from_secs(config.work.drain_seconds);
    if !app.tasks.shut_down(grace).await {
        say("o2o: stopped before everything under way was finished");
    }
    drop(folder);
    Ok(ExitCode::SUCCESS)
}

/// A socket that a restart can take over at once.
fn bind(address: SocketAddr, backlog: i32) -> Result<TcpListener, Failure> {
    let named = |e: io::Error| -> Failure {
        match e.kind() {
            io::ErrorKind::AddrInUse => {
                format!("{address} is taken by another program; choose another with --listen").into()
            }
            _ => format!("cannot listen on {address}: {e}").into(),
        }
    };
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).map_err(named)?;
    socket.set_reuse_address(true).map_err(named)?;
    socket.set_nonblocking(true).map_err(named)?;
    socket.bind(&address.into()).map_err(named)?;
    socket.listen(backlog).map_err(named)?;
    Ok(TcpListener::from_std(socket.into())?)
}

/// The one line on standard output that others wait for.
fn announce(address: SocketAddr) {
    let mut out = io::stdout().lock();
    // A closed standard output is no reason not to serve.
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
    drop(out);
    say(&format!(
        "the API to read and try: http://{address}/docs\nwhat would have been mailed:  http://{address}/dev/outbox"
    ));
}
