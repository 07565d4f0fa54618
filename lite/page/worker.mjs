// @ts-check
/* The worker: Pyodide as live.json names it, and lite/in_place.py, which the bundler puts in as text. */
import source from "../in_place.py";

/** @type {any} */
let cells;
const loaded = { bytes: 0, files: 0 };

/* Not by wrapping `fetch`: a browser keeps compiled WebAssembly only for an answer that nobody has touched. */
new PerformanceObserver((list) => {
  for (const entry of /** @type {PerformanceResourceTiming[]} */ (list.getEntries())) {
    loaded.bytes += entry.encodedBodySize || 0;
    loaded.files += 1;
  }
  postMessage({ kind: "loaded", ...loaded });
}).observe({ type: "resource", buffered: true });

/** @param {{lite: string, start: string, lock: string, packages: string[], interrupt: Uint8Array | null}} told */
const begin = async ({ lite, start, lock, packages, interrupt }) => {
  const { loadPyodide } = await import(new URL(start, lite).href);
  const folder = new URL(".", new URL(start, lite)).href;
  const python = await loadPyodide({ indexURL: folder, packageBaseUrl: folder, lockFileURL: new URL(lock, lite).href, packages });
  python._api.on_fatal = died; // a stack that is full leaves no rejected promise
  if (interrupt) python.setInterruptBuffer(interrupt);
  const names = python.globals.get("dict")();
  names.set("__name__", "in_place");
  python.runPython(source, { globals: names, filename: "in_place.py" });
  const told = (/** @type {string[]} */ ...[kind, cell, name, text]) => postMessage({ kind, cell, name, text });
  cells = names.get("Cells")(told);
  cells.connect();
  python.runPython("import otp_mini"); // so that the first cell does not pay for it
  postMessage({ kind: "ready" });
};

onmessage = ({ data }) => {
  if (data.op === "begin") begin(data).catch(died);
  if (data.op === "run") cells.start(data.cell, data.code, data.solution);
  if (data.op === "cancel") cells?.cancel();
  if (data.op === "ping") postMessage({ kind: "pong" });
  if (data.op === "ask") postMessage({ kind: "answer", number: data.number, text: answer(data) });
};

/** An error here would end Python for the page. @param {{lab: number, request: string}} asked */
const answer = ({ lab, request }) => {
  try {
    return cells.ask(lab, request);
  } catch (error) {
    return JSON.stringify({ error: String(error).trim().split("\n").at(-1) });
  }
};

/** The page would hear nothing of it. @param {any} error */
const died = (error) => postMessage({ kind: "failed", text: String(error?.message || error) });

/* Where Pyodide dies outside of a cell, a promise is rejected that nobody waits for. */
addEventListener("unhandledrejection", ({ reason }) => died(reason));
