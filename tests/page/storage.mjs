/* A localStorage for the tests of what the browser keeps. */
export class Storage {
  constructor(entries = []) { this.map = new Map(entries); }
  get length() { return this.map.size; }
  key(at) { return [...this.map.keys()][at] ?? null; }
  getItem(key) { return this.map.get(key) ?? null; }
  setItem(key, text) { this.map.set(key, text); }
  removeItem(key) { this.map.delete(key); }
}
