import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@/design/styles.css";
import { startLive } from "@/api/live";
import { App } from "@/app/App";
import { startWorker } from "@/app/worker";
import { speak, visitorsLanguage } from "@/words";

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
