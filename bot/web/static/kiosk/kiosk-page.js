// Small help with the page: finding and making elements, and saying things in one language.
// Text enters the page as text only.

export const at = (id) => document.getElementById(id);

// One element with its attributes and children: make("p", { class: "note" }, "words").
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

export const folded = (text) => text.replace(/\s+/g, " ").trim();

// The page's own words in the language that is chosen.
export class Words {
  #catalogs;

  constructor(catalogs) {
    this.#catalogs = catalogs;
    this.first = Object.keys(catalogs)[0];
    this.language = this.first;
  }

  say(key, slots = {}) {
    const sentence = this.#catalogs[this.language][key];
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => slots[name] ?? whole);
  }

  // A sentence in that language where the page speaks it, else undefined.
  sayIn(language, key) {
    return this.#catalogs[language]?.[key];
  }

  choose(language) {
    this.language = language in this.#catalogs ? language : this.first;
    document.documentElement.lang = this.language;
    document.title = this.say("page");
    for (const node of document.querySelectorAll("[data-say]")) {
      node.textContent = this.say(node.dataset.say);
    }
    for (const node of document.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", this.say(node.dataset.label));
    }
  }
}
