// Single keys: "/" search, "n" new deviation, "g" and a letter for a page, "?" the list of them.
// A person can switch them off (WCAG 2.1.4); the choice stays on the device.
const STORE = "covalent.keys";
const SEQUENCE_MS = 1200;

let lastG = 0;

const areOn = () => {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
};

const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));

const press = (element) => {
  if (!element) return false;
  element.click();
  return true;
};

const search = () => {
  const field = document.querySelector("[data-search]");
  if (!field) return press(document.querySelector("[data-search-page]"));
  field.focus();
  field.select();
  return true;
};

const help = () => {
  const dialog = document.getElementById("keyboard-help");
  if (dialog?.open) dialog.close();
  else dialog?.showModal();
  return Boolean(dialog);
};

const act = (key) => {
  if (Date.now() - lastG < SEQUENCE_MS) {
    lastG = 0;
    return press(document.querySelector(`[data-go="${CSS.escape(key)}"]`));
  }
  if (key === "g") {
    lastG = Date.now();
    return true;
  }
  if (key === "/") return search();
  if (key === "?") return help();
  return key === "n" && press(document.querySelector('[data-key="n"]') ?? document.querySelector("[data-new-deviation]"));
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!areOn() || isTyping(event.target)) return;
  // Behind an open dialog nothing may be pressed; only the help closes itself by its own key.
  const dialog = document.querySelector("dialog[open]");
  if (dialog && !(dialog.id === "keyboard-help" && event.key === "?")) return;
  if (act(event.key)) event.preventDefault();
});

const box = document.querySelector("[data-keys-switch]");
if (box) {
  box.checked = areOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, box.checked ? "on" : "off");
    } catch {
      // the choice then lasts as long as the page
    }
  });
}
