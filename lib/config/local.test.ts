import { expect, test } from "vitest";
import { localConfig, localEnvironment, withoutAws } from "#lib/config/local.ts";
import { backendConfig } from "#lib/config/backend.ts";

test("the usual ports and folder", () => {
  const { stateDirectory, ports } = localConfig({});
  expect(stateDirectory).toBe(".spillway");
  expect(Object.values(ports).map(({ port }) => port)).toEqual([3000, 3001, 5439, 9324, 8000, 9325]);
});

test("every wrong port is named", () => {
  const act = () => localConfig({ SPILLWAY_DASHBOARD_PORT: "http", SPILLWAY_SQS_PORT: "70000", SPILLWAY_API_PORT: "0" });
  expect(act).toThrow(/SPILLWAY_DASHBOARD_PORT is wrong[^]*SPILLWAY_API_PORT is wrong[^]*SPILLWAY_SQS_PORT is wrong/);
});

test("the local environment is a whole one, and leads nowhere else", () => {
  const env = localEnvironment({
    databaseUrl: "postgresql://spillway:x@127.0.0.1:5439/spillway",
    sqsUrl: "http://127.0.0.1:9324",
    dynamodbUrl: "http://127.0.0.1:8000",
    cloudwatchUrl: "http://127.0.0.1:9325",
    queueUrl: "http://127.0.0.1:9324/000000000000/activities.fifo",
    deadLetterQueueUrl: "http://127.0.0.1:9324/000000000000/activities-dlq.fifo",
  });
  expect(backendConfig(env)).toMatchObject({ queue: "activities.fifo", deadLetterQueue: "activities-dlq.fifo", table: "activities" });
  expect(Object.keys(env)).toContain("AWS_CONFIG_FILE");
});

test("an account of the shell is left behind", () => {
  expect(withoutAws({ PATH: "/bin", AWS_PROFILE: "work", AWS_SESSION_TOKEN: "x", EMPTY: undefined })).toEqual({ PATH: "/bin" });
});
