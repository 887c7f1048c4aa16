import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@/design/styles.css";
import { startLive } from "@/api/live";
import { renew, wasSignedIn } from "@/api/session";
import { App } from "@/app/App";
import { preloadPage } from "@/app/router";
import { followReleases, startWorker } from "@/app/worker";
import { speak, visitorsLanguage } from "@/words";

followReleases();
// Three things at once that the first page waits for: who is here, the words, and the page itself.
if (wasSignedIn()) renew().catch(() => undefined);
preloadPage();
await speak(visitorsLanguage());
startLive();
startWorker();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
