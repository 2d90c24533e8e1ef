// Brings parts of the page up to date when an entry concerns them, without moving what a person reads or losing
// what a person writes.
import { tick } from "./ages.js";
import { say } from "./words.js";
import { announce, toast } from "./toast.js";

const GATHER_MS = 150;
const LOUD = { "alert.raised": "new_alert", "notice.released": "new_notice" };

const config = JSON.parse(document.getElementById("stream")?.textContent ?? "{}");
const due = new Map();
const fresh = new Set();
const unfolded = new Map();

const isDirty = (part) =>
  [...part.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) {
      const options = [...field.options];
      if (field.multiple) return options.some((option) => option.selected !== option.defaultSelected);
      const initial = options.findIndex((option) => option.defaultSelected);
      return options.length > 0 && field.selectedIndex !== Math.max(initial, 0);
    }
    return field.value !== field.defaultValue;
  });

const isHeld = (part) => isDirty(part) || part.querySelector("dialog[open], :is(input, textarea, select):focus");

const refresh = (part) => {
  if (!part.isConnected) return;
  if (part.id) fresh.add(part.id);
  window.htmx.trigger(part, "refresh");
};

const bring = (part) => {
  due.delete(part);
  if (!isHeld(part)) {
    refresh(part);
    return;
  }
  if (part.dataset.liveAsked) return;
  part.dataset.liveAsked = "1";
  toast({ text: say("changed"), doing: say("reload"), act: () => refresh(part), stays: true });
};

const gather = (part) => {
  if (!due.has(part)) due.set(part, setTimeout(() => bring(part), GATHER_MS));
};

const concerns = (part, event) => {
  const kinds = part.dataset.liveOn.split(",").map((kind) => kind.trim());
  const subject = part.dataset.liveSubject;
  return kinds.some((kind) => kind && event.kind?.startsWith(kind)) && (!subject || subject === event.subject?.id);
};

const tell = (event) => {
  if (event.kind === "alert.acknowledged") {
    announce(event.title);
    return;
  }
  if (!(event.kind in LOUD)) return;
  const place = config.links?.[event.subject?.type];
  toast({
    text: say(LOUD[event.kind], { title: event.title, number: event.subject.number }),
    tone: event.classification ?? "",
    url: place ? place.replace("{id}", encodeURIComponent(event.subject.id)) : "",
    stays: true,
    urgent: event.classification === "critical",
  });
};

document.addEventListener("covalent:event", ({ detail }) => {
  for (const part of document.querySelectorAll("[data-live-on]")) if (concerns(part, detail)) gather(part);
  tell(detail);
});

// After a hole nobody knows what was missed: everything that lives is asked again.
document.addEventListener("covalent:reset", () => {
  for (const part of document.querySelectorAll("[data-live-on]")) gather(part);
});

// What somebody has unfolded, or folded, stays so when its part comes anew.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  for (const each of detail.target.querySelectorAll("details[id]")) unfolded.set(each.id, each.open);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [id, isOpen] of unfolded) document.getElementById(id)?.toggleAttribute("open", isOpen);
  unfolded.clear();
});

document.addEventListener("htmx:afterSettle", (event) => {
  tick(event.target);
  if (!fresh.delete(event.target.id)) return;
  event.target.classList.add("refreshed");
  event.target.addEventListener("animationend", () => event.target.classList.remove("refreshed"), { once: true });
});

document.addEventListener("htmx:sendError", () => toast({ text: say("not_answered"), tone: "major" }));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) {
    location.reload(); // the page itself leads to sign-in and back
    return;
  }
  let reason = `${xhr.status} ${xhr.statusText}`.trim();
  if (xhr.getResponseHeader("Content-Type")?.includes("json")) reason = JSON.parse(xhr.responseText).detail ?? reason;
  toast({ text: xhr.status >= 500 ? say("not_answered") : say("refused", { reason }), tone: "major" });
});
