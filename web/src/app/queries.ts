import { QueryClient } from "@tanstack/react-query";
import { Problem } from "@/api/problem";

/** What was loaded from the server. It is kept fresh by events (app/events.ts), so nothing is asked for on a timer. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5 * 60_000,
      // The browser's own idea of being online is often wrong; a request that fails says it better.
      networkMode: "always",
      retry: (failures, cause) => failures < 2 && cause instanceof Problem && cause.passing,
      retryDelay: (failures) => 1000 * 2 ** failures,
    },
    mutations: { networkMode: "always" },
  },
});
