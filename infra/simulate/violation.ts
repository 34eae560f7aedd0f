/** A promise that a run broke. */
export interface Violation {
  promise: "lost" | "unexpected" | "once" | "order" | "one_at_a_time" | "complete_through" | "ack_after_store" | "pushes" | "deaths" | "receives" | "conservation" | "liveness" | "rate";
  /** Step of the run at which it showed. */
  step: number;
  what: string;
}
