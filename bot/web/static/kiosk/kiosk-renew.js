// Keeps the page's own files on this machine and takes a newer version only while nobody is
// there. Without a service worker the page works all the same, as long as the server does.

const LOOK_MS = 10 * 60 * 1000;
// A page that stays open for ever gathers what browsers gather; a day is short enough.
const DAY_MS = 24 * 60 * 60 * 1000;

export class Renewal {
  #isAtRest;
  #isUp;
  #registration = null;
  #isDue = false;

  // `isAtRest()` and `isUp()` say whether nobody is there, and whether the server is.
  constructor(isAtRest, isUp) {
    this.#isAtRest = isAtRest;
    this.#isUp = isUp;
  }

  async start(root) {
    setInterval(() => this.#look(), LOOK_MS);
    const workers = navigator.serviceWorker;
    if (!workers) return;
    const isFirst = !workers.controller;
    let isClaimed = isFirst;
    workers.addEventListener("controllerchange", () => {
      // The first worker takes a page that is already the right one.
      if (isClaimed) isClaimed = false;
      else this.#isDue = true;
      this.rest();
    });
    try {
      this.#registration = await workers.register(trusted(`${root}/kiosk/sw.js`), {
        scope: `${root}/kiosk`,
        updateViaCache: "none",
      });
      this.#registration.addEventListener("updatefound", () => this.#follow());
      this.rest();
    } catch {
      // No secure address, or forbidden by policy: KIOSK.md tells what is lost.
    }
  }

  // To be called whenever nobody is there.
  rest() {
    if (!this.#isAtRest()) return;
    if (this.#isDue) {
      this.#isDue = false;
      location.reload();
    } else this.#registration?.waiting?.postMessage("take over");
  }

  #follow() {
    this.#registration.installing?.addEventListener("statechange", () => this.rest());
  }

  #look() {
    if (!this.#isAtRest() || !this.#isUp()) return;
    if (performance.now() > DAY_MS) this.#isDue = true;
    this.#registration?.update().catch(() => {});
    this.rest();
  }
}

// The page's policy lets a script's address pass only through a policy with a name.
function trusted(address) {
  const types = globalThis.trustedTypes;
  if (!types) return address;
  return types.createPolicy("kiosk", { createScriptURL: (own) => own }).createScriptURL(address);
}
