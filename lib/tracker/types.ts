/** Where the buffer survives a reload: `localStorage`, or anything that works as it does. */
export interface TrackerStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What happened. `properties` is written as JSON.stringify writes it, at the call. */
export interface ActivityToTrack {
  userId: string;
  type: string;
  /** When it happened; the time of the call unless given. Text must be ISO 8601 with a zone; a number is epoch milliseconds. */
  occurredAt?: Date | string | number | undefined;
  sessionId?: string | undefined;
  source?: string | undefined;
  properties?: object | undefined;
}

/** An activity as it is sent. */
export interface TrackedActivity {
  id: string;
  userId: string;
  type: string;
  occurredAt: string;
  sessionId?: string;
  source?: string;
  properties?: unknown;
}

/** The API will never take this activity; it has left the buffer. */
export interface Refusal {
  activity: TrackedActivity;
  /** Place of the fault, such as `properties.total`, where the API named one. */
  field?: string;
  reason: string;
}

/** Activities that were not taken, since the buffer is full: `track()` returned null for each. */
export interface Drop {
  activity: TrackedActivity;
  reason: "buffer_full";
  /** How many this tracker has dropped so far, this one included. */
  total: number;
}

/**
 * Something is wrong, and the tracker goes on.
 * - `options`: it was made with wrong ones and takes nothing.
 * - `input`: `track()` was given no activity and returned null.
 * - `storage`: the storage failed or held something else; what could not be kept there is in memory only.
 * - `request`: a request failed and is made again later; `status` is the answer's, if there was one.
 * - `callback`: one of the callbacks threw.
 */
export interface TrackerProblem {
  kind: "options" | "input" | "storage" | "request" | "callback";
  message: string;
  status?: number;
  cause?: unknown;
}

export interface TrackerOptions {
  /** Address of the public API, such as `https://activities.example.com`. */
  url: string;
  /** A key with the scope `ingest` and no other: whoever reads the page's code has it. */
  apiKey: string;
  /**
   * None unless given: then what was not sent is lost with the page or the process. `() => localStorage` is safer than
   * `localStorage`, at whose mention some browsers throw when people forbid it.
   */
  storage?: TrackerStorage | (() => TrackerStorage | null | undefined) | null | undefined;
  /** Longest an activity waits for others to share its request, milliseconds. Default 1,000. */
  flushIntervalMs?: number | undefined;
  /** Longest wait for an answer, milliseconds. Default 15,000: the API answers within 10,000. */
  requestTimeoutMs?: number | undefined;
  /** Longest wait of `close()` and of the end of a Node process for the last answers, milliseconds. Default 5,000. */
  closeTimeoutMs?: number | undefined;
  /** Activities in one request. Default and most 500. */
  maxBatchActivities?: number | undefined;
  /** Bytes of one request. Default and most 1,048,576. */
  maxBatchBytes?: number | undefined;
  /** Activities held. Default 5,000. */
  maxBufferedActivities?: number | undefined;
  /** Bytes held, of JSON in UTF-8. Default 2,097,152: localStorage has room for about twice that. */
  maxBufferedBytes?: number | undefined;
  onRefused?: ((refusal: Refusal) => void) | undefined;
  onDropped?: ((drop: Drop) => void) | undefined;
  onError?: ((problem: TrackerProblem) => void) | undefined;
}

/** No function of it throws, and no promise of it rejects. */
export interface Tracker {
  /**
   * Takes an activity into the buffer.
   * @returns its id; null when it was not taken, and then `onError` or `onDropped` has said why.
   */
  track(activity: ActivityToTrack): string | null;
  /**
   * Sends what is in the buffer now, without waiting for the interval; a pause that is under way stays.
   * @returns how many activities are left in the buffer when all were tried.
   */
  flush(): Promise<number>;
  /**
   * Takes nothing more and sends what there is, for up to `closeTimeoutMs`.
   * @returns how many activities are left; those are in the storage, if there is one.
   */
  close(): Promise<number>;
  /** What is held now, and how many activities have not been taken since the buffer was full. */
  state(): { activities: number; bytes: number; dropped: number };
}
