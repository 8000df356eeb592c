// No way out of the page by touch, mouse or keyboard. The operating system and the browser's
// policy have to close the rest: see KIOSK.md.

const LEAVING = /^(F\d{1,2}|Browser\w+|GoBack|ContextMenu|Print\w*|Launch\w+)$/;

const refuse = (event) => event.preventDefault();
const isInField = (node) => node instanceof Element && node.closest("textarea") !== null;

export function lock() {
  const listen = (name, act) => {
    document.addEventListener(name, act, { capture: true, passive: false });
  };
  for (const name of ["contextmenu", "dragstart", "dragover", "drop", "auxclick", "gesturestart"]) {
    listen(name, refuse);
  }
  listen("selectstart", (event) => {
    if (!isInField(event.target)) event.preventDefault();
  });
  listen("touchmove", (event) => {
    if (event.touches.length > 1) event.preventDefault();
  });
  listen("wheel", (event) => {
    if (event.ctrlKey) event.preventDefault();
  });
  listen("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    // AltGr writes letters such as "@" and counts as Ctrl and Alt on some systems.
    const writes = event.getModifierState("AltGraph");
    if (LEAVING.test(key) || ((ctrlKey || metaKey || altKey) && !writes)) event.preventDefault();
  });
}
