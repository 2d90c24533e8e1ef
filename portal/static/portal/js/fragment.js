// [data-from-fragment] takes what stands behind the # of the address and takes it out of there: a link's code is
// for the form alone, not for the history of the browser.
const field = document.querySelector("[data-from-fragment]");
if (field && location.hash.length > 1) {
  field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}
