// The chat widget: one self-contained module, served as it is written. How to embed and dress
// it stands in bot/web/README.md. Text enters the page as text only, and nothing is stored.

const NAME = "quotewell-chat";
const PATIENCE_MS = 15000;
// A reply takes milliseconds; a sign of waiting that flashes by unsettles.
const SLOW_MS = 500;
const N_TOPICS = 4;
const RTL = /^(ar|fa|he|ur|qps-plocm)\b/;

const CATALOGS = {
  en: {
    heading: "Ask our guide",
    close: "Close",
    options: "Options",
    greeting: "Hello. Ask a question, and you get the exact words of our guide.",
    about: "Hello. Ask a question about {title}, and you get the exact words of our guide.",
    notice: "Automated. Quotes our guide word for word. Not medical advice.",
    demo: "Demonstration, not set up for a clinic.",
    hint: "Please do not type names or private details.",
    topics: "You can ask about",
    log: "Conversation",
    you: "You said:",
    bot: "Reply:",
    field: "Your question",
    send: "Send",
    looking: "Looking in the guide…",
    where: "From our guide: {path}",
    see: "See it in the guide",
    tab: "(opens in a new tab)",
    language: "Quoted in {language}, the language of the guide.",
    more: "Show more of this section",
    also: "You can also ask about",
    silent: "Not in the guide",
    team: "A question for the clinic team",
    says: "What the guide does say",
    urgent: "Get help now",
    helpful: "Did this help?",
    yes: "Yes",
    no: "No",
    thanks: "Thank you.",
    unsaved: "This could not be saved.",
    call: "Call {number}",
    text: "Text {number}",
    copy: "Copy",
    copied: "Copied.",
    uncopied: "This browser does not allow copying.",
    download: "Download",
    print: "Print",
    clear: "Clear",
    cleared: "The conversation was cleared.",
    clinic: "Clinic",
    emergency: "Emergency",
    read: "Read the whole guide",
    offline: "You are offline. Your question is kept.",
    online: "You are online again.",
    failed: "No reply came. Your question is kept.",
    wait: "If this is urgent, do not wait: call the clinic or the emergency number.",
    retry: "Try again",
    limited: {
      one: "Too many questions at once. Please try again in {n} second.",
      other: "Too many questions at once. Please try again in {n} seconds.",
    },
    long: { one: "{n} character too many", other: "{n} characters too many" },
  },
  es: {
    heading: "Pregunte a nuestra guía",
    close: "Cerrar",
    options: "Opciones",
    greeting: "Hola. Haga una pregunta y verá las palabras exactas de nuestra guía.",
    about: "Hola. Haga una pregunta sobre {title} y verá las palabras exactas de nuestra guía.",
    notice: "Automático. Cita nuestra guía palabra por palabra. No es consejo médico.",
    demo: "Demostración, sin configurar para una clínica.",
    hint: "No escriba nombres ni datos privados.",
    topics: "Puede preguntar sobre",
    log: "Conversación",
    you: "Usted dijo:",
    bot: "Respuesta:",
    field: "Su pregunta",
    send: "Enviar",
    looking: "Buscando en la guía…",
    where: "De nuestra guía: {path}",
    see: "Verlo en la guía",
    tab: "(se abre en otra pestaña)",
    language: "Citado en {language}, el idioma de la guía.",
    more: "Mostrar más de esta sección",
    also: "También puede preguntar sobre",
    silent: "No está en la guía",
    team: "Una pregunta para el equipo de la clínica",
    says: "Lo que sí dice la guía",
    urgent: "Pida ayuda ahora",
    helpful: "¿Le ayudó?",
    yes: "Sí",
    no: "No",
    thanks: "Gracias.",
    unsaved: "No se pudo guardar.",
    call: "Llamar al {number}",
    text: "Mensaje al {number}",
    copy: "Copiar",
    copied: "Copiado.",
    uncopied: "Este navegador no permite copiar.",
    download: "Descargar",
    print: "Imprimir",
    clear: "Borrar",
    cleared: "Se borró la conversación.",
    clinic: "Clínica",
    emergency: "Emergencia",
    read: "Leer la guía completa",
    offline: "No tiene conexión. Su pregunta no se pierde.",
    online: "Tiene conexión de nuevo.",
    failed: "No llegó respuesta. Su pregunta no se pierde.",
    wait: "Si es urgente, no espere: llame a la clínica o al número de emergencia.",
    retry: "Intentar de nuevo",
    limited: {
      one: "Demasiadas preguntas a la vez. Inténtelo de nuevo en {n} segundo.",
      other: "Demasiadas preguntas a la vez. Inténtelo de nuevo en {n} segundos.",
    },
    long: { one: "Sobra {n} carácter", other: "Sobran {n} caracteres" },
  },
};

const base = (lang) => lang.split("-")[0];
const direction = (lang) => (RTL.test(lang) ? "rtl" : "ltr");

/**
 * The interface's sentences in a language, else in English. The pseudo-language `qps-plocm` is
 * English set from right to left, to prove the layout.
 *
 * @param {string} [lang] BCP 47 tag.
 * @returns {((key: string, slots?: object) => string) & {lang: string, dir: string}}
 *   Fills `{slots}`; the slot `n` chooses the plural form.
 */
export function strings(lang = "en") {
  const isPseudo = lang === "qps-plocm";
  const known = CATALOGS[base(lang)] ? base(lang) : "en";
  const t = (key, slots = {}) => {
    let text = CATALOGS[known][key] ?? CATALOGS.en[key];
    if (text.other) text = text[new Intl.PluralRules(known).select(slots.n)] ?? text.other;
    text = text.replace(/\{(\w+)\}/g, (_, name) => slots[name] ?? "");
    return isPseudo ? `⟦${text}⟧` : text;
  };
  return Object.assign(t, { lang: known, dir: direction(lang) });
}

// One element with its attributes and children: make("p", { class: "note" }, "words").
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child || child === 0));
  return node;
}

function icon(path) {
  const [svg, shape] = ["svg", "path"].map((tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

const ICONS = {
  ask: "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-9l-5 4v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm3 9" +
    "h3V9H8.5q.1-1.2 1.5-1.6V6Q7 6.7 7 9.5zm6 0h3V9h-1.5q.1-1.2 1.5-1.6V6q-3 .7-3 3.5z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  options: "M5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zm7 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4zm7 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  send: "M3 20V4l19 8zm2-3 11.8-5L5 7v3.5l6 1.5-6 1.5z",
};

const label = (node, text) => node.setAttribute("aria-label", text);
const unseen = (text) => make("span", { class: "unseen" }, `${text} `);
const folded = (text) => text.replace(/\s+/g, " ").trim();
const dialled = (number) => number.replace(/(?!^\+)[^\d*#]/g, "");

// A label above a reply, a line above its suggestions, and whether to ask "did this help".
function manner(outcome, t) {
  switch (outcome) {
    case "answer":
      return { offer: t("also"), asks: true };
    case "not_covered":
      return { label: t("silent"), asks: true };
    case "dosing_refusal":
    case "personal_advice":
      return { label: t("team"), offer: t("says"), asks: true };
    case "emergency":
    case "overdose":
    case "crisis":
      return { label: t("urgent") };
    case "clarify":
    case "smalltalk":
    case "unintelligible":
      return {};
    default:
      // A newer server may know more; the text is complete on its own.
      return {};
  }
}

/**
 * A reply as an element; its styles are left to whoever shows it.
 *
 * @param {object} reply The record of /v1/ask.
 * @param {object} [options] What has no function has no button.
 * @param {ReturnType<typeof strings>} [options.t] Interface sentences.
 * @param {string} [options.guideLang] Language of the quoted words.
 * @param {string} [options.from] Base of relative addresses.
 * @param {boolean} [options.links] False: nothing leads out of the page.
 * @param {(passageId: string, label: string) => void} [options.choose]
 * @param {() => void} [options.more]
 * @param {(helpful: boolean) => Promise<void>} [options.rate]
 * @returns {HTMLElement} An `<article>`; an urgent card in it has role="alert".
 */
export function renderReply(reply, options = {}) {
  const { t = strings(), more, rate } = options;
  const { label, offer, asks } = manner(reply.outcome, t);
  const named = { class: `reply ${reply.outcome}`, part: `reply ${reply.outcome}` };
  return make("article", { ...named, lang: reply.lang, dir: direction(reply.lang) },
    unseen(t("bot")),
    reply.card ? cardOf(reply.card, t, options) : label && make("p", { class: "label" }, label),
    partsOf(reply, t, options),
    suggestionsOf(reply, offer, options),
    more && make("button", { type: "button", class: "chip more", part: "chip", onclick: more }, t("more")),
    reply.notice && make("p", { class: "notice" }, reply.notice),
    rate && asks && ratingOf(rate, t));
}

// The text's lines in their order: quoted ones as quotes, the bot's own as they are, without
// those that the card and the buttons show.
function partsOf(reply, t, options) {
  const left = [...reply.excerpts];
  const elsewhere = new Set(shownElsewhere(reply));
  const parts = [];
  for (const line of reply.text.split("\n").map(folded)) {
    const at = left.findIndex(({ display }) => line.includes(folded(display)));
    if (at >= 0) parts.push(quoteOf(left.splice(at, 1)[0], t, options));
    else if (line && !elsewhere.has(line)) parts.push(make("p", { class: "own" }, line));
  }
  return [...parts, ...left.map((excerpt) => quoteOf(excerpt, t, options))];
}

function shownElsewhere({ card, suggestions }) {
  const lines = suggestions.map(({ label }, index) => `${index + 1}. ${label}`);
  if (card) {
    lines.push(card.title, `${card.title}.`, ...card.lines);
    lines.push(...card.numbers.map(({ label, number }) => `${label}: ${number}`));
  }
  return lines.map(folded);
}

// The numbers come after the first line: on a phone they must be in sight at once.
function cardOf(card, t, { links = true }) {
  const [first, ...rest] = card.lines.map((line) => make("p", {}, line));
  const isUrgent = card.level === "emergency" || card.level === "urgent";
  const named = { class: `card ${card.level}`, part: `card ${card.level}` };
  return make("section", { ...named, role: isUrgent && "alert" },
    make("h3", {}, card.title),
    first,
    card.numbers.length > 0 && make("ul", { class: "numbers" },
      card.numbers.map((number) => numberOf(number, t, links))),
    rest);
}

function numberOf({ label, number, mode, hours }, t, links) {
  const dial = (scheme, key) => links
    ? make("a", { class: "dial", href: `${scheme}:${dialled(number)}` }, t(key, { number }))
    : make("strong", { class: "dial" }, t(key, { number }));
  return make("li", {},
    make("span", {}, make("b", {}, label), hours && make("small", {}, hours)),
    mode !== "text" && dial("tel", "call"),
    mode !== "call" && dial("sms", "text"));
}

function quoteOf(excerpt, t, { guideLang = "en", from = document.baseURI, links = true }) {
  const path = (excerpt.path.length ? excerpt.path : [excerpt.section]).join(" › ");
  const url = new URL(excerpt.url, from).href;
  const isForeign = base(guideLang) !== t.lang;
  return make("figure", { class: "quote", part: "quote" },
    make("blockquote", { cite: url, lang: guideLang, dir: "auto" }, make("p", {}, excerpt.display)),
    make("figcaption", {},
      make("cite", {}, t("where", { path })),
      isForeign && make("p", {}, t("language", { language: nameOf(guideLang, t.lang) })),
      links && make("a", { href: url, target: "_blank", rel: "noopener" },
        t("see"), " ", unseen(t("tab")))));
}

function nameOf(lang, inLang) {
  try {
    return new Intl.DisplayNames(inLang, { type: "language" }).of(lang);
  } catch {
    return lang;
  }
}

function suggestionsOf(reply, offer, { choose }) {
  if (!choose || !reply.suggestions.length) return [];
  return [
    offer && make("p", { class: "offer" }, offer),
    chips(reply.suggestions.map(({ label, passage_id }) => [label, () => choose(passage_id, label)])),
  ];
}

function chips(pairs) {
  return make("ul", { class: "chips" }, pairs.map(([label, onclick]) =>
    make("li", {}, make("button", { type: "button", class: "chip", part: "chip", onclick }, label))));
}

function ratingOf(rate, t) {
  const said = make("span", { role: "status" });
  const buttons = [["yes", true], ["no", false]].map(([key, helpful]) => {
    const press = async () => {
      try {
        await rate(helpful);
        for (const other of buttons) other.setAttribute("aria-pressed", other === button);
        said.textContent = t("thanks");
      } catch {
        said.textContent = t("unsaved");
      }
    };
    const button = make("button", { type: "button", "aria-pressed": "false", onclick: press }, t(key));
    return button;
  });
  return make("div", { class: "rating", role: "group", "aria-label": t("helpful") },
    make("span", { "aria-hidden": "true" }, t("helpful")), buttons, said);
}

// Colours: WCAG 2 contrast of [red, green, blue], each 0 to 1.
function light(rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

// A computed colour is written rgb(11, 92, 173) or color(srgb 0.04 0.36 0.68).
function channels(colour) {
  const numbers = colour.match(/-?\d[\d.]*(e-?\d+)?/g).slice(0, 3).map(Number);
  return colour.startsWith("rgb") ? numbers.map((n) => n / 255) : numbers;
}

const STYLES = `
:host { all: initial; display: contents }
:host([inline]) { display: block; block-size: var(--quotewell-height, 36rem) }
:host([hidden]) { display: none }
.qw {
  --accent: var(--quotewell-accent, #0b5cad); --on: #fff; --link: var(--accent);
  --surface: var(--quotewell-surface, #fff); --ink: var(--quotewell-ink, #1f2a33);
  --alarm: #b3140c; --radius: var(--quotewell-radius, 12px);
  font: var(--quotewell-size, max(16px, 1rem))/1.5 var(--quotewell-font, system-ui, Roboto, Arial, sans-serif);
  color: var(--ink); color-scheme: light;
  text-align: start; overflow-wrap: break-word; -webkit-text-size-adjust: 100%;
  --quiet: color-mix(in srgb, var(--ink) 78%, var(--surface));
  --edge: color-mix(in srgb, var(--ink) 62%, var(--surface));
  --line: color-mix(in srgb, var(--ink) 18%, var(--surface));
  --soft: color-mix(in srgb, var(--ink) 8%, var(--surface));
  --quote: color-mix(in srgb, var(--accent) 8%, var(--surface));
}
.qw.dark {
  --surface: var(--quotewell-surface, #1b242b); --ink: var(--quotewell-ink, #eef2f5);
  --alarm: #c1251c; --quote: color-mix(in srgb, var(--link) 14%, var(--surface)); color-scheme: dark;
}
* { box-sizing: border-box }
[hidden] { display: none !important }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.probe {
  position: fixed; visibility: hidden; pointer-events: none; transition: all 1ms;
  color: color-mix(in srgb, var(--accent), var(--accent));
  background-color: color-mix(in srgb, var(--surface), var(--surface));
  border-top: 0 solid color-mix(in srgb, var(--ink), var(--ink));
}
p, ul, ol, h2, h3, figure, blockquote { margin: 0; padding: 0 }
ul, ol { list-style: none }
svg { inline-size: 1.5em; block-size: 1.5em; fill: currentColor; flex: none }
button, textarea { font: inherit; color: inherit }
button { min-block-size: 2.75em; min-inline-size: 2.75em; cursor: pointer; border: 1px solid transparent; border-radius: 8px; background: none }
a { color: var(--link); text-underline-offset: .15em }
:focus-visible { outline: 3px solid #fd0; box-shadow: 0 0 0 5px #1f2a33; outline-offset: 0; border-radius: 4px }
.launcher {
  position: fixed; z-index: var(--quotewell-z, 2147483000); inset-block-end: var(--quotewell-offset, 1.25em);
  inset-inline-end: var(--quotewell-offset, 1.25em); display: flex; align-items: center; gap: .5em;
  min-block-size: 3.5em; max-inline-size: calc(100vw - 2em); padding: .5em 1.375em .5em 1.125em; border-radius: 2em; font-weight: 600;
  color: var(--on); background: var(--accent); border: 2px solid var(--surface);
  box-shadow: 0 2px 4px #0003, 0 6px 20px #0003;
}
.start .launcher, .start .panel { inset-inline: var(--quotewell-offset, 1.25em) auto }
.launcher:hover, .send:hover { text-decoration: underline; text-underline-offset: .2em }
.launcher:focus-visible { border-radius: 2em }
.panel {
  position: fixed; z-index: var(--quotewell-z, 2147483000); inset-block-end: calc(var(--quotewell-offset, 1.25em) + 4.25em);
  inset-inline-end: var(--quotewell-offset, 1.25em); inline-size: min(var(--quotewell-width, 25em), calc(100vw - 2.5em));
  block-size: min(var(--quotewell-height, 42em), calc(100dvh - 7em)); display: flex; flex-direction: column;
  background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); overflow: clip;
  box-shadow: 0 4px 12px #0002, 0 12px 48px #0003;
}
.inline .panel { position: static; inline-size: 100%; block-size: 100%; box-shadow: none }
.head { display: flex; align-items: center; gap: .25em; padding-block: .375em; padding-inline: 1em .375em; color: var(--on); background: var(--accent) }
.head h2 { flex: 1; font-size: 1.125em; line-height: 1.3 }
.head button { display: grid; place-items: center; padding: 0 }
.head button:hover { background: color-mix(in srgb, var(--on) 16%, transparent) }
.tools { display: flex; flex-wrap: wrap; border-block-end: 1px solid var(--line); background: var(--soft) }
.tools button { flex: auto; padding: 0 .5em; color: var(--link); font-weight: 600 }
.tools button:hover, .rating button:hover { text-decoration: underline }
.log { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: 1em; scrollbar-width: thin }
.log:focus-visible { outline-offset: -3px; box-shadow: inset 0 0 0 5px #1f2a33; border-radius: 0 }
.intro > * + *, .reply > * + * { margin-block-start: .75em }
.intro { padding-block-end: .25em }
.hello { font-size: 1.0625em }
.notice, .hint, .label, figcaption, .rating, .status { font-size: .875em; color: var(--quiet) }
.label, .offer { font-weight: 600 }
.label { inline-size: fit-content; padding: .125em .75em; color: var(--ink); background: var(--soft); border: 1px solid var(--line); border-radius: 1em }
.chips { display: flex; flex-wrap: wrap; gap: .5em }
.chip {
  padding: .4em 1em; text-align: start; line-height: 1.3; color: var(--link); background: var(--surface);
  border: 1px solid var(--link); border-radius: 1.375em; max-inline-size: 100%;
}
.chip:hover { background: var(--quote); text-decoration: underline }
.chip:focus-visible { border-radius: 1.375em }
.turns > li { margin-block-start: 1em }
.you { display: flex; justify-content: flex-end; padding-inline-start: 3em }
.you p { padding: .5em .875em; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); border: 1px solid var(--line); border-radius: 1.125em; border-end-end-radius: .25em }
.quote { padding: .875em 1em; background: var(--quote); border-inline-start: 4px solid var(--link); border-start-end-radius: 8px; border-end-end-radius: 8px }
blockquote { font-family: Charter, "Bitstream Charter", "Iowan Old Style", Georgia, serif; font-size: 1.125em; line-height: 1.5 }
blockquote p::before { content: "“" } blockquote p::after { content: "”" }
figcaption { margin-block-start: .625em; margin-block-end: -.5em }
cite { display: block; font-style: normal }
figcaption a { display: inline-flex; align-items: center; min-block-size: 3em; font-size: 1.0714em; font-weight: 600 }
.card { padding: .875em 1em 1em; border: 2px solid var(--link); border-radius: 8px }
.card > * + * { margin-block-start: .625em }
h3 { font-size: 1.1875em; line-height: 1.3 }
.emergency.card, .urgent.card { padding-block-start: 0; overflow: hidden; border-color: var(--alarm); background: color-mix(in srgb, var(--alarm) 7%, var(--surface)) }
.emergency.card h3, .urgent.card h3 { margin-inline: -.85em; padding: .6em .85em; color: #fff; background: var(--alarm) }
.emergency.card h3 { font-size: 1.375em }
.numbers li { display: flex; flex-wrap: wrap; gap: .375em .5em }
.numbers li + li { margin-block-start: .75em }
.numbers li > span { flex: 1 0 100% }
.dial { flex: 1 }
small { font-size: .875em; color: var(--quiet); margin-inline-start: .5em }
.dial {
  display: inline-flex; align-items: center; justify-content: center; min-block-size: 3em; padding: .25em 1.125em; font-weight: 700;
  font-size: 1.0625em; text-decoration: none; color: var(--on); background: var(--accent); border: 1px solid transparent; border-radius: 8px;
}
.dial:hover { text-decoration: underline }
.info .dial, .contact .dial { flex: none; color: var(--link); background: none; border-color: var(--link) }
.info li, .contact li { align-items: center }
.info li > span, .contact li > span { flex: 1 1 9em }
.info small, .contact small { display: block; margin: 0 }
.emergency .dial, .urgent .dial { color: #fff; background: var(--alarm) }
.rating { display: flex; flex-wrap: wrap; align-items: center; gap: .25em .5em }
.rating button { min-inline-size: 3.25em; min-block-size: 3.15em; color: var(--link); border-color: var(--edge) }
.rating button[aria-pressed=true] { color: var(--on); background: var(--accent) }
.state { padding: 0 1em }
.status:not(:empty) { padding-block: .25em .5em }
.bad { padding-block-start: .625em; border-block-start: 1px solid var(--line) }
.bad .status { padding: .625em .875em; margin-block-end: .25em; color: var(--ink); border-inline-start: 4px solid var(--alarm); background: color-mix(in srgb, var(--alarm) 8%, var(--surface)) }
.retry { color: var(--link); font-weight: 600; text-decoration: underline; padding-inline: 0 }
form { padding: .625em 1em .75em; border-block-start: 1px solid var(--line) }
label { font-weight: 600; font-size: .9375em }
.row { display: flex; gap: .625em; align-items: flex-end; margin-block-start: .375em }
.hint { margin-block-start: .5em }
textarea {
  flex: 1; min-inline-size: 0; min-block-size: 2.75em; max-block-size: 8em; padding: .45em .75em; resize: none; field-sizing: content;
  background: var(--surface); border: 2px solid var(--edge); border-radius: 8px;
}
.send { display: flex; align-items: center; gap: .375em; padding: 0 .875em; font-weight: 600; color: var(--on); background: var(--accent) }
.send svg { inline-size: 1.25em }
[dir=rtl] .send svg { transform: scaleX(-1) }
.over { color: var(--ink); font-weight: 600 }
.foot { display: flex; flex-wrap: wrap; column-gap: 1.25em; padding-inline: 1.143em; background: var(--soft); font-size: .875em }
.foot:empty { display: none }
.foot a { display: inline-flex; align-items: center; min-block-size: 3.15em; font-weight: 600 }
@media (max-width: 30em), (max-height: 30em) {
  .float .panel { inset: 0; inset-block-start: var(--top, 0); inline-size: 100%; block-size: var(--seen, 100dvh); border: 0; border-radius: 0;
    padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left) }
  .float.open .launcher { visibility: hidden }
}
@media (max-height: 30em) {
  .panel { display: block; overflow-y: auto } .log { overflow: visible }
}
@media (prefers-reduced-motion: no-preference) {
  .panel, .turns > li { animation: come .16s ease-out }
  .status.busy::after { content: ""; display: inline-block; inline-size: .5em; block-size: .5em; margin-inline-start: .5em; border-radius: 50%; background: var(--link); animation: beat 1s infinite alternate }
  @keyframes come { from { opacity: 0; transform: translateY(8px) } }
  @keyframes beat { from { opacity: .2 } }
}
@media (prefers-contrast: more) { .qw { --quiet: var(--ink); --edge: var(--ink); --line: var(--ink) } }
@media (forced-colors: active) { .head { border-block-end: 1px solid } :focus-visible { outline-color: Highlight } }
.paper { padding: 1em; background: #fff }
.paper :is(.rating, .chips, .more) { display: none }
@media print { .qw:not(.paper) { display: none } }
`;

function dress(root, nonce) {
  try {
    const sheet = new (root.ownerDocument ?? root).defaultView.CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers from before 2023; under a strict policy they need the nonce.
    const style = make("style", {}, STYLES);
    style.nonce = nonce;
    (root.head ?? root).append(style);
  }
}

class QuotewellChat extends HTMLElement {
  static observedAttributes = [
    "open", "lang", "heading", "greeting", "suggestions", "inline", "position", "theme",
  ];

  #ui = null;
  #t = strings();
  #clinic = null;
  #guide = null;
  #loading = null;
  #visit = null;
  #said = [];
  #isBusy = false;
  #failed = null;
  #slow = 0;
  // A reply to a conversation that was cleared is dropped.
  #epoch = 0;
  #gone = null;

  connectedCallback() {
    if (!this.#ui) this.#build();
    this.#gone = new AbortController();
    const until = { signal: this.#gone.signal };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#paint(), until);
    addEventListener("online", () => this.#online(), until);
    visualViewport?.addEventListener("resize", () => this.#fit(), until);
    this.#paint();
    if (this.#isShown) this.#load();
  }

  disconnectedCallback() {
    this.#gone?.abort();
  }

  attributeChangedCallback(name, before, now) {
    if (!this.#ui || before === now) return;
    this.#paint();
    if (this.#isShown && this.isConnected) this.#load();
    if (name === "open") {
      for (const alert of this.#ui.log.querySelectorAll("[role=alert]")) alert.setAttribute("role", "group");
      this.#emit(now === null ? "close" : "open");
    }
  }

  get open() { return this.hasAttribute("open"); }
  set open(value) { this.toggleAttribute("open", Boolean(value)); }

  get #isInline() { return this.hasAttribute("inline"); }
  get #isShown() { return this.open || this.#isInline; }
  get #base() {
    const own = import.meta.url.replace(/(assets\/[^/]+\/)?[^/]*$/, "");
    const given = this.getAttribute("endpoint");
    return given ? new URL(given.replace(/\/*$/, "/"), document.baseURI).href : own;
  }

  /** Opens, with the focus in the field. */
  show() {
    this.open = true;
    this.#ui.field.focus();
  }

  /** Closes; focus that was inside goes to the launcher. */
  close() {
    const had = this.shadowRoot.activeElement;
    this.open = false;
    if (had && !this.#isInline) this.#ui.launcher.focus();
  }

  /** Asks as if it had been typed; resolves when the reply is shown or has failed. */
  ask(question) {
    if (!this.#isInline) this.open = true;
    return this.#ask({ question: String(question) }, String(question));
  }

  /** Asks for a passage as if it had been tapped. */
  choose(passageId, label) {
    if (!this.#isInline) this.open = true;
    return this.#ask({ choice: passageId }, label);
  }

  /** Forgets the conversation, here and on the server. */
  async clear() {
    const gone = this.#visit;
    this.#epoch += 1;
    this.#visit = null;
    this.#said = [];
    this.#failed = null;
    this.#ui.turns.replaceChildren();
    this.#unprint();
    this.#ui.field.value = "";
    this.#count();
    this.#busy(false);
    this.#say(this.#t("cleared"));
    this.#emit("clear");
    if (gone) await this.#fetch(`visits/${gone}`, { method: "DELETE" }).catch(() => {});
  }

  #build() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    dress(root, this.getAttribute("nonce") || this.nonce);
    const ui = (this.#ui = {});
    const button = (attributes, ...children) => make("button", { type: "button", ...attributes }, ...children);
    ui.launcherText = make("span");
    ui.launcher = button({
      class: "launcher", part: "launcher", "aria-expanded": "false", "aria-controls": "panel",
      onclick: (event) => this.#toggle(event), onpointerenter: () => this.#load(),
    }, icon(ICONS.ask), ui.launcherText);
    ui.title = make("h2", { id: "title", part: "title" });
    ui.options = button({
      "aria-expanded": "false", "aria-controls": "tools", onclick: () => this.#unfold(),
    }, icon(ICONS.options));
    ui.close = button({ onclick: () => this.close() }, icon(ICONS.close));
    const acts = { copy: () => this.#copy(), download: () => this.#download(),
      print: () => this.#print(), clear: () => { this.clear(); this.#unfold(); ui.field.focus(); } };
    ui.acts = Object.entries(acts).map(([key, onclick]) => [key, button({ onclick })]);
    ui.tools = make("div", { id: "tools", class: "tools", hidden: "" }, ui.acts.map(([, node]) => node));
    ui.intro = make("div", { class: "intro" });
    ui.turns = make("ol", { class: "turns" });
    ui.log = make("div", { class: "log", part: "log", role: "log", tabindex: "0" }, ui.intro, ui.turns);
    ui.status = make("p", { class: "status", role: "status" });
    ui.retry = button({ class: "retry", hidden: "", onclick: () => this.#retry() });
    ui.state = make("div", { class: "state" }, ui.status, ui.retry);
    ui.label = make("label", { for: "field" });
    ui.hint = make("p", { id: "hint", class: "hint" });
    ui.field = make("textarea", {
      id: "field", part: "field", rows: "1", enterkeyhint: "send", autocomplete: "off",
      "aria-describedby": "hint", dir: "auto",
      oninput: () => this.#count(), onkeydown: (event) => this.#enter(event),
    });
    ui.sendText = make("span");
    ui.send = make("button", { type: "submit", class: "send", part: "send" }, icon(ICONS.send), ui.sendText);
    ui.form = make("form", { part: "form", onsubmit: (event) => this.#submit(event) },
      ui.label, make("div", { class: "row" }, ui.field, ui.send), ui.hint);
    ui.foot = make("div", { class: "foot", part: "foot" });
    ui.panel = make("section", {
      id: "panel", class: "panel", part: "panel", role: "dialog", "aria-labelledby": "title",
      tabindex: "-1", onkeydown: (event) => this.#escape(event), onfocusout: (event) => this.#leave(event),
    }, make("div", { class: "head", part: "head" }, ui.title, ui.options, ui.close),
      ui.tools, ui.log, ui.state, ui.form, ui.foot);
    ui.probe = make("span", { class: "probe", ontransitionend: () => this.#tint() });
    ui.box = make("div", { class: "qw" }, ui.launcher, ui.panel, ui.probe);
    root.append(ui.box);
  }

  // All that depends on attributes, language or colours.
  #paint() {
    const ui = this.#ui;
    const t = (this.#t = strings(this.#language()));
    const theme = this.getAttribute("theme");
    const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    const heading = this.getAttribute("heading") || t("heading");
    ui.box.lang = t.lang;
    ui.box.dir = t.dir;
    ui.box.className = ["qw", this.#isInline ? "inline" : "float", isDark && "dark", this.open && "open",
      this.getAttribute("position") === "start" && "start"].filter(Boolean).join(" ");
    ui.launcher.hidden = this.#isInline;
    ui.close.hidden = this.#isInline;
    ui.panel.hidden = !this.#isShown;
    ui.launcher.setAttribute("aria-expanded", this.open);
    ui.launcherText.textContent = ui.title.textContent = heading;
    ui.panel.setAttribute("role", this.#isInline ? "region" : "dialog");
    label(ui.options, t("options"));
    label(ui.close, t("close"));
    for (const [key, node] of ui.acts) node.textContent = t(key);
    label(ui.log, t("log"));
    ui.retry.textContent = t("retry");
    ui.label.textContent = t("field");
    ui.sendText.textContent = t("send");
    this.#count();
    this.#greet();
    this.#contact();
    this.#tint();
    this.#fit();
  }

  // The page's own language counts once the server says that the clinic has enabled it.
  #language() {
    const given = this.getAttribute("lang");
    const enabled = this.#clinic?.languages;
    if (given && (given.startsWith("qps") || !enabled)) return given;
    const wanted = [given, this.parentElement?.closest("[lang]")?.lang, document.documentElement.lang];
    return wanted.find((lang) => lang && enabled?.includes(base(lang))) ?? enabled?.[0] ?? "en";
  }

  // White or black on the accent, and a shade of it that can be read on the surface.
  #tint() {
    const { color, backgroundColor, borderTopColor } = getComputedStyle(this.#ui.probe);
    if (!color) return;
    const [accent, surface, ink] = [color, backgroundColor, borderTopColor].map(channels);
    const on = contrast(accent, [1, 1, 1]) >= 4.5 ? "#fff" : "#000";
    let link = accent;
    for (let share = 0; contrast(link, surface) < 5.8 && share <= 1; share += 0.05) {
      link = accent.map((c, i) => c + (ink[i] - c) * share);
    }
    const shade = `rgb(${link.map((c) => Math.round(c * 255)).join(" ")})`;
    this.#ui.box.style.setProperty("--on", on);
    this.#ui.box.style.setProperty("--link", shade);
  }

  // On a phone the panel keeps above the screen keyboard.
  #fit() {
    const { style } = this.#ui.box;
    const seen = visualViewport;
    const isCovered = seen && seen.scale === 1 && innerHeight - seen.height > 80;
    style.setProperty("--seen", isCovered ? `${seen.height}px` : "100dvh");
    style.setProperty("--top", isCovered ? `${seen.offsetTop}px` : "0px");
  }

  #greet() {
    const t = this.#t;
    const title = this.#guide?.title;
    const own = this.getAttribute("greeting");
    const offered = this.#offered();
    this.#ui.intro.replaceChildren(...[
      make("p", { class: "hello" }, own || (title ? t("about", { title }) : t("greeting"))),
      make("p", { class: "notice" }, t("notice"), this.#clinic?.is_demo ? ` ${t("demo")}` : ""),
      offered.length > 0 && make("p", { class: "offer" }, t("topics")),
      offered.length > 0 && chips(offered),
    ].filter(Boolean));
  }

  // The clinic's own questions, else the first section under each top heading.
  #offered() {
    const own = this.getAttribute("suggestions");
    if (own) return own.split("|").map((q) => q.trim()).filter(Boolean).map((q) => [q, () => this.ask(q)]);
    const firsts = new Map();
    for (const { section_id, title, path, passages } of this.#guide?.sections ?? []) {
      const isFrame = /^(introduction|conclusion)$/.test(section_id);
      if (!isFrame && passages.length && !firsts.has(path[0])) {
        firsts.set(path[0], [title, passages[0].passage_id]);
      }
    }
    const topics = [...firsts.values()].slice(0, N_TOPICS);
    return topics.map(([label, id]) => [label, () => this.choose(id, label)]);
  }

  #contact() {
    const t = this.#t;
    const { phone, numbers = [] } = this.#clinic ?? {};
    const emergency = numbers.find(({ kind }) => kind === "emergency")?.number;
    const link = (key, number) => number &&
      make("a", { href: `tel:${dialled(number)}` }, `${t(key)}: ${number}`);
    const url = this.#guide && new URL(this.#guide.url, this.#base).href;
    this.#ui.foot.replaceChildren(...[
      link("emergency", emergency),
      link("clinic", phone),
      url && make("a", { href: url, target: "_blank", rel: "noopener" }, t("read"), " ", unseen(t("tab"))),
    ].filter(Boolean));
  }

  // Asked for when the panel is wanted, not before.
  #load() {
    this.#loading ??= (async () => {
      this.#clinic = await this.#fetch("clinic");
      const id = this.getAttribute("guide") || this.#clinic.default_guide;
      this.#guide = await this.#fetch(`guides/${encodeURIComponent(id)}`);
      this.#paint();
    })().catch(() => {
      this.#loading = null;
    });
  }

  async #fetch(path, options = {}) {
    const response = await fetch(`${this.#base}v1/${path}`, {
      ...options,
      headers: options.body ? { "Content-Type": "application/json" } : {},
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { ok, status, headers } = response;
    if (!ok) throw Object.assign(Error(), { status, seconds: Number(headers.get("Retry-After")) });
    return status === 204 ? null : response.json();
  }

  #post(path, body) {
    return this.#fetch(path, { method: "POST", body: JSON.stringify(body) });
  }

  async #ask(message, shown) {
    if (this.#isBusy || !shown.trim()) return;
    const epoch = this.#epoch;
    const kind = message.choice ? "choice" : "question";
    const guide = this.getAttribute("guide");
    this.#busy(true);
    const mine = make("li", { class: "you", part: "question" },
      make("p", { dir: "auto" }, unseen(this.#t("you")), shown));
    this.#ui.turns.append(mine);
    this.#reveal(mine);
    this.#emit("ask", { kind });
    try {
      const reply = await this.#post("ask", {
        ...message, lang: this.#t.lang,
        ...(guide && { guide }), ...(this.#visit && { visit_id: this.#visit }),
      });
      if (epoch !== this.#epoch) return;
      this.#busy(false);
      this.#visit = reply.visit_id;
      this.#take(shown, reply, mine);
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#busy(false);
      mine.remove();
      this.#fail(error, message, shown);
    }
  }

  #take(shown, reply, mine) {
    const { turns } = this.#ui;
    // "More" goes on from the last answer only.
    for (const old of turns.querySelectorAll(".more")) old.remove();
    for (const alert of turns.querySelectorAll("[role=alert]")) alert.setAttribute("role", "group");
    this.#said.push([shown, reply]);
    this.#count();
    const node = renderReply(reply, {
      t: this.#t,
      guideLang: this.#guide?.language,
      from: this.#base,
      choose: (id, label) => this.choose(id, label),
      more: this.#hasMore(reply) ? () => this.#more() : null,
      rate: (helpful) => this.#post("feedback", { reply_id: reply.reply_id, helpful }),
    });
    turns.append(make("li", {}, node));
    this.#reveal(mine);
    this.#emit("reply", { outcome: reply.outcome, excerpts: reply.excerpts.length });
  }

  // Is there a later passage under the same top heading?
  #hasMore({ outcome, excerpts }) {
    const last = excerpts.at(-1);
    if (outcome !== "answer" || excerpts.length !== 1) return false;
    const top = this.#guide?.sections.filter(({ path }) => path[0] === last.path[0]) ?? [];
    const ids = top.flatMap(({ passages }) => passages.map(({ passage_id }) => passage_id));
    return ids.indexOf(last.passage_id) >= 0 && ids.at(-1) !== last.passage_id;
  }

  async #more() {
    const asking = this.#ask({ question: "more" }, this.#t("more"));
    // The button will go; the focus must not go with it.
    this.#ui.log.focus({ preventScroll: true });
    await asking;
  }

  // What scrolls is the log, or the whole panel on a low screen.
  #reveal(turn) {
    for (const box of [this.#ui.log, this.#ui.panel]) {
      box.scrollTop += turn.getBoundingClientRect().top - box.getBoundingClientRect().top - 12;
    }
  }

  #busy(isBusy) {
    this.#isBusy = isBusy;
    clearTimeout(this.#slow);
    this.#ui.send.setAttribute("aria-disabled", isBusy);
    this.#say("");
    if (isBusy) this.#slow = setTimeout(() => this.#say(this.#t("looking"), "busy"), SLOW_MS);
  }

  #say(text, kind = "") {
    const { state, status, retry } = this.#ui;
    status.textContent = text;
    status.className = `status ${kind}`;
    state.classList.toggle("bad", kind === "bad");
    retry.hidden = kind !== "bad";
  }

  #fail(error, message, shown) {
    const t = this.#t;
    const { field } = this.#ui;
    this.#failed = [message, shown];
    if (message.question === shown && !field.value) {
      field.value = shown;
      this.#count();
    }
    const why = error.status === 429
      ? t("limited", { n: error.seconds || 10 })
      : navigator.onLine ? t("failed") : t("offline");
    this.#say(`${why} ${t("wait")}`, "bad");
    this.#emit("error", { status: error.status ?? 0 });
  }

  #online() {
    if (this.#failed) this.#say(this.#t("online"), "bad");
  }

  #retry() {
    const [message, shown] = this.#failed ?? [];
    const { field } = this.#ui;
    this.#failed = null;
    if (field.value === shown) field.value = "";
    field.focus();
    if (message) this.#ask(message, shown);
  }

  #submit(event) {
    event.preventDefault();
    const { field } = this.#ui;
    const question = field.value.trim();
    if (this.#isBusy || !question || this.#over() > 0) return field.focus();
    field.value = "";
    this.#failed = null;
    this.#count();
    field.focus();
    return this.#ask({ question }, question);
  }

  #enter(event) {
    // 229 is what older Safari says while a composition is being confirmed.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#ui.form.requestSubmit();
  }

  #over() {
    return [...this.#ui.field.value].length - (this.#clinic?.max_question_chars ?? 2000);
  }

  #count() {
    const { hint, field } = this.#ui;
    const n = this.#over();
    hint.textContent = n > 0 ? this.#t("long", { n }) : this.#t("hint");
    hint.className = n > 0 ? "hint over" : this.#said.length ? "unseen" : "hint";
    field.setAttribute("aria-invalid", n > 0);
  }

  #toggle(event) {
    if (this.open) return this.close();
    // A finger's tap must not call up the screen keyboard over the greeting.
    if (event.pointerType !== "touch") return this.show();
    this.open = true;
    return this.#ui.panel.focus();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || this.#isInline) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  // Focus that leaves a panel that fills the screen has to be seen.
  #leave({ relatedTarget }) {
    if (!relatedTarget || this.#isInline || this.shadowRoot.contains(relatedTarget)) return;
    if (this.#ui.panel.offsetWidth >= innerWidth && relatedTarget !== this) this.open = false;
  }

  #unfold() {
    const { tools, options } = this.#ui;
    tools.hidden = !tools.hidden;
    options.setAttribute("aria-expanded", !tools.hidden);
  }

  #transcript() {
    const lines = this.#said.flatMap(([shown, { text, excerpts }]) => [
      `${this.#t("you")} ${shown}`, "", text,
      ...excerpts.map(({ url }) => new URL(url, this.#base).href), "", "",
    ]);
    return [this.#guide?.title, this.#t("notice"), "", ...lines].filter((l) => l != null).join("\n");
  }

  async #copy() {
    const done = navigator.clipboard?.writeText(this.#transcript()) ?? Promise.reject();
    await done.then(() => this.#say(this.#t("copied")), () => this.#say(this.#t("uncopied")));
  }

  #download() {
    const url = URL.createObjectURL(new Blob([this.#transcript()], { type: "text/plain" }));
    make("a", { href: url, download: "conversation.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  #unprint() {
    this.shadowRoot.querySelector("iframe")?.remove();
  }

  // Only the conversation is printed: a copy in a frame, gone afterwards.
  #print() {
    this.#unprint();
    const frame = make("iframe", { class: "unseen", title: this.#t("print"), "aria-hidden": "true", tabindex: "-1" });
    this.shadowRoot.append(frame);
    const page = frame.contentDocument;
    page.title = this.#guide?.title ?? this.#t("heading");
    page.documentElement.lang = this.#t.lang;
    dress(page);
    page.body.className = "qw paper";
    page.body.append(this.#ui.turns.cloneNode(true));
    frame.contentWindow.addEventListener("afterprint", () => this.#unprint());
    frame.contentWindow.print();
  }

  #emit(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(`quotewell:${name}`, { bubbles: true, composed: true, detail }));
  }
}

// `document.currentScript` is null in a module, and a second tag with the same address does not
// run: so tags are looked for, also later.
const made = new Map();

function embed() {
  for (const script of document.querySelectorAll("script[data-quotewell]")) {
    let element = made.get(script);
    if (!element) {
      element = document.createElement(NAME);
      for (const [key, value] of Object.entries(script.dataset)) {
        if (key !== "quotewell") element.setAttribute(key === "title" ? "heading" : key, value);
      }
      if (script.nonce) element.nonce = script.nonce;
      made.set(script, element);
    }
    if (element.isConnected) continue;
    // A single-page application may have put in a new body.
    if (element.hasAttribute("inline") && document.body?.contains(script)) script.after(element);
    else document.body?.append(element);
  }
}

if (!customElements.get(NAME)) {
  customElements.define(NAME, QuotewellChat);
  embed();
  new MutationObserver(embed).observe(document.documentElement, { childList: true, subtree: true });
}
