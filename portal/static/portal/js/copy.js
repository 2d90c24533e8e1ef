// [data-copy="id"] puts the text of that element on the clipboard and says whether it did.
import { announce } from "./toast.js";
import { say } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  let words = say("copied");
  try {
    await navigator.clipboard.writeText(source.value || source.textContent.trim());
  } catch {
    words = say("copy_failed"); // refused, or no clipboard without TLS
    getSelection().selectAllChildren(source);
  }
  announce(words);
  label.textContent = words;
  setTimeout(() => {
    label.textContent = before;
  }, 2500);
});
