// @ts-check
/* The page's end of the worker: its state, the queue of jobs, and what to do where Python is stuck or dies.
 *
 *   off ── start ──> starting ──> ready <──> busy <──> waiting   said nothing for long; it can be stopped
 *    ^                   |                    ^  <──> stuck      said nothing for long, and computes without a pause
 *    └── end, restart ───┴──> unborn, failed <┘                  Python could not start; died
 */

/**
 * @typedef {object} Work  a job with its source, and what is to be done as it runs
 * @property {{id: string}} cell
 * @property {string} source
 * @property {boolean} solution
 * @property {boolean} [above]
 * @property {boolean} [tolerated]
 * @property {() => void} begin
 * @property {(data: any) => void} message  also what comes after the end: a process goes on printing
 * @property {(how: "ok" | "error" | "stopped" | "ended" | "dropped", because?: Work) => void} end  `because` of which it
 *   was dropped: an error above
 */
/** @typedef {"off" | "starting" | "ready" | "busy" | "waiting" | "stuck" | "failed" | "unborn"} State */

export const HEARS = 200; // ms in which a cell that waits stops by itself; then one that computes is interrupted
export const GRACE = 1500; // ms that a cell has to end when it is told to
export const BUDGET = 10_000; // ms without a message, after which the reader is asked: go on, or stop?
export const ANSWER = 1000; // ms in which a Python that only waits answers

export class Link {
  /**
   * @param {() => Worker} make  a new worker
   * @param {object} begin  what the worker needs to start
   * @param {(told: {state: State, text: string, job: Work | null}) => void} tell  called when the state changes
   * @param {{timers?: Pick<typeof globalThis, "setTimeout" | "clearTimeout">, interrupt?: Uint8Array | null}} [more]
   *   `interrupt` is memory that is shared with the worker, where the page may have such
   */
  constructor(make, begin, tell, { timers = globalThis, interrupt = null } = {}) {
    this.make = make;
    this.begin = begin;
    this.tell = tell;
    this.timers = timers;
    this.interrupt = interrupt;
    this.state = /** @type {State} */ ("off");
    this.loaded = { bytes: 0, files: 0 };
    this.queue = /** @type {Work[]} */ ([]);
    this.running = /** @type {Work | null} */ (null);
    this.last = /** @type {Work | null} */ (null); // what has ended last: what its processes print belongs to it
    this.worker = /** @type {Worker | null} */ (null);
    this.questions = /** @type {Map<number, {resolve: (answer: object) => void, reject: (error: Error) => void}>} */ (new Map());
    this.asked = 0;
    this.budget = BUDGET;
    this.alarm = /** @type {any} */ (undefined);
  }

  /** Run jobs, in their order, behind those that wait. @param {Work[]} jobs */
  run(jobs) {
    this.queue.push(...jobs);
    this.start();
    this.next();
  }

  /** Start Python, where it does not run; opening an editor may do it, so that typing hides most of the start. */
  start() {
    if (this.worker) return;
    const worker = (this.worker = this.make());
    worker.onmessage = ({ data }) => { if (worker === this.worker) this.hear(data); };
    worker.onerror = (event) => { if (worker === this.worker) this.failed(event.message || "its script could not be loaded"); };
    this.loaded = { bytes: 0, files: 0 };
    this.be("starting");
    worker.postMessage({ op: "begin", interrupt: this.interrupt, ...this.begin });
  }

  /** @param {any} data */
  hear(data) {
    if (data.kind === "ready") { this.be("ready"); this.next(); }
    else if (data.kind === "loaded") this.loaded = data;
    else if (data.kind === "failed") this.failed(data.text);
    else if (data.kind === "answer") this.answered(data);
    else if (data.kind === "pong") this.breathes();
    else if (data.kind === "done") this.done(data.name);
    else this.said(data);
  }

  /** Something that a cell, or a process that it has started, wrote or showed. @param {any} data */
  said(data) {
    const job = this.running ?? this.last;
    job?.message(data);
    if (!this.running) return;
    if (this.state !== "busy") this.be("busy");
    this.watch();
  }

  next() {
    const job = this.state === "ready" ? this.queue.shift() : undefined;
    if (!job) return;
    this.running = job;
    this.budget = BUDGET;
    if (this.interrupt) this.interrupt[0] = 0;
    job.begin();
    this.be("busy");
    this.watch();
    this.worker?.postMessage({ op: "run", cell: job.cell.id, code: job.source, solution: job.solution });
  }

  /** @param {"ok" | "error" | "stopped"} how */
  done(how) {
    const job = this.running;
    if (!job) return;
    this.last = job;
    this.running = null;
    this.unwatch();
    job.end(how);
    if (how !== "ok" && job.above && !job.tolerated) this.drop(how === "error" ? job : undefined);
    this.be("ready");
    this.next();
  }

  /** Nothing of what waits runs any more. @param {Work} [because] */
  drop(because) {
    const dropped = this.queue.splice(0);
    dropped.forEach((job) => job.end("dropped", because));
  }

  /**
   * End what runs: by a message; a cell that hears none takes Python with it, and `afterwards` is run by a new one.
   * @param {() => Work[]} [afterwards]
   */
  stop(afterwards = () => []) {
    this.drop();
    const stuck = this.running;
    if (!stuck) return this.state === "starting" ? this.end() : undefined;
    this.worker?.postMessage({ op: "cancel" });
    // Not at once: where the cell only waits, the signal would meet a process, or what hears the message.
    this.timers.setTimeout(() => { if (this.interrupt && this.running === stuck) this.interrupt[0] = 2; }, HEARS); // SIGINT
    this.timers.setTimeout(() => { if (this.running === stuck) this.restart(afterwards); }, GRACE);
  }

  /** A new Python, that runs `afterwards`. @param {() => Work[]} [afterwards] */
  restart(afterwards = () => []) {
    this.drop();
    const stuck = this.running;
    const jobs = afterwards();
    this.end();
    stuck?.end("ended");
    this.run(jobs);
  }

  /** Leave the cell more time before the reader is asked again. */
  goOn() {
    if (!this.running) return;
    this.budget *= 3;
    this.be("busy");
    this.watch();
  }

  end() {
    this.unwatch();
    this.worker?.terminate();
    this.worker = this.running = this.last = null;
    this.questions.forEach(({ reject }) => reject(new Error("The Python of this lab has ended: run its cell again.")));
    this.questions.clear();
    this.be("off");
  }

  /** @param {string} text */
  failed(text) {
    const job = this.running, unborn = this.state === "starting";
    this.drop();
    this.end();
    job?.end("ended");
    this.be(unborn ? "unborn" : "failed", text.trim().split("\n").at(-1)); // of a traceback what happened
  }

  /**
   * What a lab asks of the Python that made it.
   * @param {Worker | null} worker
   * @param {number} lab
   * @param {any[]} path
   * @param {number} [lane]
   * @returns {Promise<object>}
   */
  ask(worker, lab, path, lane = 0) {
    return new Promise((resolve, reject) => {
      if (!worker || worker !== this.worker) return reject(new Error("The Python of this lab has ended: run its cell again."));
      const number = this.asked++;
      this.questions.set(number, { resolve, reject });
      worker.postMessage({ op: "ask", number, lab, request: JSON.stringify([path, lane]) });
    });
  }

  /** @param {{number: number, text: string}} data */
  answered({ number, text }) {
    const { error, ...answer } = JSON.parse(text);
    const question = this.questions.get(number);
    this.questions.delete(number);
    if (error) question?.reject(new Error(error));
    else question?.resolve(answer);
  }

  /** @param {State} state @param {string} [text] */
  be(state, text = "") {
    this.state = state;
    this.tell({ state, text, job: this.running });
  }

  /** Ask after the budget whether Python hears; one that answers can be stopped, another has to be ended. */
  watch() {
    this.unwatch();
    this.alarm = this.timers.setTimeout(() => {
      this.worker?.postMessage({ op: "ping" });
      this.alarm = this.timers.setTimeout(() => this.be("stuck"), ANSWER);
    }, this.budget);
  }

  /** A Python that is asked whether it hears has answered. */
  breathes() {
    if (!this.running) return;
    this.unwatch();
    this.be("waiting");
  }

  unwatch() { this.timers.clearTimeout(this.alarm); }
}
