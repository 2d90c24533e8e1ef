// Keeps what is written and not yet sent on this device: a lost connection or a closed tab costs nothing.
// Drafts are cleared when the server has confirmed the record ([data-draft-clear]) and when the person signs out,
// because tablets are shared.
import { say } from "./words.js";

const PREFIX = "covalent.draft.";
const PAUSE_MS = 400;

const store = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  remove(key) {
    try {
      localStorage.removeItem(PREFIX + key);
    } catch {
      // nothing could be kept either
    }
  },
  removeAll() {
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    } catch {
      // nothing could be kept either
    }
  },
};

// Secrets and tokens stay where they are; files cannot be kept.
const isKept = (field) =>
  field.name && field.name !== "csrfmiddlewaretoken" && !["hidden", "password", "file", "submit"].includes(field.type);

const fields = (form) => [...form.elements].filter(isKept);

const collect = (form) => {
  const values = {};
  for (const field of fields(form)) {
    if (field.type === "radio" || field.type === "checkbox") {
      values[field.name] ??= [];
      if (field.checked) values[field.name].push(field.value);
    } else {
      values[field.name] = field.value;
    }
  }
  return values;
};

const restore = (form, values) => {
  for (const field of fields(form)) {
    if (!(field.name in values)) continue;
    const value = values[field.name];
    if (field.type === "radio" || field.type === "checkbox") field.checked = value.includes(field.value);
    else if (value) field.value = value;
  }
};

const begin = (form) => {
  const key = form.dataset.draft;
  const words = form.querySelector("[data-draft-state]");
  const tell = (text) => {
    if (words) words.textContent = text;
  };
  let timer;

  const kept = store.get(key);
  // A form that comes back with errors already holds newer words than the draft.
  if (kept && !form.querySelector("[data-invalid]")) {
    restore(form, kept.values);
    tell(say("draft_restored"));
  }

  const keep = () => {
    if (!store.set(key, { values: collect(form) })) return;
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    tell(say("draft_kept", { time }));
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    keep();
    // A form with a queue leaves by itself later (queue.js).
    if (!navigator.onLine && !form.dataset.queue) {
      event.preventDefault();
      tell(say("draft_offline"));
    }
  });
};

for (const done of document.querySelectorAll("[data-draft-clear]")) store.remove(done.dataset.draftClear);
for (const form of document.querySelectorAll("form[data-draft]")) begin(form);
document.addEventListener("submit", (event) => {
  if (event.target.hasAttribute("data-forget-drafts")) store.removeAll();
});
