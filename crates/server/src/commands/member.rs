//! `o2o member …`: works beside a running server, which follows within two seconds.

use super::{block_on, report};
use crate::{
    cli::{MemberCommand, Shared},
    wire::{self, Failure},
};
use app::{operator, plans::Plan};
use base::{Cx, World, world::SystemWorld};
use serde_json::json;
use std::{io::Write, process::ExitCode, sync::Arc};

pub fn run(shared: &Shared, command: &MemberCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let config = shared.load(std::env::vars_os(), None)?;
    config.require_adapters()?;
    if !config.data.dir.is_dir() {
        return Err(format!("{} is not a data folder", config.data.dir.display()).into());
    }
    let MemberCommand::GrantPlan { email, plan } = command;
    let plan = Plan::parse(plan.key()).ok_or("unknown plan")?;
    block_on(async {
        let world: Arc<dyn World> = Arc::new(SystemWorld::default());
        let secrets = wire::open_secrets(&config)?;
        let db = wire::open_sql(&config, &*secrets).await?;
        if !ports::sql::migrate::status(&db).await?.is_current() {
            return Err("the database is not of this release; run `o2o migrate` or start the server once".into());
        }
        if operator::grant_plan(&Cx::new(&world), &db, email, plan).await? {
            let done = json!({ "ok": true, "email": email, "plan": plan.key() });
            report(shared, out, &done, &format!("{} now has the plan {}", email, plan.key()))?;
            Ok(ExitCode::SUCCESS)
        } else {
            Err(format!("no member has the address {email}").into())
        }
    })
}
