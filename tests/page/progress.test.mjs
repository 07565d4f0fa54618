/* What the menu counts: book/_static/progress.js. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../lite/page/store.mjs";
import { Storage } from "./storage.mjs";

await import("../../book/_static/progress.js");
const { progress, edition } = globalThis.otpProgress;

const COURSE = [["notebooks/01_one", "1 One", [["a", "Drill: a", "drill-a", edition("stub\n\ncheck")], ["b", "Drill: b", "drill-b", edition("b")]], ["0a", "0a-2"]],
  ["notebooks/02_two", "2 Two", [], ["0b"]]];

const told = (fill = () => {}) => {
  const storage = new Storage();
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  globalThis.otpCourse = COURSE;
  fill(new Store("01_one", storage), storage);
  return progress();
};

test("the names of texts are those that Python gives them", () => {
  assert.deepEqual(["", "a", "grün – 🐍\n"].map(edition), ["811c9dc5", "e40c292c", "080923e0"]);
});

test("where nothing is kept nothing is begun", () => {
  const [one, two] = told();
  assert.deepEqual([one.begun, one.states, one.passed, one.predicted, one.predictions, one.chapter], [false, ["", ""], 0, 0, 2, "01_one"]);
  assert.deepEqual([two.begun, two.states, two.predictions], [false, [], 1]);
});

test("what the cells and the predictions keep is counted", () => {
  const [one, two] = told((store) => {
    store.came("a", { state: "passed", published: "stub\n\ncheck" });
    store.came("b", { state: "tried", published: "b" });
    store.predict("0a-2", "three");
    store.predict("gone", "of a cell that is no more");
  });
  assert.deepEqual([one.begun, one.states, one.passed, one.predicted], [true, ["passed", "tried"], 1, 1]);
  assert.equal(two.begun, false);
});

test("a pass of another edition is said to be one, and does not count", () => {
  const [one] = told((store) => store.came("a", { state: "passed", published: "older" }));
  assert.deepEqual([one.states[0], one.passed, one.begun], ["passed in an earlier edition", 0, true]);
});

test("what is kept by others, and a browser that keeps nothing, are no reason to stop", () => {
  for (const text of ["{", "null", "[]", '{"state": "passed"}', '{"state": "done", "published": ""}']) {
    assert.deepEqual(told((_, storage) => storage.setItem("otp-patterns exercise 01_one a", text))[0].states, ["", ""]);
  }
  Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("refused"); }, configurable: true });
  assert.deepEqual(progress().map((one) => one.begun), [false, false]);
  globalThis.otpCourse = undefined;
  assert.deepEqual(progress(), []);
});
