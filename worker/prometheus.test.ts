import { expect, test } from "vitest";
import { createPage } from "./prometheus.ts";

test("counters stand at zero, count by labels, and gauges hold the last value", () => {
  const page = createPage();
  const plain = page.counter("a_total", "A.");
  const byWhy = page.counter("b_total", "B\nb.", { labelled: true });
  const gauge = page.gauge("c", "C.", { name: 'q"\\\n' });
  plain.add(0);
  byWhy.add(2, { why: "x" });
  byWhy.add(1, { why: "x" });
  byWhy.add(1, { why: "y" });
  gauge.set(1);
  gauge.set(0.5);
  expect(page.text()).toBe(
    [
      "# HELP a_total A.",
      "# TYPE a_total counter",
      "a_total 0",
      "# HELP b_total B\\nb.",
      "# TYPE b_total counter",
      'b_total{why="x"} 3',
      'b_total{why="y"} 1',
      "# HELP c C.",
      "# TYPE c gauge",
      'c{name="q\\"\\\\\\n"} 0.5',
      "",
    ].join("\n"),
  );
});
