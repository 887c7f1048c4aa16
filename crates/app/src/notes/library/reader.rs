//! Who reads the library: a plan, a language and what makes a template personal.

use super::personal::Personal;
use crate::{
    app::App,
    cards::{self, Card},
    edge::request::Facts,
    plans::{Feature, Plan},
};
use base::{Cx, Error, Lang, Result, id::MemberId};
use ports::args;

pub struct Reader {
    pub member: Option<MemberId>,
    /// Whose library it is: of the plan, or of the higher one whose library was unlocked or granted.
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
        Ok(Self { member: Some(caller.member), plan: library(&card, cx), lang: asked.unwrap_or(card.lang) })
    }

    pub async fn personal(&self, app: &App) -> Result<Personal> {
        let Some(member) = self.member else { return Ok(Personal::default()) };
        let mut tx = app.ports.sql.read().await?;
        let sql = "select partner_name, pet_name, special_place from profiles where member_id = $1";
        let Some(row) = tx.row(sql, args![member]).await? else { return Ok(Personal::default()) };
        Ok(Personal::new(row.text_opt(0)?, row.text_opt(1)?, row.text_opt(2)?))
    }

    /// Passes when the library is large enough; a refusal asks the store first, because the card may be a moment
    /// behind.
    pub async fn require(&self, app: &App, cx: &Cx, needs: Plan) -> Result<()> {
        if self.plan >= needs {
            return Ok(());
        }
        let mut current = Plan::Basic;
        if let Some(member) = self.member {
            let card = cards::fresh(app, cx, member).await?;
            if library(&card, cx) >= needs {
                return Ok(());
            }
            current = card.plan(cx.now());
        }
        let feature = if needs == Plan::Exclusive { Feature::UnlimitedLoveNotes } else { Feature::LoveNotesExtended };
        Err(Error::plan_required(feature.key(), needs.key(), current.key()))
    }

    /// Who may use a cursor of this reader.
    pub fn scope(&self) -> String {
        self.member.map_or_else(|| "visitor".to_owned(), |member| member.to_string())
    }
}

/// The plan whose library a member reads.
fn library(card: &Card, cx: &Cx) -> Plan {
    let entitlements = card.entitlements(cx.now());
    let held = [Feature::UnlimitedLoveNotes, Feature::LoveNotesExtended].into_iter();
    held.filter(|feature| entitlements.holds(*feature).is_some()).find_map(Feature::cheapest).unwrap_or_default()
}
