// The service worker keeps the frame of the app for moments without a network: its pages, scripts and styles. It keeps no
// answer of the API and no file of a member, so nothing personal stays on the device.

// scripts/stamp.mjs writes both at the end of a build.
const VERSION = "unbuilt";
const BUILT = [];

const CACHE = `o2o-${VERSION}`;
const FIXED = ["/", "/offline.html", "/offline.css", "/offline.js", "/theme.js", "/icon.svg"];
/** Paths of the server itself. Not even looked at: sockets, streams, downloads and signed links go their own way. */
const SERVERS = /^\/(v1|dev|docs|objects)(\/|$)/i;

/** Takes over at once: a page and the scripts it asks for must be of one build. */
self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...FIXED, ...BUILT])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOlder().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || SERVERS.test(pathname)) return;
  if (pathname.startsWith("/assets/")) event.respondWith(asset(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
  else if (FIXED.includes(pathname)) event.respondWith(fetch(request).catch(() => kept(pathname)));
});

async function dropOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith("o2o-") && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

/** What is kept of this build, or an answer that the browser shows as a failure. */
async function kept(...paths) {
  const cache = await caches.open(CACHE);
  for (const path of paths) {
    const found = await cache.match(path, { ignoreVary: true });
    if (found) return found;
  }
  return Response.error();
}

/** The network first, and no copy: the address of a page may carry the token of a mail. */
async function page(request) {
  return fetch(request).catch(() => kept("/", "/offline.html"));
}

/** A name stands for one content for ever, so the network is asked only once. */
async function asset(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request, { ignoreVary: true });
  if (found) return found;
  const answer = await fetch(request);
  // A full disk is no reason not to show the page.
  if (answer.status === 200) await cache.put(request, answer.clone()).catch(() => undefined);
  return answer;
}
