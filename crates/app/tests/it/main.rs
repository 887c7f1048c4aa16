//! Integration tests: the whole application in one process, behind its real gate, on embedded adapters.
//!
//! One binary, so that it links once; a module per area. `testkit` holds the fixtures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod access;
mod access_calls;
mod access_staff;
mod audit;
mod calls;
mod calls_devices;
mod calls_end;
mod calls_model;
mod chat;
mod chat_messages;
mod chat_model;
mod couples;
mod couples_joint;
mod couples_link;
mod couples_unlink;
mod documents;
mod documents_socket;
mod edge;
mod files;
mod files_quota;
mod files_sweep;
mod files_uploads;
mod files_uses;
mod idempotency;
mod identity;
mod identity_contacts;
mod identity_email_change;
mod identity_login;
mod identity_mails;
mod identity_sessions;
mod identity_tokens;
mod input;
mod library;
mod library_staff;
mod limits;
mod meters;
mod notes;
mod notes_allowance;
mod notes_channels;
mod notes_delivery;
mod notes_lists;
mod notes_statistics;
mod openapi;
mod origins;
mod plans;
mod plans_changes;
mod presence;
mod presence_sockets;
mod profiles;
mod profiles_pictures;
mod profiles_preferences;
mod profiles_public;
mod realtime;
mod realtime_resume;
mod recordings;
mod schedule;
mod schedule_channels;
mod schedule_due;
mod schedule_unlink;
mod second_factor;
mod site;
mod sockets;
mod staff;
mod staff_members;
mod staff_queues;
mod work;
mod work_golden;

/// Runs futures at once, on as many threads as the test has: they start together. Outputs are in the order of the
/// futures.
async fn raced<F>(runners: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let runners: Vec<F> = runners.into_iter().collect();
    let line = std::sync::Arc::new(tokio::sync::Barrier::new(runners.len()));
    let mut set = tokio::task::JoinSet::new();
    for (i, runner) in runners.into_iter().enumerate() {
        let line = line.clone();
        set.spawn(async move {
            line.wait().await;
            (i, runner.await)
        });
    }
    let mut outputs = set.join_all().await;
    outputs.sort_by_key(|(i, _)| *i);
    outputs.into_iter().map(|(_, output)| output).collect()
}
