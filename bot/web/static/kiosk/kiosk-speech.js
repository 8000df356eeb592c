// Reads aloud with voices of this machine only: the others send the text to a service.

// Chromium drops an utterance that follows too closely on a cancelled one.
const GAP_MS = 120;
// Some engines forget to say that they have finished.
const LOST_MS = 4000;
const WATCH_MS = 500;

const primary = (tag) => tag.toLowerCase().split(/[-_]/)[0];

export class Speech {
  #engine = globalThis.speechSynthesis ?? null;
  #changed;
  #queue = [];
  #gap = null;
  #watch = null;
  #quietSince = 0;
  isSpeaking = false;

  // `changed()` is called when voices come or go, and when reading begins or ends.
  constructor(changed) {
    this.#changed = changed;
    this.#engine?.addEventListener?.("voiceschanged", changed);
  }

  // Whether every language of these pieces has a voice on this machine.
  can(pieces) {
    return pieces.length > 0 && pieces.every(({ lang }) => this.#voice(lang));
  }

  // Read pieces of { text, lang } one after the other.
  start(pieces) {
    this.stop();
    if (!this.can(pieces)) return;
    this.#queue = [...pieces];
    this.#quietSince = performance.now();
    this.isSpeaking = true;
    this.#gap = setTimeout(() => this.#next(), GAP_MS);
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#changed();
  }

  stop() {
    clearTimeout(this.#gap);
    clearInterval(this.#watch);
    this.#queue = [];
    this.#engine?.cancel();
    if (!this.isSpeaking) return;
    this.isSpeaking = false;
    this.#changed();
  }

  #voice(lang) {
    const voices = this.#engine?.getVoices() ?? [];
    return voices.find((v) => v.localService && primary(v.lang) === primary(lang));
  }

  #next() {
    const piece = this.#queue.shift();
    if (!piece) {
      this.stop();
      return;
    }
    const said = new SpeechSynthesisUtterance(piece.text);
    said.voice = this.#voice(piece.lang) ?? null;
    said.lang = piece.lang;
    said.rate = 0.95;
    const isCurrent = () => this.isSpeaking && this.#current === said;
    said.onend = () => isCurrent() && this.#next();
    said.onerror = () => isCurrent() && this.stop();
    this.#current = said;
    this.#engine.speak(said);
  }

  #current = null;

  #look() {
    const now = performance.now();
    if (this.#engine.speaking || this.#engine.pending) this.#quietSince = now;
    else if (now - this.#quietSince > LOST_MS) this.stop();
  }
}
