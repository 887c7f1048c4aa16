/** The service worker keeps the frame of the app for moments without a network. Development goes without, to see changes. */
export function startWorker(): void {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  const register = () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  // The words were awaited before: the page may have loaded by now, and would not say so again.
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}
