/* The crash lab's front end: play the recorded futures of a supervision tree. No framework, no network;
 * text enters the page only as text.
 *
 *   mount(element, lab, {css, ask, live, predict, select, address})      one tree
 *   compare(element, labs, {css, ask, live, script, select, address})    one crash script under several strategies, in lock-step
 *   new Run(lab)                                                the model alone
 *
 * `lab` is a document of otp_mini.lab: processes, runs, and which run leads from which state to which.
 * `css` is the text of crash_lab.css. `ask`, where there is a kernel, answers a path that is not stored. `live` answers
 * the element that starts a kernel, or null. `address` says whether the page's address keeps the path. `script` is a list of actions to begin with; `select` a process's index.
 *
 * An action is 4 * process + way; one below 0 lets so many milliseconds pass, one from 100000 up starts a child. In a path, [action, n] comes in the middle of the run before it, after n of
 * its events.
 */
import { addressOf, atTheEnd, button, calm, capital, div, flat, h, icon, list, longest, mark, nth, onKeys, para, put, rich, say, SHAPE, shell, span, stampOf, Transport, UNSAID } from "./lab_parts.js";

// ---- the model: a path of actions, and one frame for every event ----
const STATES = ["running", "starting", "stopping", "stopped", "dead", "finished", "forgotten", "absent"];
const [RUNNING, STARTING, STOPPING, STOPPED, DEAD, FINISHED, FORGOTTEN, ABSENT] = STATES.keys();
const KILL = 3, STARTS = 1e5;
const FIRST = { st: ABSENT, life: 0, pid: 0, died: -1, win: [], crowd: 0, line: -1 };  // of a process that nobody has seen yet
const HIDDEN = ["pids", "show", "gets"];  // operations that are no news by themselves
const isAlive = (state) => state <= STOPPING;
const exactly = (seconds) => Math.round(seconds * 1e6) / 1e6;

export class Run {
  constructor(lab) {
    const { procs } = (this.lab = { ...lab });
    const pids = procs.map((q) => q.pid ?? 0);
    this.path = [];
    this.frames = [{
      act: 0, op: "begin", p: 0, arg: 0, cause: -1, clock: 0, before: RUNNING,
      st: procs.map((q) => q.st ?? RUNNING), life: procs.map((q) => (q.pid ? 1 : 0)), pid: pids, died: procs.map(() => -1),
      win: procs.map(() => []), crowd: procs.map((q) => q.count ?? 0),
      line: procs.map((q) => q.line ?? -1), gets: lab.gets ?? -1, links: lab.links ?? [], next: lab.next ?? Math.max(...pids) + 1,
    }];
    this.ends = [0];  // the frame at which action k is over
    this.shown = [0];  // the frames at which a reader can stop
    this.rows = new Map();
    this.learn({});
  }

  get last() { return this.frames.length - 1; }

  /** Take in what an answer says of processes that were not known before. */
  learn({ procs, reasons, quiet, lines }) {
    const known = Object.entries({ procs, reasons, quiet, lines }).filter(([, value]) => value);
    Object.assign(this.lab, Object.fromEntries(known));
    const all = this.lab.procs;
    this.kids = all.map((_, p) => all.flatMap((q, i) => (q.up === p ? [i] : [])));
    for (const frame of [...this.frames, ...this.path.flatMap((step) => step.rest?.frames ?? [])]) {
      for (const [name, value] of Object.entries(FIRST)) while (frame[name].length < all.length) frame[name].push(value);
    }
  }

  /** The stored futures of the quiet moment after `act`, by action; or null. */
  row(act = this.path.length) {
    const step = this.path[act - 1];
    const state = step ? (step.rest ?? step).to : 0;
    const flat = state >= 0 && this.lab.edges[state];
    if (!flat) return null;
    if (!this.rows.has(state)) {
      const row = new Map();
      const { menus, runs } = this.lab;
      menus[flat[0]].forEach((action, i) => row.set(action, { run: runs[flat[2 * i + 1]], to: flat[2 * i + 2] }));
      this.rows.set(state, row);
    }
    return this.rows.get(state);
  }

  stored(action, act) { return this.row(act)?.get(action) ?? null; }

  /** Whether an action makes sense at the quiet moment after `act`. */
  possible(action, act) {
    const row = this.row(act);
    return row && this.lab.whole !== false && action >= 0 ? row.has(action) : this.possibleAt(action, this.quiet(act));
  }

  possibleAt(action, frame) {
    if (action < 0) return isAlive(frame.st[0]);
    if (action >= STARTS) return frame.st[this.lab.starts[action - STARTS].up] === RUNNING;
    const p = action >> 2, q = this.lab.procs[p];
    return frame.st[p] === RUNNING && q.kind !== "crowd" && (action % 4 > 0 || q.error != null);
  }

  /** The frame of the quiet moment after `act`, also where a crash came before it. */
  quiet(act) { return this.path[act - 1]?.rest?.frames.at(-1) ?? this.frames[this.ends[act]]; }

  /** Forget what follows action `act`; what a crash cut off its run comes back. */
  cut(act) {
    const rest = this.path[act - 1]?.rest;
    this.path.length = act;
    this.ends.length = act + 1;
    this.frames.length = this.ends[act] + 1;
    if (rest) {
      this.frames.push(...rest.frames);
      this.ends[act] = this.last;
      Object.assign(this.path[act - 1], { rest: null, to: rest.to });
    }
    this.see();
  }

  /** Keep `count` events of the last action's run: the next action comes there. */
  truncate(count) {
    const step = this.path.at(-1), from = this.ends.at(-2) + 1 + count;
    step.rest = { frames: this.frames.splice(from), to: step.to };
    step.to = -1;
    this.ends[this.ends.length - 1] = this.last;
  }

  /** Play the future of an action on from here. `asked` is the action as `ask` knows it; `keep` cuts the run before. */
  add(action, { run, to = -1, keep }, asked = action) {
    const { ops, gap } = this.lab;
    if (keep != null) this.truncate(keep);
    this.path.push({ action, asked, keep, run, to, rest: null });
    for (let i = 0; i < run.length; i += 4) {
      const [code, p, arg, back] = run.slice(i, i + 4), was = this.frames[this.last];
      const frame = {
        ...was, act: this.path.length, op: ops[code], p, arg, cause: back ? this.last + 1 - back : -1, before: was.st[p],
        st: [...was.st], life: [...was.life], pid: [...was.pid], died: [...was.died], crowd: [...was.crowd],
        line: [...was.line], gets: i ? was.gets : -1,  // what a request gets is known when it is quiet again
      };
      if (i === 0) frame.clock = exactly(frame.clock + (frame.op === "wait" ? arg : keep == null ? gap : 0));
      this.change(frame);
      this.frames.push(frame);
    }
    this.ends.push(this.last);
    this.see();
  }

  /** The difference that one event makes. */
  change(frame) {
    const { op, p, arg, st } = frame, { procs, quiet } = this.lab, me = procs[p];
    if (op === "exit" || op === "fail") {
      st[p] = quiet.includes(arg) ? STOPPED : DEAD;
      frame.died[p] = this.frames.length;
      frame.links = frame.links.filter((link) => !link.includes(p));
      frame.line[p] = -1;
    }
    if (op === "show") frame.line[p] = arg;
    if (op === "gets") frame.gets = arg;
    if (op === "ask") frame.next++;  // somebody asks for the reader
    if ((op === "inject" && me.strategy && arg !== KILL) || op === "stop" || op === "giveup") st[p] = STOPPING;
    if (op === "keep") st[p] = FINISHED;
    if (op === "drop") st[p] = FORGOTTEN;
    if (op === "refuse") st[p] = STOPPED;
    if (op === "up") st[p] = RUNNING;
    if (op === "start") {
      st[p] = arg === 1 ? STARTING : RUNNING;
      frame.life[p]++;
      frame.pid[p] = frame.next++;
    }
    if (op === "crowd") {
      frame.crowd[p] = arg;
      st[p] = arg ? RUNNING : STOPPED;
    }
    if (op === "time") frame.clock = exactly(frame.clock + arg);
    if (op === "pids") frame.next += arg;
    if (op === "link" || op === "unlink") {
      const others = frame.links.filter((link) => !(link.includes(p) && link.includes(arg)));
      frame.links = op === "link" ? [...others, [p, arg]] : others;
    }
    frame.win = frame.win.map((times, s) => {
      if (s === p && op === "start") return [];
      const all = s === p && op === "count" ? [...times, frame.clock] : times;
      return all.length ? all.filter((time) => time >= exactly(frame.clock - procs[s].max[1])) : all;
    });
  }

  /** List the frames at which a reader can stop. */
  see() {
    this.shown = [...this.frames.keys()].filter((i) => !HIDDEN.includes(this.frames[i].op));
  }

  /** The frame whose lines belong to frame `i`: what is said of a process comes right after its start. */
  lines(i) {
    while (this.frames[i + 1]?.op === "show" && this.frames[i + 1].act === this.frames[i].act) i++;
    return this.frames[i];
  }

  /** What has become of each process in the action of frame `i` up to there: how it ended, and whether it began. */
  fates(i) {
    const { act } = this.frames[i], found = this.lab.procs.map(() => []);
    for (let at = act ? this.ends[act - 1] + 1 : i + 1; at <= i; at++) {
      const { op, p, st, cause } = this.frames[at], along = this.frames[cause]?.op === "signal";
      if (op === "exit" || op === "fail") found[p] = [st[p] !== DEAD ? "stopped" : along ? "dragged" : "crashed"];
      if (op === "start") found[p].push("started");
    }
    return found;
  }

  /** Where frame `i` lies among those shown; of one that is not, the next. */
  spot(i) {
    const found = this.shown.findIndex((frame) => frame >= i);
    return found < 0 ? this.shown.length - 1 : found;
  }

  slice(act) { return this.frames.slice(this.ends[act - 1] + 1, this.ends[act] + 1); }

  /** The frames from the first cause to frame `i`. */
  chain(i) {
    const found = [];
    for (; i >= 0; i = this.frames[i].cause) found.unshift(i);
    return found;
  }

  /** Who runs at the end of an action and did not live at its beginning. */
  reborn(act) {
    const was = this.frames[this.ends[act - 1]], now = this.frames[this.ends[act]];
    return now.life.flatMap((life, p) => (life > was.life[p] && isAlive(now.st[p]) ? [p] : []));
  }

  /** Who has not come to rest: those that others wait for. */
  unsettled(frame) {
    const busy = (p) => isAlive(frame.st[p]) && frame.st[p] !== RUNNING;
    return this.lab.procs.flatMap((_, p) => (busy(p) && !this.kids[p].some(busy) ? [p] : []));
  }

  /** Where everybody on this path stands: leaves side by side, whoever is above others over their middle. */
  layout() {
    const here = this.frames[this.last].st.map((state) => state !== ABSENT), at = [];
    let leaves = 0, rows = 0, levels = 0;
    const visit = (p, level) => {
      const spot = (at[p] = { level, row: rows++ }), kids = this.kids[p].filter((kid) => here[kid]);
      levels = Math.max(levels, level + 1);
      for (const kid of kids) visit(kid, level + 1);
      spot.x = kids.length ? (at[kids[0]].x + at[kids.at(-1)].x) / 2 : leaves++;
    };
    this.lab.procs.forEach((q, p) => { if (q.up < 0 && here[p]) visit(p, 0); });
    for (const spot of Object.values(at)) spot.x = (spot.x + 0.5) / leaves;
    return { at, rows, levels };
  }

  isChild(p) { return this.lab.procs[p].up >= 0 && this.lab.procs[p].kind !== "process"; }

  /** The children of a process's supervisor, in the order of their start: itself and those beside it. */
  siblings(frame, p) {
    const { procs } = this.lab, one = (q) => frame.st[q] !== ABSENT && procs[q].kind !== "crowd";
    return this.isChild(p) && one(p) ? this.kids[procs[p].up].filter(one) : [];
  }

  /** Who is linked to a process: its family in the tree, and those beyond. */
  linked(frame, p) {
    if (!isAlive(frame.st[p])) return [];
    const family = [...(this.isChild(p) ? [this.lab.procs[p].up] : []), ...this.kids[p].filter((kid) => this.isChild(kid))];
    const others = frame.links.flatMap(([a, b]) => (a === p ? [b] : b === p ? [a] : []));
    return [...new Set([...family.filter((q) => isAlive(frame.st[q])), ...others])];
  }
}

// ---- sentences: arrays of plain strings, {b: name} and {c: code} ----
const HAS_WHY = new Set(["exit", "start", "stop", "giveup", "drop", "keep", "count", "fail", "refuse", "told"]);
const GROUP = {
  one_for_one: "only the child that ended is restarted",
  rest_for_one: "the child that ended and those started after it are restarted",
  one_for_all: "when one child ends, all are stopped and restarted",
};
const restarts = (n) => `${n} ${n === 1 ? "restart" : "restarts"}`;
const pass = (n) => (n === 1 ? "1 second passes" : `${n} seconds pass`);
const pid = (n) => `#PID<0.${n}.0>`;
const errorName = (text) => text.replace(/\(.*/s, "");

class Words {
  constructor(run) {
    this.run = run;
    this.lab = run.lab;
  }

  name(p) { return { b: this.lab.procs[p].kind === "crowd" ? "the others" : this.lab.procs[p].name }; }

  names(set) { return list(set.map((p) => this.name(p).b)); }

  reason(index) { return { c: this.lab.reasons[index] }; }

  /** A set of processes, said briefly. */
  group(set, among) {
    const { kids, lab } = this.run, below = (p) => [p, ...kids[p].flatMap(below)].filter((q) => among.includes(q));
    const tops = set.filter((p) => !set.includes(lab.procs[p].up));
    if (set.length > 1 && set.length === among.length) return "all of " + this.names(tops);
    const whole = tops.every((p) => below(p).every((q) => set.includes(q)));
    if (!whole || !tops.some((p) => below(p).length > 1)) return this.names(set);
    return this.names(tops) + (tops.length > 1 ? ", with all below them" : ", with all below it");
  }

  /** A child that the reader may start. */
  start(k) { return { b: this.lab.starts[k].name }; }

  /** An action, as the path of crashes names it. */
  action({ action, keep }) {
    if (action < 0) return `wait ${-action / 1000} s`;
    if (action >= STARTS) return this.start(action - STARTS).b + " · start";
    return (keep == null ? "" : "amid: ") + this.lab.procs[action >> 2].name + " · " + this.lab.ways[action % 4];
  }

  /** What the reader does to a process, as "You …" goes on. */
  deed(p, way) {
    const { strategy, error } = this.lab.procs[p], N = this.name(p);
    if (way === KILL) return ["kill ", N];
    if (strategy) return ["stop ", N, " with reason ", { c: this.lab.ways[way] }];
    return [["make ", N, " raise ", this.reason(error)], ["let ", N, " finish its work"], ["send ", N, " the exit signal ", { c: "shutdown" }]][way];
  }

  /** An action that is to come. */
  plan(action) {
    if (action < 0) return `${-action / 1000} s pass`;
    return `${this.name(action >> 2).b} ${["raises", "finishes its work", "is told to shut down", "is killed"][action % 4]}`;
  }

  kind(p) {
    const { kind, up } = this.lab.procs[p];
    if (kind === "crowd") return `stands for children of ${this.lab.procs[up].name}`;
    if (kind === "process") return up < 0 ? "process" : `process, spawned by ${this.lab.procs[up].name}`;
    return kind === "dynamic" ? "dynamic supervisor" : kind;
  }

  /** One event, as a sentence. */
  say(f) {
    const { lab, run } = this, { p, arg } = f, me = lab.procs[p], N = this.name(p), up = me.up < 0 ? "" : this.name(me.up);
    const waiting = this.waiting(f);
    return {
      begin: () => [...(waiting.length ? waiting : ["Everything is running."]), " Pick a process and end it."],
      inject: () => ["You ", ...this.deed(p, arg), me.strategy && arg !== KILL ? ": its children go first." : "."],
      ask: () => ["You ask ", N, " to start ", this.start(arg), "."],
      told: () => ["You get the error ", this.reason(arg), " from ", N, "."],
      exit: () => [N, " ended with ", this.reason(arg), "."],
      signal: () => {
        const how = me.up === arg && run.isChild(p) ? [", its supervisor."] : [", linked to ", N, "."];
        return ["The exit signal reaches ", this.name(arg), ...how];
      },
      count: () => {
        const n = f.win[p].length, [max, s] = me.max;
        if (n > max) return [N, " counts ", { b: restarts(n) }, ` within ${s} s. Only ${max} ${max === 1 ? "is" : "are"} allowed.`];
        return [N, " counts a restart: ", { b: `${n} of ${max}` }, ` within ${s} s.`];
      },
      stop: () => {
        if (!arg) return [up, " tells ", N, " to shut down."];
        if (f.before === STOPPING) return [N, " has not stopped in time: ", up, " kills it."];
        return [up, " kills ", N, ": its ", { c: "shutdown" }, " is ", { c: "brutal_kill" }, "."];
      },
      start: () => {
        const verb = me.kind === "process" ? " spawns " : f.life[p] === 1 || f.st[me.up] === STARTING ? " starts " : " restarts ";
        const life = f.life[p] > 1 ? ` (${nth(f.life[p])} life).` : ".";
        return [up, verb, N, " as ", { c: pid(f.pid[p]) }, life, f.st[p] === STARTING && !me.strategy ? " Its init is at work." : ""];
      },
      up: () => [N, me.strategy ? " is up, with its children." : " is up."],
      fail: () => [N, " could not start: ", this.reason(arg), "."],
      refuse: () => [N, " is not started: its init said ", { c: "Ignore" }, "."],
      keep: () => [N, " is ", { c: me.restart }, " and ended well: ", up, " leaves it at that."],
      drop: () => (me.restart === "temporary" ? [N, " is ", { c: "temporary" }, ": ", up, " forgets it."] : [up, " forgets ", N, "."]),
      giveup: () => [N, " gives up: it stops its children, then itself."],
      wait: () => {
        const fewer = f.win.flat().length < run.frames[run.ends[f.act - 1]].win.flat().length;
        const who = run.path[f.act - 1].action < 0 ? `You let ${arg} s pass. ` : `${pass(arg)}. `;
        return [who, fewer ? "Old restarts leave the window." : ""];
      },
      time: () => [`${pass(arg)}. `, ...waiting],
      link: () => [N, " and ", this.name(arg), " are linked now."],
      unlink: () => [N, " and ", this.name(arg), " are no longer linked."],
      crowd: () => ["Of the other children of ", up, ", ", { b: String(arg) }, arg === 1 ? " is running." : " are running."],
      quiet: () => {
        if (arg === 1) return [N, " is down, and nobody above it restarts it. The whole application has ended."];
        const set = run.reborn(f.act), all = lab.procs.flatMap((q, i) => (isAlive(f.st[i]) && q.kind !== "crowd" ? [i] : []));
        const asked = run.path[f.act - 1].action >= STARTS, [began, none] = asked ? ["Started", "Nothing was started."] : ["Started anew", "Nothing was restarted."];
        const done = set.length ? `${began}: ${this.group(set, all)}.` : none;
        return arg === 2 ? [...waiting, " Let time pass, or end another."] : ["Quiet again. ", done];
      },
    }[f.op]();
  }

  /** Who is still at it, as a sentence; nothing where all have come to rest. */
  waiting(f) {
    const busy = this.run.unsettled(f);
    return busy.flatMap((p, i) => [i ? " " : "", this.name(p), f.st[p] === STARTING ? " is still starting." : " is still stopping."]);
  }

  /** One sentence, from the effect back to the first cause. */
  why(i) {
    const said = [], { run, lab } = this;
    let subject = -1, because = ", because ";  // whoever the clause before spoke of becomes "it"
    for (const j of run.chain(i).reverse()) {
      const f = run.frames[j], { p, arg } = f, me = lab.procs[p], N = p === subject ? "it" : this.name(p);
      const clause = {
        exit: () => [N, " ended with ", this.reason(arg)],
        fail: () => [N, " could not start: ", this.reason(arg)],
        refuse: () => [N, " said ", { c: "Ignore" }],
        start: () => [N, me.kind === "process" ? " was spawned" : " was started"],
        drop: () => [N, " was forgotten"],
        keep: () => [N, " was left alone"],
        stop: () => [N, arg ? " was killed by " : " was told to shut down by ", this.name(me.up)],
        giveup: () => [N, " gave up"],
        signal: () => (me.up === arg && run.isChild(p) ? null : [arg === subject ? "it" : this.name(arg), " is linked to ", this.name(p)]),
        count: () => {
          if (f.win[p].length > me.max[0]) return [N, ` counted ${restarts(f.win[p].length)} within ${me.max[1]} s`];
          return [N, " is ", { c: me.strategy }, " and had a child to restart"];
        },
        inject: () => ["you ", ...this.past(p, arg, N)],
        ask: () => ["you asked ", N, " to start ", this.start(arg)],
        told: () => this.say(f).slice(0, -1),
      }[f.op]?.();
      if (!clause) continue;
      if (said.length) said.push(because);
      said.push(...clause);
      [because, subject] = f.op === "signal" ? [", and ", -1] : [", because ", p];
    }
    return [...said, "."];
  }

  /** What a user's request gets at a moment. */
  gets(f) { return ["A user’s request now ", { b: f.gets < 0 ? "has to wait until it is quiet" : this.lab.lines[f.gets] }, "."]; }

  past(p, way, N) {
    if (way === KILL) return ["killed ", N];
    if (this.lab.procs[p].strategy) return ["stopped ", N];
    return [["made ", N, " raise"], ["let ", N, " finish"], ["told ", N, " to shut down"]][way];
  }

  /** Why these processes were started anew, and no others. */
  lesson(act) {
    const said = new Set(), { lab, run } = this;
    for (const f of run.slice(act)) {
      const { name, strategy, restart, max } = lab.procs[f.p], n = f.win[f.p].length;
      if (f.op === "count" && n > max[0]) said.add(`This is restart number ${n} within ${max[1]} s and ${name} allows ${max[0]}, so it gives up.`);
      else if (f.op === "count") said.add(`${name} is ${strategy}: ${GROUP[strategy]}.`);
      if (f.op === "fail") said.add(`${name} could not start, which counts as one more end.`);
      if (f.op === "keep") said.add(`${name} is ${restart} and ended well, so nobody restarts it.`);
      if (f.op === "drop" && run.frames[f.cause]?.op === "signal") said.add(`${name} is ${restart}, so nobody restarts it.`);
      if (f.op === "quiet" && f.arg === 1) said.add(`Nobody is above ${name}.`);
    }
    return [...said].join(" ");
  }
}

// ---- the marks of a step ----
const mostOf = (run, tell) => longest(run.shown.map((i) => flat(tell(run.frames[i]))));
/** What the marks of a step mean, for a line below the tree. */
const FATE = { crashed: "crashed", dragged: "died with another", stopped: "stopped", started: "started" };
const legend = () => para("legend", "In this step: ", Object.keys(FATE).map((fate) => h("span", { "data-fate": fate }, fateIcon(fate), ` ${FATE[fate]}`)));
const fateIcon = (fate) => icon(SHAPE[fate === "stopped" ? "stopping" : fate], 11);

// ---- the tree ----
const MOST_PIPS = 8;

class Tree {
  constructor(run, choose, plain = false) {
    Object.assign(this, { run, lab: run.lab, choose, plain, on: 0 });
    this.wires = h("svg", { class: "wires", ...UNSAID });
    this.list = h("ul");
    const label = `Supervision tree of ${this.lab.title}. Arrow keys move, Enter picks.`;
    this.el = h("div", { class: "tree", role: "group", "aria-label": label, onkeydown: (event) => this.key(event) }, this.wires, this.list);
    this.build();
    new ResizeObserver(() => this.place()).observe(this.el);
  }

  /** Make a node for every process; made again when more of them become known. */
  build() {
    const { lab, run } = this;
    this.nodes = lab.procs.map((q, p) => this.node(q, p));
    const branch = (p) => {
      const item = h("li", {}, this.nodes[p].el, run.kids[p].length ? h("ul", {}, run.kids[p].map(branch)) : null);
      return (this.nodes[p].item = item);
    };
    this.lines = lab.procs.map(() => h("path"));
    this.cords = new Map();
    this.wires.replaceChildren(...this.lines.filter((_, p) => lab.procs[p].up >= 0));
    put(this.list, lab.procs.flatMap((q, p) => (q.up < 0 ? [branch(p)] : [])));
    this.place();
  }

  node(q, p) {
    const dot = icon(""), sub = h("span"), life = span("life"), says = span("says"), fate = h("span", { class: "fate", ...UNSAID });
    const mark = h("span", { class: "mark", ...UNSAID }), more = span("unseen");
    const few = q.max?.[0] > MOST_PIPS ? 0 : q.max?.[0] + 1;
    const pips = q.max && h("span", { class: "pips", ...UNSAID }, Array.from({ length: few }, () => h("i")));
    const el = h("button", {
      class: `node ${q.kind} ${q.strategy ? "sup" : ""}`, tabindex: p === this.on ? 0 : -1, title: q.kind === "crowd" ? null : q.name,
      onclick: () => this.choose(p), onfocus: () => this.rove(p),
    }, span("name", q.name), span("sub", dot, sub, this.plain ? life : null), says, more, pips, this.plain ? null : life, mark, fate);
    return { el, shape: dot.firstChild, sub, pips, life, mark, more, says, fate };
  }

  /** Who has the keyboard's focus, if any. */
  get focused() {
    const p = this.nodes.findIndex((node) => node.el === this.el.getRootNode().activeElement);
    return p < 0 ? null : p;
  }

  rove(p) {
    this.nodes[this.on].el.tabIndex = -1;
    this.on = p;
    this.nodes[p].el.tabIndex = 0;
  }

  key(event) {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const { run, lab } = this, p = this.on, { up } = lab.procs[p], { at } = this.plan;
    const there = (set) => set.filter((q) => !this.nodes[q].el.hidden);
    const all = there([...lab.procs.keys()]), beside = (set, by) => set[set.indexOf(p) + by];
    const rows = [...all].sort((a, b) => at[a].row - at[b].row);
    const level = all.filter((q) => at[q].level === at[p].level).sort((a, b) => at[a].x - at[b].x);
    const child = there(run.kids[p])[0];
    const to = this.tall
      ? { ArrowUp: beside(rows, -1), ArrowDown: beside(rows, 1), ArrowLeft: up, ArrowRight: child }
      : { ArrowUp: up, ArrowDown: child, ArrowLeft: beside(level, -1), ArrowRight: beside(level, 1) };
    this.nodes[to[event.key]]?.el.focus();
  }

  /** How wide each node may be: up to its neighbours and the edge. */
  widths(w) {
    const { at } = this.plan, sup = this.lab.procs.map((q) => !!q.strategy), here = Object.keys(at).map(Number);
    const room = (p) => 2 * w * Math.min(at[p].x, 1 - at[p].x);
    const beside = (p, boss) => here.filter((q) => q !== p && at[q].level === at[p].level && sup[q] === boss);
    const near = (p, boss) => Math.min(...beside(p, boss).map((q) => Math.abs(at[q].x - at[p].x) * w));
    const leaf = Math.min(128, ...here.flatMap((p) => (sup[p] ? [] : [room(p), near(p, false) - 8, near(p, true) - 8])));
    return [leaf, at.map((_, p) => (sup[p] ? Math.min(150, room(p), near(p, true) - 10, 2 * near(p, false) - leaf - 16) : leaf))];
  }

  /** Lay the tree out: side by side where there is room for it, else as an outline, one below the other. */
  place() {
    const w = this.el.clientWidth - 2 * parseFloat(getComputedStyle(this.el).paddingLeft), { levels } = (this.plan = this.run.layout());
    if (!w) return;
    const [leaf, widths] = this.widths(w);
    this.tall = this.plain || leaf < 82 || Math.min(...Object.values(widths)) < 64;
    this.el.classList.toggle("tall", this.tall);
    this.el.style.setProperty("--leaf", this.tall ? 128 : leaf);
    this.el.style.setProperty("--indent", `${Math.min(30, w / 14)}px`);
    const high = (levels > 2 ? 112 : 104) + (this.lab.lines?.length ? 36 : 0);
    this.plan.at.forEach(({ x, level }, p) => {
      const { style } = this.nodes[p].el;
      style.setProperty("--level", level);
      style.left = this.tall ? "" : `${x * 100}%`;
      style.top = this.tall ? "" : `${level * high + 10}px`;
      style.width = this.tall ? "" : `${widths[p]}px`;
    });
    this.el.style.height = this.tall ? "" : `${(levels - 1) * high + 78 + (this.lab.lines?.length ? 30 : 0)}px`;
    this.wire(w, widths);
  }

  /** Draw the lines from where the nodes really are. */
  wire(w = this.el.clientWidth, widths = []) {
    if (!w || !this.plan) return;
    this.box = this.plan.at.map(({ x }, p) => {
      const { offsetWidth, offsetHeight, offsetLeft, offsetTop } = this.nodes[p].el;  // 0 of one that is to come
      const width = offsetWidth || widths[p] || 0;
      return { x: this.tall ? offsetLeft : x * w, y: offsetTop, w: width, h: offsetHeight || (this.lab.procs[p].strategy ? 68 : 52) };
    });
    this.lab.procs.forEach(({ up }, p) => {
      if (up < 0 || !this.box[p] || !this.box[up]) return;
      const a = this.box[up], b = this.box[p], y1 = a.y + a.h, m = (y1 + b.y) / 2, y2 = b.y + b.h / 2;
      const line = this.tall ? `M${a.x + 7} ${y1}V${y2 - 6}q0 6 6 6H${b.x}` : `M${a.x} ${y1}C${a.x} ${m} ${b.x} ${m} ${b.x} ${b.y}`;
      this.lines[p].setAttribute("d", line);
    });
    for (const [key, cord] of this.cords) cord.setAttribute("d", this.curve(...key.split(" ")));
  }

  /** A link beyond the tree: below its level, from side to side, or along the right edge of the outline. */
  curve(p, q) {
    const a = this.box?.[p], b = this.box?.[q];
    if (!a || !b) return "";
    const y1 = a.y + a.h / 2, y2 = b.y + b.h / 2;
    if (this.tall) return `M${a.x + a.w} ${y1}C${a.x + a.w + 18} ${y1} ${a.x + a.w + 18} ${y2} ${b.x + b.w} ${y2}`;
    const side = Math.sign(b.x - a.x) || 1;
    if (a.y === b.y) {
      const from = a.x + (side * a.w) / 5, to = b.x - (side * b.w) / 5, low = a.y + a.h;
      return `M${from} ${low}C${from} ${low + 30} ${to} ${low + 30} ${to} ${b.y + b.h}`;
    }
    const apart = Math.abs(b.x - a.x) > (a.w + b.w) / 2 + 20, from = a.x + (side * a.w) / 2, to = b.x - ((apart ? side : -side) * b.w) / 2;
    const bend = apart ? (to - from) / 2 : 40 * side;
    return `M${from} ${y1}C${from + bend} ${y1} ${apart ? to - bend : to + bend} ${y2} ${to} ${y2}`;
  }

  paint(frame, { pick, chain = [], hint = [], moved = false, fates = [], lines = frame } = {}) {
    const { lab, run } = this;
    if (this.nodes.length < lab.procs.length) this.build();
    else if (Object.keys(this.plan.at).length !== run.frames[run.last].st.filter((st) => st !== ABSENT).length) this.place();
    this.most = longest(run.frames.flatMap((each) => each.line.map((index) => lab.lines?.[index] ?? "")));
    const stop = this.nodes[pick] && frame.st[pick] !== ABSENT ? pick : 0;
    if (!this.el.contains(this.el.getRootNode().activeElement)) this.rove(stop);
    this.nodes.forEach((_, p) => this.paintNode(p, frame, { pick, chain, hint, moved, fate: fates[p] ?? [], line: lab.lines?.[lines.line[p]] ?? "" }));
    this.wire();  // who has just come stands somewhere only now
    const spoken = ["stop", "start", "fail"].includes(frame.op) ? frame.p : frame.op !== "signal" ? -1
      : lab.procs[frame.p].up === frame.arg ? frame.p : lab.procs[frame.arg].up === frame.p ? frame.arg : -1;
    this.lines.forEach((line, p) => {
      const state = frame.st[p] === ABSENT ? " gone" : isAlive(frame.st[p]) ? "" : " cut";
      const loose = !run.isChild(p) && !run.linked(frame, p).includes(lab.procs[p].up);
      line.setAttribute("class", "wire" + (loose ? " spawned" : "") + state + (p === spoken ? " hot " + frame.op : ""));
    });
    const cord = this.paintCords(frame, spoken < 0 && frame.op === "signal" ? [frame.p, frame.arg] : null);
    const hot = cord ?? this.lines[spoken];
    if (hot) this.wires.append(hot);
    const upward = frame.op === "signal" && (cord ? cord.dataset.from !== String(frame.p) : spoken === frame.p);
    if (moved && hot && this.box && !calm()) this.fly(hot, upward, frame.op);
  }

  /** Draw the links beyond the tree; answer the one that is hot. */
  paintCords(frame, hot) {
    const key = ([p, q]) => `${Math.min(p, q)} ${Math.max(p, q)}`, { procs } = this.lab;
    const beyond = frame.links.filter(([p, q]) => procs[p].up !== q && procs[q].up !== p);
    const wanted = new Set([...beyond, ...(hot ? [hot] : [])].map(key));
    for (const [k, cord] of this.cords) if (!wanted.has(k)) { cord.remove(); this.cords.delete(k); }
    for (const k of wanted) {
      if (this.cords.has(k)) continue;
      const cord = h("path", { class: "wire cord", d: this.curve(...k.split(" ")), "data-from": k.split(" ")[0] });
      this.cords.set(k, cord);
      this.wires.append(cord);
    }
    for (const [k, cord] of this.cords) cord.setAttribute("class", "wire cord" + (hot && key(hot) === k ? " hot signal" : ""));
    return hot ? this.cords.get(key(hot)) : null;
  }

  paintNode(p, frame, { pick, chain, hint, moved, fate, line }) {
    const { run, lab } = this, n = this.nodes[p], q = lab.procs[p], st = STATES[frame.st[p]], is = n.el.dataset, life = frame.life[p];
    const started = frame.op === "start" && frame.p === p && is.life !== String(life);
    if (moved && is.st && started && !calm()) {
      const frames = [{ transform: "var(--at) scale(.8)", opacity: 0.2 }, { transform: "var(--at)", opacity: 1 }];
      n.el.animate(frames, { duration: 380, easing: "cubic-bezier(.2,1.4,.4,1)" });
    }
    n.item.hidden = n.el.hidden = frame.st[p] === ABSENT;
    is.st = st;
    is.life = life;
    is.hot = frame.p === p && !["quiet", "begin", "time", "wait"].includes(frame.op) ? 1 : "";
    if (is.hot && this.tall) this.reveal(n.el);
    is.hint = hint.includes(p) ? 1 : "";
    const nr = chain.indexOf(p);
    is.off = chain.length && nr < 0 ? 1 : "";
    n.mark.textContent = nr >= 0 ? nr + 1 : "";
    if (is.fate !== fate.join(" ") || nr >= 0) n.fate.replaceChildren(...(nr >= 0 ? [] : fate).map((each) => h("span", { "data-fate": each }, fateIcon(each))));
    is.fate = nr >= 0 ? "" : fate.join(" ");
    if (line || (lab.lines?.length && q.kind === "worker")) say(n.says, [line], this.most);
    n.says.title = line;
    n.shape.setAttribute("d", SHAPE[st] ?? "");
    if (q.kind === "crowd") n.el.firstChild.textContent = `${frame.crowd[p]} more`;
    const rank = q.kind === "crowd" ? "running" : q.kind === "dynamic" ? "dynamic" : q.strategy || q.restart || "process";
    n.sub.textContent = frame.st[p] === RUNNING && !this.plain ? rank : st;
    n.life.textContent = life > 1 || this.plain ? "life " + life : "";
    n.el.style.setProperty("--ghost", life > 1 ? 1 : 0);
    n.el.setAttribute("aria-pressed", p === pick);
    const used = frame.win[p].length;
    if (n.pips) {
      [...n.pips.children].forEach((pip, k) => {
        pip.className = k < used ? (k >= q.max[0] ? "over" : "on") : "";
        pip.hidden = k >= q.max[0] && used <= q.max[0];
      });
      if (q.max[0] > MOST_PIPS) n.pips.textContent = `${used} of ${q.max[0]}`;
    }
    const family = run.siblings(frame, p);
    const place = family.length ? `, child ${family.indexOf(p) + 1} of ${lab.procs[q.up].name}` : "";
    const budget = q.max ? `, ${used} of ${q.max[0]} restarts used` : "";
    n.more.textContent = `, ${new Words(run).kind(p)}${place}, ${st}${budget}${fate.length ? ", in this step " + list(fate.map((each) => FATE[each])) : ""}${n.life.textContent && ", "}`;
  }

  /** Scroll what has no room for the whole outline, so that a process is seen. */
  reveal(el) {
    const frame = this.plain ? this.el.closest(".lanes") : this.el, a = el.getBoundingClientRect(), b = frame.getBoundingClientRect();
    frame.scrollTop += Math.min(0, a.top - b.top - 12) + Math.max(0, a.bottom - b.bottom + 12);
  }

  /** A dot runs along a line. */
  fly(line, upward, op) {
    const dot = div("dot " + op), way = ["0%", "100%"];
    dot.style.offsetPath = `path("${line.getAttribute("d")}")`;
    this.el.append(dot);
    dot.animate({ offsetDistance: upward ? way.reverse() : way }, { duration: 520, easing: "ease-in-out" }).onfinish = () => dot.remove();
  }
}

// ---- how long a step is shown ----
const DWELL = {
  inject: 1100, ask: 1100, told: 1200, exit: 850, count: 1000, stop: 500, up: 500, keep: 1200, drop: 900, giveup: 1300, wait: 1000, fail: 1000, time: 1000,
};

const NO_RAISE = "A supervisor cannot raise: it runs only OTP's own code.";
const HELP = ["", "its work is done", "an orderly end", "nothing can refuse it"];
const wayButtons = (lab, choose) =>
  lab.ways.map((way, i) => h("button", { class: "way", "data-way": way, onclick: () => choose(i) }, h("b", {}, way), h("small", {}, HELP[i])));
const choices = (asks, ways, ...more) =>
  div("picker", div("asks", asks), h("div", { class: "ways", role: "group", "aria-label": "How it ends" }, ways), more);

/** Say of each way whether it can be chosen; nothing can where the reader is `stuck`. */
function paintWays(buttons, lab, pick, can, stuck) {
  const { strategy, error } = lab.procs[pick];
  buttons.forEach((el, way) => {
    const ok = can(way), never = way === 0 && error == null;
    el.setAttribute("aria-disabled", !ok || stuck);
    el.classList.toggle("never", !ok);
    el.title = never && strategy ? NO_RAISE : "";
    el.lastChild.textContent = !never ? (way ? HELP[way] : errorName(lab.reasons[error])) : strategy ? "a supervisor cannot raise" : "nothing to raise";
  });
}

// ---- one lab ----
const MOST_FUTURES = 4;
const keys = (ask, starts) => `← ↑ ↓ →| move in the tree, |Enter| picks, |1 2 3 4| end it, ${starts ? "|s| goes to the starts, " : ""}|w| goes to the waits and |Enter| lets time pass, `
  + `|,| steps back, |.| steps on, |p| plays, |y| asks why, ${ask ? "|m| ends it now, in the middle, " : ""}|Esc| closes.`;
const GO_ON = ["Press Play, or ", { c: "." }, " for one step."];  // where nothing moves by itself

/** A document holds every future up to a crash, whatever time passes before it; or where there are too many, up to a step. */
function endOf({ depth, asked = depth, crashes = 0, starts }) {
  const [one, many] = crashes && crashes === depth ? (starts ? ["crash or start", "crashes and starts"] : ["crash", "crashes"]) : ["step", "steps"];
  return `The page ends here, after ${depth} ${depth === 1 ? one : many}${depth < asked ? `: ${asked} would be too many` : ""}.`;
}
/** Buttons that let time pass; where a kernel answers, so does any number of seconds. */
function waitButtons({ waits }, choose, ask) {
  const some = waits.map((s) => h("button", { class: "link", "data-wait": s, onclick: () => choose(-Math.round(1000 * s)) }, `${s} s`));
  const field = h("input", { type: "number", min: 0.1, max: 3600, step: 0.1, value: 2, "aria-label": "Seconds to let pass" });
  const let_ = () => field.checkValidity() && field.value && choose(-Math.round(1000 * field.value));
  field.addEventListener("keydown", (event) => { event.stopPropagation(); if (event.key === "Enter") let_(); });
  return span("waits", "or let pass ", some, ask ? span("any", field, button("link", let_, "seconds")) : null);
}
const toWaits = (waits) => waits.style.visibility || waits.querySelector("button").focus();
/** Buttons that start a child below a dynamic supervisor. */
function startButtons({ starts = [], procs }, choose) {
  const all = starts.map(({ name, up }, k) =>
    h("button", { class: "start", "aria-label": `Start ${name} under ${procs[up].name}`, onclick: () => choose(STARTS + k) }, name));
  const row = ([up, ...ups], from) => up == null ? [] : [span("", from ? ", under " : "or start under ", h("b", {}, procs[up].name), " "),
    all.filter((_, k) => starts[k].up === up), row(ups, 1)].flat();
  return [all, h("div", { class: "waits starts", role: "group", "aria-label": "Who is started", hidden: !all.length }, row([...new Set(starts.map(({ up }) => up))]))];
}
const key = (path) => JSON.stringify(path.map((step) => [step.asked, step.keep]));
const samePath = (a, b) => key(a) === key(b);

/** A path in the page's address: 4_w2000_17k3_s1 is process 1 raising, 2 s passing, process 4 finishing after 3 events of that, and a start. */
const written = (path) => path.map(({ action, keep }) => (action < 0 ? "w" + -action : action < STARTS ? action : "s" + (action - STARTS)) + (keep == null ? "" : "k" + keep)).join("_");
/** The steps of a written path; null where it is none, or names a process that is not there. */
function steps(text, lab) {
  const found = text.split("_").map((step) => /^(?:w([1-9]\d{0,8})|(s?)(\d{1,4})(?:k(\d{1,5}))?)$/.exec(step));
  if (!found.every(Boolean)) return null;
  const all = found.map(([, wait, s, action, keep]) => ({ action: wait ? -wait : +action + (s ? STARTS : 0), keep: keep && +keep }));
  return all.every(({ action }) => action < 4 * lab.procs.length || lab.starts?.[action - STARTS]) ? all : null;
}
const stampOfLabs = (labs) => stampOf(JSON.stringify(labs.map(({ ways, procs, ops, starts }) => [ways, ops, starts, procs.filter(({ st }) => st !== ABSENT).map(({ name, up, kind }) => [name, up, kind])])));
const MIDDLE = "The address asks for an end in the middle of a run, which needs a kernel: run the notebook.";

export function mount(el, data, { css = "", ask, live = () => null, predict = false, select, address = false } = {}) {
  const run = new Run(data), { lab } = run, words = new Words(run);
  let at = 0, seen = 0, why = -1, quiz = null, busy = false, now = false, note = "", hint = [], score = [0, 0], others = [];
  let pick = select ?? firstPick(run);

  const tree = new Tree(run, (p) => { pick = p; note = ""; paint(); });
  const bar = new Transport({
    go: (step) => go(run.shown[step] ?? (step < 0 ? 0 : run.last)),
    count: () => run.shown.length - 1,
    now: () => run.spot(at),
    dwell: () => DWELL[run.frames[at].op] || 700,
    changed: () => paint(),
    stops: () => run.ends.map((end) => run.spot(end)),
    leaps: ["To the crash before", "To the next quiet moment"],
  });
  const crumbs = h("ol", { class: "crumbs", "aria-label": "Your crashes so far" }), forks = div("forks");
  const caption = para("caption"), stamp = h("span", { class: "stamp", title: "Virtual time" }), because = div("because");
  const whyButton = button("link", () => askWhy(at), "Why?");
  const who = span("who"), tip = h("p", { class: "tip", role: "status" });
  const moments = ["when it is quiet", "now, in the middle"].map((text, i) => button("moment", () => { now = !!i; note = ""; paint(); }, text));
  const when = h("div", { class: "when", role: "group", "aria-label": "When it ends" }, moments);
  const ways = wayButtons(lab, (way) => choose(4 * pick + way));
  const wait = waitButtons(lab, choose, ask), [starts, starter] = startButtons(lab, choose);
  const picker = choices([who, when, wait], ways, starter, tip);
  const test = h("div", { class: "quiz", role: "group", "aria-label": "Your prediction" });
  const log = h("ol", { class: "log", "aria-label": "What happened" }), none = para("none", "Nothing yet.");
  const card = div("card"), meters = div("meters");
  const said = div("saying", caption, div("side", whyButton, stamp)), gets = para("gets");
  const reset = button("link", () => { bar.pause(); remember(); run.cut(0); settle(); score = [0, 0]; seen = 0; go(0); home(); }, "Reset");
  const forget = button("link", () => { others = []; score = [0, 0]; paint(); home(); }, "Forget them");
  const guess = h("button", { class: "switch", role: "switch", onclick: () => { predict = !predict; settle(); paint(); } }, h("i"), "Predict first");

  shell(el, "crash-lab", `Crash lab: ${lab.title}`, css,
    div("head", crumbs, reset, guess), forks, tree.el, legend(),
    div("dock", test, picker, said, because, gets, bar.el),
    div("below",
      h("div", {}, div("title", "What happened"), none, log),
      h("div", {}, card, h("div", {}, div("title", "Restarts in the window"), meters))),
    h("details", { class: "keys" }, h("summary", {}, "Keys"), h("p", {}, rich(keys(ask, lab.starts).split("|").map((text, i) => (i % 2 ? text : { c: text }))))));

  onKeys(el, (name) => {
    if (quiz && "1234".includes(name)) return quiz.done === null && quiz.options[name - 1] ? () => answer(name - 1) : null;
    if ("1234".includes(name)) return () => { pick = tree.focused ?? pick; choose(4 * pick + (name - 1)); };
    return {
      ...(!quiz && bar.keys), y: () => quiz || askWhy(at), w: () => toWaits(wait), s: () => starts[0] && toWaits(starter), m: () => ask && inside() && moments[now ? 0 : 1].click(),
      Escape: () => { bar.pause(); if (quiz) home(); settle(); why = -1; paint(); },
    }[name];
  });

  let kept = "", refused = "";
  const place = addressOf(address, el, data.title, stampOfLabs([data]), { restore: recall, refuse: (sentence) => { refused = sentence; paint(); } });

  /** Play the path that an address asks for; answers true, or why it cannot be. */
  async function recall(text) {
    const wanted = steps(text, run.lab);
    if (!wanted || busy) return false;
    bar.pause();
    remember();
    run.cut(0);
    settle();
    for (const { action, keep } of wanted) {
      const act = run.path.length, asked = keep == null ? action : [action, keep];
      if (keep == null ? !run.possible(action, act) : !act || keep >= run.ends[act] - run.ends[act - 1]) return forgetAll();
      let future = keep == null ? run.stored(action, act) : null;
      if (!future) future = await fetch_([...run.path.map((step) => step.asked), asked]);
      if (!future) {
        go(run.last);
        return note || (keep == null ? `${endOf(lab)} The address goes on from here.` : MIDDLE);
      }
      run.learn(future);
      run.add(action, future, asked);
    }
    seen = run.last;
    go(run.last);
    return true;
  }

  function forgetAll() {
    run.cut(0);
    go(0);
    return false;
  }

  function home() { tree.nodes[pick].el.focus({ preventScroll: true }); }

  /** Nothing is being asked or said any more. */
  function settle() {
    quiz = null;
    note = "";
    hint = [];
  }

  function go(to) {
    const was = run.spot(at);
    at = run.shown[run.spot(Math.max(0, Math.min(run.last, to)))];
    seen = Math.max(seen, at);
    why = -1;
    if (!inside()) now = false;
    paint(run.spot(at) === was + 1);
  }

  /** The action in whose run the reader is: a new crash comes at its end, unless it is to come now. */
  function base() { return run.frames[at].act; }

  function inside() { return base() > 0 && (at < run.ends[base()] || !!run.path[base() - 1].rest); }

  function possible(action) { return now ? run.possibleAt(action, run.frames[at]) : run.possible(action, base()); }

  /** What the controls follow: how things stood before a run, until the reader has seen how it ends. */
  function standing() {
    const act = base(), f = run.frames[at];
    return now || !isAlive(f.st[0]) ? f : inside() ? run.frames[run.ends[act - 1]] : run.quiet(act);
  }

  /** Keep a future that is about to be left; a crash whose question has no answer yet has not come. */
  function remember() {
    if (quiz?.done === null) run.cut(run.path.length - 1);
    if (!run.path.length || others.some((other) => samePath(other, run.path))) return;
    others = [run.path.map((step) => ({ ...step })), ...others].slice(0, MOST_FUTURES);
  }

  async function choose(action) {
    const act = base(), middle = now && action >= 0, after = at - run.ends[act - 1];
    if (busy || quiz) return paint();
    bar.pause();
    if (!possible(action)) return refuse(action);
    const asked = middle ? [action, after] : action, before = run.path.slice(0, act);
    let future = middle ? null : run.stored(action, act);
    if (!future) future = await fetch_([...before.map((step) => step.asked), asked]);
    if (!future && !ask) go(run.ends[act]);  // the page says there that it ends
    if (!future || !samePath(before, run.path.slice(0, act))) return paint();
    if (act < run.path.length || middle) remember();
    run.cut(act);
    run.learn(future);
    settle();
    now = false;
    run.add(action, future, asked);
    at = run.ends[act];
    seen = at;
    if (predict && action >= 0 && action < STARTS) quiz = question(act + 1, action >> 2);
    if (!quiz) return begin();
    paint();
    test.querySelector("button").focus({ preventScroll: true });
  }

  /** It cannot be done when it is quiet again: show that moment. */
  function refuse(action) {
    if (inside() && !now) go(run.ends[base()]);
    const p = action < STARTS ? action >> 2 : lab.starts[action - STARTS].up;
    note = action < 0 ? "" : standing().st[p] !== RUNNING ? `${words.name(p).b} is not running.` : action % 4 === 0 && lab.procs[p].strategy ? NO_RAISE : "";
    paint();
  }

  /** Ask for what is not stored; null where nobody can tell. */
  async function fetch_(path) {
    if (!ask) return null;
    let future = null;
    busy = true;
    note = "Asking the kernel…";
    paint();
    try {
      future = await ask(path);
      note = "";
    } catch (error) {
      note = error.message;
    }
    busy = false;
    return future;
  }

  function begin() {
    go(run.shown[run.spot(run.ends[run.path.length - 1] + 1)]);
    if (!calm()) bar.play();
  }

  /** The choices: what the strategies would do here, the same whatever is right; and if nothing of that is, near misses. */
  function question(act, p) {
    const { procs } = lab, was = run.frames[run.ends[act - 1]], { up } = procs[p];
    const all = [...procs.keys()].filter((q) => isAlive(was.st[q]) && procs[q].kind !== "crowd");
    const kids = (up < 0 ? [p] : run.kids[up]).filter((q) => all.includes(q)), right = run.reborn(act), same = (set) => (other) => String(other) === String(set);
    const below = (q) => [q, ...run.kids[q].flatMap(below)];
    const sorted = (set) => all.filter((q) => set.flatMap(below).includes(q));
    const once = (set, i, sets) => sets.findIndex(same(set)) === i;
    let sets = [[p], [], kids, kids.slice(kids.indexOf(p)), up < 0 ? [] : [up], [0]].map(sorted).filter(once);
    if (!sets.slice(0, 4).some(same(right))) {
      const near = right.length > 1 ? right.filter((q) => q !== right.at(-1)) : [...new Set([...right, ...kids.slice(0, 1)])];
      sets = [right, sets.some(same(right)) ? sets[0] : near, ...sets].filter(once);
    }
    sets = sets.slice(0, 4).sort((a, b) => a.length - b.length);
    const label = (set) => capital(set.length ? words.group(set, all) : "none of them");
    const options = sets.map((set) => ({ set, text: label(set), ok: same(right)(set) }));
    const asked = run.slice(act).find((f) => f.op === "inject");  // none where it had ended by itself in time
    return options.length < 2 || !asked ? null : { act, asked, options, done: null };
  }

  function answer(k) {
    quiz.done = k;
    score = [score[0] + quiz.options[k].ok, score[1] + 1];
    hint = [];
    paint();
    test.querySelector(".go").focus({ preventScroll: true });
  }

  function askWhy(i) {
    if (!HAS_WHY.has(run.frames[i].op)) return;
    const off = why === i;
    bar.pause();
    if (i !== at) go(i);
    why = off ? -1 : i;
    paint();
  }

  function restore(other) {
    bar.pause();
    remember();
    run.cut(0);
    settle();
    for (const step of other) run.add(step.action, step, step.asked);
    others = others.filter((each) => each !== other);
    seen = run.last;
    go(run.last);
  }

  // Painting: everything on the page follows from what stands above.

  function paint(moved = false) {
    const f = run.frames[at], act = base(), chain = why >= 0 ? run.chain(why) : [], text = words.say(f);
    tree.paint(f, { pick, chain: [...new Set(chain.map((i) => run.frames[i].p))], hint, moved, fates: run.fates(at), lines: run.lines(at) });
    say(gets, words.gets(f), mostOf(run, (each) => words.gets(each)));
    gets.hidden = lab.gets == null;
    for (const el of [caption, gets]) el.setAttribute("aria-live", bar.playing ? "off" : "polite");
    say(caption, text, mostOf(run, (each) => words.say(each)));
    put(stamp, f.clock + " s");
    whyButton.style.visibility = HAS_WHY.has(f.op) && !quiz ? "" : "hidden";  // it keeps its place
    whyButton.setAttribute("aria-expanded", why >= 0);
    because.hidden = why < 0;
    if (why >= 0) put(because, rich(words.why(why)));
    bar.show(flat(text));
    guess.setAttribute("aria-checked", predict);
    keepPath();
    paintPath(act);
    paintPicker(act);
    paintQuiz();
    paintLog(chain);
    paintCard(f);
    paintMeters(f);
  }

  /** The address says the path from now on. */
  function keepPath() {
    const text = written(run.path);
    if (text === kept) return;
    refused = "";
    place.write((kept = text));
  }

  function paintPath(act) {
    const back = (k) => () => { bar.pause(); settle(); go(run.ends[k]); };
    put(crumbs, ["Start", ...run.path.map((step) => words.action(step))].map((text, k) =>
      h("li", {}, h("button", { class: "crumb", "aria-current": k === act ? "step" : null, onclick: back(k) }, text))));
    const here = crumbs.children[act];
    crumbs.scrollLeft = here.offsetLeft + here.offsetWidth - crumbs.clientWidth;
    reset.hidden = !run.path.length;
    const left = others.filter((other) => !samePath(other, run.path));
    put(forks, "Other futures: ", forget, left.map((other) => button("fork", () => restore(other), other.map((step) => words.action(step)).join(" › "))));
    forks.hidden = !left.length;
  }

  function paintPicker(act) {
    const f = standing(), { kind } = lab.procs[pick], N = words.name(pick), down = !isAlive(f.st[0]), amid = inside() && !down;
    const stuck = !down && !amid && !ask && !run.row(act);
    picker.hidden = !!quiz;
    const why = down ? [N, " has ended, like everything else."] : kind === "crowd" ? ["These are many: pick another."]
      : !isAlive(f.st[pick]) && [N, " is not running: pick another."];
    put(who, rich(why || ["End ", N, amid ? (ask ? "" : " when it is quiet, with") : act < run.path.length ? " here, in another future:" : " with"]));
    when.hidden = !ask;  // the middle of a run needs a kernel
    when.style.visibility = inside() && !bar.playing && isAlive(run.frames[at].st[0]) ? "" : "hidden";
    moments.forEach((el, i) => el.setAttribute("aria-pressed", now === !!i));
    picker.classList.toggle("stuck", stuck);
    paintWays(ways, lab, pick, (way) => (amid ? run.possibleAt(4 * pick + way, f) : possible(4 * pick + way)), stuck);
    wait.style.visibility = down || stuck || now ? "hidden" : "";  // it keeps its place, like the rest here
    starter.style.visibility = down || stuck ? "hidden" : "";
    starts.forEach((el, k) => el.setAttribute("aria-disabled", !(amid ? run.possibleAt(STARTS + k, f) : possible(STARTS + k))));
    const still = calm() && amid && !bar.playing && at === run.ends[act - 1] + 1;
    if (refused) put(tip, refused);
    else if (stuck) put(tip, atTheEnd(endOf(lab), live));
    else put(tip, note || (now ? "The kernel runs it anew, and ends this one here." : still ? rich(GO_ON) : ""));
    picker.setAttribute("aria-busy", busy);
  }

  function paintQuiz() {
    test.hidden = !quiz;
    said.hidden = bar.el.hidden = !!quiz;  // nothing must give the answer away
    if (!quiz) return;
    const { options, done, act, asked } = quiz, wanted = "Which processes run with a new pid when it is quiet again?", show = (set) => () => { hint = set; tree.paint(run.frames[at], { pick, hint, lines: run.lines(at) }); };
    const choice = (option, k) => {
      const verdict = done === null ? null : option.ok ? "right" : k === done ? "wrong" : "rest";
      return h("button", {
        class: `option ${verdict ?? ""}`, "aria-disabled": done !== null, onclick: () => done === null && answer(k),
        onmouseenter: show(option.set), onmouseleave: show([]), onfocus: show(option.set), onblur: show([]),
      }, h("kbd", {}, k + 1), h("span", {}, option.text), { right: h("em", {}, "✓ this"), wrong: h("em", {}, "✗ your guess") }[verdict]);
    };
    put(test,
      para("q", h("span", {}, rich(words.say(asked)), " " + wanted),
        span("score", score[1] ? `${score[0]} of ${score[1]} right` : "")),
      div("options", options.map(choice)),
      done === null ? null : h("div", { class: "lesson", role: "status" },
        h("p", { id: "lesson" }, h("b", {}, options[done].ok ? "Right. " : "Not quite. "), words.lesson(act)),
        h("button", { class: "go", "aria-describedby": "lesson", onclick: () => { settle(); begin(); home(); } }, "Watch it happen")));
    test.setAttribute("aria-label", `Your prediction. ${flat(words.say(asked))} ${wanted}`);  // the focus goes to an answer
  }

  function paintLog(chain) {
    const upto = run.spot(quiz ? at : Math.max(seen, at)), lines = log.children;
    if (log.dataset.key !== key(run.path)) log.replaceChildren();
    log.dataset.key = key(run.path);
    while (lines.length > upto) log.lastChild.remove();
    while (lines.length < upto) log.append(line(run.shown[lines.length + 1]));
    [...lines].forEach((item, k) => {
      const i = run.shown[k + 1], first = item.firstChild;
      item.className = (i === at ? "now" : i > at ? "later" : "") + (chain.includes(i) ? " chain" : chain.length ? " dim" : "");
      first.tabIndex = i === at ? 0 : -1;
      if (i !== at) return first.removeAttribute("aria-current");
      first.setAttribute("aria-current", "step");
      log.scrollTop = Math.max(0, item.offsetTop - log.clientHeight * 0.6);
    });
    none.hidden = upto > 0;
  }

  function line(i) {
    const f = run.frames[i], said = words.say(f);
    const text = h("button", { class: "line", tabindex: -1, onclick: () => { bar.pause(); go(i); } }, h("span", {}, rich(said)));
    const why = h("button", { class: "link", tabindex: -1, "aria-label": "Why? " + flat(said), onclick: () => askWhy(i) }, "why?");
    return h("li", { "data-op": f.op }, text, HAS_WHY.has(f.op) ? why : null);
  }

  function paintCard(f) {
    const q = lab.procs[pick], st = STATES[f.st[pick]];
    const row = (name, ...value) => [h("dt", {}, name), h("dd", {}, ...value)], code = (text) => h("code", {}, text);
    const family = run.siblings(f, pick);
    const end = f.died[pick] >= 0 && run.frames[f.died[pick]], line = run.lines(at).line[pick];
    const rows = q.kind === "crowd" ? row("Stands for", `${f.crowd[pick]} more children of `, lab.procs[q.up].name) : [
      f.life[pick] ? row("Pid", code(pid(f.pid[pick])), `, ${nth(f.life[pick])} life`) : [],
      q.strategy ? row("Strategy", code(q.strategy), q.kind === "dynamic" ? ", its children come and go" : "") : [],
      q.restart ? row("Restart", code(q.restart)) : row("Restart", q.up < 0 ? "nobody is above it" : "nobody supervises it"),
      row("Linked to", words.names(run.linked(f, pick)) || "nobody"),
      family.length ? row("Started", `${nth(family.indexOf(pick) + 1)} of ${family.length} under `, lab.procs[q.up].name) : [],
      q.kind === "process" && q.up >= 0 ? row("Spawned", "by ", lab.procs[q.up].name) : [],
      lab.lines?.length && q.kind === "worker" ? row("Server", lab.lines[line] ?? "—") : [],
      row("Last end", ...(end ? [code(lab.reasons[end.arg]), " ", button("link", () => askWhy(f.died[pick]), "why?")] : ["none yet"])),
    ].flat();
    put(card, div("title", q.name), h("dl", {}, row("State", h("span", { class: "st", "data-st": st }, icon(SHAPE[st]), " " + st)), rows));
  }

  function paintMeters(f) {
    const sups = lab.procs.flatMap((q, p) => (q.max && f.st[p] !== ABSENT ? [p] : []));
    const spans = new Set(sups.map((p) => lab.procs[p].max[1])), one = spans.size === 1;
    const meter = (p) => {
      const { name, max: [max, s] } = lab.procs[p], n = f.win[p].length;
      const dots = [...new Set(f.win[p])].map((time) => {
        const many = f.win[p].filter((other) => other === time).length, dot = mark(many > 1 ? "many" : "", 1 - (f.clock - time) / s);
        if (many > 1) dot.textContent = many;
        return dot;
      });
      const level = (n > max ? " over" : n && n === max ? " full" : "") + (isAlive(f.st[p]) ? "" : " out");
      return h("div", { class: "meter" + level, role: "img", "aria-label": `${name}: ${n} of ${max} restarts within ${s} s` },
        h("b", {}, name), span("track", dots), span("n", (n > max ? `${n}, max ${max}` : `${n} of ${max}`) + (one ? "" : ` in ${s} s`)));
    };
    const begin = one ? `${[...spans][0]} s ago` : "opened", scale = span("ends", h("span", {}, begin), h("span", {}, "now"));
    meters.parentNode.hidden = !sups.length;
    put(meters, sups.map(meter), h("div", { class: "meter axis", ...UNSAID }, h("b"), scale, span("n")));
  }

  paint();
  return { run, go, choose, get at() { return at; } };
}

/** The process that a reader most likely wants to end first: a worker, as deep as there are. */
function firstPick({ lab: { procs } }) {
  const workers = [...procs.keys()].filter((p) => procs[p].kind === "worker" && !procs[p].st), depth = (p) => (p < 0 ? 0 : 1 + depth(procs[p].up));
  return workers.find((p) => depth(p) === Math.max(...workers.map(depth))) ?? 0;
}

// ---- several strategies, the same crashes, in lock-step ----
export function compare(el, documents, { css = "", ask, live = () => null, script = [], select, address = false } = {}) {
  const lanes = documents.map((data) => {
    const run = new Run(data);
    return { run, lab: run.lab, words: new Words(run) };
  });
  const { lab, run } = lanes[0];
  let step = 0, busy = false, note = "", loaded = [], pick = select ?? (script.length && script[0] >= 0 ? script[0] >> 2 : firstPick(run));

  for (const lane of lanes) {
    lane.tree = new Tree(lane.run, (p) => { pick = p; paint(); }, true);
    lane.caption = h("p", { class: "caption" });
    lane.gets = para("gets");
    const title = div("title", h("code", {}, lane.lab.title)), rule = para("rule", GROUP[lane.lab.procs[0].strategy] + ".");
    lane.el = h("div", { class: "lane", role: "group", "aria-label": lane.lab.title }, title, rule, lane.tree.el);
    lane.said = h("div", { class: "said", role: "group", "aria-label": lane.lab.title }, h("code", { class: "of", ...UNSAID }, lane.lab.title), lane.caption, lane.gets);
  }
  const who = span("who"), ways = wayButtons(lab, (way) => choose(4 * pick + way)), tip = para("tip");
  const heard = h("p", { class: "unseen", role: "status" });  // all lanes at once: one voice
  const wait = waitButtons(lab, choose, ask);
  const reset = button("link", () => { bar.pause(); note = ""; load(); go(0); lanes[0].tree.nodes[pick].el.focus({ preventScroll: true }); }, "Reset");
  const bar = new Transport({
    go, stops: ends, count: total, now: () => step, changed: () => paint(),
    leaps: ["To the crash before", "To the next quiet moment"],
    dwell: () => Math.max(...lanes.map((lane) => DWELL[lane.run.frames[frame(lane, step)].op] || 700)),
  });
  shell(el, "crash-lab", "The strategies side by side", css, div("lanes", lanes.map((lane) => lane.el)),
    div("sayings", lanes.map((lane) => lane.said)), legend(), div("dock flat", choices([who, h("span", {}, wait, " ", reset)], ways, tip)), bar.el, heard);
  el.shadowRoot.querySelector(".lab").classList.add("abreast");
  onKeys(el, (key) => ({ ...bar.keys, w: () => toWaits(wait) }[key] ?? ("1234".includes(key) ? () => {
    pick = lanes.map((lane) => lane.tree.focused).find((p) => p !== null) ?? pick;
    choose(4 * pick + (key - 1));
  } : null)));

  /** The common step at which each action is over: when the slowest has come to rest. */
  function ends() {
    let sum = 0;
    const length = (k) => Math.max(...lanes.map((lane) => lane.run.spot(lane.run.ends[k + 1]) - lane.run.spot(lane.run.ends[k])));
    return [0, ...run.path.map((_, k) => (sum += length(k)))];
  }

  function total() { return ends().at(-1); }

  /** The frame of a lane at a common step. */
  function frame(lane, at) {
    const all = ends(), k = all.findIndex((end) => end >= at), own = lane.run;
    return k <= 0 ? 0 : own.shown[Math.min(own.spot(own.ends[k - 1]) + at - all[k - 1], own.spot(own.ends[k]))];
  }

  function base() { return Math.max(0, ends().findIndex((end) => end >= step)); }

  function go(to) {
    const was = step;
    step = Math.max(0, Math.min(total(), to));
    paint(step === was + 1);
  }

  /** Where this process has ended already, a lane has nothing to play. */
  function known({ run: own }, action, k) {
    return own.possible(action, k) ? own.stored(action, k) : { run: [], to: k ? own.path[k - 1].to : 0 };
  }

  async function choose(action) {
    const k = base();
    bar.pause();
    if (busy) return paint();
    if (!lanes.some((lane) => lane.run.possible(action, k))) {
      note = action >= 0 && action % 4 === 0 && lab.procs[action >> 2].strategy ? NO_RAISE : "";
      return go(ends()[k]);  // it cannot be done when it is quiet again: show that moment
    }
    busy = true;
    try {
      const path = (lane) => [...lane.run.path.slice(0, k).map((each) => each.asked), action];
      const futures = await Promise.all(lanes.map((lane, i) => known(lane, action, k) ?? ask?.(path(lane), i)));
      note = futures.every(Boolean) ? "" : endOf(lab);
      if (!note) extend(action, futures, k);
    } catch (error) {
      note = error.message;
    }
    busy = false;
    if (run.path.length <= k || note) return go(ends()[k]);
    go(ends()[k] + 1);
    if (!calm()) bar.play();
  }

  function extend(action, futures, k) {
    lanes.forEach((lane, i) => {
      lane.run.cut(k);
      lane.run.learn(futures[i]);
      lane.run.add(action, futures[i]);
    });
  }

  function paint(moved = false) {
    const k = base();
    for (const lane of lanes) {
      const i = frame(lane, step), f = lane.run.frames[i];
      lane.tree.paint(f, { pick, moved: moved && i !== frame(lane, step - 1), fates: lane.run.fates(i), lines: lane.run.lines(i) });
      say(lane.gets, lane.words.gets(f), mostOf(lane.run, (each) => lane.words.gets(each)));
      lane.gets.hidden = lane.lab.gets == null;
      say(lane.caption, lane.words.say(f), mostOf(lane.run, (each) => lane.words.say(each)));
      lane.said.classList.toggle("idle", step > 0 && f.op === "quiet");
    }
    paintControls(k);
    const told = ({ lab: { title, gets }, words }, f) => `${title}: ${flat([...words.say(f), ...(gets == null ? [] : [" ", ...words.gets(f)])])}`;
    const text = lanes.map((lane) => told(lane, lane.run.frames[frame(lane, step)])).join(" ");
    bar.show(text);
    if (!bar.playing) put(heard, tip.textContent + " " + (step ? text : ""));
  }

  /** The controls follow how things stood before a run, until the reader has seen how it ends. */
  function paintControls(k) {
    keepPath();
    const amid = step < ends()[k], N = { b: lab.procs[pick].name };
    const at = lanes.map(({ run: own }) => (amid ? own.frames[own.ends[k - 1]] : own.quiet(k))), alive = at.some((f) => isAlive(f.st[pick]));
    const stuck = !ask && !amid && lanes.some((lane, i) => isAlive(at[i].st[0]) && !lane.run.row(k));
    const can = (way) => lanes.some(({ run: own }, i) => (amid ? own.possibleAt(4 * pick + way, at[i]) : own.possible(4 * pick + way, k)));
    put(who, rich(alive ? ["End ", N, " in all of them with"] : [N, " has ended."]));
    paintWays(ways, lab, pick, can, stuck);
    wait.style.visibility = stuck || !at.some((f) => isAlive(f.st[0])) ? "hidden" : "";
    const ready = !step && run.path.length ? run.path.map(({ action }) => lanes[0].words.plan(action)).join(", then ") : "";
    reset.style.visibility = !run.path.length || (!step && samePath(run.path, loaded)) ? "hidden" : "";
    if (refused) put(tip, refused);
    else if (stuck) put(tip, atTheEnd(endOf(lab), live));
    else put(tip, note || (ready ? [button("link", () => bar.play(), "Play"), `: ${ready}.`] : calm() && amid && !bar.playing && step === ends()[k - 1] + 1 ? rich(GO_ON) : ""));
  }

  /** Load the script as far as it is stored: the reader plays it. */
  function load() {
    lanes.forEach((lane) => lane.run.cut(0));
    for (const action of script) {
      const k = run.path.length, futures = lanes.map((lane) => known(lane, action, k));
      if (!futures.every(Boolean)) break;
      extend(action, futures, k);
    }
    loaded = [...run.path];
    kept = written(loaded);
  }

  /** Play the path that an address asks for; answers true, or why it cannot be. */
  function recall(text) {
    const wanted = steps(text, lab);
    if (!wanted || wanted.some(({ keep }) => keep != null)) return false;
    bar.pause();
    lanes.forEach((lane) => lane.run.cut(0));
    for (const { action } of wanted) {
      const k = run.path.length, futures = lanes.map((lane) => known(lane, action, k));
      if (!lanes.some((lane) => lane.run.possible(action, k))) {
        load();
        go(0);
        return false;
      }
      if (!futures.every(Boolean)) {
        go(total());
        return `${endOf(lab)} The address goes on from here.`;
      }
      extend(action, futures, k);
    }
    go(total());
    return true;
  }

  function keepPath() {
    const text = written(run.path);
    if (text === kept) return;
    refused = "";
    place.write((kept = text));
  }

  let kept = "", refused = "";
  const place = addressOf(address, el, "strategies", stampOfLabs(documents), { restore: recall, refuse: (sentence) => { refused = sentence; paint(); } });
  load();
  paint();
  return { lanes, go, choose };
}

/** What a page or a widget calls. */
export const show = (el, { labs, script, ...chosen }, more) =>
  script ? compare(el, labs, { ...chosen, ...more, script }) : mount(el, labs[0], { ...chosen, ...more });
