/* Predictions: a place for one before each fold "Show what happened", kept in this browser, shown beside what happened.
 *
 * book/_ext/predictions.py makes the folds; without this script they are folds and nothing is lost. A list right behind
 * the question becomes a choice; where there is none, the reader writes a line.
 */
(() => {
  "use strict";

  const page = decodeURIComponent(location.pathname).replace(/^.*\/|\.html$/g, "");
  const keyOf = (fold) => `prediction:${page}:${fold.dataset.cell}`;

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /* A browser that keeps nothing (a file, a private window) still compares within the page. */
  const kept = new Map();
  const recall = (key) => { try { return localStorage.getItem(key) ?? ""; } catch { return kept.get(key) ?? ""; } };
  const keep = (key, words) => {
    kept.set(key, words);
    try { words ? localStorage.setItem(key, words) : localStorage.removeItem(key); } catch { /* kept above */ }
  };

  /** The list of possible answers: between the question and the cell, or null. */
  const answersBefore = (fold) => {
    const cell = fold.closest(".twin-tabs") || fold.closest(".cell");
    let list = null;
    for (let node = cell?.previousElementSibling; node; node = node.previousElementSibling) {
      if (node.matches("ul, ol") && !list) list = node;
      else if (node.matches("p")) return list && /^\s*predict/i.test(node.textContent) ? list : null;
      else if (!node.matches(".cell")) return null;
    }
    return null;
  };

  const choice = (fold, list, changed) => {
    const name = keyOf(fold), before = recall(name);
    const fieldset = element("fieldset", { className: "prediction" }, element("legend", { textContent: "Your prediction" }));
    for (const item of list.children) {
      const words = item.textContent.trim();
      const input = element("input", { type: "radio", name, value: words, checked: words === before });
      input.onchange = () => changed(words);
      fieldset.append(element("label", {}, input, " ", ...[...item.childNodes].map((node) => node.cloneNode(true))));
    }
    list.hidden = true;
    return fieldset;
  };

  const line = (fold, changed) => {
    const input = element("input", { type: "text", maxLength: 300, autocomplete: "off", value: recall(keyOf(fold)) });
    input.oninput = () => changed(input.value.trim());
    input.onkeydown = (event) => { if (event.key === "Enter") fold.querySelector("summary").focus(); };
    return element("p", { className: "prediction" }, element("label", {}, "Your prediction ", input));
  };

  const equip = (fold) => {
    const said = element("p", { className: "prediction-said", hidden: true });
    const tell = (words) => {
      said.textContent = `You predicted: ${words}`;
      said.hidden = !words;
    };
    const changed = (words) => { keep(keyOf(fold), words); tell(words); };
    const list = answersBefore(fold);
    const cell = fold.closest(".cell_output");
    cell.before(list ? choice(fold, list, changed) : line(fold, changed));
    fold.querySelector("summary").after(said);
    tell(recall(keyOf(fold)));
    // What was drawn in a closed fold had no width: tell it that there is one now.
    fold.addEventListener("toggle", () => { if (fold.open) window.dispatchEvent(new Event("resize")); });
  };

  const start = () => document.querySelectorAll("details.predict").forEach(equip);

  // On paper nothing can be opened.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(":is(details.predict, details.predict-twin):not([open])")];
    opened.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
