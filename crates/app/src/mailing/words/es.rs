//! Spanish.

use super::{Language, Letters, Texts, Words};

const NOT_YOU_PASSWORD: &[&str] =
    &["¿No has sido tú? Elige enseguida otra contraseña con «He olvidado mi contraseña», en la página de acceso."];
const NOT_EXPECTED: &[&str] = &["¿No conoces a {inviter}? Entonces puedes ignorar este correo sin más."];

pub(super) static WORDS: Language = Language {
    hello: "Hola, {name}:",
    hello_all: "Hola:",
    sign_off: "Con cariño, One 2 One Love",
    some_device: "un dispositivo desconocido",
    letters: Letters {
        verify_email: Words::new(
            "Confirma tu dirección de correo",
            &["Nos alegra mucho tenerte aquí.", "Solo falta un detalle: confirma que esta dirección es tuya."],
        )
        .button("Confirmar mi dirección")
        .aside(&["¿No te has registrado? Entonces puedes ignorar este correo: no usaremos tu dirección."]),
        reset_password: Words::new(
            "Elige una nueva contraseña",
            &["Nos han pedido una nueva contraseña para tu cuenta.", "El enlace sirve una sola vez, durante 24 horas."],
        )
        .button("Elegir una nueva contraseña")
        .aside(&["¿No la has pedido tú? Ignora este correo: tu contraseña sigue siendo la misma."]),
        password_changed: Words::new(
            "Tu contraseña ha cambiado",
            &["La contraseña de tu cuenta acaba de cambiar. No tienes que hacer nada."],
        )
        .aside(NOT_YOU_PASSWORD),
        password_reset: Words::new(
            "Tu contraseña se ha restablecido",
            &[
                "Tu cuenta tiene una nueva contraseña, elegida con el enlace que enviamos a esta dirección.",
                "Por seguridad hemos cerrado todas tus sesiones. Con la nueva contraseña puedes volver a entrar.",
            ],
        )
        .aside(NOT_YOU_PASSWORD),
        partner_invitation: Words::new(
            "{inviter} te invita a One 2 One Love",
            &[
                "A {inviter} le gustaría compartir contigo One 2 One Love: un lugar hecho para dos, con notas de amor, planes y recuerdos.",
                "Échale un vistazo y, si te apetece, únete.",
            ],
        )
        .button("Ver la invitación")
        .code("O escribe este código en la aplicación:")
        .aside(NOT_EXPECTED),
        partner_invitation_known: Words::new(
            "{inviter} quiere vincularse contigo",
            &[
                "A {inviter} le gustaría vincularse contigo para compartir notas de amor, planes y recuerdos.",
                "Di que sí o que no, como lo sientas.",
            ],
        )
        .button("Responder a la invitación")
        .code("O escribe este código en la aplicación:")
        .aside(NOT_EXPECTED),
        invitation_accepted: Words::new(
            "{partner} ha dicho que sí",
            &["{partner} ha aceptado tu invitación.", "Desde ahora hay un lugar hecho para dos."],
        ),
        invitation_declined: Words::new(
            "Una respuesta a tu invitación",
            &["Por ahora, {partner} ha rechazado tu invitación.", "Todo lo que has escrito sigue ahí, solo para ti."],
        ),
        couple_ended: Words::new(
            "Tu vínculo de pareja ha terminado",
            &[
                "El vínculo entre tú y tu pareja ha terminado. Lo que compartía cada persona ya no es visible para la otra.",
                "No se ha perdido nada: lo que escribiste sigue contigo. Las notas que habías programado para tu pareja están en pausa y no se enviarán.",
            ],
        )
        .aside(&["Cuídate mucho."]),
        email_change_old: Words::new(
            "Confirma el cambio de tu dirección de correo",
            &[
                "Quieres usar otra dirección de correo para tu cuenta.",
                "Confírmalo aquí y también en el correo que llega a la nueva dirección.",
            ],
        )
        .button("Confirmar el cambio")
        .aside(&["¿No has sido tú? No abras el enlace y cambia tu contraseña."]),
        email_change_new: Words::new(
            "Confirma tu nueva dirección de correo",
            &[
                "Esta va a ser la dirección de correo de tu cuenta. Confirma que es tuya.",
                "El cambio se hace cuando lo hayas confirmado desde las dos direcciones.",
            ],
        )
        .button("Confirmar la nueva dirección")
        .aside(&["¿No sabes nada de esto? Entonces puedes ignorar este correo."]),
        email_changed: Words::new(
            "Se ha cambiado tu dirección de correo",
            &[
                "La dirección de correo de tu cuenta ya es otra, y el cambio se ha confirmado desde las dos direcciones.",
                "A partir de ahora inicias sesión con la nueva, y allí llegan nuestros correos.",
            ],
        )
        .aside(&["¿No lo has pedido tú? Entonces escríbenos enseguida, desde esta dirección."]),
        set_up_password: Words::new(
            "Te damos la bienvenida: elige tu contraseña",
            &[
                "Tu cuenta está lista, y nos alegra mucho contar contigo.",
                "Solo falta una cosa: elige una contraseña que sea solo tuya.",
            ],
        )
        .button("Elegir mi contraseña")
        .aside(&[
            "El enlace sirve una vez, durante 7 días. Después puedes usar «He olvidado mi contraseña» en la página de inicio de sesión.",
            "¿No sabes nada de esto? Entonces no abras el enlace, por favor.",
        ]),
        contact_code: Words::new("Tu código de One 2 One Love", &[])
            .code("Este es el código que confirma esta dirección:")
            .aside(&["Es válido durante {minutes} minutos. No lo compartas con nadie; nunca te lo pediremos."]),
        love_note: Words::new("{sender} te ha escrito una nota de amor", &["{sender} ha escrito esto para ti:"])
            .button("Responder")
            .aside(&[
                "{sender} ha enviado esta nota con One 2 One Love, la aplicación para parejas.",
                "¿No conoces a {sender}? Entonces puedes ignorar este correo sin más.",
            ]),
        new_sign_in: Words::new(
            "Nuevo acceso a tu cuenta",
            &["Alguien acaba de entrar en tu cuenta desde este dispositivo: {device}."],
        )
        .aside(&["¿Has sido tú? Entonces todo está bien. Si no, cambia tu contraseña y cierra las demás sesiones en los ajustes."]),
    },
    texts: Texts {
        contact_code: "{code} es tu clave de One 2 One Love. No la compartas con nadie.",
        love_note: "{sender} te ha escrito una nota de amor:",
        write_back: "Responde en One 2 One Love:",
        signature: "Escrito con amor en One 2 One Love",
        partner_invitation: "{inviter} te invita a One 2 One Love, un lugar para dos:",
        invitation_code: "Tu clave: {code}",
        stop: "Responde STOP para darte de baja.",
    },
};
