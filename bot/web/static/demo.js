// The start page around the widget: its buttons open the assistant, its topics ask it, and the
// switches dress it. Without this script the topics lead to the reading page.

await customElements.whenDefined("quotewell-chat");
const widget = document.querySelector("quotewell-chat");
const button = document.getElementById("ask");

button.hidden = false;
button.addEventListener("click", () => widget.show());

for (const link of document.querySelectorAll("[data-choice]")) {
  link.addEventListener("click", (event) => {
    // A click that opens a new tab or window stays a link to the reading page.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    widget.show();
    widget.choose(link.dataset.choice, link.textContent);
  });
}

for (const input of document.querySelectorAll("[name=theme]")) {
  input.addEventListener("change", () => widget.setAttribute("theme", input.value));
}
