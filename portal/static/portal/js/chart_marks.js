// What is drawn behind and over the values of the chart: phases, ranges, limits, and stretches that link.

/** Resolve a colour token: a canvas knows nothing of `light-dark()`. */
export const colours = (room) => {
  const probe = document.createElement("span");
  room.append(probe);
  const found = {};
  for (const name of ["ink", "ink-2", "ink-3", "line", "accent", "band", "limit", "warn", "critical", "watch"]) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
};

const STROKES = {
  alert: { colour: "ink-3", dash: [2, 3], width: 1 },
  action: { colour: "warn", dash: [6, 4], width: 1 },
  par: { colour: "warn", dash: [], width: 1.25 },
};

// Each phase is drawn only as wide as it lasts; `place` gets its limits and its left and right edge.
const eachPhase = (u, phases, code, place) => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const phase of phases) {
    const left = u.valToPos(Math.max(phase.from, u.scales.x.min), "x", true);
    const right = u.valToPos(Math.min(phase.to ?? Infinity, u.scales.x.max), "x", true);
    if (right > left) place(phase, phase.limits[code] ?? {}, left, right, phase.ramps?.[code] ?? {});
  }
  ctx.restore();
};

// One side of a limit that moves: from knot to knot, as far as the side is not open.
const tracePath = (u, ramp, side) => {
  const points = ramp.filter((knot) => knot[side] !== null);
  points.forEach(([at, ...ends], place) => {
    const [x, y] = [u.valToPos(at, "x", true), u.valToPos(ends[side - 1], "y", true)];
    if (place) u.ctx.lineTo(x, y);
    else u.ctx.moveTo(x, y);
  });
};

const fillRamp = (u, ramp, palette) => {
  const { ctx, bbox } = u;
  const edge = (end, open) => (end === null ? open : u.valToPos(end, "y", true));
  const place = (at) => u.valToPos(at, "x", true);
  ctx.fillStyle = palette.band;
  ctx.beginPath();
  for (const [at, , high] of ramp) ctx.lineTo(place(at), edge(high, bbox.top));
  for (const [at, low] of [...ramp].reverse()) ctx.lineTo(place(at), edge(low, bbox.top + bbox.height));
  ctx.fill();
};

/** Draw the normal range of each phase as a band; a side that is open (null) reaches to the edge. */
export const drawBands = (u, phases, code, palette) => {
  const { ctx, bbox } = u;
  eachPhase(u, phases, code, (phase, { nor }, left, right, ramps) => {
    if (ramps.nor) fillRamp(u, ramps.nor, palette);
    if (!nor) return;
    const top = nor[1] === null ? bbox.top : u.valToPos(nor[1], "y", true);
    const bottom = nor[0] === null ? bbox.top + bbox.height : u.valToPos(nor[0], "y", true);
    ctx.fillStyle = palette.band;
    ctx.fillRect(left, top, right - left, bottom - top);
  });
};

/** Draw the limits of each phase as lines, and where the next phase begins. */
export const drawLimits = (u, phases, code, palette) => {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  eachPhase(u, phases, code, (phase, limits, left, right, ramps) => {
    for (const [kind, stroke] of Object.entries(STROKES)) {
      ctx.strokeStyle = palette[stroke.colour];
      ctx.lineWidth = stroke.width * ratio;
      ctx.setLineDash(stroke.dash.map((length) => length * ratio));
      for (const value of (limits[kind] ?? []).filter((limit) => limit !== null)) {
        const y = u.valToPos(value, "y", true);
        ctx.beginPath();
        ctx.moveTo(left, y);
        ctx.lineTo(right, y);
        ctx.stroke();
      }
      for (const side of ramps[kind] ? [1, 2] : []) {
        ctx.beginPath();
        tracePath(u, ramps[kind], side);
        ctx.stroke();
      }
    }
    if (phase.from > u.scales.x.min) drawBoundary(u, left, phase.name, palette);
  });
};

const drawBoundary = ({ ctx, bbox }, x, name, palette) => {
  const ratio = devicePixelRatio;
  ctx.setLineDash([]);
  ctx.strokeStyle = palette["ink-3"];
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.fillStyle = palette["ink-2"];
  ctx.font = `${11 * ratio}px "Inter Variable", sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.fillText(name, x + 5 * ratio, bbox.top + bbox.height - 4 * ratio);
};

const toneColour = (tone, palette) => palette[{ major: "warn", warn: "warn", critical: "critical", watch: "watch" }[tone] ?? "ink-3"];

/** Tint the stretch of each marker behind the values. */
export const drawStretches = (u, markers, palette) => {
  const { ctx, bbox } = u;
  ctx.save();
  for (const marker of markers) {
    const from = Math.max(marker.at, u.scales.x.min);
    const to = Math.min(marker.to ?? marker.at, u.scales.x.max);
    if (to < from) continue;
    const left = u.valToPos(from, "x", true);
    const width = Math.max(u.valToPos(to, "x", true) - left, devicePixelRatio);
    ctx.globalAlpha = marker.to ? 0.13 : 0.8;
    ctx.fillStyle = toneColour(marker.tone, palette);
    ctx.fillRect(left, bbox.top, width, bbox.height);
  }
  ctx.restore();
};

const SHAPES = {
  major: "M12 4 21 20H3Z",
  critical: "M8 3h8l5 5v8l-5 5H8l-5-5V8Z",
  warn: "M12 5v9M12 18.5v.5",
  watch: "M2 12c4-7 16-7 20 0-4 7-16 7-20 0ZM12 9.5v5",
  neutral: "M12 5v14M5 12h14",
};

const shape = (tone) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", SHAPES[tone] ?? SHAPES.neutral);
  svg.append(path);
  return svg;
};

const MARK_PX = 26;
const LEVELS = 5;

/** Place each marker as a link over the plot, below the ones it would cover. The policy allows positions by CSSOM. */
export const placeMarkers = (u, layer, markers) => {
  const ratio = devicePixelRatio;
  const ends = []; // where the last marker of each level ends
  layer.replaceChildren(
    ...markers
      .filter((marker) => (marker.to ?? marker.at) >= u.scales.x.min && marker.at <= u.scales.x.max)
      .sort((one, other) => one.at - other.at)
      .map((marker) => {
        const link = document.createElement("a");
        link.className = "chart-marker";
        link.href = marker.url;
        link.title = marker.label;
        link.setAttribute("aria-label", marker.label);
        link.dataset.tone = marker.tone ?? "neutral";
        const x = u.valToPos(Math.max(marker.at, u.scales.x.min), "x", false) + u.bbox.left / ratio;
        const free = ends.findIndex((end) => end <= x);
        const level = free >= 0 ? free : Math.min(ends.length, LEVELS - 1);
        ends[level] = x + MARK_PX;
        link.style.left = `${x}px`;
        link.style.top = `${level * MARK_PX}px`;
        link.append(shape(marker.tone));
        return link;
      }),
  );
};
