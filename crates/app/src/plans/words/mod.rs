//! The words of the catalogue in each language. No numbers in them: limits are configuration.

mod de;
mod en;
mod es;
mod fr;
mod it;

use base::Lang;

/// The words of one language; lists are in the order of the keys they name.
pub(super) struct Words {
    /// Of Basic, Premiere, Exclusive.
    pub taglines: [&'static str; 3],
    /// Of every entitlement key that a plan has.
    pub features: [&'static str; 24],
    /// Of what Exclusive has besides.
    pub benefits: [&'static str; 6],
    pub guarantees: [&'static str; 2],
}

pub(super) const fn of(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &en::WORDS,
        Lang::Es => &es::WORDS,
        Lang::Fr => &fr::WORDS,
        Lang::It => &it::WORDS,
        Lang::De => &de::WORDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all(words: &'static Words) -> Vec<&'static str> {
        [&words.taglines[..], &words.features, &words.benefits, &words.guarantees].concat()
    }

    #[test]
    fn every_text_is_there_once_and_in_its_own_language() {
        for lang in Lang::ALL {
            let texts = all(of(lang));
            assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "{lang:?} says something twice");
            assert!(texts.iter().all(|text| !text.trim().is_empty() && text.trim() == *text), "{lang:?}");
            if lang != Lang::En {
                let same = texts.iter().zip(all(of(Lang::En))).filter(|(a, b)| **a == *b).count();
                assert_eq!(same, 0, "{lang:?} has English words");
            }
            assert!(of(lang).guarantees[0].contains("14"), "{lang:?}");
        }
    }
}
