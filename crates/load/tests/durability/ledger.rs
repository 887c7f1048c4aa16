//! What was asked of the server and what it said. Texts are unique, so that a note is known by its text.

use base::Time;
use std::fmt;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// 201 with this id.
    Acknowledged(String),
    /// The server died before it answered.
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) content: String,
    pub(crate) key: Option<String>,
    pub(crate) fate: Fate,
}

#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) from: usize,
    pub(crate) content: String,
    pub(crate) key: Option<String>,
    pub(crate) due: Time,
    /// Due within this run.
    pub(crate) soon: bool,
    pub(crate) fate: Fate,
}

/// A message of a conversation; its text is the device's name for it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) from: usize,
    pub(crate) content: String,
    pub(crate) fate: Fate,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) said: Vec<Said>,
    pub(crate) notes: Vec<Sent>,
    pub(crate) schedules: Vec<Planned>,
    /// Refresh credentials that were handed out and not used.
    pub(crate) sessions: Vec<String>,
    /// Addresses of sign-ups without an answer.
    pub(crate) half_registered: Vec<String>,
    /// Writes whose repetition with the same key was answered.
    pub(crate) repeated: usize,
}

impl Ledger {
    pub(crate) fn merge(&mut self, other: Self) {
        self.said.extend(other.said);
        self.notes.extend(other.notes);
        self.schedules.extend(other.schedules);
        self.sessions.extend(other.sessions);
        self.half_registered.extend(other.half_registered);
        self.repeated += other.repeated;
    }

    /// A run that acknowledged nothing of a kind proves nothing about it.
    pub(crate) fn too_little(&self) -> Vec<String> {
        let acknowledged = |fate: &Fate| matches!(fate, Fate::Acknowledged(_));
        let kinds = [
            ("messages", self.said.iter().filter(|said| acknowledged(&said.fate)).count()),
            ("notes", self.notes.iter().filter(|note| acknowledged(&note.fate)).count()),
            ("soon scheduled", self.schedules.iter().filter(|plan| plan.soon && acknowledged(&plan.fate)).count()),
            ("far scheduled", self.schedules.iter().filter(|plan| !plan.soon && acknowledged(&plan.fate)).count()),
            ("sessions", self.sessions.len()),
        ];
        kinds.iter().filter(|(_, count)| *count == 0).map(|(kind, _)| format!("no {kind} were acknowledged")).collect()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = self.notes.iter().filter(|note| note.fate == Fate::Unknown).count();
        write!(
            f,
            "{} messages, {} notes ({unknown} of unknown fate), {} scheduled, {} sessions, {} sign-ups cut short, {} repeated by key",
            self.said.len(),
            self.notes.len(),
            self.schedules.len(),
            self.sessions.len(),
            self.half_registered.len(),
            self.repeated
        )
    }
}
