// [data-verify]: recomputes a chain in this browser, from the exact bytes to the signed checkpoint. Nothing of ours is
// believed: items are hashed against headers, headers against the tree, the tree against the checkpoint.
import { say } from "./words.js";

const DASH = "\u2014 ";
const KEY_ID_BYTES = 4;
const unbase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));
const equal = (a, b) => a.length === b.length && a.every((each, at) => each === b[at]);

const sha256 = async (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) {
    whole.set(each, at);
    at += each.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
};
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

// The tree as it grows (RFC 6962): roots of perfect subtrees, the largest first, each with the number of its leaves.
export class Tree {
  peaks = [];

  async add(leaf) {
    let found = { size: 1, hash: leaf };
    while (this.peaks.at(-1)?.size === found.size) {
      const left = this.peaks.pop();
      found = { size: left.size * 2, hash: await sha256(NODE, left.hash, found.hash) };
    }
    this.peaks.push(found);
  }

  async root() {
    const peaks = [...this.peaks];
    let found = peaks.pop()?.hash ?? (await sha256());
    while (peaks.length) found = await sha256(NODE, peaks.pop().hash, found);
    return found;
  }
}

export const readCheckpoint = (note) => {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const signatures = note
    .slice(cut + 2)
    .split("\n")
    .filter((line) => line.startsWith(DASH))
    .map((line) => line.slice(DASH.length).split(" "))
    .map(([name, material]) => ({ name, raw: unbase64(material) }));
  return { text, origin, size: Number(size), root: unbase64(root), signatures };
};

// true, false, or null when this browser does not know Ed25519.
const isSigned = async (checkpoint, key) => {
  const [name, id, ...rest] = key.split("+");
  const material = rest.join("+"); // base64 has a plus of its own
  const line = checkpoint.signatures.find(
    (each) => each.name === name && hex(each.raw.slice(0, KEY_ID_BYTES)) === id,
  );
  if (!line) return false;
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", unbase64(material).slice(1), "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  const signed = new TextEncoder().encode(checkpoint.text);
  return crypto.subtle.verify("Ed25519", imported, line.raw.slice(KEY_ID_BYTES), signed);
};

// What an entry says was attached: the digest of the file as it was sent.
const filesOf = (entry) =>
  entry.items
    .filter((item) => item.body !== null)
    .map((item) => JSON.parse(new TextDecoder().decode(unbase64(item.body))))
    .filter((change) => change.table === "portal_attachment" && change.new?.sha256)
    .map((change) => change.new.sha256);

// Of the files that entries name, those that are not listed here any more under the digest that was sealed.
const missing = async (named, filesUrl) => {
  const left = new Set(named);
  let url = left.size ? filesUrl : null;
  while (url && left.size) {
    const page = await (await ask(url)).json();
    for (const each of page.results) left.delete(each.sha256);
    url = page.next;
  }
  return left.size;
};

const fault = async (entry, seq, chain, tree) => {
  const raw = unbase64(entry.header);
  const header = JSON.parse(new TextDecoder().decode(raw));
  if (entry.seq !== seq || header.seq !== String(seq) || `${header.space}/${header.audience}` !== chain) return "number";
  const digests = await Promise.all(
    entry.items.map(async (item) =>
      item.body === null ? unbase64(item.hash) : sha256(unbase64(item.salt), unbase64(item.body)),
    ),
  );
  const found = digests.map(hex);
  const named = new Set(header.items);
  const listed = header.parts ? found.filter((each) => named.has(each)) : found;
  if (listed.length !== header.items.length || listed.some((each, at) => each !== header.items[at])) return "items";
  if (header.parts) {
    const parts = new Tree();
    const rest = found.filter((each) => !named.has(each));
    for (const each of rest) await parts.add(await sha256(LEAF, unhex(each)));
    if (header.parts.count !== String(rest.length) || header.parts.root !== hex(await parts.root())) return "items";
  }
  await tree.add(await sha256(LEAF, raw));
  return "";
};

const ask = async (url) => {
  const answer = await fetch(url, { headers: { "X-Covalent-Background": "1" }, cache: "no-store" });
  if (!answer.ok) throw new Error(say("not_answered"));
  return answer;
};

const verify = async (place, show) => {
  const { checkpointUrl, entriesUrl, filesUrl, key, chain } = place.dataset;
  const checkpoint = readCheckpoint(await (await ask(checkpointUrl)).text());
  const isOurs = checkpoint.origin.slice(checkpoint.origin.indexOf("/") + 1) === chain;
  if (!isOurs) return { tone: "warn", words: say("verify_other_chain") };
  const signed = await isSigned(checkpoint, key);
  if (signed === false) return { tone: "warn", words: say("verify_not_signed") };
  const tree = new Tree();
  const named = new Set();
  let next = 0;
  while (next !== null && next < checkpoint.size) {
    const page = await (await ask(`${entriesUrl}?start=${next}&end=${checkpoint.size - 1}`)).json();
    if (!page.results.length) break;
    for (const entry of page.results) {
      const wrong = await fault(entry, next + 1, chain, tree);
      if (wrong) return { tone: "warn", words: say("verify_entry", { seq: next + 1 }) };
      for (const each of filesOf(entry)) named.add(each);
      next += 1;
    }
    show(next, checkpoint.size);
  }
  if (next !== checkpoint.size) return { tone: "warn", words: say("verify_missing", { n: next, size: checkpoint.size }) };
  if (!equal(await tree.root(), checkpoint.root)) return { tone: "warn", words: say("verify_root") };
  const lost = await missing(named, filesUrl);
  if (lost) return { tone: "warn", words: say("verify_files", { n: lost, size: checkpoint.size }) };
  const words = signed === null ? "verify_no_ed25519" : "verify_holds";
  return { tone: "fine", words: say(words, { n: checkpoint.size }) };
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-verify-start]");
  const place = button?.closest("[data-verify]");
  if (!place) return;
  const words = place.querySelector("[data-verify-words]");
  const progress = place.querySelector("progress");
  if (!globalThis.crypto?.subtle) {
    words.textContent = say("verify_no_crypto");
    return;
  }
  button.disabled = true;
  progress.hidden = false;
  place.dataset.verdict = "";
  words.textContent = say("verifying");
  try {
    const show = (done, all) => {
      progress.max = all;
      progress.value = done;
    };
    const found = await verify(place, show);
    place.dataset.verdict = found.tone;
    words.textContent = found.words;
  } catch (error) {
    place.dataset.verdict = "warn";
    words.textContent = error.message;
  } finally {
    progress.hidden = true;
    button.disabled = false;
  }
});
