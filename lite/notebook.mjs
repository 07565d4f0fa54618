// @ts-check
// The worker of a notebook's kernel: JupyterLite's own, in which Python starts while the application is still loading.
//
// The page of the application makes it (early.js), and the first kernel takes it in place of a new one. A kernel that is
// restarted gets a worker as JupyterLite makes it.
import "KERNEL_WORKER";
import { begin } from "START";

/** @param {string} file */
const at = (file) => new URL(file, import.meta.url).href;
postMessage("runs"); // until then the kernel would make a worker of its own
begin({ indexURL: at("./"), lockFileURL: at("LOCK"), packages: "PACKAGES", early: ["kernel"] });
