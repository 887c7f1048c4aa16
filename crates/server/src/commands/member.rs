//! `o2o member …`: works beside a running server, which follows within two seconds.

use super::{block_on, report};
use crate::{
    cli::{MemberCommand, Shared},
    wire::{self, Failure},
};
use app::{
    operator::{self, Granted, StaffRole},
    plans::Plan,
};
use base::{Cx, Time, World, world::SystemWorld};
use serde_json::json;
use std::{io::Write, process::ExitCode, sync::Arc};

pub fn run(shared: &Shared, command: &MemberCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    block_on(async {
        let world: Arc<dyn World> = Arc::new(SystemWorld::default());
        let secrets = wire::open_secrets(&config)?;
        let db = wire::open_sql(&config, &*secrets).await?;
        if !ports::sql::migrate::status(&db).await?.is_current() {
            return Err("the database is not of this release; run `o2o migrate` or start the server once".into());
        }
        let cx = Cx::new(&world);
        let (email, found, document, words) = match command {
            MemberCommand::GrantPlan { email, plan } => {
                let plan = Plan::parse(plan.key()).ok_or("unknown plan")?;
                let found = operator::grant_plan(&cx, &db, email, plan).await?;
                let document = json!({ "ok": true, "email": email, "plan": plan.key() });
                (email, found, document, format!("{email} now has the plan {}", plan.key()))
            }
            MemberCommand::GrantFeature { email, feature, until } => {
                if until.is_some_and(|until| until <= cx.now()) {
                    return Err("the last day of the grant is over".into());
                }
                let found = operator::grant_feature(&cx, &db, email, *feature, *until).await?;
                let document = json!({ "ok": true, "email": email, "feature": feature, "expires_at": until });
                (email, found, document, format!("{email} now has {}{}", feature.key(), through(*until)))
            }
            MemberCommand::GrantStaff { email, role } => {
                let role = role.role();
                let granted = operator::grant_staff(&cx, &db, email, role).await?;
                let second_factor = granted == Granted::Done { second_factor: true };
                let key = role.map(StaffRole::key);
                let document = json!({ "ok": true, "email": email, "role": key, "second_factor": second_factor });
                let mut words =
                    format!("{email} now has {}", key.map_or("no role".to_owned(), |k| format!("the role {k}")));
                if role.is_some() && !second_factor {
                    words.push_str("; it counts once the second factor is on and used to sign in");
                }
                (email, granted != Granted::Nobody, document, words)
            }
        };
        if !found {
            return Err(format!("no member has the address {email}").into());
        }
        report(shared, out, &document, &words)?;
        Ok(ExitCode::SUCCESS)
    })
}

fn through(until: Option<Time>) -> String {
    until.map(|until| format!(" until {until}")).unwrap_or_default()
}
