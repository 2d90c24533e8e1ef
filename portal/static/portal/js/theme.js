// Loaded before the first paint and not as a module: a deferred choice would flash the other theme.
(() => {
  const KEY = "covalent.theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // storage may be switched off; the device's own choice then holds
    }
  };

  const apply = (theme) => {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
    }
    document.dispatchEvent(new CustomEvent("covalent:theme", { detail: { theme } }));
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply(stored());
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeSet);
    } catch {
      // the choice then lasts as long as the page
    }
    apply(button.dataset.themeSet);
  });
})();
