/**
 * Bounds what is in work at once, by requests and by the bytes their bodies may hold. Decided before a body is read,
 * so a refusal costs next to nothing.
 */
export function createAdmission({ maxRequests, maxBytes }: { maxRequests: number; maxBytes: number }) {
  let requests = 0;
  let bytes = 0;
  return {
    /** @returns what gives the place back (once, however often it is called), or null when there is none. */
    enter(bodyBytes: number): (() => void) | null {
      if (requests >= maxRequests || bytes + bodyBytes > maxBytes) return null;
      requests += 1;
      bytes += bodyBytes;
      let entered = true;
      return () => {
        if (!entered) return;
        entered = false;
        requests -= 1;
        bytes -= bodyBytes;
      };
    },
    inWork: () => ({ requests, bytes }),
  };
}
export type Admission = ReturnType<typeof createAdmission>;
