//! The product as a client knows it: paths, bodies, answers, configuration keys and commands. Nothing else in this
//! crate names any of them. A native client is spoken for, whose refresh credential comes in the body.

mod calls;
pub mod commands;
pub mod requests;
mod shapes;

pub use calls::Caller;
pub(crate) use calls::{created_id, time};
pub use shapes::{Mail, Member, Message, Note, Page, Scheduled, Session};

/// Answers 200 once the server serves.
pub const READY: &str = "/readyz";

/// The password of every account made here.
pub const PASSWORD: &str = "a long enough password";

/// Configuration by environment, as `O2O__SECTION__KEY`.
pub mod settings {
    pub type Setting = (&'static str, String);

    fn set(key: &'static str, value: &impl ToString) -> Setting {
        (key, value.to_string())
    }

    /// What every run from outside needs: no request rates, sessions that outlast it, sends without an allowance.
    pub fn common() -> Vec<Setting> {
        vec![
            set("O2O__EDGE__RATE_LIMITS__ENABLED", &false),
            set("O2O__IDENTITY__ACCESS_MINUTES", &720),
            set("O2O__NOTES__ALLOWANCE__BASIC__PARTNER", &-1),
        ]
    }

    /// Password hashes that cost next to nothing, to register thousands.
    pub fn cheap_hashes() -> Vec<Setting> {
        hashes(64, 1, 1)
    }

    /// Password hashes of this cost on this many threads.
    pub fn hashes(memory_kib: u32, passes: u32, threads: usize) -> Vec<Setting> {
        vec![
            set("O2O__IDENTITY__ARGON2_MEMORY_KIB", &memory_kib),
            set("O2O__IDENTITY__ARGON2_PASSES", &passes),
            set("O2O__IDENTITY__HASH_THREADS", &threads),
        ]
    }

    /// A clock that tests move, and as many open scheduled notes as they like.
    pub fn schedules() -> Vec<Setting> {
        vec![set("O2O__DEV__CLOCK", &true), set("O2O__NOTES__MAX_OPEN_SCHEDULED", &1_000_000)]
    }
}
