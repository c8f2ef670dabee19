// Keeps the playground's files, so that it works offline. The build fills in their names and digest.
const worker = /** @type {any} */ (self);
/** @type {string[]} */
const FILES = /* files */ [];
const CACHE = `archdsl-${/* digest */ ""}`;

worker.addEventListener("install", (/** @type {any} */ event) => {
  // Reload: what the browser cached for another version of the site must not get in.
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "reload" })))));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("archdsl-") && name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.method !== "GET" || !event.request.url.startsWith(worker.registration.scope)) return;
  const found = caches.open(CACHE).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(found.then((/** @type {Response | undefined} */ response) => response ?? fetch(event.request)));
});
