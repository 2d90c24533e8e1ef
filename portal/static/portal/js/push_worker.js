// What this device does without a page: shows notifications, and keeps the log page and what was written on it
// while the product does not answer. A notification says that something waits, never what.
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

const LOG = "/deviations/new/";
const READY = "/deviations/new/ready/";
const COPY = "covalent-log";
const DOWN = [502, 503, 504];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === LOG) {
    event.respondWith(request.method === "POST" ? send(request) : show(request));
  } else if (request.method === "GET" && url.pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
  }
});

// A form goes as it always did. One that finds nobody is kept with its key: had it arrived after all and only the
// answer was lost, the same key finds the same deviation.
const send = async (request) => {
  const copy = request.clone();
  try {
    const answer = await fetch(request);
    if (!DOWN.includes(answer.status)) return answer;
  } catch {
    // nobody answered
  }
  await keep(await copy.formData());
  return Response.redirect(`${LOG}?kept=1`, 303);
};

const show = async (request) => {
  try {
    const answer = await fetch(request);
    if (!DOWN.includes(answer.status)) return answer;
  } catch {
    // nobody answered
  }
  const copy = await caches.match(LOG);
  if (!copy) return Response.error();
  const page = (await copy.text()).replace("data-queue=", "data-copy data-queue=");
  return new Response(page, { headers: copy.headers });
};

// What waits, in the order in which it was written.
const STORE = "waiting";
const base = new Promise((done, failed) => {
  const asked = indexedDB.open("covalent-queue", 1);
  asked.addEventListener("upgradeneeded", () => asked.result.createObjectStore(STORE, { keyPath: "token" }));
  asked.addEventListener("success", () => done(asked.result));
  asked.addEventListener("error", () => failed(asked.error));
});

const within = async (mode, act) => {
  const change = (await base).transaction(STORE, mode);
  const asked = act(change.objectStore(STORE));
  return new Promise((done, failed) => {
    change.addEventListener("complete", () => done(asked.result));
    change.addEventListener("abort", () => failed(change.error));
  });
};

const waiting = async () => {
  const rows = await within("readonly", (store) => store.getAll());
  return rows.sort((one, other) => one.written - other.written);
};

const keep = async (form) => {
  const written = Date.now();
  const text = (name) => String(form.get(name) ?? "");
  if (!text("entered_at")) form.set("entered_at", new Date(written).toISOString());
  const fields = [...form.entries()].filter(([name, value]) => name !== "csrfmiddlewaretoken" && value.name !== "");
  const row = { token: text("token"), person: text("queue_person"), title: text("title"), written, fields, errors: [] };
  await within("readwrite", (store) => store.put(row));
};

const line = ({ token, person, title, written, errors, url }) => ({ token, person, title, written, errors, url });

// One run at a time: the pages of this browser share the worker.
let running = null;
const drain = () => {
  running ??= run().finally(() => {
    running = null;
  });
  return running;
};

const run = async () => {
  const told = { sent: [], state: "idle", person: "" };
  if (!(await waiting()).length) return told;
  let ready;
  try {
    const answer = await fetch(READY, { headers: { Accept: "application/json" } });
    if (answer.redirected || !answer.ok) return { ...told, state: answer.status < 500 ? "signed_out" : "away" };
    ready = await answer.json();
  } catch {
    return { ...told, state: "away" };
  }
  told.person = ready.person;
  for (const row of await waiting()) {
    if (row.person !== ready.person || row.errors.length) continue;
    const form = new FormData();
    for (const [name, value] of row.fields) form.append(name, value);
    form.append("csrfmiddlewaretoken", ready.csrf);
    let answer;
    try {
      answer = await fetch(LOG, { method: "POST", body: form, headers: { Accept: "application/json" } });
    } catch {
      return { ...told, state: "away" };
    }
    if (answer.status === 201) {
      const { url, refused } = await answer.json();
      // A file that was refused is told of until somebody has read it; the file itself stays on the device so long.
      if (refused.length) await within("readwrite", (store) => store.put({ ...row, url, errors: refused }));
      else await within("readwrite", (store) => store.delete(row.token));
      told.sent.push(url);
    } else if ([400, 409, 413, 422].includes(answer.status)) {
      // Kept with what is wrong with it: its writer mends it or throws it away, nobody else does.
      const said = await answer.json().catch(() => ({}));
      await within("readwrite", (store) => store.put({ ...row, errors: said.errors ?? [String(answer.status)] }));
    } else {
      return { ...told, state: answer.redirected || answer.status === 403 ? "signed_out" : "away" };
    }
  }
  return { ...told, state: "done" };
};

const copyPage = async (urls) => {
  const answer = await fetch(LOG, { redirect: "error" });
  if (!answer.ok) return;
  const room = await caches.open(COPY);
  await room.put(LOG, answer);
  await Promise.all(urls.map(async (url) => (await room.match(url)) ?? room.add(url).catch(() => null)));
};

const ASKED = {
  list: async () => (await waiting()).map(line),
  drain: async () => ({ ...(await drain()), waiting: (await waiting()).map(line) }),
  take: async ({ token }) => {
    const row = await within("readonly", (store) => store.get(token));
    return row?.fields ?? [];
  },
  drop: async ({ token }) => within("readwrite", (store) => store.delete(token)),
  copy: async ({ urls }) => copyPage(urls),
  forget: async () => caches.delete(COPY),
};

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  const { ask, ...given } = event.data ?? {};
  if (!port || !Object.hasOwn(ASKED, ask)) return;
  event.waitUntil(
    ASKED[ask](given)
      .then((answer) => port.postMessage({ answer }))
      .catch((error) => port.postMessage({ failed: String(error) })),
  );
});
