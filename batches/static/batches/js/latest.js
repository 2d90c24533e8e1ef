// Keeps two things true while a page of a batch stands: the newest values in its table, and the clocks of the sites.
import { serverNow, tick } from "../../portal/js/ages.js";

const show = (row, readings) => {
  const last = readings.findLast(([, value]) => value !== null);
  const age = row.querySelector("time[data-age]");
  // A late reading is drawn in the curve; the newest value stays.
  if (!last || !age || last[0] <= Date.parse(age.dateTime)) return;
  row.querySelector("[data-value]").textContent = last[1].toFixed(Number(row.dataset.decimals));
  age.dateTime = new Date(Math.min(last[0], serverNow())).toISOString();
};

document.addEventListener("covalent:readings", ({ detail }) => {
  for (const part of document.querySelectorAll(`[data-latest="${CSS.escape(detail.batch)}"]`)) {
    for (const [code, readings] of Object.entries(detail.series)) {
      const row = part.querySelector(`[data-parameter="${CSS.escape(code)}"]`);
      if (row && readings.length) show(row, readings);
    }
    tick(part);
  }
});

const faces = new Map();

const faceOf = (zone) => {
  if (!faces.has(zone)) {
    const form = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    faces.set(zone, new Intl.DateTimeFormat("en-GB", form));
  }
  return faces.get(zone);
};

const turn = () => {
  const now = serverNow();
  for (const clock of document.querySelectorAll("time[data-clock]")) {
    const text = faceOf(clock.dataset.clock).format(now);
    if (clock.textContent !== text) clock.textContent = text;
  }
};

setInterval(turn, 1000);

// A line of many phases is longer than a phone is wide: it opens where the batch stands.
const bringPhase = (root) => {
  for (const line of root.querySelectorAll(".stand .states")) {
    const here = line.querySelector("[aria-current]");
    if (here) line.scrollLeft = here.offsetLeft - line.offsetLeft - line.clientWidth / 3;
  }
};

bringPhase(document);
document.addEventListener("htmx:load", (event) => bringPhase(event.target.parentElement ?? document));
