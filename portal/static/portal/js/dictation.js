// Voice to text for a field, where the browser can: [data-dictate="field id"]. Words are added, never replaced.
import { say } from "./words.js";
import { announce } from "./toast.js";

const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;

const begin = (button) => {
  const field = document.getElementById(button.dataset.dictate);
  const label = button.querySelector("span");
  let listening = null;

  const rest = () => {
    listening = null;
    button.setAttribute("aria-pressed", "false");
    label.textContent = say("dictate");
  };

  const listen = () => {
    listening = new Recognition();
    listening.lang = document.documentElement.lang;
    listening.continuous = true;
    // Sound of a production room stays on the device where the browser offers it.
    if ("processLocally" in listening) listening.processLocally = true;
    listening.addEventListener("result", (event) => {
      for (const result of [...event.results].slice(event.resultIndex)) {
        if (!result.isFinal) continue;
        const gap = field.value && !/\s$/.test(field.value) ? " " : "";
        field.value += gap + result[0].transcript.trim();
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    listening.addEventListener("error", () => announce(say("dictation_failed")));
    listening.addEventListener("end", rest);
    listening.start();
    button.setAttribute("aria-pressed", "true");
    label.textContent = say("stop_dictating");
  };

  button.addEventListener("click", () => {
    if (listening) listening.stop();
    else listen();
  });
};

if (Recognition) {
  for (const button of document.querySelectorAll("[data-dictate]")) {
    button.hidden = false;
    const note = button.parentElement.querySelector("[data-dictate-note]");
    if (note) note.hidden = false;
    begin(button);
  }
}
