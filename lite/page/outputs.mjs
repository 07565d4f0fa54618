// @ts-check
/* What a run of a cell shows, in the classes that the book's own outputs have. */
import { element } from "./elements.mjs";

/** @typedef {(lab: number, path: any[], lane?: number) => Promise<object>} Ask */

const WIDGETS = /\b(?:ipywidgets|anywidget)\b/; // a module that the page does not have

/** The place of one run's output. */
export class Output {
  /** @param {Ask} ask  answers what a lab asks of its Python */
  constructor(ask) {
    this.ask = ask;
    this.labs = /** @type {number[]} */ ([]); // by their place in this output
    this.needsNotebook = false;
    this.caption = element("div", { className: "in-place-caption", textContent: "your run" });
    this.root = element("div", { className: "cell_output docutils container in-place-output" }, this.caption);
  }

  /** One message of in_place.py. @param {{kind: string, name: string, text: string}} message */
  add({ kind, name, text }) {
    if (kind === "stream") this.stream(name, text);
    else if (kind === "error") this.error(name, text);
    else this.value(name, JSON.parse(text));
  }

  /** @param {string} name @param {string} text */
  stream(name, text) {
    const last = /** @type {HTMLElement} */ (this.root.lastElementChild);
    const pre = last.dataset.stream === name && last.querySelector("pre");
    if (pre) pre.append(text);
    else this.piece(name === "stderr" ? "stderr" : "stream", text).dataset.stream = name;
  }

  /** @param {string} kind @param {string} text */
  piece(kind, text) {
    const pre = element("pre", {}, text);
    const made = element("div", { className: `output ${kind} highlight-myst-ansi notranslate` }, element("div", { className: "highlight" }, pre));
    this.root.append(made);
    return made;
  }

  /** @param {string} words @param {string} whole  the traceback */
  error(words, whole) {
    this.needsNotebook ||= /^(?:Module)?(?:Import|NotFound)Error/.test(words) && WIDGETS.test(words);
    const made = this.piece("traceback", words);
    made.classList.add("in-place-error");
    if (words.startsWith("NotYet: ")) made.classList.add("in-place-not-yet"); // an exercise that waits is no fault
    if (!whole) return;
    made.append(element("details", { className: "hide" },
      element("summary", { textContent: "Where it came from" }), element("pre", { textContent: whole })));
  }

  /** @param {string} lab @param {Record<string, string>} bundle */
  value(lab, bundle) {
    const html = bundle["text/html"] ?? bundle["image/svg+xml"];
    if (html !== undefined) this.html(html, lab);
    else if (bundle["image/png"]) {
      const picture = element("img", { src: `data:image/png;base64,${bundle["image/png"]}`, alt: bundle["text/plain"] });
      this.root.append(element("div", { className: "output image_png" }, picture));
    } else this.piece("text_plain", `${bundle["text/plain"]}\n`);
  }

  /** @param {string} html @param {string} number */
  html(html, number) {
    const made = element("div", { className: "output text_html" });
    this.root.append(made); // first: a script may look for its element in the page
    made.innerHTML = html;
    const labs = number === "" ? [] : labsIn(made);
    for (const lab of labs) lab.dataset.ready = ""; // shown below, with a Python that answers
    for (const idle of made.querySelectorAll("script")) { // a parser does not run what innerHTML holds
      const runs = element("script", { textContent: idle.textContent, async: false });
      for (const { name, value } of idle.attributes) runs.setAttribute(name, value);
      idle.replaceWith(runs);
    }
    for (const lab of labs) {
      this.labs.push(Number(number));
      mount(lab, (path, lane) => this.ask(Number(number), path, lane));
    }
  }

  /** What was written and shown, to compare it with another output. */
  get signature() { return signature([...this.root.children].filter((part) => part !== this.caption)); }
}

/** The labs in a part of the page that a Python can tell more. @param {Element} root */
export const labsIn = (root) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-goes-on]")]);

/**
 * Show a lab (again) with a Python behind it, which answers what the lab has not recorded.
 * @param {HTMLElement} lab
 * @param {(path: any[], lane?: number) => Promise<object>} ask
 */
export const mount = (lab, ask) => {
  const { show, css } = globalThis.otpLabs[lab.dataset.crashLab ?? lab.dataset.scheduleLab ?? ""];
  show(lab, JSON.parse(lab.querySelector("script")?.textContent ?? "null"), { css, ask });
};

/**
 * What outputs say, as text: each stream by itself, for a stored page has put its pieces together; pictures by their words.
 * @param {Element[]} parts
 */
export const signature = (parts) => {
  const said = { stream: "", stderr: "", other: "" };
  for (const part of parts) {
    const kind = part.classList.contains("stderr") ? "stderr" : part.classList.contains("stream") ? "stream" : "other";
    said[kind] += labsIn(part).length ? `${labsIn(part).length} labs` : words(part);
  }
  return JSON.stringify(Object.values(said).map((text) => text.replace(/\s+/g, " ").trim()));
};

/** @param {Element} part */
const words = (part) => {
  const copy = /** @type {Element} */ (part.cloneNode(true));
  copy.querySelectorAll("script, style, button.copybtn").forEach((each) => each.remove());
  const pictures = [...copy.querySelectorAll("img")].map((picture) => picture.alt);
  return `${copy.textContent} ${pictures.join(" ")}`;
};

/** Why a cell does not run in the text, and the way to where it does. @param {string} notebook  its address */
export const notebookNote = (notebook) =>
  element("p", { className: "in-place-note" }, "This needs widgets, which only the notebook has: ",
    element("a", { href: notebook, textContent: "open this chapter as a notebook" }), ".");

