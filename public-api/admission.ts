/** Time a body may take while others are shed, milliseconds: on a network that serves a spike, 1 MB takes less. */
const SLOW_MS = 5_000;

export interface Place {
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
 * Bounds what is in work at once, by requests and by the bytes their bodies may hold. Decided before a body is read, so
 * a refusal costs next to nothing. A body that dribbles in keeps its place only while nobody else wants it: else a few
 * dozen senders that announce much and send nothing would shut everybody out.
 *
 * @param now monotonic milliseconds.
 */
export function createAdmission({
  maxRequests,
  maxBytes,
  slowMs = SLOW_MS,
  now = () => performance.now(),
}: {
  maxRequests: number;
  maxBytes: number;
  slowMs?: number;
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
      if (bodyBytes > maxBytes || !giveWayTo(bodyBytes)) return null;
      requests += 1;
      bytes += bodyBytes;
      let left = false;
      const place: Place = {
        bodyEnded: () => void reading.delete(place),
        leave: () => {
          reading.delete(place);
          if (left) return;
          left = true;
          requests -= 1;
          bytes -= bodyBytes;
        },
      };
      reading.set(place, { since: now(), giveWay });
      return place;
    },
    inWork: () => ({ requests, bytes }),
  };
}
export type Admission = ReturnType<typeof createAdmission>;
