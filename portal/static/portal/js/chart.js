// The live chart of a batch: values with the ranges of their phase, read by mouse, finger or keys, zoomed by a drag
// that asks for the window anew. Everything it shows stands in the table beside it as well.
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { serverNow } from "./ages.js";
import { colours, drawBands, drawLimits, drawStretches, placeMarkers } from "./chart_marks.js";
import { Reference } from "./chart_reference.js";
import { say } from "./words.js";

const HOUR = 3600e3;
const POINTS = 500;
const LEAST_MS = 60e3;
const TABLE_ROWS = 60;
const DRAW_EACH_MS = 1000;
const KINDS = ["nor", "alert", "action", "par"];

// A line needs two values: one between two gaps is drawn as a dot, or nobody would see it.
const lonely = (u, series) => {
  const values = u.data[series];
  const known = (index) => values[index] !== null && values[index] !== undefined;
  return values.flatMap((value, index) => (known(index) && !known(index - 1) && !known(index + 1) ? [index] : []));
};

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.room = figure.querySelector("[data-chart-room]");
    this.message = figure.querySelector("[data-chart-message]");
    this.read = figure.querySelector("[data-chart-read]");
    this.table = figure.querySelector("[data-chart-table]");
    this.config = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    this.parameter = this.config.parameters[0];
    // What "all" begins with; the window that opens may begin later.
    this.first = this.config.first ?? this.config.since;
    this.since = this.#opening();
    this.until = this.config.until ?? null;
    this.layer = document.createElement("div");
    this.layer.className = "chart-markers";
    this.data = [[], []];
    const { lang } = document.documentElement;
    // The trade writes 22 Nov, 14:05, whatever kind of English the page is in.
    this.clock = new Intl.DateTimeFormat(lang.startsWith("en") ? "en-GB" : lang, {
      timeZone: this.config.zone || undefined,
      hourCycle: "h23",
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    });
    this.#listen();
    this.#press();
    this.load(this.since, this.until);
  }

  /** Fetch and draw a window; without an end it follows the newest value. */
  async load(since, until) {
    this.asked?.abort();
    this.asked = new AbortController();
    [this.since, this.until] = [since, until];
    const url = new URL(this.config.series_url, location.href);
    url.search = new URLSearchParams({
      parameter: this.parameter.code,
      from: new Date(since).toISOString(),
      to: new Date(until ?? serverNow()).toISOString(),
      points: POINTS,
    });
    this.room.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" }, signal: this.asked.signal });
      if (!answer.ok) throw new Error(`series answered ${answer.status}`);
      const body = await answer.json();
      const points = (body.points ?? body.readings).map(([at, value]) => [
        typeof at === "number" ? at : Date.parse(at),
        value === null ? null : Number(value),
      ]);
      this.data = [points.map(([at]) => at), points.map(([, value]) => value)];
      await this.reference?.load(this.parameter.code, since, this.end, this.asked.signal);
      this.#tell(this.data[0].length ? "" : say("chart_empty"));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#tell(say("chart_failed"));
      return;
    }
    this.room.removeAttribute("aria-busy");
    this.#draw();
  }

  get markers() {
    return (this.config.markers ?? []).filter((marker) => !marker.code || marker.code === this.parameter.code);
  }

  get end() {
    return this.until ?? Math.max(serverNow(), this.data[0].at(-1) ?? 0);
  }

  #tell(words) {
    this.message.textContent = words;
    this.message.hidden = !words;
  }

  #draw() {
    if (!this.plot || this.plotted !== this.parameter.code) this.#build();
    this.plot.setData(this.data, false);
    this.plot.batch(() => {
      this.plot.setScale("x", { min: this.since, max: this.end });
      this.plot.setScale("y", this.#range());
    });
    placeMarkers(this.plot, this.layer, this.markers);
    this.#readOut();
    this.#writeTable();
  }

  #phases() {
    return this.config.phases.filter((phase) => phase.from < this.end && (phase.to ?? Infinity) > this.since);
  }

  // The ends of limits that move, as far as they lie in the window.
  #ramps() {
    const ramps = this.#phases().flatMap((phase) => Object.values(phase.ramps?.[this.parameter.code] ?? {}));
    return ramps.flatMap((ramp) =>
      ramp.flatMap(([at, ...ends], place) => {
        const last = ramp[place + 1]?.[0] ?? at;
        return last >= this.since && at <= this.end ? ends : [];
      }),
    );
  }

  // Values and the limits that hold in the window both fit; a lone value gets room around it.
  #range() {
    const limits = this.#phases().flatMap((phase) => Object.values(phase.limits[this.parameter.code] ?? {}).flat());
    const values = [...this.data[1], ...(this.reference?.values ?? [])];
    const known = [...values, ...limits, ...this.#ramps()].filter((value) => value !== null && Number.isFinite(value));
    if (!known.length) return { min: 0, max: 1 };
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const pad = (high - low || Math.abs(high) * 0.02 || 1) * 0.12;
    return { min: low - pad, max: high + pad };
  }

  #build() {
    this.plot?.destroy();
    this.plotted = this.parameter.code;
    const palette = colours(this.room);
    const axis = {
      stroke: palette["ink-2"],
      font: '11px "Inter Figures", "Inter Variable", sans-serif',
      grid: { stroke: palette.line, width: 1 },
      ticks: { show: false },
    };
    const value = this.parameter.dots
      ? { stroke: palette.accent, width: 0, paths: () => null, points: { show: true, size: 8, fill: palette.accent } }
      : { stroke: palette.accent, width: 1.5, points: { show: true, size: 3, fill: palette.accent, filter: lonely } };
    const options = {
      ms: 1,
      ...this.#size(),
      legend: { show: false },
      tzDate: (at) => (this.config.zone ? uPlot.tzDate(new Date(at), this.config.zone) : new Date(at)),
      cursor: { drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => this.#showAll() } },
      scales: { x: { auto: false, range: (u, min, max) => [min, max] }, y: { auto: false, range: (u, min, max) => [min, max] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          values: [
            [86400e3, "{D} {MMM}", null, null, null, null, null, null, 1],
            [3600e3, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
            [60e3, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
            [1e3, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
          ],
        },
        { ...axis, size: 52 },
      ],
      series: [{}, value],
      hooks: {
        drawClear: [
          (u) => {
            drawBands(u, this.config.phases, this.parameter.code, palette);
            drawStretches(u, this.markers, palette);
          },
        ],
        // Over the grid, which would wash out a limit that stands on a round number.
        drawAxes: [
          (u) => {
            drawLimits(u, this.config.phases, this.parameter.code, palette);
            this.reference?.draw(u, palette);
          },
        ],
        setCursor: [() => this.#readOut()],
        setSelect: [(u) => this.#zoomTo(u)],
      },
    };
    this.plot = new uPlot(options, this.data, this.room);
    this.room.append(this.layer);
    this.#writeLegend();
  }

  #size() {
    return { width: this.room.clientWidth, height: this.room.clientHeight };
  }

  #zoomTo(u) {
    const { left, width } = u.select;
    if (width < 8) return;
    const [from, to] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (to - from >= LEAST_MS) this.#open(from, to);
  }

  // Of samples a day has one: they open whole.
  #opening() {
    return this.parameter.dots ? this.first : this.config.since;
  }

  #press() {
    const hours = this.until === null ? Math.round((serverNow() - this.since) / HOUR) : 0;
    for (const button of this.figure.querySelectorAll("[data-window]")) {
      const isAll = button.dataset.window === "all";
      button.setAttribute("aria-pressed", String(isAll ? this.since === this.first : Number(button.dataset.window) === hours));
    }
  }

  #open(since, until, button = null) {
    this.isByHand = true;
    for (const other of this.figure.querySelectorAll("[data-window]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    this.load(since, until);
  }

  #showAll(button = null) {
    this.#open(this.first, this.config.until ?? null, button);
  }

  #scale(factor) {
    const middle = this.plot.cursor.idx === null ? (this.since + this.end) / 2 : this.data[0][this.plot.cursor.idx];
    const half = Math.max(((this.end - this.since) / 2) * factor, LEAST_MS / 2);
    this.#open(Math.max(middle - half, this.first), Math.min(middle + half, serverNow()));
  }

  #listen() {
    const { figure, room } = this;
    figure.addEventListener("click", (event) => {
      const code = event.target.closest("[data-code]")?.dataset.code;
      if (code) this.#choose(code);
      const button = event.target.closest("[data-window]");
      if (!button) return;
      if (button.dataset.window === "all") this.#showAll(button);
      else this.#open(Math.max(this.first, serverNow() - Number(button.dataset.window) * HOUR), null, button);
    });
    figure.querySelector("[data-reference]")?.addEventListener("change", ({ target }) => {
      const given = this.config.references[target.value];
      this.reference = given ? new Reference(given, this.config.starts) : null;
      this.plotted = null;
      this.load(this.since, this.until);
    });
    room.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
      if (event.key in steps) this.#move(steps[event.key]);
      else if (event.key === "+" || event.key === "=") this.#scale(0.5);
      else if (event.key === "-") this.#scale(2);
      else if (event.key === "Home") this.#showAll();
      else return;
      event.preventDefault();
    });
    this.table.addEventListener("toggle", () => this.#writeTable());
    new ResizeObserver(() => {
      if (!this.plot) return;
      this.plot.setSize(this.#size());
      placeMarkers(this.plot, this.layer, this.markers);
    }).observe(room);
    const repaint = () => {
      this.plotted = null;
      if (this.plot) this.#draw();
    };
    document.addEventListener("covalent:theme", repaint);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    document.addEventListener("covalent:readings", ({ detail }) => this.#append(detail));
  }

  #choose(code) {
    this.parameter = this.config.parameters.find((parameter) => parameter.code === code);
    for (const button of this.figure.querySelectorAll("[data-code]")) {
      button.setAttribute("aria-pressed", String(button.dataset.code === code));
    }
    // A window that a person chose stays; else each parameter opens with its own.
    this.load(this.isByHand ? this.since : this.#opening(), this.until);
    if (!this.isByHand) this.#press();
  }

  #append({ batch, series }) {
    const readings = series[this.parameter.code];
    if (batch !== this.config.batch || this.until !== null || !readings || !this.plot) return;
    for (const [at, value] of readings) {
      if (at <= (this.data[0].at(-1) ?? 0)) continue;
      this.data[0].push(at);
      this.data[1].push(value);
    }
    this.drawSoon ??= setTimeout(() => {
      this.drawSoon = undefined;
      this.#tell("");
      this.#draw();
    }, DRAW_EACH_MS);
  }

  #move(step) {
    if (!this.data[0].length) return;
    const at = this.plot.cursor.idx ?? this.data[0].length - 1;
    const index = Math.min(Math.max(at + step, 0), this.data[0].length - 1);
    const left = this.plot.valToPos(this.data[0][index], "x");
    this.plot.setCursor({ left, top: this.plot.bbox.height / devicePixelRatio / 2 });
    this.read.setAttribute("aria-live", "polite");
  }

  #said(value) {
    const { unit, decimals = 1 } = this.parameter;
    return value === null ? say("chart_gap") : `${value.toFixed(decimals)} ${unit}`.trim();
  }

  #words(index) {
    const words = this.#said(this.data[1][index]);
    const at = this.data[0][index];
    const phase = this.config.phases.find(({ from, to }) => from <= at && at < (to ?? Infinity));
    return { time: this.clock.format(at), words, phase: phase?.name ?? "" };
  }

  #readOut() {
    const index = this.plot.cursor.idx ?? this.data[1].findLastIndex((value) => value !== null);
    if (index < 0 || index >= this.data[0].length) {
      this.read.textContent = "";
      return;
    }
    const { time, words, phase } = this.#words(index);
    const value = document.createElement("strong");
    value.textContent = words;
    this.read.replaceChildren(value, ` · ${time}${phase ? ` · ${phase}` : ""}`);
  }

  #writeTable() {
    if (!this.table.open) return;
    const each = Math.max(1, Math.ceil(this.data[0].length / TABLE_ROWS));
    const table = document.createElement("table");
    table.className = "table";
    const head = table.createTHead().insertRow();
    const names = [say("chart_time"), say("chart_value"), say("chart_phase")];
    for (const name of this.reference ? [...names, this.reference.number] : names) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    for (let index = this.data[0].length - 1; index >= 0; index -= each) {
      const { time, words, phase } = this.#words(index);
      const row = body.insertRow();
      const cells = this.reference ? [time, words, phase, this.#said(this.reference.near(this.data[0][index]))] : [time, words, phase];
      for (const text of cells) row.insertCell().textContent = text;
    }
    this.table.querySelector(".scroll").replaceChildren(table);
  }

  #writeLegend() {
    const limits = this.#phases().map((phase) => phase.limits[this.parameter.code] ?? {});
    const ramps = this.#phases().flatMap((phase) => Object.keys(phase.ramps?.[this.parameter.code] ?? {}));
    const holds = (given, kind) => given[kind]?.some((value) => value !== null);
    const kinds = KINDS.filter((kind) => ramps.includes(kind) || limits.some((given) => holds(given, kind)));
    const items = ["value", ...(this.reference ? ["reference"] : []), ...kinds].map((kind) => {
      const item = document.createElement("li");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 22 10");
      svg.setAttribute("aria-hidden", "true");
      const path = document.createElementNS(svg.namespaceURI, "path");
      const isDots = kind === "value" && this.parameter.dots;
      path.setAttribute("class", isDots ? "key-value key-dots" : `key-${kind}`);
      path.setAttribute("d", { nor: "M0 0H22V10H0Z", value: isDots ? "M5 5h0M17 5h0" : "M0 5H22" }[kind] ?? "M0 5H22");
      svg.append(path);
      const { label, unit } = this.parameter;
      const words = { value: () => `${label}${unit ? `, ${unit}` : ""}`, reference: () => this.reference.number };
      item.append(svg, words[kind]?.() ?? say(kind));
      return item;
    });
    this.figure.querySelector("[data-chart-legend]").replaceChildren(...items);
  }
}

export const openChart = (figure) => new Chart(figure);
