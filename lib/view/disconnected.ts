import type { Figure } from "#lib/contracts/figure.ts";
import type { Overview } from "#lib/contracts/overview.ts";

function old<T>(figure: Figure<T>, error: string): Figure<T> {
  return figure.state === "ok" ? { ...figure, state: "stale", error } : figure;
}

/** The overview of a page that gets no answers: nothing in it is live any more, whatever its sources said then. */
export function asDisconnected(overview: Overview, why: string): Overview {
  const { figures } = overview;
  return {
    ...overview,
    figures: {
      waiting: old(figures.waiting, why),
      inFlight: old(figures.inFlight, why),
      oldestAgeSeconds: old(figures.oldestAgeSeconds, why),
      deadLetters: old(figures.deadLetters, why),
      arrivalPerSecond: old(figures.arrivalPerSecond, why),
      drain: old(figures.drain, why),
      provisionedWriteUnits: old(figures.provisionedWriteUnits, why),
      throttlesLastMinute: old(figures.throttlesLastMinute, why),
      timeToDrain: old(figures.timeToDrain, why),
    },
    dial: old(overview.dial, why),
    workers: old(overview.workers, why),
  };
}
