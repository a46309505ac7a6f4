// Loaded into a daemon by `--import`: what it does every minute it does every 0.3 s.
const { setInterval } = globalThis;
globalThis.setInterval = ((task: () => void, ms?: number, ...args: []) =>
  setInterval(task, ms === 60_000 ? 300 : ms, ...args)) as typeof globalThis.setInterval;
