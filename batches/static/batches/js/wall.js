// A screen on the wall keeps itself: one socket that says that something happened, and the tiles asked for anew.
import "../../portal/js/spark.js";
import { tick } from "../../portal/js/ages.js";

const GATHER_MS = 400;
const ACK_MS = 1000;
const ANEW_MS = 60000; // phases move with time, also when nothing happens
const QUIET_MS = 40000; // heads come at least every 15 s
const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15000];
const ENDED = [4401, 4403];
const OVER = 401;

const config = JSON.parse(document.getElementById("wall").textContent);
const main = document.querySelector("main.wall");
if (main.dataset.wallTheme) document.documentElement.dataset.theme = main.dataset.wallTheme;

const seen = new Map();
let socket = null;
let attempts = 0;
let heardAt = 0;
let asked = 0;
let watched = new Set();

const show = (state) => {
  const tag = document.querySelector("[data-wall-state]");
  tag.textContent = state === "live" ? tag.dataset.live : tag.dataset.away;
  tag.dataset.tone = state === "live" ? "fine" : "warn";
};

const send = (message) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

const watch = () => {
  const wanted = new Set([...document.querySelectorAll("[data-watch-batch]")].map((each) => each.dataset.watchBatch));
  for (const batch of wanted) if (!watched.has(batch)) send({ type: "watch", batch });
  for (const batch of watched) if (!wanted.has(batch)) send({ type: "unwatch", batch });
  watched = wanted;
};

const renew = async () => {
  asked = 0;
  let answer;
  try {
    answer = await fetch("/wall/?part=tiles", { headers: { "X-Covalent-Background": "1" } });
  } catch {
    return; // away: the ages say how old it is, the next turn asks again
  }
  if (answer.status === OVER) location.reload();
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("wall-tiles");
  if (!fresh) return;
  document.getElementById("wall-tiles").replaceWith(document.adoptNode(fresh));
  tick();
  watch();
};

const gather = () => {
  if (!asked) asked = setTimeout(renew, GATHER_MS);
};

const hear = (message) => {
  heardAt = Date.now();
  const { type, program } = message;
  if (type === "skip" || type === "event") {
    seen.set(program, { ...seen.get(program), [message.audience]: message.seq });
    gather();
  } else if (type === "subscribed" || type === "reset") {
    attempts = 0;
    show("live");
    gather();
  } else if (type === "readings") {
    document.dispatchEvent(new CustomEvent("covalent:readings", { detail: message }));
  }
};

const connect = () => {
  const url = new URL("/ws/stream/?as=display", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  heardAt = Date.now();
  socket.addEventListener("open", () => {
    for (const program of config.programs) send({ type: "subscribe", program });
    watched = new Set();
    watch();
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", ({ code }) => {
    if (ENDED.includes(code)) {
      location.reload();
      return;
    }
    show("away");
    setTimeout(connect, BACK_OFF_MS[Math.min(attempts, BACK_OFF_MS.length - 1)]);
    attempts += 1;
  });
};

setInterval(() => {
  for (const [program, numbers] of seen) send({ type: "ack", program, seen: numbers });
  seen.clear();
  if (Date.now() - heardAt > QUIET_MS) socket?.close();
}, ACK_MS);
setInterval(renew, ANEW_MS);
connect();
