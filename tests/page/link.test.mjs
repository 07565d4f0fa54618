/* The page's end of the worker: lite/page/link.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { HEARS, Link } from "../../lite/page/link.mjs";

const linked = (interrupt = null) => {
  const workers = [], told = [], alarms = new Map();
  const make = () => {
    const worker = { sent: [], postMessage(data) { this.sent.push(data); }, terminate() { this.ended = true; } };
    workers.push(worker);
    return worker;
  };
  let number = 0;
  const timers = { setTimeout(f, ms) { alarms.set(++number, [f, ms]); return number; }, clearTimeout(which) { alarms.delete(which); } };
  const link = new Link(make, { lock: "l" }, ({ state }) => told.push(state), { timers, interrupt });
  const fire = (until = Infinity) => {
    for (const [key, [f, ms]] of [...alarms]) if (ms <= until) { alarms.delete(key); f(); }
  };
  return { link, workers, told, fire, hear: (data) => workers.at(-1).onmessage({ data }) };
};
const work = (id, more = {}) => {
  const made = { cell: { id }, source: `run ${id}`, solution: false, messages: [], ends: [], ...more };
  made.begin = () => made.messages.push("begins");
  made.message = (data) => made.messages.push(data.text);
  made.end = (how, because) => { made.ends.push(how); made.because = because; };
  return made;
};

test("the first run starts Python once; jobs run one after the other", () => {
  const { link, workers, hear, told } = linked();
  const [a, b] = [work("a"), work("b", { solution: true })];
  link.run([a, b]);
  link.start();
  assert.equal(workers.length, 1);
  hear({ kind: "ready" });
  hear({ kind: "stream", cell: "a", name: "stdout", text: "x" });
  hear({ kind: "done", cell: "a", name: "ok" });
  assert.deepEqual(workers[0].sent.map(({ op, cell, solution }) => [op, cell, solution]), [
    ["begin", undefined, undefined], ["run", "a", false], ["run", "b", true]]);
  hear({ kind: "done", cell: "b", name: "error" });
  assert.deepEqual([a.ends, b.ends, a.messages], [["ok"], ["error"], ["begins", "x"]]);
  assert.deepEqual(told, ["starting", "ready", "busy", "ready", "busy", "ready"]);
});

test("an error above ends what was asked for, a tolerated one does not", () => {
  for (const tolerated of [true, false]) {
    const { link, hear } = linked();
    const [a, b] = [work("a", { above: true, tolerated }), work("b")];
    link.run([a, b]);
    hear({ kind: "ready" });
    hear({ kind: "done", name: "error" });
    assert.deepEqual(b.ends, tolerated ? [] : ["dropped"]);
    assert.equal(b.because, tolerated ? undefined : a);
  }
});

test("a cell that hears no stop takes Python with it, and what was above runs again", () => {
  const { link, workers, hear, fire } = linked();
  const [stuck, waiting, before] = [work("stuck"), work("waiting"), work("before")];
  link.run([stuck, waiting]);
  hear({ kind: "ready" });
  link.stop(() => [before]);
  assert.deepEqual(waiting.ends, ["dropped"]);
  fire();
  assert.equal(workers[0].ended, true);
  assert.deepEqual(stuck.ends, ["ended"]);
  assert.equal(workers.length, 2);
  hear({ kind: "ready" });
  assert.equal(workers[1].sent.at(-1).cell, "before");
});

test("a cell that stops when it is told leaves Python as it is", () => {
  const { link, workers, hear, fire } = linked();
  link.run([work("waits")]);
  hear({ kind: "ready" });
  link.stop();
  hear({ kind: "done", name: "stopped" });
  fire();
  assert.equal(workers.length, 1);
  assert.equal(link.state, "ready");
});

test("a cell that says nothing for long, and does not hear, is stuck; one that speaks again is not", () => {
  const { link, workers, hear, fire } = linked();
  link.run([work("long")]);
  hear({ kind: "ready" });
  fire();
  assert.deepEqual([link.state, workers[0].sent.at(-1).op], ["busy", "ping"]);
  fire();
  assert.equal(link.state, "stuck");
  hear({ kind: "stream", name: "stdout", text: "." });
  assert.equal(link.state, "busy");
});

test("a cell that says nothing for long, in a Python that hears, waits", () => {
  const { link, hear, fire } = linked();
  link.run([work("long")]);
  hear({ kind: "ready" });
  fire();
  hear({ kind: "pong" });
  fire();
  assert.equal(link.state, "waiting");
});

test("whoever goes on is asked again later", () => {
  const { link, hear, fire } = linked();
  link.run([work("long")]);
  hear({ kind: "ready" });
  fire(), fire();
  const { budget } = link;
  link.goOn();
  assert.deepEqual([link.state, link.budget], ["busy", 3 * budget]);
  fire(), fire();
  assert.equal(link.state, "stuck");
  hear({ kind: "done", name: "ok" });
  link.run([work("next")]);
  assert.equal(link.budget, budget);
});

test("an answer that comes when nothing runs any more changes nothing", () => {
  const { link, hear } = linked();
  link.run([work("short")]);
  hear({ kind: "ready" });
  hear({ kind: "done", name: "ok" });
  hear({ kind: "pong" });
  assert.equal(link.state, "ready");
});

test("what a process prints when no cell runs belongs to the cell that ran last", () => {
  const { link, hear } = linked();
  const [a, b] = [work("a"), work("b")];
  link.run([a, b]);
  hear({ kind: "ready" });
  hear({ kind: "done", name: "ok" });
  hear({ kind: "done", name: "ok" });
  hear({ kind: "stream", name: "stdout", text: "late" });
  assert.deepEqual([a.messages, b.messages, link.state], [["begins"], ["begins", "late"], "ready"]);
});

test("shared memory carries the interrupt, and the next cell does not find it there", () => {
  const interrupt = new Uint8Array(1);
  const { link, hear, fire } = linked(interrupt);
  link.run([work("a")]);
  hear({ kind: "ready" });
  link.stop();
  fire(HEARS);
  assert.equal(interrupt[0], 2);
  hear({ kind: "done", name: "stopped" });
  link.run([work("b")]);
  assert.equal(interrupt[0], 0);
});

test("a cell that stops at a message is not interrupted: the signal would meet a process", () => {
  const interrupt = new Uint8Array(1), { link, hear, fire } = linked(interrupt);
  link.run([work("a")]);
  hear({ kind: "ready" });
  link.stop();
  hear({ kind: "done", name: "stopped" });
  fire();
  assert.equal(interrupt[0], 0);
});

test("a Python that could not be loaded is another thing than one that has died, and is told in one line", () => {
  for (const born of [false, true]) {
    const { link, hear } = linked(), told = [];
    link.tell = ({ state, text }) => told.push([state, text]);
    link.run([work("a")]);
    if (born) hear({ kind: "ready" });
    hear({ kind: "failed", text: "Traceback\n  File x\nMemoryError: 1\n" });
    assert.deepEqual(told.at(-1), [born ? "failed" : "unborn", "MemoryError: 1"]);
  }
});

test("a Python that only starts is stopped at once", () => {
  const { link, workers } = linked();
  const a = work("a");
  link.run([a]);
  link.stop();
  assert.deepEqual([workers[0].ended, a.ends, link.state], [true, ["dropped"], "off"]);
});

test("where Python dies, all ends and the next run starts a new one; the dead one is not heard", () => {
  const { link, workers, hear } = linked();
  const [a, b] = [work("a"), work("b")];
  link.run([a, b]);
  hear({ kind: "ready" });
  hear({ kind: "failed", text: "died" });
  assert.deepEqual([a.ends, b.ends, link.state], [["ended"], ["dropped"], "failed"]);
  link.run([work("c")]);
  workers[0].onmessage({ data: { kind: "ready" } });
  assert.equal(link.state, "starting");
});

test("a lab's question is answered, and refused where its Python has ended", async () => {
  const { link, hear, workers } = linked();
  link.start();
  hear({ kind: "ready" });
  const answers = [link.ask(workers[0], 0, []), link.ask(workers[0], 1, [["a"]])];
  hear({ kind: "answer", number: 1, text: '{"error": "no"}' });
  hear({ kind: "answer", number: 0, text: '{"steps": 1}' });
  assert.deepEqual(await answers[0], { steps: 1 });
  await assert.rejects(answers[1], /no/);
  const open = link.ask(workers[0], 0, []);
  link.end();
  await assert.rejects(open, /has ended/);
  await assert.rejects(link.ask(workers[0], 0, []), /has ended/);
});
