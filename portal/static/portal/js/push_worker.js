// Shows a notification and opens what it leads to. It says that something waits, never what.
self.addEventListener("push", (event) => {
  const said = event.data?.json() ?? {};
  const shown = { body: said.body ?? "", tag: said.tag ?? "", data: { url: said.url ?? "/" } };
  event.waitUntil(self.registration.showNotification(said.title ?? "Covalent", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/", self.location.origin);
  // Only ever a page of ours.
  if (url.origin !== self.location.origin) return;
  event.waitUntil(self.clients.openWindow(url.href));
});
