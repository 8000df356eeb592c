// Keeps the kiosk's page and its files, so that the screen can say "ask at the desk" when the
// server is gone. Nothing else passes through here: no question, no reply, no guide.
// The server writes SHELL into the line above: the version and the addresses.

const { version, page, files } = self.SHELL;
const PREFIX = "quotewell-kiosk-";
const NAME = PREFIX + version;

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clean().then(() => self.clients.claim()));
});

self.addEventListener("message", ({ data }) => {
  if (data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname === page || files.includes(pathname)) event.respondWith(give(request, pathname));
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll([page, ...files].map((address) => new Request(address, { cache: "reload" })));
}

async function clean() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
}

// What is kept comes first: the page and its scripts are always of one version.
async function give(request, pathname) {
  const cache = await caches.open(NAME);
  return (await cache.match(pathname)) ?? fetch(request);
}
