import { describe, expect, test } from "vitest";
import { closingLine, judged, tallyPlaywright, tallyVitest, total } from "./tally.ts";

describe("Vitest's report", () => {
  const report = (more: object) => ({ numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [], ...more });

  test("counts tests", () => {
    expect(tallyVitest(report({ numFailedTests: 2 }))).toEqual({ passed: 5, failed: 2, skipped: 1 });
  });

  test("a file that does not load is a failure; one whose tests failed is counted by them", () => {
    const testResults = [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{ status: "failed" }] },
      { status: "passed", assertionResults: [{ status: "passed" }] },
    ];
    expect(tallyVitest(report({ numFailedTests: 1, testResults })).failed).toBe(2);
  });
});

describe("Playwright's report", () => {
  const report = (stats: object, errors: unknown[] = []) => ({ stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 0, ...stats }, errors });

  test("a flaky test is a failed one", () => {
    expect(tallyPlaywright(report({ unexpected: 1, flaky: 1 }))).toEqual({ passed: 3, failed: 2, skipped: 0 });
  });

  test("an error outside every test is a failure", () => {
    expect(tallyPlaywright(report({}, [{ message: "setup" }])).failed).toBe(1);
  });
});

describe("silence is not success", () => {
  const tally = { passed: 4, failed: 0, skipped: 0 };
  test("no report", () => expect(judged(null, 0).failed).toBe(1));
  test("no test", () => expect(judged({ ...tally, passed: 0 }, 0).failed).toBe(1));
  test("a runner that failed without a failed test", () => expect(judged(tally, 1).failed).toBe(1));
  test("a runner that was killed", () => expect(judged(tally, null).failed).toBe(1));
  test("a good run", () => expect(judged(tally, 0)).toEqual(tally));
});

test("the closing line", () => {
  const sum = total([
    { passed: 3, failed: 0, skipped: 0 },
    { passed: 4, failed: 1, skipped: 0 },
  ]);
  expect(closingLine(sum)).toBe("7 passed, 1 failed");
  expect(closingLine({ ...sum, skipped: 2 })).toBe("7 passed, 1 failed, 2 skipped");
});
