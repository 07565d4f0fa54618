// @ts-check
// The event loop of Python in Safari. Pyodide takes the next turn by a message, but there by a timer, which a browser
// holds back for 4 ms: a chapter took a minute. Here a message takes it there too. A timer stands behind the messages,
// for where one does not come.

const LATEST = 20; // ms

/** @returns {(callback: () => void, ms?: number) => void} what Pyodide calls scheduleCallback */
export function turns() {
  /** @type {(() => void)[]} */
  const waiting = [];
  const { port1, port2 } = new MessageChannel();
  let alarm = 0;
  const all = () => {
    alarm = 0;
    for (let left = waiting.length; left > 0; left -= 1) next();
  };
  const next = () => {
    waiting.shift()?.();
  };
  port1.onmessage = next;
  return (callback, ms = 0) => {
    if (ms > 2) return void setTimeout(callback, ms); // what is less is for Pyodide, too, the next turn
    waiting.push(callback);
    port2.postMessage(0);
    alarm ||= setTimeout(all, LATEST);
  };
}
