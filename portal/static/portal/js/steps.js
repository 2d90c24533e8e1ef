// A long form one step at a time: form[data-steps-form] with fieldsets [data-step]. Without script they stand below
// each other and the form works the same.
import { say } from "./words.js";
import { announce } from "./toast.js";

const labelOf = (field) =>
  field.closest(".picker")?.querySelector(".field-name")?.firstChild?.textContent.trim() ??
  field.closest("fieldset.field")?.querySelector("legend")?.firstChild?.textContent.trim() ??
  field.labels?.[0]?.firstChild?.textContent.trim() ??
  field.name;

const valueOf = (field) => {
  if (field instanceof HTMLSelectElement) return field.selectedOptions[0]?.textContent.trim() ?? "";
  if (field.type === "radio") return field.checked ? (field.labels?.[0]?.textContent.trim() ?? field.value) : "";
  if (field.type === "checkbox") return field.checked ? "✓" : "";
  if (field.type === "file") return [...field.files].map((file) => file.name).join(", ");
  if (field.type === "datetime-local") return field.value.replace("T", " ");
  return field.value.trim();
};

const review = (form) => {
  const room = form.querySelector("[data-review]");
  if (!room) return;
  const list = document.createElement("dl");
  list.className = "facts";
  for (const field of form.querySelectorAll("[data-step] :is(input, select, textarea)")) {
    const value = field.type === "hidden" ? "" : valueOf(field);
    if (!value) continue;
    const name = document.createElement("dt");
    const words = document.createElement("dd");
    name.textContent = labelOf(field);
    words.textContent = value;
    words.className = "prose";
    list.append(name, words);
  }
  room.replaceChildren(list);
};

const begin = (form) => {
  const steps = [...form.querySelectorAll("fieldset[data-step]")];
  const marks = [...form.querySelectorAll("[data-steps] > li")];
  const [back, on, send] = ["back", "on", "send"].map((name) => form.querySelector(`[data-step-${name}]`));
  const refused = steps.findIndex((step) => step.querySelector("[data-invalid], [aria-invalid=true]"));
  let open = Math.max(refused, 0);

  const show = (index, focus = true) => {
    open = index;
    steps.forEach((step, i) => {
      step.hidden = i !== index;
    });
    marks.forEach((mark, i) => {
      mark.dataset.state = i < index ? "done" : i === index ? "now" : "ahead";
      if (i === index) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
    });
    back.hidden = index === 0;
    on.hidden = index === steps.length - 1;
    send.hidden = index !== steps.length - 1;
    if (index === steps.length - 1) review(form);
    if (!focus) return;
    announce(say("step", { n: index + 1, total: steps.length }));
    const target = steps[index].querySelector("input:not([type=hidden]), textarea, select") ?? send;
    target.focus({ preventScroll: true });
    form.scrollIntoView({ block: "start" });
  };

  const goOn = () => {
    const bad = [...steps[open].querySelectorAll("input, textarea, select")].find((field) => !field.checkValidity());
    if (bad) bad.reportValidity();
    else show(open + 1);
  };

  on.addEventListener("click", goOn);
  back.addEventListener("click", () => show(open - 1));
  // Enter in a field means "next", not "send", until the last step stands open.
  form.addEventListener("submit", (event) => {
    if (open < steps.length - 1) {
      event.preventDefault();
      event.stopImmediatePropagation();
      goOn();
    }
  });
  show(open, false);
};

for (const form of document.querySelectorAll("form[data-steps-form]")) begin(form);
