//! English.

use super::{Language, Letters, Texts, Words};

const NOT_YOU_PASSWORD: &[&str] =
    &["That was not you? Then please choose a new password right away, with “Forgot password” on the sign-in page."];
const NOT_EXPECTED: &[&str] = &["You do not know {inviter}? Then you can simply ignore this mail."];

pub(super) static WORDS: Language = Language {
    hello: "Hello {name},",
    hello_all: "Hello,",
    sign_off: "Warmly, One 2 One Love",
    some_device: "an unknown device",
    letters: Letters {
        verify_email: Words::new(
            "Confirm your e-mail address",
            &["It is lovely to have you here.", "One small thing is left: please confirm that this address is yours."],
        )
        .button("Confirm my address")
        .aside(&["You did not sign up? Then you can ignore this mail, and we will not use your address."]),
        reset_password: Words::new(
            "Choose a new password",
            &["We were asked for a new password for your account.", "The link works once, within 24 hours."],
        )
        .button("Choose a new password")
        .aside(&["You did not ask for it? Then ignore this mail: your password stays as it is."]),
        password_changed: Words::new(
            "Your password was changed",
            &["The password of your account has just been changed. You need not do anything."],
        )
        .aside(NOT_YOU_PASSWORD),
        password_reset: Words::new(
            "Your password was reset",
            &[
                "Your account has a new password, chosen with the link that we sent to this address.",
                "To be safe, we signed you out everywhere. The new password lets you back in.",
            ],
        )
        .aside(NOT_YOU_PASSWORD),
        partner_invitation: Words::new(
            "{inviter} invites you to One 2 One Love",
            &[
                "{inviter} would like to share One 2 One Love with you: a place for just the two of you, with love notes, plans and memories.",
                "Have a look, and join if you like.",
            ],
        )
        .button("See the invitation")
        .code("Or enter this code in the app:")
        .aside(NOT_EXPECTED),
        partner_invitation_known: Words::new(
            "{inviter} would like to link with you",
            &[
                "{inviter} would like to be linked with you, so that you can share love notes, plans and memories.",
                "Say yes or no, just as you feel.",
            ],
        )
        .button("Answer the invitation")
        .code("Or enter this code in the app:")
        .aside(NOT_EXPECTED),
        invitation_accepted: Words::new(
            "{partner} said yes",
            &["{partner} accepted your invitation.", "From now on there is a place that belongs to the two of you."],
        ),
        invitation_declined: Words::new(
            "An answer to your invitation",
            &["{partner} has declined your invitation for now.", "Everything you wrote is still there, just for you."],
        ),
        couple_ended: Words::new(
            "Your link has ended",
            &[
                "The link between you and your partner has ended. Neither of you sees any longer what the other shared.",
                "Nothing is lost: what you wrote stays with you. Notes you had scheduled for your partner are paused and will not be sent.",
            ],
        )
        .aside(&["Take good care of yourself."]),
        email_change_old: Words::new(
            "Confirm the change of your e-mail address",
            &[
                "You would like to use another e-mail address for your account.",
                "Please confirm this here, and in the mail to the new address too.",
            ],
        )
        .button("Confirm the change")
        .aside(&["That was not you? Then do not follow the link, and change your password."]),
        email_change_new: Words::new(
            "Confirm your new e-mail address",
            &[
                "This is to become the e-mail address of your account. Please confirm that it is yours.",
                "The change happens once you have confirmed it from both addresses.",
            ],
        )
        .button("Confirm the new address")
        .aside(&["You know nothing of this? Then you can ignore this mail."]),
        email_changed: Words::new(
            "Your e-mail address was changed",
            &[
                "The change of your account's e-mail address is done, confirmed from both addresses.",
                "From now on you sign in with the new one, and our mails go there.",
            ],
        )
        .aside(&["That was not you? Then please write to us right away, from this address."]),
        set_up_password: Words::new(
            "Welcome: choose your password",
            &[
                "Your account is ready, and it is lovely to have you here.",
                "One thing is left: choose a password that is yours alone.",
            ],
        )
        .button("Choose my password")
        .aside(&[
            "The link works once, within 7 days. Later, “Forgot password” on the sign-in page does the same.",
            "You know nothing of this? Then please do not follow the link.",
        ]),
        contact_code: Words::new("Your code for One 2 One Love", &[])
            .code("Here is the code that confirms this address:")
            .aside(&["It is valid for {minutes} minutes. Please do not share it with anyone; we will never ask you for it."]),
        love_note: Words::new("{sender} wrote you a love note", &["{sender} wrote this for you:"])
            .button("Write back")
            .aside(&[
                "{sender} sent this note with One 2 One Love, the app for couples.",
                "You do not know {sender}? Then you can simply ignore this mail.",
            ]),
        new_sign_in: Words::new(
            "New sign-in to your account",
            &["Someone just signed in to your account, on this device: {device}."],
        )
        .aside(&["Was it you? Then all is well. If not, change your password and sign out all other devices in the settings."]),
    },
    texts: Texts {
        contact_code: "{code} is your One 2 One Love code. Please do not share it with anyone.",
        love_note: "{sender} wrote you a love note:",
        write_back: "Write back on One 2 One Love:",
        signature: "Written with love on One 2 One Love",
        partner_invitation: "{inviter} invites you to One 2 One Love, a place for the two of you:",
        invitation_code: "Your code: {code}",
        stop: "Reply STOP to opt out.",
    },
};
