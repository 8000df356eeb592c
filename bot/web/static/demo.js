// The demo page: asks /v1/ask and shows the reply. Text enters the page as text only, and
// nothing is kept: the visit's name lives in this page's memory and goes with it.

const { api, guide, language } = document.body.dataset;
const at = (id) => document.getElementById(id);
const [turns, status, form, field, errorLine, tools] = [
  "turns", "status", "form", "question", "error", "tools",
].map(at);

const PATIENCE_MS = 10000;
let visit = null;
let isAsking = false;

// One element with its text and children: make("p", { class: "note" }, "words").
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const unseen = (text) => make("span", { class: "hidden" }, text);
const folded = (text) => text.replace(/\s+/g, " ").trim();

async function send(path, options = {}) {
  const response = await fetch(api + path, {
    ...options,
    headers: options.body ? { "Content-Type": "application/json" } : {},
    credentials: "omit",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.status === 204 ? null : response.json();
}

// How a kind of reply is shown: a label above it, a line above its suggestions, and whether
// "did this help" is worth asking.
const PLAIN = { label: "", offer: "", asksFeedback: false };

function manner(outcome) {
  switch (outcome) {
    case "answer":
      return { ...PLAIN, offer: "You can also ask about", asksFeedback: true };
    case "clarify":
      return PLAIN;
    case "not_covered":
      return { ...PLAIN, label: "Not in the guide", asksFeedback: true };
    case "dosing_refusal":
    case "personal_advice":
      return {
        label: "A question for the clinic team",
        offer: "What the guide does say",
        asksFeedback: true,
      };
    case "emergency":
    case "overdose":
    case "crisis":
      return { ...PLAIN, label: "Get help now" };
    case "smalltalk":
    case "unintelligible":
      return PLAIN;
    default:
      // A newer server may know more outcomes; its text is complete on its own.
      return PLAIN;
  }
}

async function ask(message, shown) {
  if (isAsking) return;
  isAsking = true;
  status.textContent = "Looking in the guide…";
  errorLine.hidden = true;
  try {
    const body = JSON.stringify({ ...message, guide, ...(visit ? { visit_id: visit } : {}) });
    const reply = await send("/ask", { method: "POST", body });
    visit = reply.visit_id;
    if (message.question !== undefined) field.value = "";
    show(shown, reply);
  } catch {
    errorLine.textContent =
      "No reply came. Your question is still here: please try again. " +
      "If this is urgent, do not wait: call the clinic or the emergency number.";
    errorLine.hidden = false;
  } finally {
    isAsking = false;
    status.textContent = "";
  }
}

function show(question, reply) {
  const turn = make("li", { class: "turn" },
    make("div", { class: "turn-you" }, make("p", {}, unseen("You asked: "), question)),
    replyOf(reply));
  turns.append(turn);
  arrange(true);
  turn.scrollIntoView({ block: "start" });
}

// With a conversation on the page, the field gives its room to the replies.
function arrange(hasTurns) {
  tools.hidden = !hasTurns;
  at("how").hidden = hasTurns;
  form.classList.toggle("composer-compact", hasTurns);
}

function replyOf(reply) {
  const { label, offer, asksFeedback } = manner(reply.outcome);
  const box = make("article", { class: `reply reply-${reply.outcome}`, lang: reply.lang });
  if (reply.card) box.append(cardOf(reply.card));
  else if (label) box.append(make("p", { class: "reply-label" }, label));
  box.append(...partsOf(reply));
  if (reply.suggestions.length) box.append(...suggestionsOf(reply, offer));
  if (reply.notice) box.append(make("p", { class: "notice" }, reply.notice));
  if (asksFeedback) box.append(feedbackOf(reply));
  return box;
}

// The lines of the reply's text in their order: quoted ones as quotes, the bot's own as they
// are, and without those that the card and the buttons show in a form of their own.
function partsOf(reply) {
  const left = [...reply.excerpts];
  const elsewhere = new Set(shownElsewhere(reply));
  const parts = [];
  for (const line of reply.text.split("\n").map(folded)) {
    const excerpt = left.find(({ display }) => line.includes(folded(display)));
    if (excerpt) {
      left.splice(left.indexOf(excerpt), 1);
      parts.push(quoteOf(excerpt));
    } else if (line && !elsewhere.has(line)) {
      parts.push(make("p", { class: "reply-own" }, line));
    }
  }
  return [...parts, ...left.map(quoteOf)];
}

function shownElsewhere({ card, suggestions }) {
  const lines = suggestions.map(({ label }, index) => `${index + 1}. ${label}`);
  if (card) {
    lines.push(card.title, `${card.title}.`, ...card.lines);
    lines.push(...card.numbers.map(({ label, number }) => `${label}: ${number}`));
  }
  return lines.map(folded);
}

// The numbers come right after the first line: on a phone they have to be in sight at once.
function cardOf(card) {
  const [first, ...rest] = card.lines.map((line) => make("p", {}, line));
  const numbers = card.numbers.length
    ? [make("ul", { class: "numbers" }, ...card.numbers.map(numberOf))]
    : [];
  const body = make("div", { class: "card-body" }, first ?? "", ...numbers, ...rest);
  const role = card.level === "emergency" ? { role: "alert" } : {};
  return make("section", { class: `card card-${card.level}`, ...role },
    make("h3", {}, card.title), body);
}

function numberOf({ label, number, mode, hours }) {
  const dialled = number.replace(/(?!^\+)[^\d]/g, "");
  const links = make("span", { class: "number-links" });
  if (mode !== "text") {
    links.append(make("a", { class: "dial", href: `tel:${dialled}` }, `Call ${number}`));
  }
  if (mode !== "call") {
    links.append(make("a", { class: "dial", href: `sms:${dialled}` }, `Text ${number}`));
  }
  const hoursLine = hours ? make("span", { class: "number-hours" }, hours) : null;
  return make("li", {}, make("span", { class: "number-label" }, label, hoursLine ?? ""), links);
}

function quoteOf(excerpt) {
  const where = excerpt.path.length ? excerpt.path.join(" › ") : excerpt.section;
  return make("figure", { class: "quote" },
    make("blockquote", { cite: excerpt.url, lang: language },
      make("p", {}, excerpt.display)),
    make("figcaption", {}, "The guide, section ", make("cite", {}, where), make("br"),
      make("a", { href: excerpt.url, target: "_blank", rel: "noopener" },
        "See it in the guide", unseen(" (opens in a new tab)"))));
}

function suggestionsOf(reply, offer) {
  const list = make("ul", { class: "choices" },
    ...reply.suggestions.map(({ label, passage_id }) => make("li", {}, chip(label, passage_id))));
  return offer ? [make("p", { class: "choices-title" }, offer), list] : [list];
}

function chip(label, passageId) {
  const button = make("button", { type: "button", class: "chip" }, label);
  button.addEventListener("click", () => ask({ choice: passageId }, label));
  return button;
}

function feedbackOf(reply) {
  const thanks = make("span", { class: "thanks", role: "status" });
  const buttons = [["Yes", true], ["No", false]].map(([label, helpful]) => {
    const button = make("button", { type: "button", "aria-pressed": "false" }, label);
    button.addEventListener("click", async () => {
      const body = JSON.stringify({ reply_id: reply.reply_id, helpful });
      try {
        await send("/feedback", { method: "POST", body });
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        thanks.textContent = "Thank you.";
      } catch {
        thanks.textContent = "This could not be saved.";
      }
    });
    return button;
  });
  return make("div", { class: "helpful", role: "group", "aria-label": "Did this help?" },
    make("span", { "aria-hidden": "true" }, "Did this help?"), ...buttons, thanks);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = field.value.trim();
  if (question) ask({ question }, question);
  field.focus();
});

field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

at("clear").addEventListener("click", async () => {
  const gone = visit;
  visit = null;
  turns.replaceChildren();
  arrange(false);
  field.value = "";
  field.focus();
  if (gone) await send(`/visits/${gone}`, { method: "DELETE" }).catch(() => {});
});

for (const link of document.querySelectorAll("#topics a")) {
  link.replaceWith(chip(link.textContent, link.dataset.choice));
}
form.hidden = false;
