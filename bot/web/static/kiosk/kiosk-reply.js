// Draws a reply: urgent card first, the bot's own words and quoted words apart, numbers as plain
// text. A phone cannot be dialled here and no link leads away; a code takes the section along.

import { folded, make } from "./kiosk-page.js";

// How a kind of reply is shown: the label above it, the line above its suggestions, whether
// "did this help" is worth asking.
const PLAIN = { label: "", offer: "choose", asksFeedback: false };

export function manner(outcome) {
  switch (outcome) {
    case "answer":
      return { ...PLAIN, label: "the_guide", asksFeedback: true };
    case "clarify":
      return { ...PLAIN, offer: "choose_one" };
    case "not_covered":
      return { ...PLAIN, label: "label_not_covered", asksFeedback: true };
    case "dosing_refusal":
    case "personal_advice":
      return { label: "label_clinic", offer: "guide_does_say", asksFeedback: true };
    case "emergency":
    case "overdose":
    case "crisis":
      return { ...PLAIN, label: "label_help" };
    case "smalltalk":
    case "unintelligible":
      return PLAIN;
    default:
      // A newer server may know more outcomes; its text is complete on its own.
      return PLAIN;
  }
}

export class Replies {
  // `words` says the page's own words, `config` the clinic's facts; `guide()` gives the guide's
  // sections, `choose(label, passageId)` asks for one, `rate(replyId, helpful)` promises.
  constructor({ words, config, guide, choose, rate }) {
    Object.assign(this, { words, config, guide, choose, rate });
  }

  // All of a reply, as elements in their order.
  draw(reply) {
    const { label, offer, asksFeedback } = manner(reply.outcome);
    const drawn = [];
    if (reply.card) drawn.push(this.#card(reply));
    else if (label) drawn.push(make("p", { class: "label", "data-aloud": "" }, this.words.say(label)));
    drawn.push(...this.#parts(reply));
    if (reply.notice) drawn.push(make("p", { class: "note", lang: reply.lang }, reply.notice));
    if (asksFeedback) drawn.push(this.#feedback(reply));
    if (reply.suggestions.length) drawn.push(this.#suggestions(reply, offer));
    const taken = this.#takeaway(reply);
    const main = make("div", { class: "reply-main" }, ...drawn);
    return taken ? [main, taken] : [main];
  }

  // The lines of the reply's text in their order, without those that the card and the buttons
  // show in a form of their own.
  #parts(reply) {
    const left = [...reply.excerpts];
    const elsewhere = new Set(shownElsewhere(reply));
    const parts = [];
    for (const line of reply.text.split("\n").map(folded)) {
      const excerpt = left.find(({ display }) => line.includes(folded(display)));
      if (excerpt) {
        left.splice(left.indexOf(excerpt), 1);
        parts.push(this.#quote(excerpt));
      } else if (line && !elsewhere.has(line)) {
        parts.push(make("p", { class: "own", lang: reply.lang, "data-aloud": "" }, line));
      }
    }
    return [...parts, ...left.map((excerpt) => this.#quote(excerpt))];
  }

  // In the clinic, staff are nearer than any telephone.
  #card(reply) {
    const { level, title, lines, numbers } = reply.card;
    const isUrgent = level === "emergency" || level === "urgent";
    const own = isUrgent
      ? lines.filter((line) => !Object.values(this.config.staffLines).includes(line))
      : lines;
    const [first, ...rest] = own.map((line) => make("p", { "data-aloud": "" }, line));
    const dialled = numbers.length
      ? [make("ul", { class: "numbers" }, ...numbers.map((line) => this.#number(line)))]
      : [];
    const heading = make("h2", { class: "card-title", "data-aloud": "" }, title);
    const body = make("div", { class: "card-body" }, first ?? "", ...dialled, ...rest);
    const role = level === "emergency" ? { role: "alert" } : {};
    return make(
      "section",
      { class: `card card-${level}`, lang: reply.lang, ...role },
      ...(isUrgent ? [this.#staff(reply.lang)] : []),
      heading,
      body,
    );
  }

  #staff(lang) {
    const { staffLines } = this.config;
    const spoken = this.words.sayIn(lang, "staff_now") ?? staffLines[lang];
    const [said, saidIn] = spoken
      ? [spoken, lang]
      : [this.words.say("staff_now"), this.words.language];
    return make("p", { class: "staff", lang: saidIn, "data-aloud": "" }, said);
  }

  #number({ label, number, mode, hours }) {
    const more = [this.words.say(mode), hours].filter(Boolean).join(" · ");
    return make(
      "li",
      { "data-aloud": "" },
      make("span", { class: "number-label" }, label, make("span", { class: "number-hours" }, more)),
      " ",
      make("span", { class: "number" }, number),
    );
  }

  #quote(excerpt) {
    const where = excerpt.path.length ? excerpt.path.join(" › ") : excerpt.section;
    const lang = this.guide()?.language ?? "";
    return make(
      "figure",
      { class: "quote" },
      make("blockquote", { lang }, make("p", { "data-aloud": "" }, excerpt.display)),
      make("figcaption", {}, make("cite", { lang }, where)),
    );
  }

  #suggestions(reply, offer) {
    const tiles = reply.suggestions.map(({ label, passage_id }) => {
      const tile = make("button", { type: "button", class: "tile", lang: reply.lang }, label);
      tile.addEventListener("click", () => this.choose(label, passage_id));
      return tile;
    });
    const title = make("h2", { "data-aloud": "" }, this.words.say(offer));
    return make("section", { class: "offers" }, title, make("div", { class: "tiles" }, ...tiles));
  }

  #feedback(reply) {
    const thanks = make("p", { class: "thanks", role: "status" });
    const buttons = [["yes", true], ["no", false]].map(([key, helpful]) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, this.words.say(key));
      button.addEventListener("click", async () => {
        try {
          await this.rate(reply.reply_id, helpful);
          for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
          thanks.textContent = this.words.say("thanks");
        } catch {
          thanks.textContent = this.words.say("not_saved");
        }
      });
      return button;
    });
    const asked = this.words.say("helped");
    const row = make("div", { class: "helped-row" }, ...buttons, thanks);
    return make("div", { class: "helped", role: "group", "aria-label": asked },
      make("p", { "aria-hidden": "true" }, asked), row);
  }

  // A code of the guide's page and section; nothing of the conversation is in its address. Where
  // somebody has to act at once, it would only be in the way.
  #takeaway(reply) {
    const base = this.#publicBase();
    const [excerpt] = reply.excerpts;
    const section = excerpt && this.#sectionOf(excerpt.passage_id);
    if (!section || base === null || reply.card?.level === "emergency") return null;
    const own = `/takeaway/${excerpt.guide}/${encodeURIComponent(section)}`;
    const code = make("img", {
      src: `${this.config.root}/kiosk${own}`, alt: this.words.say("code"), class: "code",
      width: "296", height: "296", draggable: "false",
    });
    return make(
      "aside",
      { class: "take" },
      make("h2", {}, this.words.say("take")),
      code,
      make("p", {}, this.words.say("take_how")),
      make("p", { class: "address" }, ...breakable(`${base}/guides/${excerpt.guide}#${section}`)),
    );
  }

  #sectionOf(passageId) {
    const holds = ({ passages }) => passages.some(({ passage_id }) => passage_id === passageId);
    return this.guide()?.sections.find(holds)?.section_id;
  }

  // Where a phone finds the guide; null where only this machine itself could.
  #publicBase() {
    const { publicUrl, isDemo, root } = this.config;
    if (publicUrl) return publicUrl;
    const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
    return isHere && !isDemo ? null : location.origin + root;
  }
}

function shownElsewhere({ card, suggestions }) {
  const lines = suggestions.map(({ label }, index) => `${index + 1}. ${label}`);
  if (card) {
    lines.push(card.title, `${card.title}.`, ...card.lines);
    lines.push(...card.numbers.map(({ label, number }) => `${label}: ${number}`));
  }
  return lines.map(folded);
}

// A long address, which may break after its marks only.
function breakable(address) {
  return address.split(/(?<=[/#.-])/).flatMap((part) => [part, document.createElement("wbr")]);
}
