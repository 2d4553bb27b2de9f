// A field that proposes, after the combobox pattern of the ARIA Authoring Practices.

import { element } from "./text.js";

const PAUSE_MS = 120;

// `find(text, signal)` gives `[{label, detail, value}…]`; `choose(value)` takes the chosen one.
export function combobox(input, { find, choose, say }) {
  const list = element("ul", { id: `${input.id}-list`, role: "listbox", class: "options", "aria-label": input.labels[0]?.textContent, hidden: true });
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("autocomplete", "off");
  let options = [];
  let active = -1;
  let waiting = null;
  let asking = null;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function activate(position) {
    active = position;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  }

  function take(position) {
    const { value } = options[position];
    input.value = "";
    close();
    options = [];
    choose(value);
    input.focus();
  }

  function open(found) {
    options = found;
    list.replaceChildren(
      ...found.map(({ label, detail }, i) => {
        const option = element("li", { id: `${list.id}-${i}`, role: "option", "aria-selected": "false" }, element("span", {}, label), detail ? element("small", {}, detail) : null);
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(i));
        return option;
      }),
    );
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    activate(found.length > 0 ? 0 : -1);
    say(found.length === 0 ? "Aucune proposition." : `${found.length} proposition${found.length > 1 ? "s" : ""}.`);
  }

  async function search() {
    const text = input.value.trim();
    asking?.abort();
    if (text.length < 2) {
      close();
      options = [];
      return;
    }
    asking = new AbortController();
    const { signal } = asking;
    try {
      const found = await find(text, signal);
      if (!signal.aborted) open(found);
    } catch (error) {
      if (error.name !== "AbortError") say(error.message);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE_MS);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden && active >= 0) take(active);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length > 0) {
      event.preventDefault();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate((active + step + options.length) % options.length);
    }
  });
}
