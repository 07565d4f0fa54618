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
    dispatchEvent(new Event("otp-progress")); // the menu counts
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

  const choice = (name, title, list, changed) => {
    const fieldset = element("fieldset", { className: "prediction" }, element("legend", { textContent: title }));
    const inputs = [...list.children].map((item) => {
      const words = item.textContent.trim();
      const input = element("input", { type: "radio", name, value: words });
      input.onchange = () => changed(words);
      fieldset.append(element("label", {}, input, " ", ...[...item.childNodes].map((node) => node.cloneNode(true))));
      return input;
    });
    list.hidden = true;
    return [fieldset, (words) => { for (const input of inputs) input.checked = input.value === words; }];
  };

  const line = (title, shown, changed) => {
    const input = element("input", { type: "text", maxLength: 300, autocomplete: "off" });
    input.oninput = () => changed(input.value.trim());
    input.onkeydown = (event) => { if (event.key === "Enter") shown.querySelector("summary").focus(); };
    const show = (words) => { if (input.value.trim() !== words) input.value = words; };
    return [element("p", { className: "prediction" }, element("label", {}, `${title} `, input)), show];
  };

  /** Where a prediction is made and shown: before a cell's outputs, and in the other tab before what its twin prints. */
  const placesOf = (fold) => {
    const tabs = fold.closest(".twin-tabs"), twin = tabs?.querySelector("details.predict-twin");
    const places = [{ spot: fold.closest(".cell_output"), shown: fold, name: keyOf(fold), title: "Your prediction" }];
    if (twin) {
      const all = [...tabs.querySelectorAll("details.predict")], number = all.length > 1 ? ` ${all.indexOf(fold) + 1}` : "";
      places.push({ spot: twin, shown: twin, name: `${keyOf(fold)}:twin`, title: `Your prediction${number}` });
    }
    return places;
  };

  const equip = (fold) => {
    const list = answersBefore(fold), shows = [];
    const tell = (words) => { for (const show of shows) show(words); };
    const changed = (words) => { keep(keyOf(fold), words); tell(words); };
    for (const { spot, shown, name, title } of placesOf(fold)) {
      const said = element("p", { className: "prediction-said", hidden: true });
      const [asks, show] = list ? choice(name, title, list, changed) : line(title, shown, changed);
      spot.before(asks);
      ([...shown.querySelectorAll(":scope > .prediction-said")].pop() ?? shown.querySelector("summary")).after(said);
      shows.push((words) => {
        show(words);
        said.textContent = `You predicted: ${words}`;
        said.hidden = !words;
      });
    }
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
