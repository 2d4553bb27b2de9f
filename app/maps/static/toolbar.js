// All controls on a map are one stop of the keyboard: the arrows go from one to the next.

const REACHABLE = "a[href], button, input, summary";
const FORWARD = new Set(["ArrowRight", "ArrowDown"]);
const BACK = new Set(["ArrowLeft", "ArrowUp"]);

export function oneStop(box) {
  const all = () => [...box.querySelectorAll(REACHABLE)];
  let current = null;

  const settle = (chosen) => {
    const reachable = all();
    const shown = reachable.filter((each) => each.checkVisibility());
    current = shown.includes(chosen) ? chosen : shown[0];
    for (const each of reachable) each.tabIndex = each === current ? 0 : -1;
  };

  box.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const shown = all().filter((each) => each.checkVisibility());
    const at = shown.indexOf(event.target);
    if (at < 0) return;
    let next = null;
    if (FORWARD.has(key)) next = shown[(at + 1) % shown.length];
    else if (BACK.has(key)) next = shown[(at - 1 + shown.length) % shown.length];
    else if (key === "Home") next = shown[0];
    else if (key === "End") next = shown.at(-1);
    else return;
    // Of a group of radio buttons too, which the space bar then chooses from.
    event.preventDefault();
    event.stopPropagation();
    settle(next);
    next.focus();
  });
  box.addEventListener("focusin", ({ target }) => {
    if (target.matches(REACHABLE)) settle(target);
  });
  box.addEventListener("focusout", () => {
    // Browsers pass over a radio button that is not the chosen one of its group.
    if (current?.type === "radio" && !current.checked) settle(null);
  });
  box.addEventListener("toggle", () => settle(current), true);
  new MutationObserver(() => settle(current)).observe(box, { childList: true, subtree: true });
  settle(null);
}

// What Leaflet lays over a map: zoom, panels, attribution.
export function gatherControls(map) {
  const box = map.getContainer().querySelector(".leaflet-control-container");
  box.setAttribute("role", "toolbar");
  box.setAttribute("aria-label", "Outils de la carte, à parcourir avec les flèches");
  oneStop(box);
}

// For a page that makes its map after this file has run.
L.Map.addInitHook(function gather() {
  gatherControls(this);
});
