//! Password hashes: argon2id on threads of their own, so that a storm of sign-ins slows nothing else. The queue in
//! front of them is bounded; beyond it the answer is 503 with Retry-After.

use crate::{edge::metrics::Gauge, settings::Identity};
use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::{Output, Salt, SaltString},
};
use base::{Error, Result, Secret, secret};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};
use tokio::sync::oneshot;

enum Work {
    Hash(Secret, oneshot::Sender<Result<String>>),
    Verify(Secret, String, oneshot::Sender<Result<bool>>),
}

pub struct Passwords {
    queue: SyncSender<Work>,
    /// A hash that no password has: what an unknown address is compared with, so that it takes as long as a known one.
    nobody: String,
    waiting: Arc<Gauge>,
}

impl Passwords {
    pub fn start(settings: &Identity) -> Result<Self> {
        let params = Params::new(settings.argon2_memory_kib, settings.argon2_passes, 1, None)
            .map_err(|e| Error::bug("read the argon2 settings", e.to_string()))?;
        let waiting = Arc::new(Gauge::level("password_hashes_waiting", "Password hashes waiting for a thread."));
        let (queue, inbox) = sync_channel(settings.hash_queue.max(64));
        let inbox = Arc::new(parking_lot::Mutex::new(inbox));
        for i in 0..settings.hash_threads.max(1) {
            let (inbox, params, waiting) = (inbox.clone(), params.clone(), waiting.clone());
            thread::Builder::new()
                .name(format!("password-{i}"))
                .spawn(move || work(&inbox, &params, &waiting))
                .map_err(|e| Error::bug("start a password thread", e))?;
        }
        Ok(Self { queue, nobody: unmatchable(&params), waiting })
    }

    pub fn waiting(&self) -> u64 {
        self.waiting.value.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn enqueue(&self, work: Work) -> Result<()> {
        self.waiting.add(1);
        self.queue.try_send(work).map_err(|error| {
            self.waiting.sub(1);
            match error {
                TrySendError::Full(_) => {
                    Error::unavailable("Too many people are signing in right now. Please try again in a moment.")
                        .retry_after(2)
                }
                TrySendError::Disconnected(_) => Error::unavailable("The service is stopping."),
            }
        })
    }

    /// The PHC string of a password.
    pub async fn hash(&self, password: Secret) -> Result<String> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Work::Hash(password, reply))?;
        answer.await.map_err(|e| Error::bug("hash a password", e))?
    }

    /// Whether the password fits; `stored` none (unknown address) takes the same time and never fits.
    pub async fn verify(&self, password: Secret, stored: Option<String>) -> Result<bool> {
        let (reply, answer) = oneshot::channel();
        let known = stored.is_some();
        self.enqueue(Work::Verify(password, stored.unwrap_or_else(|| self.nobody.clone()), reply))?;
        let fits = answer.await.map_err(|e| Error::bug("verify a password", e))??;
        Ok(fits && known)
    }
}

fn unmatchable(params: &Params) -> String {
    let salt = SaltString::encode_b64(&secret::random::<16>()).expect("16 bytes are a salt");
    let output = Output::new(&secret::random::<32>()).expect("32 bytes are an output");
    phc(params, &salt, output)
}

fn phc(params: &Params, salt: &SaltString, output: Output) -> String {
    PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().expect("valid parameters have a PHC form"),
        salt: Some(salt.as_salt()),
        hash: Some(output),
    }
    .to_string()
}

/// How much the hashing threads stand back for those that serve (as `nice` counts).
const NICENESS: i32 = 15;

fn work(inbox: &parking_lot::Mutex<Receiver<Work>>, params: &Params, waiting: &Gauge) {
    // Of this thread alone. Where the system does not allow it, the bounded number of threads has to do.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(error = %error, "password hashes run with the usual priority");
    }
    // One arena per thread, kept: 19 MiB asked from the system for every sign-in would cost as much as the hash.
    let mut arena: Vec<Block> = Vec::new();
    loop {
        let next = inbox.lock().recv();
        let Ok(next) = next else { return };
        waiting.sub(1);
        match next {
            Work::Hash(password, reply) => drop(reply.send(hash(&mut arena, params, &password))),
            Work::Verify(password, stored, reply) => drop(reply.send(verify(&mut arena, &password, &stored))),
        }
    }
}

fn fill(arena: &mut Vec<Block>, params: &Params, password: &Secret, salt: &[u8], out: &mut [u8]) -> Result<()> {
    let blocks = params.block_count();
    if arena.len() < blocks {
        arena.resize(blocks, Block::default());
    }
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.reveal().as_bytes(), salt, out, &mut arena[..blocks])
        .map_err(|e| Error::bug("hash a password", e.to_string()))
}

fn hash(arena: &mut Vec<Block>, params: &Params, password: &Secret) -> Result<String> {
    let bytes = secret::random::<16>();
    let salt = SaltString::encode_b64(&bytes).map_err(|e| Error::bug("make a salt", e.to_string()))?;
    let mut out = [0; 32];
    fill(arena, params, password, &bytes, &mut out)?;
    let output = Output::new(&out).map_err(|e| Error::bug("keep a hash", e.to_string()))?;
    Ok(phc(params, &salt, output))
}

fn verify(arena: &mut Vec<Block>, password: &Secret, stored: &str) -> Result<bool> {
    let bad = |e: argon2::password_hash::Error| Error::bug("read a stored hash", e.to_string());
    let parsed = PasswordHash::new(stored).map_err(bad)?;
    let params = Params::try_from(&parsed).map_err(bad)?;
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
        return Err(Error::bug("read a stored hash", "salt or hash is missing"));
    };
    let mut buffer = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut buffer).map_err(bad)?;
    let mut out = [0; 32];
    fill(arena, &params, password, salt, &mut out)?;
    Ok(subtle::ConstantTimeEq::ct_eq(&out[..], expected.as_bytes()).into())
}
