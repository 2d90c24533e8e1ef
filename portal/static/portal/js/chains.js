// One ledger chain as this page has seen it: messages go on in order and without a hole, however they come.
const FILL_PAGES = 60;

export class Chain {
  constructor({ program, audience, seen, fetchAfter, deliver, lose, settle }) {
    Object.assign(this, { program, audience, seen, fetchAfter, deliver, lose, settle });
    this.waiting = [];
    this.filling = false;
  }

  take(message) {
    if (this.seen !== undefined && message.seq <= this.seen) return;
    if (this.filling) {
      this.waiting.push(message);
    } else if (this.seen === undefined || message.seq === this.seen + 1) {
      this.#pass(message);
    } else {
      this.waiting.push(message);
      this.fill(message.seq - 1);
    }
  }

  /** Ask for what is missing up to `until`; if it cannot be had, say that the page must be read anew. */
  async fill(until) {
    if (this.filling || this.seen >= until) return;
    this.filling = true;
    let complete = false;
    try {
      for (let page = 0; page < FILL_PAGES && !complete; page += 1) {
        const entries = await this.fetchAfter(this.program, this.audience, this.seen);
        const fresh = entries.filter((entry) => entry.seq > this.seen).sort((a, b) => a.seq - b.seq);
        for (const entry of fresh) this.#pass(entry);
        // The list is gapless; where it ends early, the rest was no news for people.
        complete = this.seen >= until || !fresh.length;
      }
    } catch {
      // without an answer the hole stays and is treated below
    }
    this.filling = false;
    this.seen = Math.max(this.seen, until);
    if (complete) this.settle();
    else this.lose();
    const waiting = this.waiting.sort((a, b) => a.seq - b.seq);
    this.waiting = [];
    for (const message of waiting) this.take(message);
  }

  jump(head) {
    this.seen = head;
    this.waiting = this.waiting.filter((message) => message.seq > head);
  }

  #pass(message) {
    this.seen = message.seq;
    this.deliver(message);
  }
}
