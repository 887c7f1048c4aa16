//! Attempts to sign in: counted by account and by network, and put on record.

use super::lockouts::Strikes;
use crate::{
    app::App,
    audit::{self, Action, Entry},
};
use base::{Cx, Result, id::MemberId, time::MINUTE};

pub(super) struct Attempts<'a> {
    by_account: Strikes<'a>,
    by_network: Strikes<'a>,
}

impl<'a> Attempts<'a> {
    /// `key` is the address in its compared form, of an account or not.
    pub(super) fn of(app: &App, key: &'a str, network: &'a str) -> Self {
        let settings = &app.settings.identity;
        let window_ms = settings.lockout_minutes * MINUTE;
        Self {
            by_account: Strikes { kind: "login", subject: key, limit: settings.lockout_failures, window_ms },
            by_network: Strikes { kind: "login-ip", subject: network, limit: settings.lockout_ip_failures, window_ms },
        }
    }

    /// How many failures of the account count now; refused when either is locked.
    pub(super) async fn check(&self, app: &App, cx: &Cx) -> Result<usize> {
        self.by_network.check(app, cx).await?;
        self.by_account.check(app, cx).await
    }

    /// One more failure, of a member or of an address that nobody has. Refused when others have locked meanwhile.
    pub(super) async fn failed(&self, app: &App, cx: &Cx, member: Option<MemberId>, why: &'static str) -> Result<()> {
        let network = self.by_network.add(app, cx).await;
        let account = self.by_account.add(app, cx).await;
        let mut acts = vec![Entry::new(cx, Action::SignIn).about(member).refused(why)];
        for (counted, of, member) in [(&network, "network", None), (&account, "account", member)] {
            if counted.as_ref().is_ok_and(|locked| *locked) {
                let act = Entry::new(cx, Action::LockOut).about(member);
                acts.push(act.with(serde_json::json!({ "of": of })));
            }
        }
        audit::record(app, &acts).await?;
        network.and(account).map(drop)
    }

    pub(super) async fn forgive(&self, app: &App) -> Result<()> {
        self.by_account.clear(app).await
    }
}
