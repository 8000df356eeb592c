// Tells when nobody has touched the screen for a while: first a warning, then the end.
// It measures by the monotonic clock, so that a corrected wall clock ends nobody's visit.

const TICK_MS = 250;
// A machine that slept this long may have been woken by somebody else.
const SLEPT_MS = 10000;

export class Idle {
  #timer = null;
  #deadline = 0;
  #isWarning = false;
  #isHeld = false;
  #skew = 0;

  // `warn()` opens the warning, `tell(seconds)` counts in it, `over()` ends the visit.
  constructor({ idleSeconds, warningSeconds, warn, tell, over }) {
    Object.assign(this, { idleMs: idleSeconds * 1000, warningMs: warningSeconds * 1000 });
    Object.assign(this, { warn, tell, over });
  }

  start() {
    this.stop();
    this.#isHeld = false;
    this.#skew = Date.now() - performance.now();
    this.#renew();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#isWarning = false;
  }

  // Any touch counts until the warning is open; then only `stay` does.
  touch() {
    if (!this.#isWarning) this.#renew();
  }

  stay() {
    this.#isWarning = false;
    this.#renew();
  }

  // While something is read aloud, nobody has to touch anything. Said twice it is no news, and
  // no sign of anybody: a server that comes and goes would keep a visit open.
  hold(isHeld) {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.touch();
  }

  #renew() {
    this.#deadline = performance.now() + this.idleMs;
  }

  #tick() {
    const now = performance.now();
    const skew = Date.now() - now;
    const hasSlept = skew - this.#skew > SLEPT_MS;
    this.#skew = skew;
    if (hasSlept) this.over();
    else if (this.#isHeld && !this.#isWarning) this.#renew();
    else if (now >= this.#deadline) this.#next(now);
    else if (this.#isWarning) this.tell(Math.ceil((this.#deadline - now) / 1000));
  }

  #next(now) {
    if (this.#isWarning) {
      this.over();
      return;
    }
    this.#isWarning = true;
    this.#deadline = now + this.warningMs;
    this.warn();
    this.tell(this.warningMs / 1000);
  }
}
