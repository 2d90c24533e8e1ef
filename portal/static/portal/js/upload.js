// A file that takes a while: says how much of it is sent, then that it is read. Without script the form is sent
// as any other.
const begin = (form) => {
  const bar = form.querySelector("progress");
  const words = form.querySelector("[data-sending]");
  const button = form.querySelector("[type=submit]");
  form.querySelector("[data-upload-progress]").hidden = false;
  button.disabled = true;
  words.textContent = words.dataset.sending;

  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value"); // how long the reading takes is not known
    words.textContent = words.dataset.reading;
  });
  request.addEventListener("load", () => {
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const told = page.querySelector("main");
    if (!told) return location.reload();
    document.querySelector("main").replaceWith(document.adoptNode(told));
    scrollTo(0, 0);
  });
  request.addEventListener("error", () => {
    button.disabled = false;
    form.querySelector("[data-upload-progress]").hidden = true;
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
};

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-upload]")) return;
  event.preventDefault();
  begin(event.target);
});
