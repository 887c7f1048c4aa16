//! Italian.

use super::{Language, Letters, Texts, Words};

const NOT_YOU_PASSWORD: &[&str] = &[
    "Non hai fatto tu questa modifica? Scegli subito un’altra password con «Password dimenticata», nella pagina di accesso.",
];
const NOT_EXPECTED: &[&str] = &["Non conosci {inviter}? Allora puoi semplicemente ignorare questa mail."];

pub(super) static WORDS: Language = Language {
    hello: "Ciao {name},",
    hello_all: "Ciao,",
    sign_off: "Con affetto, One 2 One Love",
    some_device: "un dispositivo sconosciuto",
    letters: Letters {
        verify_email: Words::new(
            "Conferma il tuo indirizzo e-mail",
            &["Che bello averti qui.", "Manca solo un passo: conferma che questo indirizzo è tuo."],
        )
        .button("Conferma il mio indirizzo")
        .aside(&["Non hai creato un account? Ignora pure questa mail: non useremo il tuo indirizzo."]),
        reset_password: Words::new(
            "Scegli una nuova password",
            &["Ci è stata chiesta una nuova password per il tuo account.", "Il link vale una volta sola, per 24 ore."],
        )
        .button("Scegli una nuova password")
        .aside(&["Non l’hai chiesta tu? Ignora questa mail: la tua password resta com’è."]),
        password_changed: Words::new(
            "La tua password è cambiata",
            &["La password del tuo account è appena cambiata. Non devi fare nulla."],
        )
        .aside(NOT_YOU_PASSWORD),
        password_reset: Words::new(
            "La tua password è stata reimpostata",
            &[
                "Il tuo account ha una nuova password, scelta con il link inviato a questo indirizzo.",
                "Per sicurezza abbiamo chiuso tutte le tue sessioni. Con la nuova password puoi rientrare.",
            ],
        )
        .aside(NOT_YOU_PASSWORD),
        partner_invitation: Words::new(
            "{inviter} ti invita su One 2 One Love",
            &[
                "{inviter} vorrebbe condividere con te One 2 One Love: un posto solo per voi due, con biglietti d’amore, progetti e ricordi.",
                "Dai un’occhiata e, se ti va, unisciti.",
            ],
        )
        .button("Guarda l’invito")
        .code("Oppure scrivi questo codice nell’app:")
        .aside(NOT_EXPECTED),
        partner_invitation_known: Words::new(
            "{inviter} vorrebbe unirsi a te",
            &[
                "{inviter} vorrebbe collegare i vostri account, per condividere biglietti d’amore, progetti e ricordi.",
                "Rispondi sì o no, come ti senti.",
            ],
        )
        .button("Rispondi all’invito")
        .code("Oppure scrivi questo codice nell’app:")
        .aside(NOT_EXPECTED),
        invitation_accepted: Words::new(
            "{partner} ha detto di sì",
            &["{partner} ha accettato il tuo invito.", "Da oggi c’è un posto che è di voi due."],
        ),
        invitation_declined: Words::new(
            "Una risposta al tuo invito",
            &["Per ora {partner} non ha accettato il tuo invito.", "Tutto ciò che hai scritto è ancora lì, solo per te."],
        ),
        couple_ended: Words::new(
            "Il vostro legame è finito",
            &[
                "Il legame tra i vostri account è finito. Ciò che condividevate non è più visibile all’altra persona.",
                "Non si è perso nulla: quello che hai scritto resta tuo. I biglietti che avevi programmato per l’altra persona sono in pausa e non saranno inviati.",
            ],
        )
        .aside(&["Abbi cura di te."]),
        email_change_old: Words::new(
            "Conferma il cambio del tuo indirizzo e-mail",
            &[
                "Vorresti usare un altro indirizzo e-mail per il tuo account.",
                "Confermalo qui e anche nella mail inviata al nuovo indirizzo.",
            ],
        )
        .button("Conferma il cambio")
        .aside(&["Non l’hai chiesto tu? Non aprire il link e cambia la tua password."]),
        email_change_new: Words::new(
            "Conferma il tuo nuovo indirizzo e-mail",
            &[
                "Questo diventerà l’indirizzo e-mail del tuo account. Conferma che è tuo.",
                "Il cambio avviene quando lo avrai confermato da entrambi gli indirizzi.",
            ],
        )
        .button("Conferma il nuovo indirizzo")
        .aside(&["Non ne sai nulla? Allora puoi ignorare questa mail."]),
        email_changed: Words::new(
            "Il tuo indirizzo e-mail è cambiato",
            &[
                "L’indirizzo e-mail del tuo account è cambiato, con la conferma da entrambi gli indirizzi.",
                "Da ora accedi con quello nuovo, e le nostre mail arrivano lì.",
            ],
        )
        .aside(&["Non hai chiesto tu questo cambio? Allora scrivici subito, da questo indirizzo."]),
        set_up_password: Words::new(
            "Ti diamo il benvenuto: scegli la tua password",
            &[
                "Il tuo account è pronto, ed è bello averti qui.",
                "Manca solo una cosa: scegli una password che sia soltanto tua.",
            ],
        )
        .button("Scegli la mia password")
        .aside(&[
            "Il link funziona una volta, per 7 giorni. Più tardi puoi usare “Password dimenticata” nella pagina di accesso.",
            "Non sai nulla di tutto questo? Allora non aprire il link, per favore.",
        ]),
        contact_code: Words::new("Il tuo codice One 2 One Love", &[])
            .code("Ecco il codice che conferma questo indirizzo:")
            .aside(&["Vale per {minutes} minuti. Non condividerlo con nessuno; non te lo chiederemo mai."]),
        love_note: Words::new("{sender} ti ha scritto un biglietto d’amore", &["{sender} ha scritto questo per te:"])
            .button("Rispondi")
            .aside(&[
                "{sender} ti manda questo biglietto con One 2 One Love, l’app per le coppie.",
                "Non conosci {sender}? Allora puoi semplicemente ignorare questa mail.",
            ]),
        new_sign_in: Words::new(
            "Nuovo accesso al tuo account",
            &["C’è appena stato un accesso al tuo account, da questo dispositivo: {device}."],
        )
        .aside(&["Se hai fatto tu l’accesso, va tutto bene. Altrimenti cambia la password e chiudi le altre sessioni nelle impostazioni."]),
    },
    texts: Texts {
        contact_code: "{code} è il tuo codice One 2 One Love. Non condividerlo con nessuno.",
        love_note: "{sender} ti ha scritto un biglietto d'amore:",
        write_back: "Rispondi su One 2 One Love:",
        signature: "Scritto con amore su One 2 One Love",
        partner_invitation: "{inviter} ti invita su One 2 One Love, un posto per voi due:",
        invitation_code: "Il tuo codice: {code}",
        stop: "Rispondi STOP per non ricevere altro.",
    },
};
