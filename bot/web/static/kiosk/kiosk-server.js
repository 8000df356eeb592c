// Everything that goes over the network: questions, forgetting a visit, and whether the server
// is there at all. Nothing of it is kept on this machine.

const ASK_MS = 10000;
const BEAT_MS = 4000;
const REST_MS = 20000;
const DOUBT_MS = 5000;
// One lost heartbeat may be a hiccup of the network; two in a row are not.
const MISSES = 2;

export class Server {
  #root;
  #changed;
  #misses = 0;
  #timer = null;
  #pending = new Map();
  #toForget = new Set();
  isUp = true;

  // `changed(isUp)` is called when the server goes or comes back.
  constructor(root, changed) {
    this.#root = root;
    this.#changed = changed;
  }

  async call(path, { patience = ASK_MS, ...options } = {}) {
    const response = await fetch(this.#root + path, {
      ...options,
      headers: options.body ? { "Content-Type": "application/json" } : {},
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(patience),
    });
    if (!response.ok) throw new Error(String(response.status));
    return response.status === 204 ? null : response.json();
  }

  post(path, body) {
    return this.call(path, { method: "POST", body: JSON.stringify(body) });
  }

  // Ask within a visit; a failure looks at once whether the server is still there.
  async ask(visit, message) {
    const asking = this.post("/v1/ask", { ...message, visit_id: visit, channel: "kiosk" });
    this.#pending.set(visit, asking);
    try {
      return await asking;
    } catch (error) {
      await this.beat(1);
      throw error;
    } finally {
      if (this.#pending.get(visit) === asking) this.#pending.delete(visit);
    }
  }

  // Delete all that the server keeps of a visit: now, again when a question that is still under
  // way has been answered, and again later if the server cannot be reached.
  forget(visit) {
    const asking = this.#pending.get(visit);
    this.#delete(visit);
    asking?.catch(() => {}).then(() => this.#delete(visit));
  }

  #delete(visit) {
    this.#toForget.add(visit);
    this.call(`/v1/visits/${visit}`, { method: "DELETE", keepalive: true })
      .then(() => this.#toForget.delete(visit))
      .catch(() => {});
  }

  // A sign of life without content; `misses` is how many in a row mean that it is gone.
  async beat(misses = MISSES) {
    clearTimeout(this.#timer);
    try {
      await this.call("/healthz", { patience: BEAT_MS });
      this.#misses = 0;
      for (const visit of this.#toForget) this.#delete(visit);
      this.#turn(true);
    } catch {
      this.#misses += 1;
      if (this.#misses >= misses) this.#turn(false);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.beat(), this.#misses ? DOUBT_MS : REST_MS);
  }

  #turn(isUp) {
    if (this.isUp === isUp) return;
    this.isUp = isUp;
    this.#changed(isUp);
  }
}
