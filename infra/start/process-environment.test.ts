import { expect, test } from "vitest";
import { processEnvironment } from "./process-environment.ts";

test("a process of ours never gets the login that owns the tables", async () => {
  const given = { ACTIVITY_QUEUE_URL: "https://sqs.example.com/1/activities.fifo", DATABASE_URL: "postgresql://app@db/spillway", DATABASE_MIGRATE_URL: "postgresql://owner@db/spillway", AWS_PROFILE: "work" };
  const { DATABASE_MIGRATE_URL: _owner, ...kept } = given;
  expect(await processEnvironment(given)).toEqual(kept);
});
