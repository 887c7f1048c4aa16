/** The service worker keeps the frame of the app for moments without a network. Development goes without, to see changes. */
export function startWorker(): void {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  const register = () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  // The words were awaited before: the page may have loaded by now, and would not say so again.
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}

const RELOADED = "o2o.reloaded";
const AGAIN_MS = 60_000;

/**
 * A part of the page that is not there any more belongs to an older build than the server's: the page is loaded anew, once a
 * minute at most. What was being written is kept (app/draft).
 */
export function followReleases(): void {
  addEventListener("vite:preloadError", (event) => {
    const last = Number(sessionStorage.getItem(RELOADED));
    if (!navigator.onLine || Date.now() - last < AGAIN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  });
}
