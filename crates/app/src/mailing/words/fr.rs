//! French. High punctuation takes a no-break space before it, written `\u{a0}` so that it can be seen.

use super::{Language, Letters, Texts, Words};

const NOT_YOU_PASSWORD: &[&str] = &[
    "Ce n’était pas toi\u{a0}? Choisis tout de suite un autre mot de passe avec «\u{a0}Mot de passe oublié\u{a0}», sur la page de connexion.",
];
const NOT_EXPECTED: &[&str] = &["Tu ne connais pas {inviter}\u{a0}? Alors tu peux simplement ignorer ce message."];

pub(super) static WORDS: Language = Language {
    hello: "Bonjour {name},",
    hello_all: "Bonjour,",
    sign_off: "Avec tendresse, One 2 One Love",
    some_device: "un appareil inconnu",
    letters: Letters {
        verify_email: Words::new(
            "Confirme ton adresse e-mail",
            &[
                "Quel plaisir de t’accueillir ici.",
                "Il ne reste qu’un petit pas\u{a0}: confirme que cette adresse est bien la tienne.",
            ],
        )
        .button("Confirmer mon adresse")
        .aside(&["Tu n’as pas créé de compte\u{a0}? Ignore ce message\u{a0}: nous n’utiliserons pas ton adresse."]),
        reset_password: Words::new(
            "Choisis un nouveau mot de passe",
            &[
                "On nous a demandé un nouveau mot de passe pour ton compte.",
                "Le lien fonctionne une seule fois, pendant 24 heures.",
            ],
        )
        .button("Choisir un nouveau mot de passe")
        .aside(&["Tu n’as rien demandé\u{a0}? Ignore ce message\u{a0}: ton mot de passe ne change pas."]),
        password_changed: Words::new(
            "Ton mot de passe a changé",
            &["Le mot de passe de ton compte vient de changer. Tu n’as rien à faire."],
        )
        .aside(NOT_YOU_PASSWORD),
        password_reset: Words::new(
            "Ton mot de passe a été réinitialisé",
            &[
                "Ton compte a un nouveau mot de passe, choisi avec le lien envoyé à cette adresse.",
                "Par sécurité, nous avons fermé toutes tes sessions. Le nouveau mot de passe t’ouvre à nouveau la porte.",
            ],
        )
        .aside(NOT_YOU_PASSWORD),
        partner_invitation: Words::new(
            "{inviter} t’invite sur One 2 One Love",
            &[
                "{inviter} aimerait partager One 2 One Love avec toi\u{a0}: un lieu rien que pour vous deux, avec des mots doux, des projets et des souvenirs.",
                "Viens voir, et rejoins-nous si tu en as envie.",
            ],
        )
        .button("Voir l’invitation")
        .code("Ou saisis ce code dans l’application\u{a0}:")
        .aside(NOT_EXPECTED),
        partner_invitation_known: Words::new(
            "{inviter} aimerait se lier à toi",
            &[
                "{inviter} aimerait lier vos deux comptes pour partager des mots doux, des projets et des souvenirs.",
                "Dis oui ou non, comme tu le sens.",
            ],
        )
        .button("Répondre à l’invitation")
        .code("Ou saisis ce code dans l’application\u{a0}:")
        .aside(NOT_EXPECTED),
        invitation_accepted: Words::new(
            "{partner} a dit oui",
            &["{partner} a accepté ton invitation.", "Vous avez maintenant un lieu à vous deux."],
        ),
        invitation_declined: Words::new(
            "Une réponse à ton invitation",
            &[
                "Pour le moment, {partner} a décliné ton invitation.",
                "Tout ce que tu as écrit est toujours là, rien que pour toi.",
            ],
        ),
        couple_ended: Words::new(
            "Votre lien a pris fin",
            &[
                "Le lien entre vous deux a pris fin. Chacun de vos comptes ne montre plus ce que l’autre partageait.",
                "Rien n’est perdu\u{a0}: ce que tu as écrit reste à toi. Les mots que tu avais programmés pour l’autre sont en pause et ne partiront pas.",
            ],
        )
        .aside(&["Prends bien soin de toi."]),
        email_change_old: Words::new(
            "Confirme le changement de ton adresse e-mail",
            &[
                "Tu souhaites utiliser une autre adresse e-mail pour ton compte.",
                "Confirme-le ici, puis dans le message envoyé à la nouvelle adresse.",
            ],
        )
        .button("Confirmer le changement")
        .aside(&["Ce n’était pas toi\u{a0}? N’ouvre pas le lien et change ton mot de passe."]),
        email_change_new: Words::new(
            "Confirme ta nouvelle adresse e-mail",
            &[
                "Cette adresse doit devenir celle de ton compte. Confirme qu’elle est bien la tienne.",
                "Le changement se fait dès que tu l’as confirmé depuis les deux adresses.",
            ],
        )
        .button("Confirmer la nouvelle adresse")
        .aside(&["Cela ne te dit rien\u{a0}? Alors tu peux ignorer ce message."]),
        email_changed: Words::new(
            "Ton adresse e-mail a été modifiée",
            &[
                "L’adresse e-mail de ton compte a changé, et le changement a été confirmé depuis les deux adresses.",
                "Désormais, tu te connectes avec la nouvelle, et nos messages y arrivent.",
            ],
        )
        .aside(&["Cela ne vient pas de toi\u{a0}? Alors écris-nous tout de suite, depuis cette adresse."]),
        set_up_password: Words::new(
            "Bienvenue\u{a0}: choisis ton mot de passe",
            &[
                "Ton compte est prêt, et nous sommes ravis de t’accueillir.",
                "Il reste une chose\u{a0}: choisis un mot de passe qui ne soit qu’à toi.",
            ],
        )
        .button("Choisir mon mot de passe")
        .aside(&[
            "Le lien fonctionne une fois, pendant 7 jours. Ensuite, «\u{a0}Mot de passe oublié\u{a0}» sur la page de connexion fait la même chose.",
            "Tu ne sais rien de tout cela\u{a0}? Alors n’ouvre pas le lien.",
        ]),
        contact_code: Words::new("Ton code One 2 One Love", &[])
            .code("Voici le code qui confirme cette adresse\u{a0}:")
            .aside(&[
                "Il est valable {minutes} minutes. Ne le partage avec personne\u{a0}; nous ne te le demanderons jamais.",
            ]),
        love_note: Words::new("{sender} t’a écrit un mot doux", &["{sender} a écrit ceci pour toi\u{a0}:"])
            .button("Répondre")
            .aside(&[
                "{sender} t’envoie ce mot avec One 2 One Love, l’application des couples.",
                "Tu ne connais pas {sender}\u{a0}? Alors tu peux simplement ignorer ce message.",
            ]),
        new_sign_in: Words::new(
            "Nouvelle connexion à ton compte",
            &["Une connexion à ton compte vient d’avoir lieu sur cet appareil\u{a0}: {device}."],
        )
        .aside(&[
            "C’était toi\u{a0}? Alors tout va bien. Sinon, change ton mot de passe et ferme les autres sessions dans les réglages.",
        ]),
    },
    texts: Texts {
        contact_code: "{code} est ton code One 2 One Love. Ne le partage avec personne.",
        love_note: "{sender} t'a écrit un mot doux :",
        write_back: "Réponds sur One 2 One Love :",
        signature: "Écrit avec amour sur One 2 One Love",
        partner_invitation: "{inviter} t'invite sur One 2 One Love, un lieu pour vous deux :",
        invitation_code: "Ton code : {code}",
        stop: "Réponds STOP pour ne plus rien recevoir.",
    },
};
