// What the kernel of the page loads as Pyodide: Pyodide itself, with a standard library that is compiled where each
// start needs it, and beside it viz.js, which is Graphviz.
//
// Python finds it as the module viz_js (otp_mini/viz/layout.py asks it where the boxes of a tree stand). It loads while
// Pyodide does, so that it is there before the first cell runs. Where it cannot be loaded, trees are shown as text.
import { loadPyodide as load } from "./pyodide.mjs";

export * from "./pyodide.mjs";

export async function loadPyodide(options) {
  const drawing = import("./viz.js").then((module) => module.instance()).catch((error) => {
    console.warn("viz.js could not be loaded:", error);
  });
  const python = await load({ stdLibURL: new URL("./python_stdlib.zip", import.meta.url).href, ...options });
  const viz = await drawing;
  if (viz) {
    python.registerJsModule("viz_js", viz);
  }
  return python;
}
