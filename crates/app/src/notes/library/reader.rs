//! Who reads the library: a plan, a language and what makes a template personal.

use super::personal::Personal;
use crate::{app::App, cards, edge::request::Facts, plans::Plan};
use base::{Cx, Error, Lang, Result, id::MemberId};
use ports::args;

pub struct Reader {
    pub member: Option<MemberId>,
    pub plan: Plan,
    pub lang: Lang,
}

impl Reader {
    /// A visitor has Basic. Language: the parameter, the account, `Accept-Language`, English.
    pub async fn of(app: &App, cx: &Cx, about: &Facts, asked: Option<Lang>) -> Result<Self> {
        let Some(caller) = about.caller else {
            return Ok(Self { member: None, plan: Plan::Basic, lang: asked.unwrap_or(cx.lang()) });
        };
        let card = cards::load(app, cx, caller.member).await?;
        Ok(Self { member: Some(caller.member), plan: card.plan(cx.now()), lang: asked.unwrap_or(card.lang) })
    }

    pub async fn personal(&self, app: &App) -> Result<Personal> {
        let Some(member) = self.member else { return Ok(Personal::default()) };
        let mut tx = app.ports.sql.read().await?;
        let sql = "select partner_name, pet_name, special_place from profiles where member_id = $1";
        let Some(row) = tx.row(sql, args![member]).await? else { return Ok(Personal::default()) };
        Ok(Personal::new(row.text_opt(0)?, row.text_opt(1)?, row.text_opt(2)?))
    }

    /// Passes when the plan is high enough; a refusal asks the store first, because the card may be a moment behind.
    pub async fn require(&self, app: &App, cx: &Cx, needs: Plan) -> Result<()> {
        let mut plan = self.plan;
        if plan < needs
            && let Some(member) = self.member
        {
            plan = cards::fresh(app, cx, member).await?.plan(cx.now());
        }
        if plan >= needs {
            return Ok(());
        }
        let feature = if needs == Plan::Exclusive { "unlimited_love_notes" } else { "love_notes_extended" };
        Err(Error::plan_required(feature, needs.key(), plan.key()))
    }

    /// Who may use a cursor of this reader.
    pub fn scope(&self) -> String {
        self.member.map_or_else(|| "visitor".to_owned(), |member| member.to_string())
    }
}
