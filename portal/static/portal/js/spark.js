// Appends live readings to the sparklines and values of tiles, in place. The scale is the one the server drew with,
// so band and limits stay where they are.
import { serverNow, tick } from "./ages.js";

const PAD = 30;
const EDGE = 8;
const drawings = new WeakMap();
const waiting = new Map();
let asked = false;

const read = (svg) => {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const { from, to, low, high } = svg.dataset;
  const scale = { width, height, from: Number(from), to: Number(to), low: Number(low), high: Number(high) };
  const path = svg.querySelector(".spark-line, .spark-dots");
  const isDots = path.classList.contains("spark-dots");
  const points = [];
  for (const [, pen, x, y] of (path.getAttribute("d") ?? "").matchAll(/([ML])([\d.]+) ([\d.]+)/g)) {
    points.push({ at: scale.from + (x / width) * (scale.to - scale.from), y: Number(y), breaks: pen === "M" });
  }
  return { scale, path, isDots, points, mark: svg.querySelector(".spark-mark") };
};

const place = ({ scale }, value) => {
  const share = (value - scale.low) / (scale.high - scale.low);
  const y = scale.height - PAD - share * (scale.height - 2 * PAD);
  return Math.min(Math.max(y, EDGE), scale.height - EDGE);
};

const draw = (drawing) => {
  const { scale, points, path, isDots, mark } = drawing;
  const x = (at) => (((at - scale.from) / (scale.to - scale.from)) * scale.width).toFixed(0);
  const pen = (point, index) => (isDots || point.breaks || index === 0 ? "M" : "L");
  path.setAttribute(
    "d",
    points.map((p, i) => `${pen(p, i)}${x(p.at)} ${p.y.toFixed(0)}${isDots ? "h0" : ""}`).join(""),
  );
  const at = Number(mark?.dataset.at);
  if (mark) mark.setAttribute("d", at >= scale.from ? `M${x(at)} 0V${scale.height}` : "");
};

const append = (drawing, readings) => {
  const { scale, points, isDots } = drawing;
  const pixel = (10 * (scale.to - scale.from)) / scale.width;
  for (const [at, value] of readings) {
    if (value === null || at <= (points.at(-1)?.at ?? -Infinity)) continue;
    const point = { at, y: place(drawing, value), breaks: false };
    // Two readings within one pixel are one: the page may stand for days.
    const isCrowded = !isDots && points.length > 1 && at - points.at(-2).at < pixel;
    if (isCrowded) points[points.length - 1] = point;
    else points.push(point);
    if (at > scale.to) {
      scale.from += at - scale.to;
      scale.to = at;
    }
  }
  while (points.length && points[0].at < scale.from) points.shift();
};

const show = (row, readings) => {
  const svg = row.querySelector(".spark");
  if (!drawings.has(svg)) drawings.set(svg, read(svg));
  const drawing = drawings.get(svg);
  append(drawing, readings);
  draw(drawing);
  const last = readings.findLast(([, value]) => value !== null);
  if (!last) return;
  row.querySelector("[data-value]").textContent = last[1].toFixed(Number(row.dataset.decimals));
  if (row.hasAttribute("data-stale-after")) row.dataset.at = new Date(last[0]).toISOString();
};

const flush = () => {
  asked = false;
  for (const [batch, series] of waiting) {
    for (const tile of document.querySelectorAll(`.tile[data-batch="${CSS.escape(batch)}"]`)) {
      let newest = 0;
      for (const [code, readings] of Object.entries(series)) {
        newest = Math.max(newest, readings.at(-1)?.[0] ?? 0);
        const row = tile.querySelector(`[data-parameter="${CSS.escape(code)}"]`);
        if (row && readings.length) show(row, readings);
      }
      const age = tile.querySelector(".tile-foot time[data-age]");
      if (age && newest > Date.parse(age.dateTime)) {
        age.dateTime = new Date(Math.min(newest, serverNow())).toISOString();
        tick(tile);
      }
    }
  }
  waiting.clear();
};

document.addEventListener("covalent:readings", ({ detail }) => {
  const series = waiting.get(detail.batch) ?? {};
  for (const [code, readings] of Object.entries(detail.series)) series[code] = [...(series[code] ?? []), ...readings];
  waiting.set(detail.batch, series);
  if (!asked) {
    asked = true;
    requestAnimationFrame(flush);
  }
});
