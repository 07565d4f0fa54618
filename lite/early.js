// @ts-check
// What the page of the notebook application does before it loads anything: the build puts this into it (patches.py).
//
// It makes the worker in which Python starts meanwhile (notebook.mjs), and tells the page of the book, in whose frame it is,
// what JupyterLite tells nobody: that something did not come, and that Python has died. live.js says it to the reader.
{
  const WORKER = "WORKER.MJS";
  /** @param {"lost" | "dead"} what */
  const tell = (what) => { if (parent !== window) parent.postMessage({ notebook: what }, location.origin); };

  // Where a page is cross-origin isolated, the kernel needs another kind of worker, and makes it itself.
  let first = crossOriginIsolated ? undefined : new Worker(WORKER, { type: "module" }), runs = false;
  if (first) first.onmessage = () => { if (first) first.onmessage = null; runs = true; };

  /**
   * The worker of a kernel. The first one takes that which was made ahead, if it has said that it runs: a browser may give
   * up the request for its script.
   * @param {URL} address  JupyterLite's own, for every other
   */
  const kernelWorker = (address) => {
    if (!runs) first?.terminate();
    const worker = (runs && first) || new Worker(address, { type: "module" });
    kernelWorker.ahead = runs;
    first = undefined;
    runs = false;
    worker.addEventListener("error", () => tell("lost"));
    return worker;
  };
  kernelWorker.ahead = false; // whether the last one was made ahead

  Object.assign(globalThis, {
    otpKernelWorker: kernelWorker,
    /** What the worker's log says: there alone Pyodide tells that it has ended. @param {{data?: unknown}} log */
    otpKernelLog: ({ data }) => { if (/^Pyodide has (exited|suffered)/.test(String(data))) tell("dead"); },
  });

  addEventListener("error", ({ target }) => { if (target !== window) tell("lost"); }, true); // a script, or a style sheet
  addEventListener("unhandledrejection", () => tell("lost")); // of JupyterLite's own, one for each part that does not come

  // A file that the site refuses is for JupyterLite one that does not exist, or a configuration that says nothing.
  const ask = fetch;
  globalThis.fetch = (...asked) => ask(...asked).then((answer) => {
    if (!answer.ok) tell("lost");
    return answer;
  }, (error) => {
    tell("lost");
    throw error;
  });
}
