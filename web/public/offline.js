// The offline page in the visitor's language, and away from it as soon as there is a network. Its words are here because
// nothing else may be at hand.
(() => {
  const words = {
    en: [
      "You are offline",
      "One 2 One Love opens again as soon as there is a network. Nothing of yours is lost.",
      "Try again",
    ],
    es: [
      "Estás sin conexión",
      "One 2 One Love se abrirá de nuevo en cuanto vuelva la red. No se ha perdido nada vuestro.",
      "Probar otra vez",
    ],
    fr: [
      "Pas de connexion",
      "One 2 One Love s’ouvrira de nouveau dès le retour du réseau. Rien de ce qui est à vous n’est perdu.",
      "Réessayer",
    ],
    de: [
      "Du bist offline",
      "One 2 One Love öffnet sich wieder, sobald es ein Netz gibt. Von euch ist nichts verloren.",
      "Noch einmal versuchen",
    ],
    it: ["Sei offline", "One 2 One Love si riapre appena torna la rete. Nulla di vostro è andato perso.", "Riprova"],
  };
  const wanted = navigator.languages.map((one) => one.slice(0, 2).toLowerCase());
  const language = wanted.find((one) => Object.hasOwn(words, one)) ?? "en";
  const [title, lead, again] = words[language];
  document.documentElement.lang = language;
  document.title = `${title} · One 2 One Love`;
  for (const [element, text] of Object.entries({ h1: title, p: lead, a: again })) {
    document.querySelector(element).textContent = text;
  }
  addEventListener("online", () => location.reload());
})();
