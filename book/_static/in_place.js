/* Code cells that run where they stand: what a page needs before a reader touches one.
 *
 * Each cell gets a Run that takes no room. The first touch (a click into the code, that Run, or a lab that goes
 * beyond what it has recorded) loads the rest, whose names live.json knows: lite/page/page.mjs. A reader who has changed
 * something on this page before finds it again at once. Where the book was built without its live part, and in a file,
 * the page stays as it is.
 */
(() => {
  "use strict";

  const TEXTS = {
    failed: "The cells of this page could not be loaded. There may be no connection, or a newer edition of the book: reload the page.",
    run: "Run", loads: "Loading …", download: "Download as a notebook", take: "Take a notebook back",
  };
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const cellsOf = () => [...document.querySelectorAll("div.cell[data-cell-id]")];
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  let book, chapter, loading;

  const style = (href) => new Promise((resolve, reject) => {
    document.head.append(element("link", { rel: "stylesheet", href, onload: resolve, onerror: () => reject(new Error(href)) }));
  });

  /** The page's front end; loaded once, and again where that failed. */
  const load = () => {
    const lite = new URL("lite/", root).href, at = (name) => new URL(name, lite).href;
    loading ??= Promise.all([import(at(book.page.page)), style(at(book.page.style))]).then(([module]) => module.start({
      chapter, lite, python: book.python, worker: at(book.page.worker), copy: at(`files/${book.notebooks[chapter]}`),
      notebook: `${location.pathname}?live`, roots: cellsOf(),
    }));
    return loading.then((page) => (globalThis.inPlace.page = page), (error) => {
      loading = undefined;
      console.warn(error);
      throw new Error(TEXTS.failed);
    });
  };

  /** Do something with the cell in `container`; where that cannot be, say so there. */
  const touch = async (container, work) => {
    container.querySelector(".in-place-failed")?.remove();
    const pill = container.querySelector(".in-place-pill");
    const slow = setTimeout(() => { if (pill) pill.textContent = TEXTS.loads; }, 300);
    try {
      const page = await load();
      await work(page, page.cell(container));
    } catch (error) {
      container.append(element("p", { className: "in-place-failed", role: "alert", textContent: error.message }));
    } finally {
      clearTimeout(slow);
      if (pill) pill.textContent = TEXTS.run;
    }
  };

  const equip = (container, number) => {
    const input = container.querySelector(".cell_input");
    if (!input) return;
    const run = element("button", { type: "button", className: "in-place-pill", textContent: TEXTS.run });
    run.setAttribute("aria-label", `Run cell ${number}`);
    run.onclick = () => touch(container, (page, cell) => {
      page.run(cell);
      cell.runButton.focus({ preventScroll: true }); // the button that was pressed is gone
    });
    input.append(run);
    input.addEventListener("click", (event) => {
      const { clientX: x, clientY: y, target } = event;
      if (!target.closest("pre") || target.closest("button, a") || !getSelection().isCollapsed) return;
      touch(container, (_, cell) => cell.edit({ x, y }));
    });
  };

  /* --- labs ----------------------------------------------------------------------------------------------- */

  /** Give a stored lab a Python to ask. It is put anew into the page, so not while somebody uses it. */
  const awaken = (lab) => {
    const container = lab.closest("div.cell[data-cell-id]");
    if (!container || lab.contains(document.activeElement) || lab.closest(".in-place-output")) return;
    const at = [...container.querySelectorAll("[data-goes-on]")].indexOf(lab);
    const fresh = lab.cloneNode(true), { show, css } = globalThis.otpLabs[lab.dataset.crashLab ?? lab.dataset.scheduleLab];
    const ask = async (path, lane) => (await load()).askLab(container, at, path, lane);
    fresh.dataset.asks = "";
    delete fresh.dataset.slug; // it takes a name anew, and the address has the one that is free now
    lab.replaceWith(fresh);
    show(fresh, JSON.parse(fresh.querySelector("script").textContent), { css, ask, address: true });
  };

  /** With its Python a lab shows some controls more: those that are in sight wait until the pointer comes, if there is one. */
  const awakenLabs = () => {
    const hovers = matchMedia("(hover: hover)").matches;
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        seen.unobserve(target);
        if (isIntersecting && hovers) target.addEventListener("pointerenter", ({ pointerType }) => { if (pointerType === "mouse") awaken(target); }, { once: true });
        else (globalThis.requestIdleCallback ?? setTimeout)(() => awaken(target));
      }
    });
    document.querySelectorAll(".cell [data-goes-on][data-ready]").forEach((lab) => seen.observe(lab));
  };

  /* --- what the reader has: away as a file, and back --------------------------------------------------------- */

  const save = async (say) => {
    const text = await (await load()).download();
    const link = element("a", { download: `${chapter}.ipynb`, href: URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say("");
  };

  const take = async (file, say) => {
    let notebook = null;
    try { notebook = JSON.parse(await file.text()); } catch { /* said below */ }
    say((await load()).take(notebook));
  };

  const work = () => {
    const says = element("span", { className: "in-place-work-says" });
    says.setAttribute("role", "status");
    const say = (text) => { says.textContent = text; };
    const told = (doing) => doing.catch((error) => say(error.message));
    const file = element("input", { type: "file", accept: ".ipynb", hidden: true });
    file.onchange = () => { if (file.files[0]) told(take(file.files[0], say)); file.value = ""; };
    document.querySelector(".live-bar")?.append(element("details", { className: "in-place-work" },
      element("summary", { textContent: "Your work" }),
      element("div", {}, element("span", { textContent: "What you write into the cells stays in this browser." }),
        element("button", { type: "button", textContent: TEXTS.download, onclick: () => told(save(say)) }),
        element("button", { type: "button", textContent: TEXTS.take, onclick: () => file.click() }), file, says)));
  };

  /** Whether this browser keeps something of this chapter. */
  const keepsSomething = () => {
    try {
      return Object.keys(localStorage).some((key) => ["cell", "aside", "exercise"].some((kind) => key.startsWith(`otp-patterns ${kind} ${chapter} `)));
    } catch {
      return false;
    }
  };

  const start = async () => {
    book = await globalThis.otpLive?.book;
    chapter = globalThis.otpLive?.chapter;
    if (!book?.page || !cellsOf().length) return;
    document.documentElement.classList.add("in-place");
    cellsOf().forEach((container, at) => equip(container, at + 1));
    awakenLabs();
    work();
    if (keepsSomething()) load().catch(() => { /* the first touch says it */ });
  };

  globalThis.inPlace = { load };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
