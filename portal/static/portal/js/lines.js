// A fault names its line; the button beside it shows that line in the text.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-line]");
  const field = button && document.getElementById(button.dataset.of);
  if (!field) return;
  const lines = field.value.split("\n");
  const at = Math.min(Number(button.dataset.line), lines.length) - 1;
  const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + lines[at].length);
  field.scrollTop = (field.scrollHeight / lines.length) * at - field.clientHeight / 3;
});
