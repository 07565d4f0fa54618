// @ts-check
/* How far the reader came with each exercise: kept with its edition, and shown beside its heading.
 *
 * An exercise is passed when all its checks have said "ok" to what the reader wrote. What nobody wrote is never passed,
 * whatever a check says, and a check that the reader has changed judges nothing.
 */
import { element } from "./elements.mjs";

/** @typedef {import("./plan.mjs").Planned & {state: string, published: string, root?: HTMLElement}} Part */

/**
 * What the cells of an exercise say of it now, or null where nothing has been tried.
 * @param {Part[]} parts
 * @returns {"tried" | "passed" | null}
 */
export const judged = (parts) => {
  const checks = parts.filter((cell) => cell.role === "check"), stubs = parts.filter((cell) => cell.role === "stub");
  if (!stubs.some((cell) => cell.edited) || !checks.some((cell) => ["ok", "error"].includes(cell.state))) return null;
  const written = stubs.every((cell) => cell.edited && cell.ran); // and what has run is what stands there
  return written && checks.every((cell) => cell.state === "ok" && cell.ran && !cell.edited) ? "passed" : "tried";
};

/** The text that an exercise's progress belongs to. @param {Part[]} parts */
export const edition = (parts) =>
  parts.filter((cell) => cell.role === "stub" || cell.role === "check").map((cell) => cell.published).join("\n\n");

export class Exercise {
  /**
   * @param {string} id
   * @param {Part[]} parts  its cells
   * @param {import("./store.mjs").Store} store
   */
  constructor(id, parts, store) {
    this.id = id;
    this.parts = parts;
    this.store = store;
    this.edition = edition(parts);
    this.badge = element("span", { className: "in-place-state" });
    const heading = parts[0]?.root?.closest("section")?.querySelector(":is(h1, h2, h3, h4, h5, h6)");
    const link = heading?.querySelector(".headerlink");
    if (heading) heading.insertBefore(this.badge, link ?? null);
    this.draw();
  }

  /** A check has ended: keep what it says. */
  update() {
    const state = judged(this.parts), before = this.store.progress(this.id);
    const passed = before?.state === "passed" && before.published === this.edition;
    if (state && !(passed && state === "tried")) this.store.came(this.id, { state, published: this.edition });
    this.draw();
    dispatchEvent(new Event("otp-progress")); // the menu counts
  }

  draw() {
    const came = this.store.progress(this.id);
    const old = came && came.published !== this.edition;
    this.badge.textContent = came ? `${came.state}${old ? ", in an earlier edition" : ""}` : "";
    this.badge.dataset.state = came?.state ?? "";
  }
}
