/* Serves the page of a kiosk and what it needs where there is no network. Keeps nothing that anybody typed. */
"use strict";

const CACHE = "optin-kiosk " + new URL(self.registration.scope).pathname;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(request.mode === "navigate" ? fresh(request) : kept(request));
});

/* The page: from the network, whose text is the newest; else as it was last seen. */
async function fresh(request) {
  try {
    const response = await fetch(request);
    if (response.ok) (await caches.open(CACHE)).put(request.url, response.clone());
    return response;
  } catch (error) {
    const found = (await caches.match(request.url)) || (await caches.match(self.registration.scope));
    return found || Response.error();
  }
}

/* Styles and scripts: as they were kept; their addresses change with their content. */
async function kept(request) {
  return (await caches.match(request.url)) || fetch(request);
}
