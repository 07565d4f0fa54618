/* What all labs share: text becomes elements, a lab gets a shadow root of its own, keys work inside of it, a transport
 * bar steps through what happened, and the page's address keeps a run. No framework, no network; text enters the page
 * only as text.
 */

// ---- words ----
const nth = (n) => n + (n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] || "th");
const list = (names) => (names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names.at(-1));
const flat = (parts) => parts.map((part) => part.b ?? part.c ?? part).join("");
const capital = (text) => text[0].toUpperCase() + text.slice(1);

// ---- building blocks ----
const SVG = "http://www.w3.org/2000/svg";
const UNSAID = { "aria-hidden": "true" };
function h(tag, props = {}, ...kids) {
  const el = tag === "svg" || tag === "path" ? document.createElementNS(SVG, tag) : document.createElement(tag);
  if (tag === "button") el.type = tag;
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (value === true) el.setAttribute(name, name.startsWith("aria-") ? "true" : "");
    else if (value !== false && value != null) el.setAttribute(name, value);
  }
  el.append(...kids.flat().filter((kid) => kid != null));
  return el;
}
const [div, span, para] = ["div", "span", "p"].map((tag) => (className, ...kids) => h(tag, { class: className }, ...kids));
const button = (className, onclick, ...kids) => h("button", { class: className, onclick }, ...kids);
const rich = (parts) => parts.map((part) => (typeof part === "string" ? part : "b" in part ? h("b", {}, part.b) : h("code", {}, part.c)));

/** Replace what is in `el`; whoever had the keyboard's focus in there keeps it. */
function put(el, ...kids) {
  const all = () => [...el.querySelectorAll("button")], had = all().indexOf(el.getRootNode().activeElement);
  el.replaceChildren(...kids.flat().filter((kid) => kid != null));
  if (had >= 0) (all()[had] ?? all().at(-1))?.focus({ preventScroll: true });
}

const SHAPE = {
  running: "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z",
  starting: "M6 1 11.4 10.6H.6z",
  stopping: "M1.8 1.8h8.4v8.4H1.8z",
  stopped: "M1 1h10v10H1zM3.5 3.5v5h5v-5z",
  dead: "M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5z",
  finished: "M.8 4.8h10.4v2.4H.8z",
  forgotten: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10zm0 2a3 3 0 1 1 0 6a3 3 0 1 1 0-6z",
  crashed: "M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5z",
  dragged: "M6 .3 11.7 6 6 11.7.3 6zM6 3 3 6l3 3 3-3z",
  started: "M6 1 11.4 10.6H.6z",
  first: "M1 1h2v10H1zM11 1v10L4 6z",
  back: "M9.5 1v10L2.5 6z",
  next: "M2.5 1v10l7-5z",
  end: "M9 1h2v10H9zM1 1v10l7-5z",
  play: "M2 .5v11L11.5 6z",
  pause: "M2 1h3v10H2zM7 1h3v10H7z",
};
const icon = (d, size = 12) =>
  h("svg", { viewBox: "0 0 12 12", width: size, height: size, ...UNSAID }, h("path", { d }));
/** Say something in `el`, which keeps the room for the longest that it has to say. */
function say(el, parts, longest) {
  put(el, h("span", {}, rich(parts)));
  el.dataset.longest = longest;
}
const longest = (texts) => texts.reduce((most, text) => (text.length > most.length ? text : most), "");
function mark(className, share) {
  const i = h("i", { class: className });
  i.style.left = `${100 * share}%`;
  return i;
}
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A constructed sheet passes a strict style-src, a <style> may not. */
function dress(root, text) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    (root.head ?? root).append(h("style", {}, text));
  }
}

/** Put a lab into a shadow root: the page's styles stay out, ours stay in. */
function shell(el, kind, name, css, ...kids) {
  const [outside, inside = ""] = css.split("/* ---- inside ---- */");
  const fresh = !el.shadowRoot, root = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  const page = document.documentElement;
  if (!page.hasAttribute("data-otp-lab-theme")) {
    page.setAttribute("data-otp-lab-theme", "");
    dress(document, outside);
  }
  root.replaceChildren(div("lab", kids));
  if (fresh) dress(root, inside);
  el.classList.add("otp-lab", kind);
  el.dataset.lmSuppressShortcuts = "true";  // JupyterLab must leave our keys alone
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", name);
}

/** What is said where nothing is stored: what else can be done, and how to start a kernel. */
function atTheEnd(where, live, back = "Go back and fork") {
  const starter = live();
  const way = starter ? button("link", () => starter.click(), "open the chapter as a notebook,") : "run the notebook,";
  return [`${where} ${back}, or `, way, " to go on."];
}

/** Keys work inside the lab only. */
function onKeys(el, find) {
  el.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? null : find(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

// ---- the transport: buttons, slider, marks ----
/** Steps run from 0 to `count`; `stops` are those of the quiet moments, the first of them 0. */
class Transport {
  constructor({ go, stops, count, now, dwell, changed, leaps: [before, after] }) {
    Object.assign(this, { go, stops, count, now, dwell, changed, speed: 1, timer: 0 });
    this.keys = { ",": () => this.step(-1), ".": () => this.step(1), p: () => this.toggle() };
    const tool = (shape, name, act) => h("button", { class: "tb", "aria-label": name, title: name, onclick: act }, icon(SHAPE[shape], 14));
    this.parts = [
      tool("first", before, () => this.leap(-1)), tool("back", "One step back  ( , )", () => this.step(-1)),
      tool("play", "Play  ( p )", () => this.toggle()), tool("next", "One step on  ( . )", () => this.step(1)),
      tool("end", after, () => this.leap(1)),
    ];
    this.parts[2].classList.add("main");
    const slide = () => { const to = +this.range.value; this.pause(); go(to); };
    this.range = h("input", { type: "range", min: 0, step: 1, "aria-label": "Time line", oninput: slide });
    this.marks = h("div", { class: "marks", ...UNSAID });
    this.rate = h("button", { class: "rate", title: "Speed", onclick: () => { this.speed = { 1: 2, 2: 0.5 }[this.speed] ?? 1; changed(); } });
    this.el = div("transport", div("tbs", this.parts), div("slide", this.marks, this.range), this.rate);
  }

  get playing() { return !!this.timer; }

  step(by) {
    this.pause();
    this.go(this.now() + by);
  }

  leap(by) {
    const stops = this.stops(), now = this.now();
    this.pause();
    this.go(by < 0 ? stops.findLast((stop) => stop < now) ?? 0 : stops.find((stop) => stop > now) ?? this.count());
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.now() >= this.count()) this.go(0);
    this.play();
  }

  play() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tick(), this.dwell() / this.speed);
    this.changed();
  }

  tick() {
    if (!this.el.isConnected || this.now() >= this.count()) return this.pause();
    this.go(this.now() + 1);
    if (this.now() >= this.count()) return this.pause();
    this.timer = setTimeout(() => this.tick(), this.dwell() / this.speed);
  }

  pause() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.changed();
  }

  /** Show where the reader is; `text` says it. */
  show(text) {
    const [first, back, play, next, end] = this.parts, name = this.playing ? "Pause  ( p )" : "Play  ( p )";
    const n = this.count(), at = this.now(), stops = this.stops();
    put(this.rate, span("unseen", "Speed "), (this.speed === 0.5 ? "½" : this.speed) + "×");
    play.querySelector("path").setAttribute("d", SHAPE[this.playing ? "pause" : "play"]);
    play.title = name;
    play.setAttribute("aria-label", name);
    Object.assign(this.range, { max: Math.max(n, 1), value: at, disabled: !n });
    this.range.style.setProperty("--done", n ? at / n : 0);
    this.range.setAttribute("aria-valuetext", `step ${at} of ${n}: ${text}`);
    put(this.marks, stops.slice(1).flatMap((stop, k) => [mark("", (stops[k] + 1) / n), mark("quiet", stop / n)]));
    for (const tool of [first, back]) tool.setAttribute("aria-disabled", at <= 0);
    for (const tool of [next, end]) tool.setAttribute("aria-disabled", at >= n);
    play.setAttribute("aria-disabled", !n);
  }
}

// ---- the address of the page keeps a run ----
const SIGN = "run--";  // no heading of a page has an anchor with two hyphens in a row, and a selector may hold this one
const REFUSED = {
  none: "The address asks for a run of a lab that is not on this page.",
  other: "The address asks for a run of another version of this lab: it cannot be shown here.",
  broken: "The address asks for a run that this lab does not have: it may have lost a piece.",
};

/** A few letters that stand for a text. */
function stampOf(text) {
  let sum = 2166136261;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 16777619) >>> 0;
  return sum.toString(36);
}

/** One lab's part of the address, as in #run--shop--1x2y3z--4_17: its name, a stamp of what it holds, and the path.
 *
 * `restore` is given a path and answers whether there is such a run; `refuse` is given a sentence that says why there is none.
 */
class Address {
  constructor(el, title, stamp, { restore, refuse }) {
    const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-+|-+$/g, "") || "lab";
    const taken = [...document.querySelectorAll("[data-slug]")].map((other) => other.dataset.slug);
    let slug = name;
    for (let n = 2; taken.includes(slug); n++) slug = `${name}-${n}`;
    Object.assign(this, { el, stamp, restore, refuse, slug });
    el.dataset.slug = slug;
    addEventListener("hashchange", () => el.isConnected && this.read());
    setTimeout(() => this.read());  // when the others of the page are there as well
  }

  /** Do what the address says, if it speaks to this lab; or if it speaks to none, and this is the first. */
  async read() {
    const { hash } = location;
    if (!hash.startsWith("#" + SIGN) || hash === this.written) return;
    this.written = hash;  // what stood here before may come back, by the browser's own buttons
    const [slug, stamp, path, ...rest] = hash.slice(1 + SIGN.length).split("--");
    if (slug !== this.slug) {
      const all = [...document.querySelectorAll("[data-slug]")];
      if (all[0] === this.el && !all.some((el) => el.dataset.slug === slug)) this.say(REFUSED.none);
      return;
    }
    if (!stamp || !path || rest.length || !/^[0-9a-z_]+$/.test(path)) return this.say(REFUSED.broken);
    if (stamp !== this.stamp) return this.say(REFUSED.other);
    const answer = await this.restore(path);
    if (answer !== true) return this.say(answer || REFUSED.broken);
    this.el.scrollIntoView();
  }

  say(sentence) {
    this.refuse(sentence);
    this.el.scrollIntoView();
  }

  /** Write a path down, "" for none; a page that has no address of its own, as one in a frame, keeps none. */
  write(path) {
    const mine = location.hash.startsWith(`#${SIGN}${this.slug}--`);
    if (!path && !mine) return;
    this.written = path ? `#${SIGN}${this.slug}--${this.stamp}--${path}` : "";
    try {
      if (location.hash !== this.written) history.replaceState(history.state, "", this.written || location.pathname + location.search);
    } catch {
      this.written = null;
    }
  }
}
/** A lab's part of the address; where the address is not the page's own, as in JupyterLab, a thing that keeps nothing. */
const addressOf = (wanted, ...more) =>
  wanted && !document.getElementById("jupyter-config-data") ? new Address(...more) : { write() {} };

export { addressOf, atTheEnd, button, calm, capital, div, dress, flat, h, icon, list, longest, mark, nth, onKeys, para, put, rich, say, SHAPE, shell, span, stampOf, Transport, UNSAID };
