// @ts-check
/* One code cell of the page: its source, its editor, its buttons, and what its last run showed. */
import { button, element, seconds } from "./elements.mjs";
import { Output, labsIn, notebookNote, signature } from "./outputs.mjs";

/**
 * @typedef {object} Page  what a cell needs of the page
 * @property {import("./store.mjs").Store} store
 * @property {import("./link.mjs").Link} link
 * @property {string} notebook  the address of the chapter as a notebook
 * @property {(cell: Cell) => void} run
 * @property {(cell: Cell) => void} stop
 * @property {(cell: Cell) => void} check  run the checks of the cell's exercise
 * @property {(cell: Cell) => void} changed
 */
/** @typedef {"new" | "waiting" | "running" | "ok" | "error" | "stopped" | "ended"} Fared */

const HELD = 1500; // ms in which the output of a cell above waits for its end, to stay away where it is the stored one
const LABEL = "Code. Shift+Enter runs it; Escape, then Tab, leaves it.";

export class Cell {
  /**
   * @param {HTMLElement} root
   * @param {number} number  its place among the cells of the page, from 1
   * @param {Page} page
   */
  constructor(root, number, page) {
    const { cellId = "", role = "", exercise, of } = root.dataset;
    this.root = root;
    this.number = number;
    this.page = page;
    this.id = cellId;
    this.role = role;
    this.exercise = exercise;
    this.of = of;
    this.raises = root.classList.contains("tag_raises-exception");
    this.ran = false;
    this.stale = false; // the text has changed since its run began
    this.kept = true; // by the browser
    this.sought = false; // it was asked for elsewhere: its output comes into sight
    this.before = ""; // the reader's text, behind a "Back to the original"
    this.state = /** @type {Fared} */ ("new");
    this.input = /** @type {HTMLElement | null} */ (root.querySelector(".cell_input")); // a verdict has none
    this.pre = this.input?.querySelector("pre") ?? null;
    this.coloured = this.pre?.innerHTML ?? "";
    this.published = this.code = this.pre?.textContent?.replace(/\n$/, "") ?? "";
    this.fold = /** @type {HTMLDetailsElement | null} */ (root.querySelector(".cell_output details.predict"));
    const stored = /** @type {HTMLElement | null} */ (root.querySelector(":scope > .cell_output"));
    this.stored = /** @type {HTMLElement[]} */ (this.fold
      ? [...this.fold.children].filter((part) => !part.matches("summary, .prediction-said")) : stored ? [stored] : []);
    this.output = /** @type {Output | null} */ (null);
    this.fresh = /** @type {Output | null} */ (null);
    this.labs = /** @type {{worker: Worker | null, numbers: number[]}} */ ({ worker: null, numbers: [] });
    this.began = 0;
    this.above = false;
    this.bar = /** @type {HTMLElement | null} */ (null);
    this.editor = /** @type {import("./editor.mjs").Editor | null} */ (null);
    this.says = element("span", { className: "in-place-says" });
    this.runButton = button(role === "check" ? "Check" : "Run", "in-place-run", () => page.run(this), "Shift+Enter");
    this.checkButton = button("Check", "in-place-check", () => page.check(this));
    this.stopButton = button("Stop", "in-place-stop", () => page.stop(this));
    this.keys = element("span", { className: "in-place-keys", textContent: "Shift+Enter runs, Esc leaves" });
    this.keys.setAttribute("aria-hidden", "true"); // the editor's label says it
    this.editButton = button("Edit", "in-place-edit", () => this.edit());
    this.resetButton = button("Back to the original", "in-place-reset", () => this.reset());
    this.undoButton = button("Undo", "in-place-undo", () => this.undo(), "Back to your version");
    this.remember();
  }

  get edited() { return this.code !== this.published; }

  get active() { return this.state === "waiting" || this.state === "running"; }

  /* --- the source ----------------------------------------------------------------------------------------- */

  /** Take what the browser keeps: an edit of this edition at once, another one as an offer. */
  remember() {
    if (!this.pre) return;
    const edit = this.page.store.read(this.id, this.published);
    if (edit?.current) this.set(edit.text);
    else if (edit) this.putAside(edit, true);
    this.offer();
  }

  /**
   * Leave the choice between two texts to the reader: one stands here, this one aside. False where it is kept only for now.
   * @param {import("./store.mjs").Edit} edit
   * @param {boolean} [moved]  it stood here before
   */
  putAside({ text, published }, moved = false) {
    const { store } = this.page;
    const stays = store.addAside(this.id, { text, published });
    if (moved) store.write(this.id, this.published, this.published); // what is typed from now on takes its place
    this.offer();
    return stays;
  }

  /** The cell for a text that is taken over. @returns {import("./take.mjs").Place} */
  taking() {
    return {
      text: this.code,
      free: ({ published }) => published === this.published && !this.edited,
      put: ({ text }) => { this.set(text); return this.kept; },
      putAside: (edit) => this.putAside(edit),
    };
  }

  /** Say that another text of the reader is there. It stays until one of the two is chosen, whatever is typed meanwhile. */
  offer() {
    this.input?.querySelector(".in-place-edition")?.remove();
    const others = this.page.store.aside(this.id), other = others.at(-1);
    if (!other || !this.input) return;
    const older = other.published !== this.published;
    const words = older ? "This cell has changed since you edited it. " : "There is another text of yours for this cell. ";
    const drop = () => this.page.store.putAside(this.id, others.slice(0, -1));
    const show = () => {
      const mine = { text: this.code, published: this.published };
      drop();
      this.set(other.text);
      if (mine.text !== this.published) this.putAside(mine);
      this.offer();
    };
    this.input.prepend(element("div", { className: "in-place-edition" }, words,
      button(older ? "Show your version" : "Show the other one", "", show),
      button(older && !this.edited ? "Keep the new text" : "Keep this one", "", () => { drop(); this.offer(); })));
  }

  /** The bar with the buttons; a cell that nobody has touched has none. */
  dress() {
    if (this.bar || !this.input) return;
    this.input.querySelector(".in-place-pill")?.remove();
    this.bar = element("div", { className: "in-place-bar" }, this.runButton);
    if (this.role === "stub") this.bar.append(this.checkButton);
    this.bar.append(this.stopButton, this.editButton, this.resetButton, this.undoButton, this.keys, this.says);
    this.input.append(this.bar);
    this.draw();
  }

  /** Become an editor, and put the cursor there. @param {{x: number, y: number} | null} [point] */
  async edit(point = null) {
    const { pre } = this;
    if (!pre || !this.input) return;
    this.dress();
    this.page.link.start();
    const module = await import("./editor.mjs").catch(() => null);
    if (!module) return this.draw("the editor could not be loaded: is there a connection? Then reload the page");
    if (!this.editor) {
      const look = getComputedStyle(pre), holder = element("div", { className: "in-place-editor" });
      const { fontFamily, fontSize, lineHeight, letterSpacing, tabSize, margin } = look;
      Object.assign(holder.style, { fontFamily, fontSize, lineHeight, letterSpacing, tabSize, margin });
      holder.style.setProperty("--pad", `${look.paddingTop} ${look.paddingRight} ${look.paddingBottom} ${look.paddingLeft}`);
      pre.before(holder);
      this.editor = module.editor(holder, {
        doc: this.code, label: LABEL, changed: (text) => this.changed(text), run: () => this.page.run(this),
        leave: () => this.runButton.focus() });
      pre.hidden = true;
      this.draw();
    }
    this.editor.focus();
    if (point) this.editor.at(point.x, point.y);
  }

  /** @param {string} text */
  set(text) {
    this.dress();
    if (this.editor) this.editor.set(text);
    else this.changed(text);
  }

  /** @param {string} text */
  changed(text) {
    if (!this.pre || text === this.code) return;
    this.code = text;
    if (this.edited) this.pre.textContent = `${text}\n`; // the copy button and the printer read it
    else this.pre.innerHTML = this.coloured;
    this.kept = this.page.store.write(this.id, text, this.published);
    this.before = "";
    this.outdated();
    this.draw();
    this.page.changed(this);
  }

  /** What this cell has run, or runs, is no longer what stands here. */
  outdated() {
    this.ran = false;
    this.stale = true;
  }

  /** The published text, and what it gave. */
  reset() {
    const mine = this.edited ? this.code : "";
    this.set(this.published);
    this.before = mine;
    this.draw();
    (this.undoButton.hidden ? this.runButton : this.undoButton).focus(); // the button that was pressed is gone
    this.output?.root.remove();
    this.output = null;
    this.stored.forEach((part) => { part.hidden = false; });
  }

  undo() {
    this.set(this.before);
    this.runButton.focus();
  }

  /* --- a run ---------------------------------------------------------------------------------------------- */

  /** @param {Fared} state */
  be(state) {
    this.state = state;
    this.root.dataset.inPlace = state;
    this.draw();
  }

  draw(more = "") {
    for (const each of [this.runButton, this.checkButton]) {
      each.setAttribute("aria-disabled", String(this.active)); // a button that is disabled would lose the focus
    }
    this.stopButton.hidden = !this.active;
    this.editButton.hidden = Boolean(this.editor);
    this.resetButton.hidden = this.active || !(this.edited || this.output);
    this.undoButton.hidden = this.active || !this.before;
    const now = { waiting: "waits for its turn", running: "runs" }[String(this.state)];
    const mine = this.kept ? "your version" : "your version: this browser does not keep it, download it before you leave";
    this.says.textContent = [more, now, this.edited && (!this.kept || !(more || now)) && mine].filter(Boolean).join("; ");
  }

  /** @param {boolean} above  it runs because a cell below was asked for */
  begin(above) {
    this.above = above;
    this.began = performance.now();
    this.fresh = null;
    this.stale = false;
    this.labs = { worker: this.page.link.worker, numbers: [] };
    this.be("running");
  }

  /** What the run tells; or, behind its end, what a process prints that it has started. @param {any} data */
  message(data) {
    const into = this.state === "running" ? this.place() : this.later();
    const labs = into.labs.length;
    into.add(data);
    this.labs.numbers.push(...into.labs.slice(labs));
  }

  /** The output of this run. That of a cell above waits a while: where it is the stored one, nothing moves. */
  place() {
    if (this.fresh) return this.fresh;
    const fresh = (this.fresh = this.make());
    const hold = this.above && !this.output && this.stored.length > 0;
    if (hold) setTimeout(() => { if (this.fresh === fresh && this.state === "running") this.show(fresh); }, HELD);
    else this.show(fresh);
    return fresh;
  }

  make() {
    const { link } = this.page, { worker } = link;
    return new Output((lab, path, lane) => link.ask(worker, lab, path, lane));
  }

  /** Put an output in the place of what stood there. @param {Output} output */
  show(output) {
    if (output === this.output) return;
    this.output?.root.remove();
    this.stored.forEach((part) => { part.hidden = true; });
    this.output = output;
    (this.fold ?? this.root).append(output.root);
    if (this.fold && !this.above) this.fold.open = true;
  }

  /** Where what comes after the end of the run is shown: below what is there. */
  later() {
    if (this.output) return this.output;
    const output = (this.output = this.make());
    output.caption.textContent = "later, in your Python";
    this.root.append(output.root);
    return output;
  }

  /**
   * @param {"ok" | "error" | "stopped" | "ended" | "dropped"} how
   * @param {Cell} [because]  the cell above whose error kept this one from running
   */
  end(how, because) {
    if (how === "dropped") {
      this.be("new");
      if (because) this.waitsFor(because);
      return;
    }
    if (this.state !== "running") this.began = performance.now();
    if (how === "stopped") this.place().stream("stdout", "(stopped)\n");
    if (how === "ended") this.place().stream("stdout", "(Python has ended.)\n");
    if (!this.fresh && (this.output || (this.stored.length && !this.above))) this.place();
    if (this.fresh) this.finish(this.fresh, how);
    this.fresh = null;
    this.ran = !this.stale && (how === "ok" || (how === "error" && this.raises));
    this.be(how);
    if (this.sought) this.root.scrollIntoView({ block: "nearest" });
    this.sought = false;
  }

  /** Say which cell above has to be mended first. @param {Cell} above */
  waitsFor(above) {
    this.says.textContent = `did not run: cell ${above.number} above raised an error `;
    this.says.append(button("Show it", "", () => above.root.scrollIntoView({ block: "center" })));
  }

  /** @param {Output} fresh @param {string} how */
  finish(fresh, how) {
    fresh.caption.textContent = `your run, ${seconds(performance.now() - this.began)}`;
    if (fresh.needsNotebook) fresh.root.append(notebookNote(this.page.notebook));
    if (this.output === fresh) {
      if (fresh.needsNotebook) this.stored.forEach((part) => { part.hidden = false; }); // the picture of what it would be
      return;
    }
    const same = how === "ok" && fresh.signature === this.storedSignature;
    if (!same) this.show(fresh);
  }

  get storedSignature() {
    return signature(this.fold ? this.stored : this.stored.flatMap((part) => [...part.children]));
  }

  /** The labs that stand in the stored output. */
  get storedLabs() { return this.stored.flatMap(labsIn); }
}
