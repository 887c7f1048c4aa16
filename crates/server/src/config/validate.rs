//! Values that have the right type and are wrong all the same.

use super::{Cache, Config, Fanout, Items, Mail, Objects, Queue, Secrets, Sms, Sql, Stream};
use app::plans::Plan;
use base::Secret;
use std::{ops::RangeInclusive, path::Path};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// Plans that need an allowance (product: plans and entitlements).
const PLANS: [&str; 3] = ["basic", "premiere", "exclusive"];

const UNLIMITED: &str = "0 or more, or -1 for unlimited";

const MILLION: i128 = 1_000_000;

type Report<'a> = &'a mut dyn FnMut(&str, String);

/// Calls `report` with key and reason for everything that cannot be right.
pub(super) fn check(config: &Config, report: Report<'_>) {
    binary(config, report);
    edge(config, report);
    ranges(config, report);
    allowances(config, report);
    plans(config, report);
    adapters(config, report);
}

fn binary(config: &Config, report: Report<'_>) {
    filled("data.dir", config.data.dir.to_str().unwrap_or_default(), report);
    // The filter alone would take a misspelt level for the name of a module.
    let level = &config.log.level;
    let misspelt = level.split(',').any(|part| !part.contains('=') && part.trim().parse::<LevelFilter>().is_err());
    if misspelt || EnvFilter::builder().parse(level).is_err() {
        report("log.level", "must be error, warn, info, debug or trace, or a list of module=level".to_owned());
    }
    filled("identity.terms_version", &config.identity.terms_version, report);
}

fn edge(config: &Config, report: Report<'_>) {
    let edge = &config.edge;
    if !edge.public_url.is_empty()
        && let Err(why) = web_address(&edge.public_url, true)
    {
        report("edge.public_url", why);
    }
    for origin in &edge.cors_origins {
        if let Err(why) = web_address(origin, false) {
            report("edge.cors_origins", why);
        }
    }
    for url in &config.calls.relay_urls {
        let known = ["turn:", "turns:", "stun:", "stuns:"].iter().any(|scheme| url.starts_with(scheme));
        if !known || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            report("calls.relay_urls", "must begin with turn:, turns:, stun: or stuns:".to_owned());
        }
    }
    if !edge.metrics_token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        report("edge.metrics_token", "may hold only visible ASCII, without spaces: it travels in a header".to_owned());
    }
}

/// `http(s)://host[:port]`, and a path where one is allowed.
fn web_address(text: &str, path_allowed: bool) -> Result<(), String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or("must begin with http:// or https://")?;
    if rest.ends_with('/') {
        return Err("must not end with a slash".to_owned());
    }
    if let Some(bad) =
        rest.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#' | '@' | '*' | '"' | '<' | '>'))
    {
        return Err(format!("must not contain {bad:?}"));
    }
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse::<u16>().is_ok_and(|port| port > 0)),
        _ => (host, true),
    };
    if name.is_empty() || !port {
        return Err("needs a host, with a port from 1 to 65535 or none".to_owned());
    }
    if !path.is_empty() && !path_allowed {
        return Err("an origin has no path".to_owned());
    }
    Ok(())
}

fn ranges(config: &Config, report: Report<'_>) {
    let Config { server, edge, identity, couples, notes, realtime, calls, work, .. } = config;
    let limits = &edge.rate_limits;
    let mut within = |key: &str, value: i128, range: RangeInclusive<i128>| {
        if !range.contains(&value) {
            report(key, format!("must be from {} to {}", range.start(), range.end()));
        }
    };
    within("server.worker_threads", server.worker_threads as i128, 0..=1024);
    within("server.backlog", server.backlog.into(), 16..=65_535);
    within("edge.trusted_proxies", edge.trusted_proxies as i128, 0..=16);
    within("edge.body_limit", edge.body_limit as i128, 1024..=64 * 1024 * 1024);
    within("edge.head_seconds", edge.head_seconds.into(), 1..=300);
    within("edge.body_seconds", edge.body_seconds.into(), 1..=300);
    within("edge.answer_seconds", edge.answer_seconds.into(), 1..=300);
    within("edge.max_connections", edge.max_connections as i128, 16..=MILLION);
    within("edge.rate_limits.per_member_per_minute", limits.per_member_per_minute.into(), 1..=MILLION);
    within("edge.rate_limits.per_ip_per_minute", limits.per_ip_per_minute.into(), 1..=MILLION);
    within("edge.rate_limits.chat_per_member_per_minute", limits.chat_per_member_per_minute.into(), 1..=MILLION);
    // Below 7 MiB argon2id is no longer memory-hard in practice (OWASP password storage cheat sheet); `serve` warns.
    within("identity.argon2_memory_kib", identity.argon2_memory_kib.into(), 8..=1_048_576);
    within("identity.argon2_passes", identity.argon2_passes.into(), 1..=16);
    within("identity.hash_threads", identity.hash_threads as i128, 1..=64);
    within("identity.hash_queue", identity.hash_queue as i128, 64..=65_536);
    within("identity.access_minutes", identity.access_minutes.into(), 1..=1440);
    within("identity.refresh_days", identity.refresh_days.into(), 1..=365);
    within("identity.reuse_window_seconds", identity.reuse_window_seconds.into(), 0..=300);
    within("identity.signing_key_days", identity.signing_key_days.into(), 1..=365);
    within("identity.token_cache", identity.token_cache as i128, 16..=10 * MILLION);
    within("identity.lockout_failures", identity.lockout_failures.into(), 1..=1000);
    within("identity.lockout_ip_failures", identity.lockout_ip_failures.into(), 1..=10_000);
    within("identity.lockout_minutes", identity.lockout_minutes.into(), 1..=1440);
    within("couples.invitation_days", couples.invitation_days.into(), 1..=365);
    within("couples.decline_cooldown_hours", couples.decline_cooldown_hours.into(), 0..=8760);
    within("couples.wrong_codes_per_member_per_hour", couples.wrong_codes_per_member_per_hour.into(), 1..=1000);
    within("couples.wrong_codes_per_ip_per_hour", couples.wrong_codes_per_ip_per_hour.into(), 1..=10_000);
    within("notes.max_open_scheduled", notes.max_open_scheduled.into(), 1..=MILLION);
    within("realtime.resume_minutes", realtime.resume_minutes.into(), 1..=1440);
    within("realtime.max_sockets_per_member", realtime.max_sockets_per_member as i128, 1..=1000);
    within("realtime.heartbeat_seconds", realtime.heartbeat_seconds.into(), 1..=600);
    within("calls.ring_seconds", calls.ring_seconds.into(), 5..=600);
    within("calls.relay_seconds", calls.relay_seconds.into(), 60..=86_400);
    within("work.job_workers", work.job_workers as i128, 1..=256);
    within("work.timer_workers", work.timer_workers as i128, 1..=256);
    within("work.drain_seconds", work.drain_seconds.into(), 0..=600);
    if let Sql::Postgres { max_connections, .. } = config.sql {
        within("sql.max_connections", max_connections.into(), 1..=1000);
    }
    if let Mail::Smtp { port, .. } = config.mail {
        within("mail.port", port.into(), 1..=65_535);
    }
}

fn allowances(config: &Config, report: Report<'_>) {
    for (plan, allowance) in &config.notes.allowance {
        let key = format!("notes.allowance.{plan}");
        if !PLANS.contains(&plan.as_str()) {
            report(&key, format!("not a plan; there are {}", PLANS.join(", ")));
        }
        let channels = [("partner", allowance.partner), ("sms", allowance.sms), ("platform", allowance.platform)];
        for (channel, limit) in channels.into_iter().filter(|(_, limit)| *limit < -1) {
            report(&format!("{key}.{channel}"), format!("must be {UNLIMITED}, not {limit}"));
        }
    }
    for plan in PLANS.iter().filter(|plan| !config.notes.allowance.contains_key(**plan)) {
        report("notes.allowance", format!("the plan {plan} is missing"));
    }
}

fn plans(config: &Config, report: Report<'_>) {
    for plan in Plan::ALL {
        let of = config.plans.of(plan);
        let numbers = [
            ("price", of.price, 0, "0 or more"),
            ("annual_price", of.annual_price, -1, "0 or more, or -1 for not offered"),
            ("note_library", of.note_library, -1, UNLIMITED),
            ("date_idea_details", of.date_idea_details, -1, UNLIMITED),
            ("coach_questions", of.coach_questions, -1, UNLIMITED),
            ("ai_content_creator", of.ai_content_creator, -1, UNLIMITED),
            ("consultations", of.consultations, -1, UNLIMITED),
            ("storage_mib", of.storage_mib, -1, UNLIMITED),
        ];
        for (key, value, _, words) in numbers.into_iter().filter(|(_, value, least, _)| value < least) {
            report(&format!("plans.{}.{key}", plan.key()), format!("must be {words}, not {value}"));
        }
    }
}

/// What each adapter cannot do without.
fn adapters(config: &Config, report: Report<'_>) {
    match &config.sql {
        Sql::Sqlite { path } => placed("sql.path", path, report),
        Sql::Postgres { url, read_url, .. } => {
            located("sql.url", url, &["postgres://", "postgresql://"], report);
            if !read_url.reveal().is_empty() {
                located("sql.read_url", read_url, &["postgres://", "postgresql://"], report);
            }
        }
    }
    match &config.items {
        Items::Sqlite { path } => placed("items.path", path, report),
        Items::Dynamodb { region, endpoint, table_prefix } => {
            service("items", region, endpoint, report);
            prefix("items.table_prefix", table_prefix, report);
        }
    }
    match &config.cache {
        Cache::Memory {} => {}
        Cache::Redis { url, .. } => located("cache.url", url, &["redis://", "rediss://"], report),
    }
    match &config.fanout {
        Fanout::Memory {} => {}
        Fanout::Redis { url, .. } => located("fanout.url", url, &["redis://", "rediss://"], report),
    }
    match &config.queue {
        Queue::Items {} => {}
        Queue::Sqs { region, endpoint, queue_prefix } => {
            service("queue", region, endpoint, report);
            prefix("queue.queue_prefix", queue_prefix, report);
        }
    }
    match &config.stream {
        Stream::Items {} => {}
        Stream::Kafka { brokers, topic_prefix, .. } => {
            if brokers.is_empty() || brokers.iter().any(|broker| !broker.contains(':')) {
                report("stream.brokers", "needs at least one host:port".to_owned());
            }
            prefix("stream.topic_prefix", topic_prefix, report);
        }
    }
    match &config.objects {
        Objects::Folder { path } => placed("objects.path", path, report),
        Objects::S3 { region, bucket, endpoint, .. } => {
            service("objects", region, endpoint, report);
            filled("objects.bucket", bucket, report);
        }
    }
    match &config.mail {
        Mail::Local { from } => sender(from, report),
        Mail::Ses { from, region, endpoint, .. } => {
            sender(from, report);
            service("mail", region, endpoint, report);
        }
        Mail::Smtp { from, host, .. } => {
            sender(from, report);
            filled("mail.host", host, report);
        }
    }
    match &config.sms {
        Sms::Local {} => {}
        Sms::EndUserMessaging { region, endpoint, .. } | Sms::Sns { region, endpoint, .. } => {
            service("sms", region, endpoint, report);
        }
        Sms::Twilio { account_sid, api_key, api_secret, from } => {
            filled("sms.account_sid", account_sid, report);
            filled("sms.api_key", api_key, report);
            filled("sms.api_secret", api_secret.reveal(), report);
            filled("sms.from", from, report);
        }
    }
    match &config.secrets {
        Secrets::File { path } => placed("secrets.path", path, report),
        Secrets::SecretsManager { region, endpoint } => service("secrets", region, endpoint, report),
    }
}

fn filled(key: &str, text: &str, report: Report<'_>) {
    if text.trim().is_empty() {
        report(key, "must not be empty".to_owned());
    }
}

fn placed(key: &str, path: &Path, report: Report<'_>) {
    filled(key, path.to_str().unwrap_or_default(), report);
}

/// A URL with one of these beginnings, or a reference to one.
fn located(key: &str, url: &Secret, schemes: &[&str], report: Report<'_>) {
    if !url.is_reference() && !schemes.iter().any(|scheme| url.reveal().starts_with(scheme)) {
        report(key, format!("must begin with {}, or with env:, file: or secret:", schemes.join(" or ")));
    }
}

fn service(section: &str, region: &str, endpoint: &str, report: Report<'_>) {
    filled(&format!("{section}.region"), region, report);
    if !endpoint.is_empty()
        && let Err(why) = web_address(endpoint, true)
    {
        report(&format!("{section}.endpoint"), why);
    }
}

/// What names of tables, queues and topics may all hold.
fn prefix(key: &str, text: &str, report: Report<'_>) {
    if text.len() > 40 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        report(key, "may hold letters, digits, - and _, at most 40".to_owned());
    }
}

/// `name <address>` or an address alone.
fn sender(from: &str, report: Report<'_>) {
    let address = match from.rsplit_once('<') {
        Some((_, address)) => address.strip_suffix('>'),
        None => Some(from),
    };
    let sound = address.and_then(|address| address.split_once('@')).is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !from.contains(char::is_control)
    });
    if !sound || address.is_some_and(|address| address.contains(char::is_whitespace)) {
        report("mail.from", "must be an address or `name <address>`".to_owned());
    }
}
