/* How far a reader came with an exercise: lite/page/exercises.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { edition, judged } from "../../lite/page/exercises.mjs";

const exercise = (stub = {}, check = {}) => [
  { role: "given", state: "ok", ran: true, edited: false, published: "given" },
  { role: "stub", state: "ok", ran: true, edited: true, published: "stub", ...stub },
  { role: "check", state: "ok", ran: true, edited: false, published: "check", ...check },
  { role: "solution", state: "new", ran: false, edited: false, published: "solution" },
];

test("an exercise is passed when its check is ok", () => {
  assert.equal(judged(exercise()), "passed");
});

test("what nobody wrote is never passed, nor tried, whatever the check says", () => {
  assert.equal(judged(exercise({ edited: false })), null);
  assert.equal(judged(exercise({ edited: false }, { state: "error", ran: false })), null);
});

test("an exercise of which a stub is not written is tried at most", () => {
  const parts = exercise();
  parts.push({ ...parts[1], edited: false });
  assert.equal(judged(parts), "tried");
});

test("a check that fails, or that was ok to another text, makes no passed exercise", () => {
  assert.equal(judged(exercise({}, { state: "error", ran: false })), "tried");
  assert.equal(judged(exercise({}, { ran: false })), "tried");
  assert.equal(judged(exercise({}, { edited: true })), "tried");
});

test("what was written while the check ran is not passed by it", () => {
  assert.equal(judged(exercise({ ran: false })), "tried");
});

test("without a check that has ended nothing is said", () => {
  for (const state of ["new", "waiting", "running", "stopped", "ended"]) assert.equal(judged(exercise({}, { state, ran: false })), null);
});

test("all checks have to be ok", () => {
  const parts = exercise();
  parts.push({ ...parts[2], state: "new", ran: false });
  assert.equal(judged(parts), "tried");
});

test("the edition is the text of stubs and checks", () => {
  assert.equal(edition(exercise()), "stub\n\ncheck");
});
