/* How far the reader came: beside each chapter in the menu, and for the page "Your progress".
 *
 * course_progress.js says what there is (book/_ext/progress.py); the browser keeps what the reader did, under the keys of
 * predict.js and lite/page/store.mjs. An exercise is passed by the edition that this book has: of another one it says so.
 */
(() => {
  "use strict";

  const kept = (key) => { try { return localStorage.getItem(key) ?? ""; } catch { return ""; } };
  const nameOf = (page) => page.replace(/^.*\//, "");

  /** A short name of a text: FNV-1a, as in progress.py. */
  const edition = (text) => {
    let number = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) number = Math.imul(number ^ byte, 0x01000193) >>> 0;
    return number.toString(16).padStart(8, "0");
  };

  /** "", "tried", "passed", or "passed in an earlier edition". */
  const state = (chapter, [id, , , published]) => {
    let came = null;
    try { came = JSON.parse(kept(`otp-patterns exercise ${chapter} ${id}`)); } catch { /* somebody else's */ }
    if (typeof came?.published !== "string" || !["tried", "passed"].includes(came.state)) return "";
    return came.state === "passed" && edition(came.published) !== published ? "passed in an earlier edition" : came.state;
  };

  /** What the reader has done in a chapter. */
  const done = ([page, title, exercises, predictions]) => {
    const chapter = nameOf(page), states = exercises.map((exercise) => state(chapter, exercise));
    const predicted = predictions.filter((fold) => kept(`prediction:${chapter}:${fold}`)).length;
    return { page, chapter, title, exercises, states, predicted, predictions: predictions.length,
      passed: states.filter((one) => one === "passed").length, begun: predicted > 0 || states.some(Boolean) };
  };

  const progress = () => (globalThis.otpCourse ?? []).map(done);
  globalThis.otpProgress = { progress, edition };

  /* --- the menu ------------------------------------------------------------------------------------------- */

  const span = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });

  const mark = () => {
    const chapters = new Map(progress().map((one) => [one.chapter, one]));
    for (const link of document.querySelectorAll(".bd-links a.reference.internal")) {
      const one = chapters.get(nameOf(decodeURIComponent(new URL(link.href).pathname)).replace(/\.html$/, ""));
      if (!one) continue;
      link.querySelectorAll(".progress-mark, .progress-words").forEach((old) => old.remove());
      if (!one.begun) continue;
      const seen = span("progress-mark", `${one.passed} of ${one.exercises.length}`);
      seen.setAttribute("aria-hidden", "true");
      link.append(seen, span("progress-words",
        `: ${one.passed} of ${one.exercises.length} exercises passed, ${one.predicted} of ${one.predictions} predictions made`));
    }
  };

  if (!globalThis.document) return; // a test of the first half
  let soon;
  addEventListener("otp-progress", () => { clearTimeout(soon); soon = setTimeout(mark, 200); }); // a reader may be typing
  addEventListener("storage", mark); // another tab
  addEventListener("pageshow", ({ persisted }) => { if (persisted) mark(); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mark);
  else mark();
})();
