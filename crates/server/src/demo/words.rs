//! What the couples of a demonstration are called and say, in five languages. Couple n always has the same.

/// A language with its people.
pub(super) struct Tongue {
    /// As the API names it.
    pub code: &'static str,
    pub timezone: &'static str,
    pub places: [&'static str; 3],
    pub names: [&'static str; 8],
    pub bios: [&'static str; 3],
    pub interests: [&'static str; 4],
    pub notes: [&'static str; 6],
    /// For tomorrow morning.
    pub morning: &'static str,
}

pub(super) const TONGUES: [Tongue; 5] = [
    Tongue {
        code: "en",
        timezone: "Europe/London",
        places: ["Bristol", "Dublin", "York"],
        names: ["Nora", "Eli", "Maya", "Sam", "Grace", "Theo", "Iris", "Jonah"],
        bios: ["Makes soup for everyone.", "Knows every bench by the river.", "Reads maps for fun."],
        interests: ["cooking", "hiking", "crosswords", "jazz"],
        notes: [
            "The kettle is on. So am I, for you.",
            "I saved you the last of the marmalade. That is love.",
            "You left your scarf. I am wearing it.",
            "Tonight: two blankets, one film, no phones.",
            "Thank you for listening yesterday. It helped.",
            "I like the way you say our street's name.",
        ],
        morning: "Good morning, you. Coffee is in the blue pot.",
    },
    Tongue {
        code: "es",
        timezone: "Europe/Madrid",
        places: ["Valencia", "Granada", "Gijón"],
        names: ["Lucía", "Mateo", "Carmen", "Diego", "Alba", "Hugo", "Inés", "Pablo"],
        bios: ["Cocina para veinte cuando vienen tres.", "Siempre llega con pan.", "Colecciona atardeceres."],
        interests: ["cocina", "senderismo", "guitarra", "cine"],
        notes: [
            "Te guardé el sitio junto a la ventana.",
            "Hoy huele a lluvia y me acordé de ti.",
            "Gracias por no reírte de mi tortilla.",
            "Esta noche, paseo largo y helado pequeño.",
            "Me gusta cómo cantas cuando crees que no escucho.",
            "Vuelve pronto, el sofá es enorme sin ti.",
        ],
        morning: "Buenos días, corazón. Hay zumo en la nevera.",
    },
    Tongue {
        code: "fr",
        timezone: "Europe/Paris",
        places: ["Nantes", "Lyon", "Arles"],
        names: ["Chloé", "Louis", "Manon", "Jules", "Élise", "Paul", "Zoé", "Adrien"],
        bios: ["Parle aux plantes, qui répondent.", "Fait les meilleures crêpes du quartier.", "Lit sous la pluie."],
        interests: ["lecture", "marche", "théâtre", "jardin"],
        notes: [
            "J'ai pris du pain. Et des fleurs, tant qu'à faire.",
            "Ton rire traverse les murs, continue.",
            "Merci d'avoir attendu avec moi.",
            "Ce soir, on ne fait rien, mais ensemble.",
            "J'ai retrouvé notre ticket de métro. Je le garde.",
            "Tu me manques déjà, et tu es dans la cuisine.",
        ],
        morning: "Bonjour toi. Le café t'attend, moi aussi.",
    },
    Tongue {
        code: "de",
        timezone: "Europe/Berlin",
        places: ["Leipzig", "Freiburg", "Kiel"],
        names: ["Lena", "Jonas", "Mia", "Felix", "Klara", "Emil", "Greta", "Anton"],
        bios: ["Repariert alles außer Gefühlen.", "Kennt jeden See der Gegend.", "Backt, wenn es regnet."],
        interests: ["Radfahren", "Backen", "Chor", "Brettspiele"],
        notes: [
            "Der Tee ist fertig. Ich auch.",
            "Ich habe dir das letzte Brötchen gelassen. Fast ganz.",
            "Danke, dass du gestern einfach da warst.",
            "Heute Abend: Decke, Film, du.",
            "Dein Schal riecht nach dir. Ich gebe ihn nicht zurück.",
            "Ich freue mich auf den Heimweg, weil du am Ende stehst.",
        ],
        morning: "Guten Morgen, du. Im Ofen ist etwas Warmes.",
    },
    Tongue {
        code: "it",
        timezone: "Europe/Rome",
        places: ["Bologna", "Lecce", "Torino"],
        names: ["Giulia", "Marco", "Sara", "Luca", "Elena", "Davide", "Chiara", "Nico"],
        bios: ["Parla con le mani anche al telefono.", "Sa dove comprare le pesche buone.", "Balla mentre cucina."],
        interests: ["cucina", "teatro", "mare", "bicicletta"],
        notes: [
            "Ho messo su l'acqua. Torna prima che bolla.",
            "Oggi il cielo è del tuo colore preferito.",
            "Grazie per ieri, anche per il silenzio.",
            "Stasera gelato, e tu scegli il gusto per me.",
            "Ho trovato la tua lista della spesa. C'era il mio nome.",
            "Mi piace quando inciampi e fai finta di niente.",
        ],
        morning: "Buongiorno, amore. Il cornetto è sul tavolo.",
    },
];
