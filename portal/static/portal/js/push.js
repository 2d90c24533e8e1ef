// form[data-push]: a button lets this browser take notifications. `data-push` is the installation's public key.
import { toast } from "./toast.js";
import { say } from "./words.js";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const browser = () => {
  const known = [/Edg/, /OPR/, /Firefox/, /Chrome/, /Safari/].find((each) => each.test(navigator.userAgent));
  const names = { Edg: "Edge", OPR: "Opera" };
  const name = known ? known.source : "Browser";
  return `${names[name] ?? name}, ${navigator.userAgentData?.platform ?? navigator.platform}`.trim();
};

const subscribe = async (form) => {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not allowed");
  const worker = await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const key = bytes(form.dataset.push);
  const old = await worker.pushManager.getSubscription();
  const isOurs = old && text(old.options.applicationServerKey ?? new ArrayBuffer(0)) === form.dataset.push;
  if (old && !isOurs) await old.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const found = isOurs ? old : await worker.pushManager.subscribe(options);
  form.elements.endpoint.value = found.endpoint;
  form.elements.p256dh.value = text(found.getKey("p256dh"));
  form.elements.auth.value = text(found.getKey("auth"));
  form.elements.label.value = browser();
};

for (const form of document.querySelectorAll("form[data-push]")) {
  const button = form.querySelector("button");
  const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  button.hidden = !can;
  const note = form.querySelector("[data-push-cannot]");
  if (note) note.hidden = can;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await subscribe(form);
      form.submit();
    } catch {
      toast({ text: say("push_refused"), tone: "warn" });
      button.disabled = false;
    }
  });
}
