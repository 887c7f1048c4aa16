//! How much of each thing a plan includes. The numbers are configuration; -1 there is unlimited.

use super::{Entitlements, Feature, Meter, Plan, Window};
use crate::settings::{PlanSettings, Plans};

/// Something that plans include a number of. Love-note sending has meters of its own ([`crate::notes`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Included {
    /// Love-note templates in reach.
    NoteLibrary,
    /// Details of catalogue date ideas opened.
    DateIdeaDetails,
    /// Questions to the AI coach.
    CoachQuestions,
    /// AI content creator and AI note personaliser.
    AiContentCreator,
    /// Expert consultations that cost nothing more.
    Consultations,
    /// Bytes of files.
    FileStorage,
}

impl Included {
    pub const ALL: [Self; 6] = [
        Self::NoteLibrary,
        Self::DateIdeaDetails,
        Self::CoachQuestions,
        Self::AiContentCreator,
        Self::Consultations,
        Self::FileStorage,
    ];

    pub const fn meter(self) -> Meter {
        let (name, window) = match self {
            Self::NoteLibrary => ("love_note_library", Window::Standing),
            Self::DateIdeaDetails => ("date_idea_details", Window::Month),
            Self::CoachQuestions => ("ai_coach_questions", Window::Month),
            Self::AiContentCreator => ("ai_content_creator", Window::None),
            Self::Consultations => ("expert_consultations", Window::Month),
            Self::FileStorage => ("file_storage", Window::Standing),
        };
        Meter { name, window }
    }

    /// What a plan includes; none is unlimited.
    pub fn of_plan(self, settings: &Plans, plan: Plan) -> Option<i64> {
        let of: &PlanSettings = settings.of(plan);
        let (limit, unit) = match self {
            Self::NoteLibrary => (of.note_library, 1),
            Self::DateIdeaDetails => (of.date_idea_details, 1),
            Self::CoachQuestions => (of.coach_questions, 1),
            Self::AiContentCreator => (of.ai_content_creator, 1),
            Self::Consultations => (of.consultations, 1),
            Self::FileStorage => (of.storage_mib, 1024 * 1024),
        };
        (limit >= 0).then(|| limit.saturating_mul(unit))
    }

    /// Features that raise it to the limit of the cheapest plan that has them, when they are unlocked or granted.
    const fn raised_by(self) -> &'static [Feature] {
        match self {
            Self::NoteLibrary => &[Feature::LoveNotesExtended, Feature::UnlimitedLoveNotes],
            Self::DateIdeaDetails => &[Feature::UnlimitedDateIdeas],
            Self::CoachQuestions => &[Feature::AiCoachLimited, Feature::UnlimitedAiCoach],
            Self::AiContentCreator => &[Feature::AiContentCreator],
            Self::Consultations => &[Feature::ExpertConsultation],
            Self::FileStorage => &[],
        }
    }

    /// What these entitlements include; none is unlimited.
    pub fn limit(self, settings: &Plans, entitlements: &Entitlements<'_>) -> Option<i64> {
        let raised = self.raised_by().iter().filter(|feature| entitlements.holds(**feature).is_some());
        let plans = raised.filter_map(|feature| feature.cheapest()).chain([entitlements.plan]);
        let limits = plans.map(|plan| self.of_plan(settings, plan).unwrap_or(i64::MAX));
        limits.max().filter(|limit| *limit < i64::MAX)
    }

    /// What a feature uses up, if it is metered.
    pub fn by(feature: Feature) -> Option<Self> {
        Some(match feature {
            Feature::DateIdeasLimited | Feature::UnlimitedDateIdeas => Self::DateIdeaDetails,
            Feature::AiCoachLimited | Feature::UnlimitedAiCoach => Self::CoachQuestions,
            Feature::AiContentCreator => Self::AiContentCreator,
            Feature::ExpertConsultation => Self::Consultations,
            _ => return None,
        })
    }
}
