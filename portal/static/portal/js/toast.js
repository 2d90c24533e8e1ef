// Cards over the page for what arrives while it stands: they cover a corner and move nothing.
import { say } from "./words.js";

const MOST = 4;
const SHORT_MS = 8000;

const list = () => document.getElementById("toasts");

export const announce = (text, urgent = false) => {
  const region = document.getElementById(urgent ? "urgent" : "polite");
  if (!region) return;
  region.textContent = "";
  // A region is read again only after it was seen empty.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
};

const vanish = (card) => {
  let timer = setTimeout(() => card.remove(), SHORT_MS);
  const hold = () => clearTimeout(timer);
  const go = () => {
    timer = setTimeout(() => card.remove(), SHORT_MS / 2);
  };
  card.addEventListener("pointerenter", hold);
  card.addEventListener("focusin", hold);
  card.addEventListener("pointerleave", go);
  card.addEventListener("focusout", go);
};

/** Show a card. `stays` until dismissed; `url` and `act` give it one thing to do, named by `doing`. */
export const toast = ({ text, tone = "", url = "", act = null, doing = "", stays = false, urgent = false }) => {
  const template = document.getElementById("toast");
  const room = list();
  if (!template || !room) return;
  const card = template.content.firstElementChild.cloneNode(true);
  card.dataset.tone = tone;
  card.querySelector("[data-toast-text]").textContent = text;
  const link = card.querySelector("[data-toast-link]");
  if (url || act) {
    link.textContent = doing || say("open");
    if (url) link.href = url;
    if (act) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        card.remove();
        act();
      });
    }
    link.parentElement.hidden = false;
  }
  card.querySelector("[data-toast-close]").addEventListener("click", () => card.remove());
  room.prepend(card);
  for (const extra of [...room.children].slice(MOST)) extra.remove();
  if (!stays) vanish(card);
  announce(text, urgent);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-toast]");
  if (button) toast({ text: button.dataset.toastWords, tone: button.dataset.toast });
});
