// What the page says beside its map: how many CPTS, of which day, and what went wrong.
import { count, element, longDate } from "./description.js";

export function say(text, ...more) {
  const message = document.getElementById("message");
  message.replaceChildren(element("p", {}, text), ...more);
  message.hidden = false;
}

export function showFacts({ features, matched, changed }) {
  const shown = features.length;
  const homeless = features.filter((feature) => feature.geometry === null).length;
  const parts = [shown === 0 ? "Aucune CPTS" : `${count(shown)} CPTS`];
  if (shown < matched) parts.push(`sur ${count(matched)}`);
  if (homeless > 0) parts.push(`dont ${count(homeless)} sans territoire`);
  document.getElementById("count").textContent = parts.join(", ");
  const date = document.getElementById("date");
  if (changed) {
    const changedOn = `données du ${longDate(changed)}`;
    date.textContent = date.dataset.at
      ? `situation au ${longDate(date.dataset.at)}, ${changedOn}`
      : changedOn;
  }
  document.getElementById("demonstration").hidden = !features.some(
    (feature) => feature.properties.demonstration,
  );
}
