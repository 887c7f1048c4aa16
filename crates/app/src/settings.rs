//! What the product lets an operator choose, apart from the adapters. Read from the configuration by the binary.
//! `config/laptop.toml` explains every key.

use crate::plans::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub edge: Edge,
    pub identity: Identity,
    pub couples: Couples,
    pub notes: Notes,
    pub plans: Plans,
    pub realtime: Realtime,
    pub calls: Calls,
    pub work: Work,
    pub dev: Dev,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Where links in mails lead; empty: the listening address.
    pub public_url: String,
    /// Proxies in front whose `X-Forwarded-For` entries are believed; 0 ignores the header.
    pub trusted_proxies: usize,
    /// Origins, besides our own, whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// Bytes of a request body unless a call says more.
    pub body_limit: usize,
    pub body_seconds: u64,
    pub head_seconds: u64,
    pub answer_seconds: u64,
    /// Open connections; beyond it new ones wait in the listen queue.
    pub max_connections: usize,
    /// Token for `/metrics` from other machines; empty: loopback only.
    pub metrics_token: base::Secret,
    pub rate_limits: RateLimits,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// Off switches off request rates only, never lock-outs, code limits or allowances.
    pub enabled: bool,
    pub per_member_per_minute: u32,
    pub per_ip_per_minute: u32,
    pub chat_per_member_per_minute: u32,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// argon2id: memory in KiB, passes, lanes.
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    /// Threads that hash passwords, apart from those that serve requests.
    pub hash_threads: usize,
    /// Hashes that may wait; beyond it 503 with Retry-After. At least 64.
    pub hash_queue: usize,
    pub access_minutes: i64,
    pub refresh_days: i64,
    pub reuse_window_seconds: i64,
    pub signing_key_days: i64,
    /// Verified access tokens remembered.
    pub token_cache: usize,
    pub lockout_failures: i64,
    pub lockout_ip_failures: i64,
    pub lockout_minutes: i64,
    pub terms_version: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Couples {
    pub invitation_days: i64,
    pub decline_cooldown_hours: i64,
    pub wrong_codes_per_member_per_hour: i64,
    pub wrong_codes_per_ip_per_hour: i64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notes {
    pub window: Window,
    /// Per plan, sends per window and channel; -1 is unlimited.
    pub allowance: BTreeMap<String, Allowance>,
    pub max_open_scheduled: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = NoteWindow)]
pub enum Window {
    /// Calendar months in UTC.
    Month,
    Lifetime,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    pub partner: i64,
    pub sms: i64,
    /// Each of the seven platforms, e-mail among them.
    pub platform: i64,
}

/// Prices, and what each plan includes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    /// Of every price.
    pub currency: base::money::Currency,
    pub basic: PlanSettings,
    pub premiere: PlanSettings,
    pub exclusive: PlanSettings,
}

impl Plans {
    pub fn of(&self, plan: Plan) -> &PlanSettings {
        match plan {
            Plan::Basic => &self.basic,
            Plan::Premiere => &self.premiere,
            Plan::Exclusive => &self.exclusive,
        }
    }
}

/// One plan. Of the numbers that are included, -1 is unlimited.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSettings {
    /// Minor units per month.
    pub price: i64,
    /// Minor units per year; -1: annual billing is not offered.
    pub annual_price: i64,
    pub note_library: i64,
    pub date_idea_details: i64,
    pub coach_questions: i64,
    pub ai_content_creator: i64,
    pub consultations: i64,
    pub storage_mib: i64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Realtime {
    pub resume_minutes: i64,
    pub max_sockets_per_member: usize,
    pub heartbeat_seconds: u64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// A call that rings longer is missed.
    pub ring_seconds: i64,
    /// Servers that relay what two devices cannot send each other directly; empty: there are none.
    pub relay_urls: Vec<String>,
    /// What we share with them; empty: a key of our own.
    pub relay_secret: base::Secret,
    /// How long credentials for them are good.
    pub relay_seconds: i64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Jobs at once on this node.
    pub job_workers: usize,
    /// Due timers at once on this node.
    pub timer_workers: usize,
    /// A stop waits this long for work under way.
    pub drain_seconds: u64,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dev {
    /// `POST /dev/clock`; never in a preset.
    pub clock: bool,
}
