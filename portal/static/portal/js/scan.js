// The label of a batch, of equipment or of a room: read by the camera where the browser can, or typed.
// [data-scan="field id"] opens the camera; the field's code chooses the batch that stands there.
import { say } from "./words.js";
import { toast } from "./toast.js";

const LOOK_MS = 200;
const KINDS = ["qr_code", "code_128", "data_matrix"];
const begin = document.querySelector("[data-scan]");

const codeOf = (text) => {
  try {
    return new URL(text).searchParams.get("at") ?? text;
  } catch {
    return text;
  }
};

const place = (field) => {
  const labels = JSON.parse(document.getElementById("labels")?.textContent ?? "{}");
  const batch = labels[field.value.trim()];
  const where = field.form.elements.where;
  if (!batch || where.value === batch) return;
  where.value = batch;
  where.dispatchEvent(new Event("change", { bubbles: true }));
};

const scan = async (button, field, view) => {
  const detector = new BarcodeDetector({ formats: KINDS });
  const words = button.querySelector("span");
  const before = words.textContent;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return toast({ text: say("scan_failed"), tone: "warn" });
  }
  let isOpen = true;
  view.srcObject = stream;
  view.hidden = false;
  words.textContent = say("stop");
  toast({ text: say("scanning") });
  button.addEventListener("click", () => (isOpen = false), { once: true });
  await view.play();
  while (isOpen) {
    const [found] = await detector.detect(view).catch(() => []);
    if (found) {
      field.value = codeOf(found.rawValue).slice(0, field.maxLength > 0 ? field.maxLength : undefined);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      place(field);
      break;
    }
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  for (const track of stream.getTracks()) track.stop();
  view.hidden = true;
  words.textContent = before;
};

if (begin) {
  const field = document.getElementById(begin.dataset.scan);
  const view = document.querySelector("[data-scan-view]");
  field.addEventListener("change", () => place(field));
  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    begin.hidden = false;
    begin.addEventListener("click", () => view.hidden && scan(begin, field, view));
  }
}
