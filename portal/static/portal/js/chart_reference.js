// A finished batch under the values of the chart, phase by phase where the same phase began in both.

const POINTS = 500;
const HALF_HOUR = 1800e3;

/** A batch chosen by its place in the list of the chart's `references`. */
export class Reference {
  constructor(given, starts) {
    this.number = given.number;
    this.url = given.series_url;
    this.points = [];
    // Stretches that both ran: from here on in the one, from there on in the other, until the next phase of either.
    const own = new Map(starts);
    this.stretches = given.phases.flatMap(([code, there], place) => {
      const here = own.get(code);
      if (here === undefined) return [];
      const next = starts.find(([, from]) => from > here)?.[1] ?? Infinity;
      const last = given.phases[place + 1]?.[1] ?? given.until;
      return [{ here, there, length: Math.min(next - here, last - there) }];
    });
  }

  /** Fetch what lies under a window of the chart; raises where the server does not answer. */
  async load(code, since, until, signal) {
    const parts = this.stretches.filter(({ here, length }) => here < until && here + length > since);
    this.points = [];
    if (!parts.length) return;
    const from = Math.min(...parts.map(({ here, there }) => there + Math.max(since - here, 0)));
    const to = Math.max(...parts.map(({ here, there, length }) => there + Math.min(until - here, length)));
    const url = new URL(this.url, location.href);
    url.search = new URLSearchParams({
      parameter: code,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      points: POINTS,
    });
    const answer = await fetch(url, { headers: { Accept: "application/json" }, signal });
    if (!answer.ok) throw new Error(`series answered ${answer.status}`);
    const body = await answer.json();
    const read = (body.points ?? body.readings).map(([at, value]) => [
      typeof at === "number" ? at : Date.parse(at),
      value === null ? null : Number(value),
    ]);
    this.points = parts.flatMap(({ here, there, length }) =>
      read.filter(([at]) => at >= there && at < there + length).map(([at, value]) => [here + at - there, value]),
    );
  }

  get values() {
    return this.points.map(([, value]) => value).filter((value) => value !== null);
  }

  /** The value nearest to an instant, null where there is none within half an hour. */
  near(at) {
    const known = this.points.filter(([, value]) => value !== null);
    const found = known.reduce((best, point) => (Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best), known[0] ?? [Infinity, null]);
    return Math.abs(found[0] - at) <= HALF_HOUR ? found[1] : null;
  }

  draw(u, palette) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = palette["ink-3"];
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([]);
    ctx.beginPath();
    let isOpen = false;
    for (const [at, value] of this.points) {
      if (value === null) {
        isOpen = false;
        continue;
      }
      const [x, y] = [u.valToPos(at, "x", true), u.valToPos(value, "y", true)];
      if (isOpen) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      isOpen = true;
    }
    ctx.stroke();
    ctx.restore();
  }
}
