//! German.

use super::{Language, Letters, Texts, Words};

const NOT_YOU_PASSWORD: &[&str] =
    &["Das warst nicht du? Dann wähle bitte gleich ein neues Passwort, mit „Passwort vergessen“ auf der Anmeldeseite."];
const NOT_EXPECTED: &[&str] = &["Du kennst {inviter} nicht? Dann ignoriere diese Mail einfach."];

pub(super) static WORDS: Language = Language {
    hello: "Hallo {name},",
    hello_all: "Hallo,",
    sign_off: "Herzlich, One 2 One Love",
    some_device: "ein unbekanntes Gerät",
    letters: Letters {
        verify_email: Words::new(
            "Bestätige deine E-Mail-Adresse",
            &["Schön, dass du da bist.", "Eine Kleinigkeit fehlt noch: Bitte bestätige, dass diese Adresse dir gehört."],
        )
        .button("Adresse bestätigen")
        .aside(&["Du hast dich nicht registriert? Dann ignoriere diese Mail, und wir verwenden deine Adresse nicht."]),
        reset_password: Words::new(
            "Wähle ein neues Passwort",
            &["Für dein Konto wurde ein neues Passwort angefordert.", "Der Link gilt einmal und 24 Stunden lang."],
        )
        .button("Neues Passwort wählen")
        .aside(&["Du hast das nicht angefordert? Dann ignoriere diese Mail: Dein Passwort bleibt, wie es ist."]),
        password_changed: Words::new(
            "Dein Passwort wurde geändert",
            &["Das Passwort deines Kontos wurde gerade geändert. Du musst nichts weiter tun."],
        )
        .aside(NOT_YOU_PASSWORD),
        password_reset: Words::new(
            "Dein Passwort wurde zurückgesetzt",
            &[
                "Dein Konto hat ein neues Passwort, gewählt mit dem Link an diese Adresse.",
                "Zur Sicherheit haben wir dich überall abgemeldet. Mit dem neuen Passwort kommst du wieder hinein.",
            ],
        )
        .aside(NOT_YOU_PASSWORD),
        partner_invitation: Words::new(
            "{inviter} lädt dich zu One 2 One Love ein",
            &[
                "{inviter} möchte One 2 One Love mit dir teilen: einen Ort nur für euch zwei, mit Liebesnotizen, Plänen und Erinnerungen.",
                "Schau es dir an, und mach mit, wenn du magst.",
            ],
        )
        .button("Einladung ansehen")
        .code("Oder gib diesen Code in der App ein:")
        .aside(NOT_EXPECTED),
        partner_invitation_known: Words::new(
            "{inviter} möchte sich mit dir verbinden",
            &[
                "{inviter} möchte sich mit dir verbinden, damit ihr Liebesnotizen, Pläne und Erinnerungen teilen könnt.",
                "Sag ja oder nein, ganz wie du fühlst.",
            ],
        )
        .button("Einladung beantworten")
        .code("Oder gib diesen Code in der App ein:")
        .aside(NOT_EXPECTED),
        invitation_accepted: Words::new(
            "{partner} hat ja gesagt",
            &["{partner} hat deine Einladung angenommen.", "Ab jetzt gibt es einen Ort, der euch beiden gehört."],
        ),
        invitation_declined: Words::new(
            "Eine Antwort auf deine Einladung",
            &[
                "{partner} hat deine Einladung vorerst abgelehnt.",
                "Alles, was du geschrieben hast, ist noch da, nur für dich.",
            ],
        ),
        couple_ended: Words::new(
            "Eure Verbindung ist beendet",
            &[
                "Die Verbindung zwischen euch beiden ist beendet. Was ihr geteilt habt, sieht die andere Person nicht mehr.",
                "Nichts ist verloren: Was du geschrieben hast, bleibt bei dir. Notizen, die du für die andere Person geplant hattest, ruhen und werden nicht verschickt.",
            ],
        )
        .aside(&["Pass gut auf dich auf."]),
        email_change_old: Words::new(
            "Bestätige die Änderung deiner E-Mail-Adresse",
            &[
                "Du möchtest für dein Konto eine andere E-Mail-Adresse verwenden.",
                "Bitte bestätige das hier und auch in der Mail an die neue Adresse.",
            ],
        )
        .button("Änderung bestätigen")
        .aside(&["Das warst nicht du? Dann öffne den Link nicht, und ändere dein Passwort."]),
        email_change_new: Words::new(
            "Bestätige deine neue E-Mail-Adresse",
            &[
                "Diese Adresse soll die deines Kontos werden. Bitte bestätige, dass sie dir gehört.",
                "Die Änderung gilt, sobald du sie von beiden Adressen aus bestätigt hast.",
            ],
        )
        .button("Neue Adresse bestätigen")
        .aside(&["Du weißt nichts davon? Dann kannst du diese Mail ignorieren."]),
        email_changed: Words::new(
            "Deine E-Mail-Adresse wurde geändert",
            &[
                "Die E-Mail-Adresse deines Kontos ist geändert, bestätigt von beiden Adressen aus.",
                "Ab jetzt meldest du dich mit der neuen an, und unsere Mails gehen dorthin.",
            ],
        )
        .aside(&["Das warst nicht du? Dann schreib uns bitte gleich, von dieser Adresse aus."]),
        set_up_password: Words::new(
            "Willkommen: Wähle dein Passwort",
            &[
                "Dein Konto ist bereit. Schön, dass du da bist.",
                "Eines fehlt noch: Wähle ein Passwort, das nur du kennst.",
            ],
        )
        .button("Mein Passwort wählen")
        .aside(&[
            "Der Link gilt einmal, 7 Tage lang. Später hilft „Passwort vergessen“ auf der Anmeldeseite genauso.",
            "Du weißt nichts davon? Dann öffne den Link bitte nicht.",
        ]),
        contact_code: Words::new("Dein Code für One 2 One Love", &[])
            .code("Hier ist der Code, der diese Adresse bestätigt:")
            .aside(&["Er gilt {minutes} Minuten. Bitte gib ihn niemandem weiter; wir fragen dich nie danach."]),
        love_note: Words::new("{sender} hat dir eine Liebesnotiz geschrieben", &["{sender} hat das für dich geschrieben:"])
            .button("Zurückschreiben")
            .aside(&[
                "{sender} schickt dir diese Notiz mit One 2 One Love, der App für Paare.",
                "Du kennst {sender} nicht? Dann ignoriere diese Mail einfach.",
            ]),
        new_sign_in: Words::new(
            "Neue Anmeldung bei deinem Konto",
            &["Gerade gab es eine Anmeldung bei deinem Konto, auf diesem Gerät: {device}."],
        )
        .aside(&["Das warst du? Dann ist alles gut. Wenn nicht, ändere dein Passwort und melde in den Einstellungen alle anderen Geräte ab."]),
    },
    texts: Texts {
        contact_code: "{code} ist dein Code für One 2 One Love. Bitte gib ihn niemandem weiter.",
        love_note: "{sender} hat dir eine Liebesnotiz geschrieben:",
        write_back: "Zurückschreiben auf One 2 One Love:",
        signature: "Mit Liebe geschrieben auf One 2 One Love",
        partner_invitation: "{inviter} lädt dich zu One 2 One Love ein, einem Ort für euch zwei:",
        invitation_code: "Dein Code: {code}",
        stop: "Antworte STOP, um nichts mehr zu erhalten.",
    },
};
