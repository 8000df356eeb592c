// The kiosk's page: which screen is shown, what a visit is, and how it ends without a trace.
// A visit lives in this script's memory only; `wipe` forgets it here and on the server.

import { Idle } from "./kiosk-idle.js";
import { Keyboard } from "./kiosk-keyboard.js";
import { lock } from "./kiosk-lock.js";
import { at, make, Words } from "./kiosk-page.js";
import { Renewal } from "./kiosk-renew.js";
import { Replies } from "./kiosk-reply.js";
import { Server } from "./kiosk-server.js";
import { Speech } from "./kiosk-speech.js";

const config = JSON.parse(document.body.dataset.config);
const wanted = new URLSearchParams(location.search).get("guide");
const guideId = config.guides.includes(wanted) ? wanted : config.guide;

const SCREENS = ["attract", "home", "typing", "reply", "desk"];
const SIZES = ["normal", "large", "largest"];
// Replies come in a few milliseconds; a line that flashes by would only disturb.
const SLOW_MS = 400;
const STEP = 0.8;

const words = new Words(config.say);
const server = new Server(config.root, serverChanged);
const speech = new Speech(speechChanged);
const keyboard = new Keyboard(at("keys"), words, () => at("question"), tell);
const renewal = new Renewal(() => visit === null && screen !== "", () => server.isUp);
const replies = new Replies({
  words,
  config,
  guide: () => guide,
  choose: (label, choice) => ask({ choice }, label),
  rate: (reply_id, helpful) => server.post("/v1/feedback", { reply_id, helpful }),
});
const idle = new Idle({
  idleSeconds: config.idleSeconds,
  warningSeconds: config.warningSeconds,
  warn: () => at("still").open || at("still").showModal(),
  tell: tellSeconds,
  over: () => wipe(),
});

let guide = null;
let screen = "";
// The name of the visit; null while nobody is there. A reply to an earlier visit is dropped.
let visit = null;
let hasAsked = false;
let isAsking = false;
let shown = null;

// --- screens ---------------------------------------------------------------------------------

const sectionOf = (name) => at(name);
const paneOf = (name) => sectionOf(name).querySelector(".pane");

function show(name) {
  const goes = !server.isUp && ["home", "typing", "attract"].includes(name) ? "desk" : name;
  if (screen !== goes) speech.stop();
  screen = goes;
  for (const each of SCREENS) sectionOf(each).hidden = each !== goes;
  document.body.dataset.screen = goes;
  at("tools").hidden = visit === null;
  sectionOf(goes).append(at("pager"));
  paneOf(goes)?.scrollTo({ top: 0, behavior: "instant" });
  focusOn(goes);
  measure();
  speechChanged();
}

function focusOn(name) {
  const target = name === "typing" ? at("question") : sectionOf(name).querySelector("h1");
  target.focus({ preventScroll: true });
}

function tell(text) {
  // A new element each time: the same key twice has to be announced twice.
  at("told").replaceChildren(make("span", {}, text));
}

// --- a visit: begins with a touch, ends with nothing -------------------------------------------

function begin(language) {
  if (visit !== null) return;
  visit = mint();
  if (language) choose(language);
  idle.start();
  show("home");
  if (!guide) loadGuide();
}

function mint() {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function wipe() {
  idle.stop();
  speech.stop();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  const gone = hasAsked ? visit : null;
  visit = null;
  shown = null;
  hasAsked = false;
  isAsking = false;
  for (const id of ["reply-title", "reply-place", "told", "still-text", "looking"]) {
    at(id).replaceChildren();
  }
  freshField();
  document.getSelection()?.removeAllRanges();
  const { dataset } = document.documentElement;
  for (const name of ["size", "contrast", "low"]) delete dataset[name];
  choose(words.first);
  if (gone) server.forget(gone);
  for (const name of SCREENS) paneOf(name)?.scrollTo({ top: 0, behavior: "instant" });
  show("attract");
  loadGuide();
  renewal.rest();
}

// A new field each time, since the old one remembers what was typed and can bring it back.
function freshField() {
  const field = make("textarea", {
    id: "question", rows: "2", inputmode: "none", maxlength: String(config.maxChars),
    autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false",
    "aria-labelledby": "typing-title", "aria-describedby": "private",
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    send();
  });
  at("field-place").replaceChildren(field);
}

// --- asking ------------------------------------------------------------------------------------

function send() {
  const question = at("question").value.trim();
  if (question) ask({ question }, question);
  else at("question").focus();
}

async function ask(message, label) {
  if (isAsking || visit === null) return;
  const mine = visit;
  isAsking = hasAsked = true;
  speech.stop();
  const slow = setTimeout(() => looking(words.say("looking")), SLOW_MS);
  try {
    const reply = await server.ask(mine, { ...message, guide: guideId, lang: words.language });
    if (mine !== visit) return;
    freshField();
    present({ label, reply });
  } catch {
    if (mine === visit) present({ label, message });
  } finally {
    clearTimeout(slow);
    if (mine === visit) {
      isAsking = false;
      looking("");
    }
  }
}

function looking(text) {
  at("looking").textContent = text;
  if (text) tell(text);
}

// Show a reply, or, where there is none, that nothing came and how to try again.
function present(what) {
  shown = what;
  if (!what.reply && !server.isUp) {
    show("desk");
    return;
  }
  drawShown();
  show("reply");
}

function drawShown() {
  const { label, reply, message } = shown;
  const title = at("reply-title");
  title.replaceChildren(
    make("span", { class: "asked-label" }, words.say("you_asked")), " ", make("span", {}, label));
  at("reply-place").replaceChildren(...(reply ? replies.draw(reply) : failed(message, label)));
}

function failed(message, label) {
  const again = make("button", { type: "button", class: "primary" }, words.say("again"));
  again.addEventListener("click", () => ask(message, label));
  return [make("div", { class: "reply-main" }, make("section", { class: "card card-info", role: "alert" },
    make("h2", { class: "card-title", "data-aloud": "" }, words.say("failed_title")),
    make("div", { class: "card-body" }, make("p", { "data-aloud": "" }, words.say("failed")), again)))];
}

// --- the guide and its topics --------------------------------------------------------------------

async function loadGuide() {
  try {
    guide = await server.call(`/v1/guides/${encodeURIComponent(guideId)}`);
    drawGuide();
    measure();
  } catch {
    server.beat(1);
  }
}

function drawGuide() {
  const title = guide ? words.say("question", { title: guide.title }) : words.say("question_any");
  at("attract-title").textContent = title;
  const isOther = guide !== null && guide.language.split("-")[0] !== words.language.split("-")[0];
  at("guide-language").hidden = !isOther;
  if (isOther) {
    const names = new Intl.DisplayNames([words.language], { type: "language" });
    const language = names.of(guide.language) ?? guide.language;
    at("guide-language").textContent = words.say("guide_language", { language });
  }
  at("topics").replaceChildren(...(guide ? groupsOf(guide).map(drawGroup) : []));
}

// Sections by their topmost heading; those that stand alone make one group of their own.
function groupsOf({ sections }) {
  const groups = new Map();
  const parents = new Set(sections.filter(({ path }) => path.length > 1).map(({ path }) => path[0]));
  for (const section of sections.filter(({ passages }) => passages.length)) {
    const [top] = section.path.length ? section.path : [section.title];
    const name = parents.has(top) ? top : "";
    groups.set(name, [...(groups.get(name) ?? []), section]);
  }
  return [...groups];
}

function drawGroup([name, sections]) {
  const heading = name || words.say("overview");
  const named = name ? { lang: guide.language } : {};
  const tiles = sections.map((section) => tileOf(section, name));
  return make("section", { class: "group" },
    make("h2", { ...named, "data-aloud": "" }, heading), make("div", { class: "tiles" }, ...tiles));
}

// The words under a group's own heading are its overview.
function tileOf({ title, passages }, group) {
  const isWhole = group !== "" && title === group;
  const label = isWhole ? words.say("overview") : title;
  const named = isWhole ? { "aria-label": `${label}: ${title}` } : { lang: guide.language };
  const tile = make("button", { type: "button", class: "tile", ...named }, label);
  tile.addEventListener("click", () => ask({ choice: passages[0].passage_id }, title));
  return tile;
}

// --- settings of the screen ----------------------------------------------------------------------

function choose(language) {
  words.choose(language);
  drawGuide();
  keyboard.draw();
  labelTools();
  if (shown) drawShown();
  measure();
  speechChanged();
}

function labelTools() {
  const { contrast, low } = document.documentElement.dataset;
  at("contrast").setAttribute("aria-pressed", String(contrast === "high"));
  at("lower-label").textContent = words.say(low ? "higher" : "lower");
}

function nextSize() {
  const { dataset } = document.documentElement;
  const now = (SIZES.indexOf(dataset.size ?? SIZES[0]) + 1) % SIZES.length;
  dataset.size = SIZES[now];
  tell(words.say("size_is", { size: words.say(`size_${SIZES[now]}`) }));
  measure();
}

function toggle(name, value) {
  const { dataset } = document.documentElement;
  if (dataset[name]) delete dataset[name];
  else dataset[name] = value;
  labelTools();
  measure();
}

// --- long text -----------------------------------------------------------------------------------

const resized = new ResizeObserver(() => measure());

function measure() {
  // The field is always in sight, so there is nothing to page while typing.
  const pane = screen && screen !== "typing" && paneOf(screen);
  const hidden = pane ? pane.scrollHeight - pane.clientHeight : 0;
  at("pager").hidden = hidden < 8;
  if (!pane) return;
  at("up").setAttribute("aria-disabled", String(pane.scrollTop < 4));
  at("down").setAttribute("aria-disabled", String(pane.scrollTop > hidden - 4));
}

function page(direction) {
  const pane = paneOf(screen);
  pane.scrollBy({ top: direction * STEP * pane.clientHeight });
}

// --- reading aloud -------------------------------------------------------------------------------

function aloud() {
  if (screen === "" || visit === null) return [];
  return [...sectionOf(screen).querySelectorAll("[data-aloud]")]
    .filter((node) => node.getClientRects().length)
    .map((node) => ({ text: node.textContent.trim(), lang: node.closest("[lang]").lang }))
    .filter(({ text }) => text);
}

function speechChanged() {
  at("aloud").hidden = !speech.isSpeaking && !speech.can(aloud());
  at("aloud-label").textContent = words.say(speech.isSpeaking ? "stop" : "read");
  idle.hold(speech.isSpeaking);
}

// --- nobody there, no server ---------------------------------------------------------------------

function tellSeconds(seconds) {
  const text = words.say("still", { seconds: String(seconds) });
  if (at("still-text").textContent !== text) at("still-text").textContent = text;
}

function stay() {
  idle.stay();
  if (at("still").open) at("still").close();
}

// A reply stays in sight when the server goes: its words are as good as before.
function serverChanged(isUp) {
  if (!isUp) {
    if (screen !== "reply") show("desk");
  } else {
    loadGuide();
    if (screen === "desk") show(visit === null ? "attract" : "home");
    renewal.rest();
  }
}

// --- wiring ----------------------------------------------------------------------------------------

function wire() {
  const tapped = (id, act) => at(id)?.addEventListener("click", act);
  at("attract").addEventListener("click", ({ target }) =>
    begin(target.closest("[data-begin]")?.dataset.begin));
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => show(button.dataset.go));
  }
  tapped("send", send);
  tapped("clear", () => keyboard.clear());
  tapped("over", () => wipe());
  tapped("over-now", () => wipe());
  tapped("still-here", stay);
  at("still").addEventListener("cancel", stay);
  tapped("aloud", () => (speech.isSpeaking ? speech.stop() : speech.start(aloud())));
  tapped("size", nextSize);
  tapped("contrast", () => toggle("contrast", "high"));
  tapped("lower", () => toggle("low", "yes"));
  tapped("up", () => page(-1));
  tapped("down", () => page(1));
  wireLanguages(tapped);
  for (const name of SCREENS) paneOf(name)?.addEventListener("scroll", measure, { passive: true });
  for (const name of SCREENS) if (paneOf(name)) resized.observe(paneOf(name));
  for (const name of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    document.addEventListener(name, () => idle.touch(), { capture: true, passive: true });
  }
  // A page that goes out of sight, or away, may come back before somebody else.
  document.addEventListener("visibilitychange", () => document.hidden && visit && wipe());
  addEventListener("pagehide", () => visit && wipe());
}

function wireLanguages(tapped) {
  const dialog = at("tongues");
  if (!dialog) return;
  tapped("language", () => dialog.showModal());
  tapped("tongues-back", () => dialog.close());
  for (const button of dialog.querySelectorAll("[data-tongue]")) {
    button.addEventListener("click", () => {
      choose(button.dataset.tongue);
      dialog.close();
    });
  }
}

lock();
wire();
freshField();
choose(words.first);
show("attract");
loadGuide();
server.beat();
renewal.start(config.root);
