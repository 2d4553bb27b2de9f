// Copies the code; the page does without when this does not run.
const button = document.getElementById("copy");
const code = document.getElementById("code");
const said = document.getElementById("copied");

if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.value);
      said.textContent = "Code copié.";
    } catch {
      code.select();
      said.textContent = "Le code est sélectionné : copiez-le avec Ctrl + C.";
    }
  });
}
