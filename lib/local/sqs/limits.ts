/** Limits of SQS FIFO queues. Source: the SQS API reference and developer guide ("Amazon SQS quotas"). */

/** Most entries of a batch and most messages of a receive. */
export const MAX_BATCH_ENTRIES = 10;
/** Most bytes of a message, attributes included, and of all messages of a batch together: 1 MiB. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** How long a deduplication id and a ReceiveRequestAttemptId are remembered. */
export const DEDUPLICATION_MS = 5 * 60_000;
/** Most messages in flight; past it a FIFO receive returns nothing. */
export const MAX_IN_FLIGHT = 120_000;
/** How many messages from the front are searched for available groups. */
export const LOOK_AHEAD = 120_000;
/** Longest visibility timeout: 12 hours. */
export const MAX_VISIBILITY_SECONDS = 43_200;
/** Longest long poll. */
export const MAX_WAIT_SECONDS = 20;
/** Fastest message move task, messages per second. */
export const MAX_MOVES_PER_SECOND = 500;
/** A deleted queue's name may be used again after this time; a purge may be repeated after it too. */
export const QUEUE_COOL_DOWN_MS = 60_000;
/** Most characters of a deduplication, group or attempt id. */
export const MAX_ID_CHARACTERS = 128;
/** Most message attributes of one message. */
export const MAX_MESSAGE_ATTRIBUTES = 10;
