/**
 * Options of node for a worker. Left to itself V8 takes memory in step with the machine's (400 MB on one of 24 GB)
 * for what a worker is through with in a moment: a small young generation, and an old one that is collected before
 * it has grown by half, keep a worker under 200 MB at the same speed.
 */
export const WORKER_NODE_OPTIONS: readonly string[] = ["--max-semi-space-size=8", "--heap-growing-percent=40"];
