// Runs before the first paint, so that neither theme flashes in the other one's colours. A file of its own, because the
// content security policy allows no script inside the page. The choice is kept by src/design/theme.ts.
(() => {
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function choice() {
    try {
      return localStorage.getItem("o2o.theme");
    } catch {
      return null;
    }
  }
  function apply() {
    var theme = choice();
    if (theme !== "light" && theme !== "dark") theme = dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    var colour = document.querySelector('meta[name="theme-color"]');
    if (colour) colour.content = theme === "dark" ? "#171019" : "#fbf6f0";
  }
  apply();
  dark.addEventListener("change", apply);
  addEventListener("o2o.theme", apply);
  addEventListener("storage", apply);
})();
