// form[data-passkey="create|get"] is sent with what the authenticator says to the options in the page, or at
// data-passkey-options. A button with data-passkey-go starts it.
import { toast } from "./toast.js";
import { say } from "./words.js";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const listed = (credentials = []) => credentials.map((each) => ({ ...each, id: bytes(each.id) }));

const creation = (options, alone) => ({
  ...options,
  challenge: bytes(options.challenge),
  user: { ...options.user, id: bytes(options.user.id) },
  excludeCredentials: listed(options.excludeCredentials),
  // A key that signs in alone must know its account, and its owner.
  authenticatorSelection: {
    ...options.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : "preferred",
  },
});

const request = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  allowCredentials: listed(options.allowCredentials),
});

// `response` names its parts; those that are buffers are sent as text.
const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const said = (credential) => ({
  id: credential.id,
  rawId: text(credential.rawId),
  type: credential.type,
  clientExtensionResults: credential.getClientExtensionResults(),
  response: Object.fromEntries(
    PARTS.filter((part) => credential.response[part]).map((part) => [part, text(credential.response[part])]),
  ),
});

const fetched = async (address) => {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  return answer.json();
};

// What a key is asked to sign goes along: the fields of the form that data-passkey-about names.
const addressOf = (form) => {
  const { passkeyOptions: address, passkeyAbout: names } = form.dataset;
  if (!names) return address;
  const given = new FormData(form);
  return `${address}?${new URLSearchParams(names.split(" ").map((name) => [name, given.get(name) ?? ""]))}`;
};

const ask = async (form) => {
  const block = document.getElementById("passkey-options");
  const data = block ? JSON.parse(block.textContent) : await fetched(addressOf(form));
  if (data.ceremony) form.elements.ceremony.value = data.ceremony;
  if (form.dataset.passkey === "create") {
    const alone = form.querySelector("[name=passwordless]")?.checked ?? false;
    return navigator.credentials.create({ publicKey: creation(data.creation_options.publicKey, alone) });
  }
  return navigator.credentials.get({ publicKey: request(data.request_options.publicKey) });
};

// The key stands for the code; what else is asked for must be there before it is.
const isFilled = (form) => {
  const missing = [...form.elements].find((each) => each.name !== "code" && each.willValidate && !each.validity.valid);
  missing?.reportValidity();
  return !missing;
};

document.addEventListener("click", async (event) => {
  const form = event.target.closest?.("[data-passkey-go]")?.form;
  if (!form) return;
  event.preventDefault();
  if (form.dataset.passkeyAbout && !isFilled(form)) return;
  try {
    form.elements.credential.value = JSON.stringify(said(await ask(form)));
    form.submit();
  } catch (error) {
    // An address that is a number has no passkeys; the rest is the person's own "no", or time that ran out.
    toast({ text: say(error.name === "SecurityError" ? "passkey_no_name" : "passkey_failed"), tone: "warn" });
  }
});
