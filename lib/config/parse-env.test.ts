import { describe, expect, it } from "vitest";
import { backendConfig } from "#lib/config/backend.ts";
import { ConfigError } from "#lib/config/parse-env.ts";

const whole = {
  DATABASE_URL: "postgresql://spillway@127.0.0.1:5432/spillway",
  AWS_REGION: "eu-central-1",
  ACTIVITY_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities.fifo",
  ACTIVITY_DLQ_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/activities-dlq.fifo",
  ACTIVITY_TABLE: "activities",
};

describe("the environment of the backends", () => {
  it("takes the queue's name from its URL", () => {
    expect(backendConfig(whole)).toMatchObject({ queue: "activities.fifo", deadLetterQueue: "activities-dlq.fifo" });
  });

  it("names every fault at once, each with the variable, what is wrong and an example", () => {
    const read = () => backendConfig({ ...whole, DATABASE_URL: "mysql://x", AWS_REGION: "", ACTIVITY_QUEUE_URL: "https://sqs/1/standard" });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/DATABASE_URL is wrong: must start with postgresql:\/\/ \(for example postgresql:/);
    expect(read).toThrow(/AWS_REGION is not set \(for example/);
    expect(read).toThrow(/ACTIVITY_QUEUE_URL is wrong: .*FIFO/);
  });
});
