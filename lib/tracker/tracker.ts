import { createIds } from "./ids.ts";
import { surroundings } from "./platform.ts";
import { startTracker } from "./start.ts";
import type { Tracker, TrackerOptions } from "./types.ts";

const platform = surroundings();
/** One for all trackers of a process, so that no two of its ids are equal or out of order. */
const makeId = createIds(platform);

/**
 * Makes a tracker: what `track()` gave an id for is sent until the API has it, each activity with that id at every try,
 * one user's in order. Never throws; wrong options make one that takes nothing and says so through `onError`.
 */
export function createTracker(options: TrackerOptions): Tracker {
  return startTracker(options, { platform, makeId });
}
