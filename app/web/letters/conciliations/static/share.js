// A click on a disputed commune gives it to the next party; the list says and takes the same.

const form = document.getElementById("share-form");
const said = document.getElementById("said");

const choicesOf = (code) => [...form.querySelectorAll(`input[name="share_${code}"]`)];

function paint(path) {
  const chosen = choicesOf(path.dataset.code).find((each) => each.checked);
  path.setAttribute("class", chosen ? `disputed given party-${chosen.dataset.party}` : "disputed");
}

const paths = [...document.querySelectorAll(".rivals path[data-code]")];
for (const path of paths) {
  path.addEventListener("click", () => {
    const choices = choicesOf(path.dataset.code);
    const next = (choices.findIndex((each) => each.checked) + 1) % choices.length;
    choices[next].checked = true;
    paint(path);
    const commune = choices[next].closest("fieldset").querySelector("legend").textContent;
    said.textContent = `${commune} : ${choices[next].labels[0].textContent.trim()}.`;
  });
  paint(path);
}
form.addEventListener("change", () => paths.forEach(paint));
document.body.classList.add("clickable");
