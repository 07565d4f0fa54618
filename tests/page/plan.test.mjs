/* What has to run before a cell can: lite/page/plan.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { again, plan } from "../../lite/page/plan.mjs";

const cell = (id, role, exercise, of) => ({ id, role, exercise, of, ran: false, edited: false });
const page = () => [
  cell("imports", "setting"), cell("text", "cell"),
  cell("a", "stub", "a"), cell("a-check", "check", "a"), cell("a-solved", "solution", "a", "a"), cell("a-check-solved", "verdict", "a", "a-check"),
  cell("b-given", "given", "b"), cell("b", "stub", "b"), cell("b2", "stub", "b"), cell("b-check", "check", "b"),
  cell("b-solved", "solution", "b", "b"), cell("b2-solved", "solution", "b", "b2"), cell("b-check-solved", "verdict", "b", "b-check"),
];
const named = (cells, id) => cells.find((each) => each.id === id);
const ids = (jobs) => jobs.map(({ cell, solution }) => cell.id + (solution ? "*" : ""));

test("what is above runs first, and neither checks nor solutions by themselves", () => {
  const cells = page();
  assert.deepEqual(ids(plan(cells, named(cells, "b-check"))), ["imports", "text", "a", "b-given", "b", "b2", "b-check"]);
});

test("what has run does not run again, but the cell that was asked for does", () => {
  const cells = page();
  cells.forEach((each) => { each.ran = true; });
  assert.deepEqual(ids(plan(cells, named(cells, "b"))), ["b"]);
});

test("the last solution of a fold brings earlier solutions with it, and the verdict by the check's source", () => {
  const cells = page();
  const jobs = plan(cells, named(cells, "b2-solved"));
  assert.deepEqual(ids(jobs), ["imports", "text", "a", "b-given", "b", "b2", "a-solved*", "b-solved*", "b2-solved*", "b-check-solved*"]);
  assert.equal(jobs.at(-1).code, "b-check");
  assert.deepEqual(ids(plan(cells, named(cells, "a-solved"))), ["imports", "text", "a", "a-solved*", "a-check-solved*"]);
});

test("an untouched stub above may raise, an edited one may not", () => {
  const cells = page();
  named(cells, "b").edited = true;
  const jobs = plan(cells, named(cells, "b-check"));
  assert.deepEqual(jobs.filter((job) => job.tolerated).map((job) => job.cell.id), ["a", "b2"]);
});

test("after a restart runs what had run above, without checks and solutions", () => {
  const cells = page();
  cells.slice(0, 9).forEach((each) => { each.ran = true; });
  assert.deepEqual(ids(again(cells, named(cells, "b2"))), ["imports", "text", "a", "b-given", "b"]);
});

test("a cell that is meant to raise does not end what runs above", () => {
  const cells = page();
  named(cells, "text").raises = true;
  assert.deepEqual(plan(cells, named(cells, "a")).map((job) => job.tolerated), [false, true, false]);
});
