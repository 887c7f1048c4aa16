//! Start, repeat what got no answer, write, kill; again and again on one folder.

use crate::{
    chat::{self, Ear},
    checks,
    ledger::{Fate, Ledger},
    writers::{self, Clock, Heard},
};
use load::{
    Error, Result,
    api::{self, Caller, Member, commands, settings, settings::Setting},
    fixtures,
    server::{self, Server},
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::RwLock, task::JoinSet};

const COUPLES: usize = 2;
/// One start in so many is cut short as well.
const CUT_STARTS: u32 = 6;
/// Each round moves the clock by this much, so that what was planned soon is due in the next seconds.
const ROUND_MS: i64 = 60_000;
/// After this much, everything that was planned soon is due.
const ALL_DUE_MS: i64 = 70_000;
/// A repetition may find that the first request still runs; not for long.
const IN_PROGRESS: u32 = 100;

pub(crate) struct Rounds {
    pub(crate) data: PathBuf,
    pub(crate) settings: Vec<Setting>,
    pub(crate) ledger: Ledger,
    log: PathBuf,
    rng: SmallRng,
    /// Partners are neighbours: 0 and 1, 2 and 3.
    members: Vec<Member>,
    /// Of each couple.
    conversations: Vec<String>,
    /// One device of each member.
    ears: Vec<Ear>,
    clock: Clock,
}

impl Rounds {
    pub(crate) fn new(folder: &Path, seed: u64) -> Self {
        Self {
            data: folder.join("data"),
            settings: [settings::common(), settings::cheap_hashes(), settings::schedules()].concat(),
            ledger: Ledger::default(),
            log: folder.join("log"),
            rng: SmallRng::seed_from_u64(seed),
            members: Vec::new(),
            conversations: Vec::new(),
            ears: (0..COUPLES * 2).map(|_| Ear::default()).collect(),
            clock: Arc::new(RwLock::new(Heard::new(base::Time(0)))),
        }
    }

    /// Two couples that may schedule.
    pub(crate) async fn seed(&mut self) -> Result<()> {
        let server = self.start().await?;
        let mut couples = Vec::new();
        for number in 0..COUPLES {
            couples.push(fixtures::verified_couple(server.addr, number).await?);
        }
        fixtures::grant_exclusive(&self.data, &self.settings, &couples).await?;
        self.members = couples.into_iter().flat_map(|couple| [couple.one, couple.other]).collect();
        let mut caller = Caller::new(server.addr);
        for pair in self.members.chunks(2) {
            self.conversations.push(caller.conversation(pair[0].token(), &pair[1].id).await?);
        }
        let said = caller.advance(0).await?;
        *self.clock.write().await = Heard::new(said);
        server.kill().await
    }

    async fn start(&self) -> Result<Server> {
        Server::start(commands::serve(&self.data, &self.settings)?, &self.log, api::READY).await
    }

    /// Starts, and brings the clock to where it was: a server forgets how far it was moved.
    async fn resume(&mut self) -> Result<Server> {
        if self.rng.random_ratio(1, CUT_STARTS) {
            let life = Duration::from_millis(self.rng.random_range(0..150));
            server::start_and_kill(commands::serve(&self.data, &self.settings)?, &self.log, life).await?;
        }
        let server = self.start().await?;
        let mut caller = Caller::new(server.addr);
        let said = caller.advance(0).await?;
        let behind = self.clock.read().await.now().since(said).max(0);
        let said = caller.advance(behind).await?;
        *self.clock.write().await = Heard::new(said);
        self.repeat(&mut caller).await?;
        Ok(server)
    }

    /// One life of the server.
    pub(crate) async fn run(&mut self, round: u64) -> Result<()> {
        let server = self.resume().await?;
        let mut writing = self.writers(server.addr, round);
        let life = Duration::from_millis(self.rng.random_range(250..1_300));
        let jump = life.mul_f64(self.rng.random_range(0.0..1.0));
        tokio::time::sleep(jump).await;
        advance(&self.clock, &mut Caller::new(server.addr), ROUND_MS).await?;
        tokio::time::sleep(life.saturating_sub(jump)).await;
        server.kill().await?;
        while let Some(ended) = writing.join_next().await {
            self.ledger.merge(ended.map_err(|error| Error::Program(error.to_string()))??);
        }
        Ok(())
    }

    fn writers(&self, addr: SocketAddr, round: u64) -> JoinSet<Result<Ledger>> {
        let mut writing = JoinSet::new();
        for (from, member) in self.members.iter().enumerate() {
            let token = member.session.access_token.clone();
            writing.spawn(writers::notes(addr, from, token.clone(), round));
            let conversation = self.conversations[from / 2].clone();
            writing.spawn(chat::say(addr, from, token.clone(), conversation, round));
            let (listener, ear) = (token.clone(), self.ears[from].clone());
            writing.spawn(async move {
                chat::listen(addr, listener, ear, usize::MAX).await?;
                Ok(Ledger::default())
            });
            writing.spawn(writers::schedules(addr, from, token, round, self.clock.clone()));
        }
        writing.spawn(writers::accounts(addr, round));
        writing
    }

    /// Says again, with the same key, what got no answer: whether it had taken effect or not, it has now, once.
    async fn repeat(&mut self, caller: &mut Caller) -> Result<()> {
        for said in self.ledger.said.iter_mut().filter(|said| said.fate == Fate::Unknown) {
            let (token, conversation) = (self.members[said.from].token(), &self.conversations[said.from / 2]);
            said.fate = Fate::Acknowledged(caller.say(token, conversation, &said.content).await?);
            self.ledger.repeated += 1;
        }
        for note in self.ledger.notes.iter_mut().filter(|note| note.fate == Fate::Unknown) {
            let Some(key) = note.key.as_deref() else { continue };
            let token = self.members[note.from].token();
            let id = patiently(async || Ok(caller.send_note(token, &note.content, Some(key)).await?.id)).await?;
            note.fate = Fate::Acknowledged(id);
            self.ledger.repeated += 1;
        }
        for plan in self.ledger.schedules.iter_mut().filter(|plan| plan.fate == Fate::Unknown) {
            let Some(key) = plan.key.as_deref() else { continue };
            let token = self.members[plan.from].token();
            let id = patiently(async || Ok(caller.schedule(token, &plan.content, plan.due, Some(key)).await?.id)).await;
            match id {
                Ok(id) => {
                    plan.fate = Fate::Acknowledged(id);
                    self.ledger.repeated += 1;
                }
                // It had not taken effect, and by now its instant is too near: it never will.
                Err(error) if error.code().as_deref() == Some("validation") => plan.key = None,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Starts once more, waits until all that is due was sent, and compares what is there with the ledger.
    pub(crate) async fn check(&mut self) -> Result<(Vec<String>, Server)> {
        let server = self.resume().await?;
        let mut caller = Caller::new(server.addr);
        let now = advance(&self.clock, &mut caller, ALL_DUE_MS).await?;
        let mut violations = checks::sending_ends(&mut caller, &self.members, &self.ledger, now).await?;
        let there = checks::Found::gather(&mut caller, &self.members).await?;
        violations.extend(there.compare(&self.ledger));
        for (couple, conversation) in self.conversations.iter().enumerate() {
            let side = |from: usize| (from, &self.members[from], &self.ears[from]);
            let pair = [side(couple * 2), side(couple * 2 + 1)];
            violations.extend(chat::check(server.addr, pair, conversation, &self.ledger).await?);
        }
        violations.extend(checks::sessions(&mut caller, &self.ledger).await?);
        Ok((violations, server))
    }
}

async fn advance(clock: &Clock, caller: &mut Caller, millis: i64) -> Result<base::Time> {
    let mut heard = clock.write().await;
    let said = caller.advance(millis).await?;
    *heard = Heard::new(said);
    Ok(said)
}

/// Again while the first request is said to be running.
async fn patiently(mut call: impl AsyncFnMut() -> Result<String>) -> Result<String> {
    for _ in 0..IN_PROGRESS {
        match call().await {
            Err(error) if error.code().as_deref() == Some("idempotency_in_progress") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            done => return done,
        }
    }
    call().await
}
