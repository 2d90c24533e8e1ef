// The one socket of the page: subscribes with the cursors the page was rendered at, acknowledges, fills holes and
// comes back by itself. What it hears it tells the page as DOM events; nobody else opens a socket.
import { Chain } from "./chains.js";
import { say } from "./words.js";
import { toast } from "./toast.js";

const ACK_EACH = 48; // the server closes at 256 unacknowledged and asks for one each 64
const ACK_SOON_MS = 250; // "delivered" is a fact that somebody waits for
const ACK_LATEST_MS = 5000;
const BACK_OFF_MS = [300, 800, 2000, 4000, 8000, 15000];
const QUIET_MS = 40000; // heads come at least every 15 s; a socket silent for longer is dead
const GRACE_MS = 2500; // heads may overtake an entry on its way

const SIGNED_OUT = 4401;
const WITHDRAWN = 4403;

const emit = (name, detail) => document.dispatchEvent(new CustomEvent(`covalent:${name}`, { detail }));

class Stream {
  constructor(config) {
    this.config = config;
    this.chains = new Map();
    this.heads = new Map();
    this.watched = new Set();
    this.unacked = 0;
    this.attempts = 0;
    this.state = "";
    for (const { program, after } of config.spaces) {
      for (const [audience, seq] of Object.entries(after ?? {})) this.#chain(program, audience, seq);
    }
    setInterval(() => this.#sendAcks(), ACK_LATEST_MS);
    setInterval(() => this.#checkPulse(), QUIET_MS / 4);
  }

  connect() {
    if (this.ended || this.socket) return;
    clearTimeout(this.retry);
    this.#show("catching_up");
    const url = new URL(this.config.url, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.addEventListener("open", () => this.#open());
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
  }

  /** Bring the watched batches in line with the elements that stand in the page. */
  watch() {
    const wanted = new Set(
      [...document.querySelectorAll("[data-watch-batch]")].map((element) => element.dataset.watchBatch),
    );
    for (const batch of wanted) if (!this.watched.has(batch)) this.#send({ type: "watch", batch });
    for (const batch of this.watched) if (!wanted.has(batch)) this.#send({ type: "unwatch", batch });
    this.watched = wanted;
  }

  leave() {
    this.#sendAcks();
    clearTimeout(this.retry);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  #open() {
    for (const { program } of this.config.spaces) {
      const after = {};
      for (const chain of this.chains.values()) {
        if (chain.program === program && chain.seen !== undefined) after[chain.audience] = chain.seen;
      }
      this.#send(Object.keys(after).length ? { type: "subscribe", program, after } : { type: "subscribe", program });
    }
    this.watched = new Set();
    this.watch();
  }

  #hear(message) {
    this.heardAt = Date.now();
    const { type, program } = message;
    if (type === "event" || type === "skip") {
      this.#chain(program, message.audience).take(message);
      this.#settle();
    } else if (type === "subscribed" || type === "heads") {
      this.#learnHeads(program, message.heads, type === "subscribed");
    } else if (type === "reset") {
      for (const [audience, head] of Object.entries(message.heads)) this.#chain(program, audience).jump(head);
      emit("reset", { program });
      this.#learnHeads(program, message.heads, true);
    } else if (type === "readings" || type === "presence") {
      emit(type, message);
    }
  }

  #learnHeads(program, heads, opening) {
    this.attempts = 0;
    for (const [audience, head] of Object.entries(heads)) {
      const chain = this.#chain(program, audience);
      if (chain.seen === undefined) chain.jump(head);
      this.heads.set(`${program} ${audience}`, head);
      if (!opening && chain.seen < head) setTimeout(() => chain.fill(head), GRACE_MS);
    }
    this.#settle();
  }

  // Live is said only when every head that the server named has been reached.
  #settle() {
    const isBehind = this.config.spaces.some(
      ({ program }) => ![...this.heads.keys()].some((key) => key.startsWith(`${program} `)),
    );
    const lags = [...this.heads].some(([key, head]) => (this.chains.get(key)?.seen ?? 0) < head);
    this.#show(isBehind || lags ? "catching_up" : "live");
  }

  #chain(program, audience, seen) {
    const key = `${program} ${audience}`;
    if (!this.chains.has(key)) {
      const chain = new Chain({
        program,
        audience,
        seen,
        fetchAfter: (...place) => this.#fetchAfter(...place),
        deliver: (message) => this.#deliver(message),
        settle: () => this.#settle(),
        lose: () => {
          emit("reset", { program });
          this.#settle();
        },
      });
      this.chains.set(key, chain);
    }
    return this.chains.get(key);
  }

  async #fetchAfter(program, audience, after) {
    const url = new URL(this.config.events_url, location.href);
    url.search = new URLSearchParams({ program, audience, after });
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`events answered ${answer.status}`);
    return (await answer.json()).results;
  }

  #deliver(message) {
    this.unacked += 1;
    if (message.type !== "skip") emit("event", message);
    if (this.unacked >= ACK_EACH) this.#sendAcks();
    else this.ackSoon ??= setTimeout(() => this.#sendAcks(), ACK_SOON_MS);
  }

  #sendAcks() {
    clearTimeout(this.ackSoon);
    this.ackSoon = undefined;
    if (!this.unacked || this.socket?.readyState !== WebSocket.OPEN) return;
    const seen = {};
    for (const chain of this.chains.values()) (seen[chain.program] ??= {})[chain.audience] = chain.seen;
    for (const [program, cursors] of Object.entries(seen)) this.#send({ type: "ack", program, seen: cursors });
    this.unacked = 0;
  }

  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #checkPulse() {
    if (this.socket && Date.now() - this.heardAt > QUIET_MS) this.socket.close();
  }

  #closed(socket, code) {
    if (this.socket !== socket) return;
    this.socket = null;
    this.heads.clear();
    if (code === SIGNED_OUT || code === WITHDRAWN) {
      this.#end(code);
      return;
    }
    this.#show("offline");
    const wait = BACK_OFF_MS[Math.min(this.attempts, BACK_OFF_MS.length - 1)];
    this.attempts += 1;
    // Spread out, so that a restarted server is not met by everyone at once.
    this.retry = setTimeout(() => this.connect(), wait * (0.7 + Math.random() * 0.6));
  }

  #end(code) {
    this.ended = true;
    const out = code === SIGNED_OUT;
    this.#show("ended", say(out ? "signed_out" : "withdrawn"));
    const back = `${this.config.sign_in_url}?next=${encodeURIComponent(location.pathname + location.search)}`;
    toast({
      text: say(out ? "signed_out" : "withdrawn"),
      tone: "major",
      url: out ? back : location.href,
      doing: say(out ? "sign_in" : "reload"),
      stays: true,
      urgent: true,
    });
  }

  #show(state, words = "") {
    if (state === this.state) return;
    this.state = state;
    for (const pill of document.querySelectorAll("[data-connection]")) {
      pill.dataset.state = state;
      pill.querySelector("[data-connection-word]").textContent = words || say(state);
    }
    emit("connection", { state });
  }
}

const block = document.getElementById("stream");
if (block) {
  const stream = new Stream(JSON.parse(block.textContent));
  stream.connect();
  document.addEventListener("htmx:afterSettle", () => stream.watch());
  window.addEventListener("online", () => stream.connect());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) stream.connect();
  });
  // A page kept for "back" must not hold a socket; when shown again it resumes from its cursors.
  window.addEventListener("pagehide", () => stream.leave());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) stream.connect();
  });
}
