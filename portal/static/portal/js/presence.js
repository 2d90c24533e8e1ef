// Asks how many people look at what stands here ([data-presence] by record), and by asking says that this page does.
// [data-looking] has the address. A page that nobody sees does not ask; what is not known is not shown.
const EACH_MS = 6000;

let known = null;

const address = () => document.querySelector("[data-looking]")?.dataset.looking;

const show = (root = document) => {
  if (!address()) return;
  for (const place of root.querySelectorAll("[data-presence]")) {
    const counts = known?.[place.dataset.presence];
    place.toggleAttribute("data-known", Boolean(counts));
    for (const [side, count] of Object.entries(counts ?? {})) {
      const figure = place.querySelector(`[data-count="${CSS.escape(side)}"]`);
      if (figure && figure.textContent !== String(count)) figure.textContent = String(count);
    }
  }
};

const ask = async () => {
  if (!address() || document.hidden) return;
  try {
    const headers = { Accept: "application/json", "X-Covalent-Background": "1" };
    const answer = await fetch(address(), { headers, redirect: "error", signal: AbortSignal.timeout(EACH_MS) });
    known = answer.ok ? (await answer.json()).looking : null;
  } catch {
    known = null;
  }
  show();
};

ask();
setInterval(ask, EACH_MS);
document.addEventListener("visibilitychange", ask);
// A part that was brought up to date stands there as the server drew it.
document.addEventListener("htmx:load", (event) => show(event.target.parentElement ?? document));
