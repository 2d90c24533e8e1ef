// The translated words of the page, as the server wrote them into its data block.
const block = document.getElementById("words");
const words = block ? JSON.parse(block.textContent) : {};

export const say = (key, values = {}) =>
  (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
