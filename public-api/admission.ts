/** Time a body may take while others are shed, milliseconds: on a network that serves a spike, 1 MB takes less. */
export const SLOW_MS = 5_000;
/** With fewer requests than this in work, it is not they who make the event loop late, and shedding would not help. */
const FEW_REQUESTS = 32;
/** So many requests in work keep a busy processor busy; with more they only wait for one another. */
const ENOUGH_REQUESTS = 80;

export interface Place {
  /** Holds so many bytes from now on. @returns false, and holds what it did, when there is no room for that. */
  hold(bytes: number): boolean;
  /** The body is there (or given up): from here on the place is kept until it is left. */
  bodyEnded(): void;
  /** Gives the place back; once, however often it is called. */
  leave(): void;
}

interface Reader {
  since: number;
  giveWay: () => void;
}

/**
 * Bounds what is in work at once: by requests, by the bytes their bodies may hold, and by how busy and how late the event loop
 * runs. Decided before a body is read, so a refusal costs next to nothing. A body that dribbles in keeps its place only while
 * nobody else wants it: else a few dozen senders that announce much and send nothing would shut everybody out.
 *
 * @param isBusy whether requests wait for the processor and not for the queue.
 * @param isLate whether the event loop runs late: every request more makes all of them later.
 * @param now monotonic milliseconds.
 */
export function createAdmission({
  maxRequests,
  maxBytes,
  slowMs = SLOW_MS,
  isBusy = () => false,
  isLate = () => false,
  now = () => performance.now(),
}: {
  maxRequests: number;
  maxBytes: number;
  slowMs?: number;
  isBusy?: () => boolean;
  isLate?: () => boolean;
  now?: () => number;
}) {
  let requests = 0;
  let bytes = 0;
  /** Places whose bodies are coming in, the oldest first. */
  const reading = new Map<Place, Reader>();

  function giveWayTo(bodyBytes: number): boolean {
    const fits = () => requests < maxRequests && bytes + bodyBytes <= maxBytes;
    for (const [place, { since, giveWay }] of reading) {
      if (fits() || now() - since < slowMs) break;
      place.leave();
      giveWay();
    }
    return fits();
  }

  return {
    /**
     * @param giveWay called when the place was taken away because the body takes too long.
     * @returns the place, or null when there is none.
     */
    enter(bodyBytes: number, giveWay: () => void): Place | null {
      if ((requests >= ENOUGH_REQUESTS && isBusy()) || (requests >= FEW_REQUESTS && isLate())) return null;
      if (bodyBytes > maxBytes || !giveWayTo(bodyBytes)) return null;
      requests += 1;
      bytes += bodyBytes;
      let held = bodyBytes;
      let left = false;
      const place: Place = {
        hold: (wanted) => {
          if (left || (wanted > held && bytes - held + wanted > maxBytes)) return false;
          bytes += wanted - held;
          held = wanted;
          return true;
        },
        bodyEnded: () => void reading.delete(place),
        leave: () => {
          reading.delete(place);
          if (left) return;
          left = true;
          requests -= 1;
          bytes -= held;
        },
      };
      reading.set(place, { since: now(), giveWay });
      return place;
    },
    /** Takes the places of all bodies that are still coming in. */
    endReading(): void {
      for (const [place, { giveWay }] of reading) {
        place.leave();
        giveWay();
      }
    },
    inWork: () => ({ requests, bytes }),
  };
}
export type Admission = ReturnType<typeof createAdmission>;
