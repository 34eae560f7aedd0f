/** A clock whose time passes only when nothing else is left to do. For tests of code that is given its timers. */
export function createVirtualClock() {
  let time = 0;
  let order = 0;
  const timers: { at: number; order: number; action: () => void }[] = [];
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => time,
    after(delayMs: number, action: () => void): () => void {
      const timer = { at: time + Math.max(0, delayMs), order: order++, action };
      timers.push(timer);
      return () => {
        const place = timers.indexOf(timer);
        if (place >= 0) timers.splice(place, 1);
      };
    },
    /** Runs until no timer is left, letting promises settle between timers. */
    async run(): Promise<void> {
      for (;;) {
        await settled();
        timers.sort((a, b) => a.at - b.at || a.order - b.order);
        const next = timers.shift();
        if (!next) return;
        time = next.at;
        next.action();
      }
    },
  };
}
