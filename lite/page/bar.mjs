// @ts-check
/* The bar at the bottom of the page: what Python does, what is loaded, and the way out where it is stuck. */
import { button, element } from "./elements.mjs";

/** @typedef {import("./link.mjs").Link} Link */

const SLOW = 60; // s of a start, after which the bar says more
const LATE = "Python is still starting. On a slow machine or connection this takes some minutes; where nothing comes any more, "
  + "reload the page. Your text stays.";
const IDLE = 6000; // ms that the bar stays on a phone where there is nothing more to say

export class Bar {
  /**
   * @param {Link} link
   * @param {{name: (job: import("./link.mjs").Work) => string, show: () => void, stop: () => void, restart: () => void, afresh: () => void}} page
   */
  constructor(link, page) {
    this.link = link;
    this.page = page;
    this.since = performance.now();
    this.words = element("span", { className: "in-place-words" });
    this.words.setAttribute("role", "status"); // announced when the state changes, and not each second
    this.count = element("span", { className: "in-place-count" });
    this.count.setAttribute("aria-hidden", "true");
    this.showButton = button("Show it", "", () => page.show());
    this.goOnButton = button("Go on", "", () => link.goOn());
    this.stopButton = button("Stop", "", () => page.stop());
    this.restartButton = button("Restart Python", "", () => page.restart());
    this.afreshButton = button("Restart Python", "", () => page.afresh(), "Forgets all names and processes; your text stays");
    this.root = element("div", { className: "in-place-status", hidden: true }, element("i"), this.words, this.count,
      this.showButton, this.goOnButton, this.stopButton, this.restartButton, this.afreshButton);
    this.root.setAttribute("role", "region");
    this.root.setAttribute("aria-label", "Python in this page");
    this.again = false;
    this.tick = /** @type {any} */ (undefined);
  }

  /** @param {{state: import("./link.mjs").State, text: string, job: import("./link.mjs").Work | null}} told */
  tell({ state, text, job }) {
    clearInterval(this.tick);
    this.since = performance.now();
    this.root.hidden = state === "off";
    this.root.dataset.state = state;
    this.showButton.hidden = !job;
    this.goOnButton.hidden = state !== "stuck" && state !== "waiting";
    this.stopButton.hidden = state !== "waiting" && state !== "busy";
    this.restartButton.hidden = state !== "stuck";
    this.afreshButton.hidden = state !== "ready";
    this.say(this.wordsOf(state, text, job));
    this.counted(state);
    if (["starting", "busy", "waiting", "stuck"].includes(state)) this.tick = setInterval(() => this.counted(state), 1000);
    if (state === "ready") this.tick = setTimeout(() => { this.root.dataset.state = "idle"; }, IDLE);
    if (state === "ready") this.again = true;
    if (state === "failed" || state === "unborn") this.again = false;
  }

  /** What is put there is read out: so not the same again. @param {string} words */
  say(words) {
    if (words !== this.words.textContent) this.words.textContent = words;
  }

  /** @param {import("./link.mjs").State} state @param {string} text @param {import("./link.mjs").Work | null} job */
  wordsOf(state, text, job) {
    const cell = job ? this.page.name(job) : "";
    const silent = Math.round(this.link.budget / 1000);
    return {
      off: "",
      starting: this.again ? "Python starts again." : "Python starts in this page.",
      ready: "Python is ready.",
      busy: job?.above ? `The cells above run first: ${cell}.` : `Python runs ${cell}.`,
      waiting: `Nothing has come of ${cell} for ${silent} s. It can be stopped, and Python stays as it is.`,
      stuck: `Python computes ${cell} and has said nothing for ${silent} s. Go on, or restart it? `
        + "Your text stays, and the cells above run again.",
      failed: `Python has ended: ${text}. The next Run starts it again; your text stays.`,
      unborn: "Python could not be loaded. There may be no connection, or a newer edition of the book: "
        + `reload the page, or press Run again. Your text stays. (${text})`,
    }[state];
  }

  /** The seconds, and what is loaded. @param {import("./link.mjs").State} state */
  counted(state) {
    const { bytes } = this.link.loaded, seconds = Math.round((performance.now() - this.since) / 1000), time = `${seconds} s`;
    if (state === "starting" && seconds >= SLOW) this.say(LATE);
    const megabytes = bytes ? `${(bytes / 1e6).toFixed(1)} MB loaded` : "";
    const parts = { starting: [megabytes, time], ready: [megabytes], busy: [time] }[String(state)] ?? [];
    this.count.textContent = parts.filter(Boolean).join(", ");
  }
}
