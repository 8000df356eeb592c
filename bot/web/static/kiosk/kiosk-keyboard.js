// A keyboard on the screen: large keys, one tap a letter, every key announced. The caret and the
// focus stay in the field; a real keyboard works beside it.

import { make } from "./kiosk-page.js";

const ROWS = {
  en: ["1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm,?"],
  es: ["1234567890", "qwertyuiop", "asdfghjklñ", "zxcvbnm,?", "¿áéíóúü'"],
};

export class Keyboard {
  #place;
  #words;
  #field;
  #tell;
  #isCapital = false;

  // `field()` gives the field to write into, `tell(text)` announces what a key did.
  constructor(place, words, field, tell) {
    this.#place = place;
    this.#words = words;
    this.#field = field;
    this.#tell = tell;
    // A tap must not take the focus, and with it the caret, out of the field.
    place.addEventListener("mousedown", (event) => event.preventDefault());
    place.addEventListener("click", ({ target }) => this.#press(target.closest("button")));
  }

  // Lay the keys out for the language that is chosen.
  draw() {
    this.#isCapital = false;
    const rows = (ROWS[this.#words.language] ?? ROWS.en).map((letters) => [...letters].map(letter));
    rows[3].unshift(this.#special("shift", "⇧", { "aria-pressed": "false" }));
    rows[3].push(this.#special("delete", "⌫"));
    rows.push([this.#special("space", this.#words.say("space"))]);
    this.#place.replaceChildren(...rows.map((keys) => make("div", { class: "keys-row" }, ...keys)));
  }

  clear() {
    const field = this.#field();
    field.value = "";
    this.#tell(this.#words.say("cleared"));
    field.focus();
  }

  #special(does, shown, more = {}) {
    const label = this.#words.say(does);
    const named = shown === label ? {} : { "aria-label": label };
    return make("button", { type: "button", "data-does": does, ...named, ...more }, shown);
  }

  #press(key) {
    if (!key) return;
    const { does, letter } = key.dataset;
    if (does === "shift") this.#shift(!this.#isCapital);
    else if (does === "delete") this.#delete();
    else this.#write(does === "space" ? " " : this.#isCapital ? letter.toUpperCase() : letter);
  }

  #write(text) {
    const field = this.#field();
    const { selectionStart: start, selectionEnd: end, value, maxLength } = field;
    if (value.length - (end - start) + text.length > maxLength) return;
    field.setRangeText(text, start, end, "end");
    field.focus();
    this.#tell(text === " " ? this.#words.say("space") : text);
    if (this.#isCapital) this.#shift(false);
  }

  #delete() {
    const field = this.#field();
    const { selectionStart: start, selectionEnd: end } = field;
    // A whole character goes, also one that is stored as two.
    const before = [...field.value.slice(0, start)].at(-1) ?? "";
    field.setRangeText("", start === end ? start - before.length : start, end, "end");
    field.focus();
    this.#tell(this.#words.say("deleted"));
  }

  #shift(isCapital) {
    this.#isCapital = isCapital;
    for (const key of this.#place.querySelectorAll("[data-letter]")) {
      key.textContent = isCapital ? key.dataset.letter.toUpperCase() : key.dataset.letter;
    }
    const shift = this.#place.querySelector('[data-does="shift"]');
    shift.setAttribute("aria-pressed", String(isCapital));
  }
}

function letter(char) {
  return make("button", { type: "button", "data-letter": char }, char);
}
