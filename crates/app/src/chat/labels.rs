//! What a list of conversations says of a message without words, in the reader's language.

use super::model::Kind;
use base::Lang;

pub(super) fn of(kind: Kind, lang: Lang) -> &'static str {
    let [image, video, voice, document, location, call] = match lang {
        Lang::En => ["Photo", "Video", "Voice note", "Document", "Location", "Call"],
        Lang::Es => ["Foto", "Vídeo", "Nota de voz", "Documento", "Ubicación", "Llamada"],
        Lang::Fr => ["Photo", "Vidéo", "Note vocale", "Document", "Position", "Appel"],
        Lang::De => ["Foto", "Video", "Sprachnachricht", "Dokument", "Standort", "Anruf"],
        Lang::It => ["Foto", "Video", "Nota vocale", "Documento", "Posizione", "Chiamata"],
    };
    match kind {
        Kind::Text => "",
        Kind::Image => image,
        Kind::Video => video,
        Kind::Voice => voice,
        Kind::Document => document,
        Kind::Location => location,
        Kind::Call => call,
    }
}
