// Opens and closes native dialogs: [data-open="id"], [data-close], and a click beside a dialog[data-light].
const open = (id) => {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
};

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open]");
  // A button that fetches the dialog first opens it when it has come, below.
  if (opener && !opener.hasAttribute("hx-get")) {
    open(opener.dataset.open);
    return;
  }
  if (event.target.closest?.("[data-close]")) {
    event.target.closest("dialog")?.close();
    return;
  }
  if (event.target instanceof HTMLDialogElement && event.target.hasAttribute("data-light")) event.target.close();
});

document.addEventListener("htmx:afterSettle", (event) => {
  const opener = event.detail.requestConfig?.elt;
  if (opener?.dataset?.open) open(opener.dataset.open);
});
