//! Makes commits durable beside the writer: while a batch is on its way to the disk, the writer already runs the next.
//!
//! The writer commits without waiting for the disk and hands the batch's answers over; this thread syncs the log file
//! and answers. The log only grows at its end, so one sync covers every batch committed before it. When nothing
//! waits for the writer it syncs by itself: a lone caller pays no hand-over. At most one batch waits while another is
//! being synced, so batches stay as large as the disk is slow.
//!
//! A sync that fails leaves unknown what is on disk, and a second try may lie (the kernel forgets the failed pages).
//! So the store takes nothing from then on: a restart reads what the disk really has.

use super::store::{Answer, StoreError};
use crate::Fault;
use parking_lot::{Condvar, Mutex};
use std::{fs::File, io, path::Path, sync::Arc, thread};

/// Makes what was written to the log durable.
type Sync = Box<dyn Fn() -> io::Result<()> + Send + std::marker::Sync>;

#[derive(Default)]
struct State {
    /// Answers of committed batches that no sync covers yet.
    waiting: Vec<Answer>,
    /// A sync is under way.
    syncing: bool,
    broken: Option<StoreError>,
    stop: bool,
}

pub(super) struct Syncer {
    log: Sync,
    state: Mutex<State>,
    /// Rung when something waits, and when a sync begins or ends.
    bell: Condvar,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Syncer {
    /// `path` is the database; its log exists once a connection in WAL mode has written.
    pub(super) fn start(path: &Path) -> io::Result<Arc<Self>> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // The engine keeps its locks elsewhere, so this descriptor may be closed.
        let log = File::open(log)?;
        Self::run_with(Box::new(move || log.sync_data()))
    }

    fn run_with(log: Sync) -> io::Result<Arc<Self>> {
        let this = Arc::new(Self { log, state: Mutex::default(), bell: Condvar::new(), thread: Mutex::new(None) });
        let me = this.clone();
        *this.thread.lock() = Some(thread::Builder::new().name("items-sync".to_owned()).spawn(move || me.run())?);
        Ok(this)
    }

    /// Waits until a batch may run; an error when nothing can be made durable any more.
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        while !state.waiting.is_empty() {
            self.bell.wait(&mut state);
        }
        state.broken.clone().map_or(Ok(()), Err)
    }

    /// Answers a committed batch once it is on disk: here and now when `alone`, otherwise beside the next one.
    pub(super) fn settle(&self, answers: &mut Vec<Answer>, alone: bool) {
        let mut state = self.state.lock();
        if alone && !state.syncing && state.waiting.is_empty() {
            drop(state);
            let outcome = self.sync();
            for answer in answers.drain(..) {
                answer(outcome.as_ref().copied());
            }
            return;
        }
        state.waiting.append(answers);
        self.bell.notify_all();
    }

    fn sync(&self) -> Result<(), StoreError> {
        if let Some(error) = self.state.lock().broken.clone() {
            return Err(error);
        }
        let done = (self.log)().map_err(|error| StoreError {
            fault: Fault::Unavailable,
            detail: format!("the disk did not make a write durable, nothing more is taken until a restart: {error}"),
        });
        if let Err(error) = &done {
            tracing::error!(%error, "the store is closed");
            self.state.lock().broken = Some(error.clone());
        }
        done
    }

    fn run(&self) {
        let mut batch = Vec::new();
        let mut state = self.state.lock();
        loop {
            while state.waiting.is_empty() {
                if state.stop {
                    return;
                }
                self.bell.wait(&mut state);
            }
            std::mem::swap(&mut batch, &mut state.waiting);
            state.syncing = true;
            self.bell.notify_all();
            drop(state);
            let outcome = self.sync();
            for answer in batch.drain(..) {
                answer(outcome.as_ref().copied());
            }
            state = self.state.lock();
            state.syncing = false;
        }
    }

    /// Answers what waits, then ends.
    pub(super) fn stop(&self) {
        self.state.lock().stop = true;
        self.bell.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A disk whose every sync waits for a word: true lets it succeed.
    fn slow_disk() -> (Arc<Syncer>, mpsc::Sender<bool>, mpsc::Receiver<()>) {
        let (word, words) = mpsc::channel();
        let (began, begun) = mpsc::channel();
        let words = Mutex::new(words);
        let sync = move || {
            let _nobody_listens = began.send(());
            if words.lock().recv().unwrap_or(true) { Ok(()) } else { Err(io::Error::other("a bad sector")) }
        };
        (Syncer::run_with(Box::new(sync)).unwrap(), word, begun)
    }

    fn answers(to: &mpsc::Sender<(u8, bool)>, names: &[u8]) -> Vec<Answer> {
        let one = |name: u8| {
            let to = to.clone();
            Box::new(move |outcome: Result<(), &StoreError>| to.send((name, outcome.is_ok())).unwrap()) as Answer
        };
        names.iter().map(|name| one(*name)).collect()
    }

    #[test]
    fn nobody_is_answered_before_the_sync_and_one_sync_answers_a_whole_batch() {
        let (syncer, word, begun) = slow_disk();
        let (to, told) = mpsc::channel();
        syncer.settle(&mut answers(&to, &[1]), false);
        begun.recv().unwrap();
        syncer.admit().unwrap();
        // Not alone: a sync is under way, whatever the writer has in line.
        syncer.settle(&mut answers(&to, &[2, 3]), true);
        assert!(told.try_recv().is_err(), "the disk has not answered yet");
        word.send(true).unwrap();
        assert_eq!(told.recv().unwrap(), (1, true));
        begun.recv().unwrap();
        assert!(told.try_recv().is_err(), "the first sync began before the second batch was written");
        word.send(true).unwrap();
        assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [(2, true), (3, true)]);
        syncer.stop();
    }

    #[test]
    fn after_a_failed_sync_nothing_more_is_taken() {
        let (syncer, word, _begun) = slow_disk();
        let (to, told) = mpsc::channel();
        syncer.settle(&mut answers(&to, &[1]), false);
        word.send(false).unwrap();
        assert_eq!(told.recv().unwrap(), (1, false));
        // Committed before the failure was known.
        word.send(true).unwrap();
        syncer.settle(&mut answers(&to, &[2]), false);
        assert_eq!(told.recv().unwrap(), (2, false));
        let error = syncer.admit().expect_err("the disk is not to be trusted");
        assert!(error.fault == Fault::Unavailable && error.detail.contains("a bad sector"), "{error}");
        syncer.stop();
    }

    #[test]
    fn a_lone_batch_is_synced_in_line_and_what_waits_is_answered_at_the_end() {
        let (syncer, word, _begun) = slow_disk();
        let (to, told) = mpsc::channel();
        word.send(true).unwrap();
        syncer.settle(&mut answers(&to, &[1]), true);
        assert_eq!(told.try_recv().unwrap(), (1, true), "answered before the call returned");
        syncer.settle(&mut answers(&to, &[2]), false);
        drop(word);
        syncer.stop();
        assert_eq!(told.try_recv().unwrap(), (2, true));
    }
}
