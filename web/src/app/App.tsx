import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Fragment, useEffect, useSyncExternalStore } from "react";
import { onEvent, onReload } from "@/api/live";
import { onSession } from "@/api/session";
import { Toasts } from "@/design/pieces/Toast";
import { takeMessage } from "@/features/chat/live";
import { startOutbox } from "@/features/chat/outbox";
import { language, onLanguage } from "@/words";
import { follow } from "./events";
import { queries } from "./queries";
import { router } from "./router";

export function App() {
  const shown = useSyncExternalStore(onLanguage, language);
  useEffect(() => {
    startOutbox((message) => takeMessage(queries, message));
    const stops = [
      onEvent((event) => follow(event, queries)),
      onReload(() => void queries.invalidateQueries()),
      onSession((session, anew) => {
        // Nothing of one member may be shown to the next. Pages of a member are left before their data goes.
        if (anew) queries.clear();
        void router.invalidate().then(() => session === "out" && queries.clear());
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return (
    <QueryClientProvider client={queries}>
      {/* All words are taken anew when the language changes. */}
      <Fragment key={shown}>
        <RouterProvider router={router} />
        <Toasts />
      </Fragment>
    </QueryClientProvider>
  );
}
