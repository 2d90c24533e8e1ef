// The queue of this device: form[data-queue] opens and is sent without connection too. The worker (push_worker.js)
// keeps the page and what was written; this shows what waits and has it sent as soon as the product answers.
import { say } from "./words.js";
import { announce, toast } from "./toast.js";

const AGAIN_MS = 10_000;
const form = document.querySelector("form[data-queue]");
const room = document.querySelector("[data-queue-list]");
let timer;

const ask = (worker, what) =>
  new Promise((done, failed) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) =>
      data.failed ? failed(new Error(data.failed)) : done(data.answer),
    );
    port1.start();
    worker.postMessage(what, [port2]);
  });

const moment = (at) => new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

const button = (words, act) => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
};

// Photos come back with the rest: what waits holds the files themselves.
const mend = async (worker, token) => {
  const carrier = new DataTransfer();
  for (const [name, value] of await ask(worker, { ask: "take", token })) {
    if (value instanceof File) {
      carrier.items.add(value);
      continue;
    }
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value === value;
      else field.value = value;
    }
  }
  const picker = form.querySelector("input[type=file]");
  picker.files = carrier.files;
  picker.dispatchEvent(new Event("change", { bubbles: true }));
  // What was refused made nothing: it is sent anew under its own key, and leaves the queue with that.
  await ask(worker, { ask: "drop", token });
  show(worker, await ask(worker, { ask: "list" }));
  form.scrollIntoView({ block: "start" });
};

const item = (worker, row) => {
  const made = document.createElement("li");
  const title = document.createElement("p");
  title.textContent = row.title || say("queue_untitled");
  const at = document.createElement("p");
  at.className = "faint";
  at.textContent = say("queue_written", { at: moment(row.written) });
  made.append(title, at);
  if (!row.errors.length) return made;
  const why = document.createElement("p");
  why.className = "field-errors";
  why.textContent = row.errors.join(" ");
  const steps = document.createElement("div");
  steps.className = "row";
  const drop = async () => {
    await ask(worker, { ask: "drop", token: row.token });
    show(worker, await ask(worker, { ask: "list" }));
  };
  if (row.url) {
    why.textContent = say("queue_not_attached", { why: why.textContent });
    const link = document.createElement("a");
    link.className = "button";
    link.href = row.url;
    link.textContent = say("open");
    steps.append(link, button(say("queue_seen"), drop));
  } else {
    steps.append(
      button(say("queue_mend"), () => mend(worker, row.token)),
      button(say("queue_drop"), () => confirm(say("queue_drop_sure")) && drop()),
    );
  }
  made.append(why, steps);
  return made;
};

const show = (worker, rows) => {
  if (!room) return;
  const mine = rows.filter((row) => row.person === form?.dataset.queue);
  const others = rows.length - mine.length;
  room.hidden = !rows.length;
  room.dataset.waiting = mine.length;
  room.querySelector("ul").replaceChildren(...mine.map((row) => item(worker, row)));
  const note = room.querySelector("[data-queue-others]");
  note.hidden = !others;
  note.textContent = others ? say("queue_others", { n: others }) : "";
};

const drain = async (worker) => {
  clearTimeout(timer);
  const told = await ask(worker, { ask: "drain" });
  show(worker, told.waiting);
  if (told.sent.length) {
    const [url] = told.sent.length === 1 ? told.sent : ["/deviations/?filter=all"];
    toast({ text: say("queue_sent", { n: told.sent.length }), tone: "fine", url, stays: true });
  }
  const due = told.waiting.some((row) => !row.errors.length);
  if (due && told.state === "signed_out") toast({ text: say("queue_signed_out"), tone: "warn", url: "/account/login/" });
  if (due) timer = setTimeout(() => drain(worker), AGAIN_MS);
};

const wallTime = (zone, at) => {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  return parts.format(at).replace(" ", "T");
};

// A copy that was made before: its times begin now, and where one stands is read from the address.
const refresh = () => {
  const place = form.querySelector("[data-zone]");
  for (const name of ["occurred_at", "detected_at"]) {
    form.elements[name].value = wallTime(place.dataset.zone, new Date());
  }
  const given = new URLSearchParams(location.search);
  const labels = JSON.parse(document.getElementById("labels")?.textContent ?? "{}");
  const label = given.get("at") ?? "";
  const batch = given.get("batch") ?? labels[label] ?? "";
  if (label) form.elements.asset.value = label;
  if ([...form.elements.where.options].some((option) => option.value === batch)) form.elements.where.value = batch;
};

const prepare = () => {
  // Each opening is another deviation: its key is made here, so that a copy of the page does not bring an old one.
  if (!form.querySelector("[data-invalid]")) {
    form.elements.token.value = [...crypto.getRandomValues(new Uint8Array(16))]
      .map((each) => each.toString(16).padStart(2, "0"))
      .join("");
  }
  form.elements.queue_person.value = form.dataset.queue;
  if (!("copy" in form.dataset)) return;
  form.querySelector("[data-queue-offline]").hidden = false;
  refresh();
};

const begin = async () => {
  if (!("serviceWorker" in navigator)) return;
  if (form) {
    prepare();
    await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
  } else if (!(await navigator.serviceWorker.getRegistration("/"))) {
    return;
  }
  const worker = (await navigator.serviceWorker.ready).active;
  addEventListener("online", () => drain(worker));
  document.addEventListener("submit", (event) => {
    // Tablets are shared: the copy of the page goes with its reader, what waits stays for its writer.
    if (event.target.hasAttribute("data-forget-drafts")) ask(worker, { ask: "forget" });
  });
  if (form) {
    if (new URLSearchParams(location.search).has("kept")) {
      const rows = await ask(worker, { ask: "list" });
      show(worker, rows);
      announce(say("queue_kept", { n: rows.length }));
      toast({ text: say("queue_kept", { n: rows.length }) });
    }
    if (!("copy" in form.dataset)) {
      const urls = performance.getEntriesByType("resource").map((each) => new URL(each.name));
      const ours = urls.filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/"));
      ask(worker, { ask: "copy", urls: ours.map((url) => url.pathname) }).then(() => {
        form.dataset.queueReady = "";
      });
    }
  }
  await drain(worker);
};

begin();
