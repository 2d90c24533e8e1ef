// Keeps ages ("4 s ago") and time left true while the page stands. Widths do not change: figures are tabular and
// only text that differs is written.
import { say } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
// Beyond this a time was given by a clock that is wrong: its datum is not the present one.
const AHEAD = 300;

// The server's clock counts; the client's may be minutes off.
const written = Date.parse(document.body.dataset.now ?? "");
const offset = Number.isNaN(written) ? 0 : written - Date.now();

export const serverNow = () => Date.now() + offset;

export const ageWords = (seconds) => {
  if (seconds < 1) return say("now");
  if (seconds < MINUTE) return say("seconds_ago", { n: seconds });
  if (seconds < HOUR) return say("minutes_ago", { n: Math.floor(seconds / MINUTE) });
  if (seconds < 2 * DAY) return say("hours_ago", { n: Math.floor(seconds / HOUR) });
  const n = Math.floor(seconds / DAY);
  return say(n === 1 ? "day_ago" : "days_ago", { n });
};

export const durationWords = (seconds) => {
  if (seconds < MINUTE) return say("seconds", { n: seconds });
  if (seconds < HOUR) return say("minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < 2 * DAY) {
    const h = Math.floor(seconds / HOUR);
    const m = Math.floor((seconds % HOUR) / MINUTE);
    return m ? say("hours_minutes", { h, m }) : say("hours", { h });
  }
  const n = Math.floor(seconds / DAY);
  return say(n === 1 ? "day" : "days", { n });
};

const write = (element, text, state) => {
  if (element.textContent !== text) element.textContent = text;
  if (state !== undefined && element.dataset.state !== state) element.dataset.state = state;
};

const isStale = (element, seconds) => {
  const limit = Number(element.dataset.staleAfter);
  return Boolean(limit) && seconds > limit;
};

export const tick = (root = document) => {
  const now = serverNow();
  for (const element of root.querySelectorAll("time[data-age]")) {
    const since = Math.floor((now - Date.parse(element.dateTime)) / 1000);
    if (since < -AHEAD) {
      write(element, say("ahead"), "stale");
      continue;
    }
    const seconds = Math.max(0, since);
    write(element, ageWords(seconds), isStale(element, seconds) ? "stale" : "fresh");
  }
  for (const element of root.querySelectorAll("time[data-due]")) {
    const seconds = Math.trunc((Date.parse(element.dateTime) - now) / 1000);
    const stretch = durationWords(Math.abs(seconds));
    write(element, seconds < 0 ? say("late", { stretch }) : stretch, seconds < 0 ? "late" : "");
  }
  for (const element of root.querySelectorAll("[data-at][data-stale-after]")) {
    const stale = isStale(element, (now - Date.parse(element.dataset.at)) / 1000);
    const state = stale ? "stale" : "";
    if ((element.dataset.state ?? "") !== state) element.dataset.state = state;
  }
};

setInterval(() => {
  if (!document.hidden) tick();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tick();
});
tick();
