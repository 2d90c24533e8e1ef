// The one entry of every page. Modules import each other by relative paths only: a second address for the same
// module would be a second module, with a second socket.
import "./ages.js";
import "./copy.js";
import "./dialogs.js";
import "./dictation.js";
import "./draft.js";
import "./fragment.js";
import "./keys.js";
import "./lines.js";
import "./live.js";
import "./passkey.js";
import "./picker.js";
import "./presence.js";
import "./push.js";
import "./queue.js";
import "./scan.js";
import "./spark.js";
import "./steps.js";
import "./stream.js";
import "./upload.js";
import "./verify.js";

// The chart and its library are fetched only where one stands.
const openCharts = async (root) => {
  const found = root.querySelectorAll?.("[data-chart]:not([data-chart-open])") ?? [];
  if (!found.length) return;
  // Marked before the library is awaited: the first htmx:load would open them a second time.
  for (const figure of found) figure.dataset.chartOpen = "";
  const { openChart } = await import("./chart.js");
  for (const figure of found) openChart(figure);
};

openCharts(document);
document.addEventListener("htmx:load", (event) => openCharts(event.target));
