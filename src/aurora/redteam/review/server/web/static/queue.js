// Saves: what a person decided, kept in the browser until the server has said that it is kept there.
//
// One decision: an entry goes to localStorage before it is sent and leaves it after the server's answer, so neither a slow
// server, nor one that was killed, nor a closed window loses it. It carries a token of its own: the server carries out the
// same entry once, however often it is sent.

const WAITS = [1, 2, 4, 8, 15]; // seconds between attempts
const PATIENCE = 20; // seconds until an attempt counts as not answered

export class Queue {
  // `tell(state, seconds)` is called with "saving", "saved", "waiting" (another attempt in `seconds`) or "stopped".
  constructor(reviewer, form, tell) {
    this.key = `aurora-unsaved:${reviewer}`;
    this.form = form;
    this.tell = tell;
    this.wake = () => {};
    window.addEventListener("online", () => this.wake());
    window.addEventListener("beforeunload", event => { if (this.entries().length) event.preventDefault(); });
  }

  entries() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch { return []; }
  }

  keep(entries) {
    try {
      if (entries.length) localStorage.setItem(this.key, JSON.stringify(entries));
      else localStorage.removeItem(this.key);
    } catch { /* a full or forbidden store: the entry is sent all the same, from this page alone */ }
  }

  // The server's answer to one entry: {status, body}. It is sent again until there is one.
  async save(path, body) {
    const entry = {path, body: {token: token(), ...body}};
    this.keep([...this.entries(), entry]);
    return this.send(entry);
  }

  async send(entry) {
    this.tell("saving");
    for (let attempt = 0; ; attempt += 1) {
      const answer = await post(entry.path, entry.body, this.form);
      if (answer && answer.status === 401) { // the entry stays, for when this person has signed in again
        this.tell("stopped");
        return answer;
      }
      if (answer && answer.status < 500 && answer.status !== 429) {
        this.keep(this.entries().filter(other => other.body.token !== entry.body.token));
        this.tell(answer.status < 300 ? "saved" : "refused");
        return answer;
      }
      const seconds = WAITS[Math.min(attempt, WAITS.length - 1)];
      this.tell("waiting", seconds);
      await new Promise(go => { this.wake = go; setTimeout(go, seconds * 1000); });
    }
  }

  // Send what an earlier page left; answers that are no success are given to `refused`.
  async drain(refused) {
    for (const entry of this.entries()) {
      const answer = await this.send(entry);
      if (answer.status === 401) return false;
      if (answer.status >= 300) await refused(entry, answer);
    }
    return true;
  }
}

// An answer of the server, or null where there was none in time.
export async function post(path, body, form) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE * 1000);
  try {
    const response = await fetch(path, {
      method: "POST", signal: stop.signal, redirect: "error",
      headers: {"Content-Type": "application/json", "X-Form": form}, body: JSON.stringify(body),
    });
    return {status: response.status, body: await response.json()};
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}
