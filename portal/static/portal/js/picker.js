// Shows the photos and files that will be sent, lets one be taken out, and refuses what is too large before it is
// sent. Previews are drawn on a canvas: the content security policy allows no blob addresses.
import { say } from "./words.js";

const MB = 1024 * 1024;

const preview = async (file, canvas) => {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    canvas.getContext("2d").drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    bitmap.close();
  } catch {
    canvas.remove(); // not a picture this browser can draw; its name stands beside it
  }
};

const begin = (picker) => {
  const input = picker.querySelector("input[type=file]");
  const list = picker.querySelector("[data-picker-list]");
  const error = picker.querySelector("[data-picker-error]");
  const drop = picker.querySelector(".picker-drop");
  const limit = Number(picker.dataset.limitMb);
  let chosen = [];

  const keep = () => {
    const carrier = new DataTransfer();
    for (const file of chosen) carrier.items.add(file);
    input.files = carrier.files;
  };

  const show = () => {
    list.replaceChildren(
      ...chosen.map((file) => {
        const item = document.createElement("li");
        const name = document.createElement("span");
        name.className = "picker-name";
        name.textContent = file.name;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.className = "button quiet square";
        remove.textContent = "×";
        remove.setAttribute("aria-label", say("remove", { name: file.name }));
        remove.addEventListener("click", () => {
          chosen = chosen.filter((other) => other !== file);
          keep();
          show();
          input.focus();
        });
        if (file.type.startsWith("image/")) {
          const canvas = document.createElement("canvas");
          canvas.width = 128;
          canvas.height = 96;
          canvas.setAttribute("aria-hidden", "true");
          item.append(canvas);
          preview(file, canvas);
        }
        item.append(name, remove);
        return item;
      }),
    );
  };

  const add = (files) => {
    const large = [...files].find((file) => file.size > limit * MB);
    error.hidden = !large;
    error.textContent = large ? say("too_large", { name: large.name, limit }) : "";
    chosen = [...chosen, ...[...files].filter((file) => file.size <= limit * MB)];
    keep();
    show();
  };

  input.addEventListener("change", () => add(input.files));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.dataset.over = "";
  });
  drop.addEventListener("dragleave", () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    add(event.dataTransfer.files);
  });
};

for (const picker of document.querySelectorAll("[data-picker]")) begin(picker);
