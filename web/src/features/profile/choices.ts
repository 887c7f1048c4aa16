import { type PlainKey, t } from "@/words";

/** The values a profile may name, with their words (profiles.md). */
export const relationships: Record<string, PlainKey> = {
  single: "profile.rel_single",
  dating: "profile.rel_dating",
  engaged: "profile.rel_engaged",
  married: "profile.rel_married",
  complicated: "profile.rel_complicated",
};

export const loveLanguages: Record<string, PlainKey> = {
  words_of_affirmation: "profile.love_words",
  quality_time: "profile.love_time",
  receiving_gifts: "profile.love_gifts",
  acts_of_service: "profile.love_acts",
  physical_touch: "profile.love_touch",
};

const textOf = (table: Record<string, PlainKey>, value: string | null | undefined): string | undefined => {
  const key = value ? table[value] : undefined;
  return key && t(key);
};

export const relationshipText = (value: string | null | undefined) => textOf(relationships, value);
export const loveLanguageText = (value: string | null | undefined) => textOf(loveLanguages, value);
