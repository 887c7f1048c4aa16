//! The twenty-four categories of templates (product/love-notes.md), each with its name in every language and an icon.

use base::Lang;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A category: its place in the order of the product, which only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Category(u8);

struct Row {
    key: &'static str,
    icon: &'static str,
    /// In the order of [`Lang::ALL`].
    names: [&'static str; 5],
}

const fn row(key: &'static str, icon: &'static str, names: [&'static str; 5]) -> Row {
    Row { key, icon, names }
}

#[rustfmt::skip]
const ROWS: [Row; Category::COUNT] = [
    row("romantic", "💖", ["Romantic", "Románticas", "Romantiques", "Romantiche", "Romantisch"]),
    row("sweet", "🍯", ["Sweet", "Dulces", "Tendres", "Dolci", "Süß"]),
    row("playful", "😜", ["Playful", "Juguetonas", "Espiègles", "Giocose", "Verspielt"]),
    row("deep", "🌊", ["Deep", "Profundas", "Profonds", "Profonde", "Tiefgründig"]),
    row("appreciation", "🙏", ["Appreciation", "Agradecimiento", "Reconnaissance", "Gratitudine", "Wertschätzung"]),
    row("memories", "📸", ["Memories", "Recuerdos", "Souvenirs", "Ricordi", "Erinnerungen"]),
    row("future", "🔭", ["Future", "Futuro", "Avenir", "Futuro", "Zukunft"]),
    row("morning", "🌅", ["Good morning", "Buenos días", "Bonjour", "Buongiorno", "Guten Morgen"]),
    row("night", "🌙", ["Good night", "Buenas noches", "Bonne nuit", "Buonanotte", "Gute Nacht"]),
    row("daily", "☕", ["Every day", "Día a día", "Au quotidien", "Ogni giorno", "Alltag"]),
    row("special", "🎉", ["Special occasions", "Ocasiones especiales", "Grandes occasions", "Occasioni speciali", "Besondere Anlässe"]),
    row("dateIdeas", "🍝", ["Date ideas", "Ideas para citas", "Idées de sorties", "Idee per uscire", "Ideen zu zweit"]),
    row("milestone", "🏆", ["Milestones", "Hitos", "Étapes", "Traguardi", "Meilensteine"]),
    row("justBecause", "🎈", ["Just because", "Porque sí", "Sans raison", "Senza motivo", "Einfach so"]),
    row("encouragement", "💪", ["Encouragement", "Ánimo", "Encouragement", "Incoraggiamento", "Ermutigung"]),
    row("apology", "🌷", ["Apology", "Disculpas", "Excuses", "Scuse", "Entschuldigung"]),
    row("family", "🏡", ["Family", "Familia", "Famille", "Famiglia", "Familie"]),
    row("friends", "🤝", ["Friends", "Amistad", "Amitié", "Amicizia", "Freundschaft"]),
    row("heartBroken", "💔", ["Heartache", "Corazón roto", "Cœur brisé", "Cuore spezzato", "Herzschmerz"]),
    row("sick", "🍵", ["Get well", "Que te mejores", "Bon rétablissement", "Guarisci presto", "Gute Besserung"]),
    row("goodLuck", "🍀", ["Good luck", "Buena suerte", "Bonne chance", "Buona fortuna", "Viel Glück"]),
    row("lgbtqRomantic", "🏳️‍🌈", ["LGBTQ+ romance", "Romance LGBTQ+", "Romance LGBTQ+", "Romanticismo LGBTQ+", "LGBTQ+ Romantik"]),
    row("lgbtqSupport", "🌈", ["LGBTQ+ support", "Apoyo LGBTQ+", "Soutien LGBTQ+", "Sostegno LGBTQ+", "LGBTQ+ Rückhalt"]),
    row("lgbtqMilestone", "💜", ["LGBTQ+ milestones", "Hitos LGBTQ+", "Étapes LGBTQ+", "Traguardi LGBTQ+", "LGBTQ+ Meilensteine"]),
];

impl Category {
    pub const COUNT: usize = 24;
    /// Where the sentence about a place belongs.
    pub const MEMORIES: Self = Self(5);
    /// The filter that filters nothing.
    pub const EVERY: &str = "all";

    pub fn all() -> impl Iterator<Item = Self> {
        (0..24).map(Self)
    }

    pub fn parse(key: &str) -> Option<Self> {
        Self::all().find(|c| c.key() == key)
    }

    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    pub fn key(self) -> &'static str {
        ROWS[self.index()].key
    }

    pub fn icon(self) -> &'static str {
        ROWS[self.index()].icon
    }

    pub fn name(self, lang: Lang) -> &'static str {
        let names = &ROWS[self.index()].names;
        match lang {
            Lang::En => names[0],
            Lang::Es => names[1],
            Lang::Fr => names[2],
            Lang::It => names[3],
            Lang::De => names[4],
        }
    }
}

fn words(allowed: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(allowed)).into()
}

/// How a category looks in the OpenAPI document.
pub struct CategoryKey;

impl PartialSchema for CategoryKey {
    fn schema() -> RefOr<Schema> {
        words(Category::all().map(Category::key))
    }
}
impl ToSchema for CategoryKey {}

/// How the filter by category looks there.
pub struct CategoryFilter;

impl PartialSchema for CategoryFilter {
    fn schema() -> RefOr<Schema> {
        words([Category::EVERY].into_iter().chain(Category::all().map(Category::key)))
    }
}
impl ToSchema for CategoryFilter {}

/// How the parameter of a language looks there: every listed one.
pub struct ListedLanguage;

impl PartialSchema for ListedLanguage {
    fn schema() -> RefOr<Schema> {
        words(base::lang::LISTED.iter().map(|l| l.code))
    }
}
impl ToSchema for ListedLanguage {}
