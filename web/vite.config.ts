import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The server that `npm run dev` and `vite preview` talk to. */
const server = process.env.O2O_URL ?? "http://127.0.0.1:8080";

/** Requests go through as if the page came from the server itself, as it does in a release. */
const proxied = Object.fromEntries(
  ["/v1", "/objects", "/dev/outbox", "/dev/clock", "/readyz"].map((path) => [
    path,
    { target: server, ws: true, changeOrigin: true, headers: { Origin: server } },
  ]),
);

/** Tells the server which paths are pages of the app, and the offline page and the worker what to keep. */
function pages(): Plugin {
  return {
    name: "pages",
    generateBundle() {
      const routes = readFileSync(new URL("./src/app/paths.json", import.meta.url), "utf8");
      this.emitFile({ type: "asset", fileName: "routes.json", source: routes });
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwind(), pages()],
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      "react-remove-scroll": fileURLToPath(new URL("./src/design/RemoveScroll.tsx", import.meta.url)),
    },
  },
  server: { port: 5173, proxy: proxied },
  preview: { proxy: proxied },
  build: {
    target: "es2023",
    // No inline data: the content security policy of the server names what may load, and files cache better.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every page needs comes in three files instead of thirty: requests in a row are what a slow line feels.
        codeSplitting: {
          groups: [
            {
              name: "vendor",
              test: /node_modules\/(react|react-dom|scheduler|openapi-fetch|clsx|@tanstack\/(react-router|router-core|history|store|react-store|query-core|react-query))\//,
            },
            {
              name: "frame",
              test: /src\/(api|problems|app|words\/[a-z]+\.ts|design\/pieces\/(Button|Icon|Small|States|Avatar|Card|Toast))/,
            },
          ],
        },
      },
    },
  },
});
