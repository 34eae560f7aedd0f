import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { type BodySteps, inSlices, readJson, readLines as readLinesInSteps } from "./ingest-read.ts";

function atOnce(steps: BodySteps) {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
const readBody = (text: string) => atOnce(readJson(text));
const readLines = (text: string) => atOnce(readLinesInSteps(text));

const line = (id: string, more = "") => `{"id":"${id}","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"${more}}`;
const read = (text: string) => {
  const body = readLines(text);
  if (body.kind !== "activities") throw new Error(`expected activities, got ${body.kind}`);
  return body.activities;
};

describe("readLines", () => {
  it("reads a line as an array's element would be read, whatever ends and parts the lines", () => {
    const one = fc.record({ userId: fc.string(), properties: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }) }, { requiredKeys: [] });
    const parting = fc.constantFrom("\n", "\r\n", "\n\n \t\n", " \r\n\n");
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), parting, fc.boolean(), (activities, part, ended) => {
        const lines = activities.map((activity, position) => JSON.stringify({ id: `a${position}`, type: "t", occurredAt: "2026-01-31T12:00:00Z", ...activity }));
        const body = readBody(`[${lines.join(",")}]`);
        expect(readLines(lines.join(part) + (ended ? part : ""))).toEqual(body);
      }),
    );
  });

  it("gives a bad line its own place, and lets the others stand", () => {
    expect(read(`\n${line("1")}\n\n{"id":\n[${line("2")}]\n7\n${line("3")}\n`)).toMatchObject([
      { kind: "valid", activity: { id: "1" } },
      { kind: "invalid", faults: [{ field: "activities[1]", message: expect.stringMatching(/^line 4 is not JSON: /) }] },
      { kind: "invalid", faults: [{ field: "activities[2]" }] },
      { kind: "invalid", faults: [{ field: "activities[3]" }] },
      { kind: "valid", activity: { id: "3" } },
    ]);
  });

  it("names the places inside a line, and keeps properties as they were sent", () => {
    const [bad, good] = read(`${line("1", ',"properties":{"a":{"b":1,"b":2}}')}\n ${line("2", ',"properties":{ "n":12345678901234567890 }')}`);
    expect(bad).toMatchObject({ kind: "invalid", faults: [{ field: "activities[0].properties.a.b" }] });
    expect(good).toMatchObject({ kind: "valid", activity: { properties: '{ "n":12345678901234567890 }' } });
  });

  it.each(["", "\n", " \r\n\t\n"])("holds nothing where there are only blank lines: %j", (text) => {
    expect(readLines(text)).toEqual({ kind: "empty" });
  });

  it("counts the lines that are not blank", () => {
    const lines = Array.from({ length: ACTIVITY_LIMITS.activitiesPerRequest }, (_, n) => line(String(n)));
    expect(read(lines.join("\n\n"))).toHaveLength(500);
    expect(readLines([...lines, "x", ""].join("\n"))).toEqual({ kind: "too_many", count: 501 });
  });

  it.each(["\u00A0", "\uFEFF", "\u2028", "\v"])("takes %j for no blank line, since it is no space of JSON", (text) => {
    expect(read(`${line("1")}\n${text}`)).toMatchObject([{ kind: "valid" }, { kind: "invalid" }]);
  });
});

describe("readJson", () => {
  const text = fc.oneof(
    fc.json(),
    fc.array(fc.json({ maxDepth: 2 })).map((all) => `[${all.join(", ")}]`),
    // A body that is nearly JSON: one character put in, taken out or changed.
    fc.tuple(fc.array(fc.json({ maxDepth: 2 }), { maxLength: 4 }), fc.nat(), fc.constantFrom("", "[", "]", "{", "}", ",", '"', "\\", " ", "\u00A0", "x"), fc.nat({ max: 1 })).map(([all, at, what, cut]) => {
      const whole = ` [${all.join(",")}]\n`;
      return whole.slice(0, at % whole.length) + what + whole.slice((at % whole.length) + cut);
    }),
  );

  it("takes for JSON what JSON.parse does, and finds the same elements in it", () => {
    fc.assert(
      fc.property(text, (text) => {
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          expect(readBody(text)).toMatchObject({ kind: "malformed" });
          return;
        }
        const count = Array.isArray(json) ? json.length : 1;
        expect(readBody(text)).toMatchObject(count === 0 ? { kind: "empty" } : { kind: "activities", activities: { length: count } });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["[", "]", "[]]", "[[]", "[}", '["', '["\\"]', "[,]", "[1,]", "[,1]", "[1 2]", "[] x", "[]\u00A0", "\u00A0[]", "[{]}", "", "  "])("takes %j for no JSON", (text) => {
    expect(readBody(text)).toMatchObject({ kind: "malformed" });
  });

  it("does not look into what is too large, and lets the others stand", () => {
    const large = JSON.stringify({ id: "l", userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00Z", properties: { a: "x".repeat(ACTIVITY_LIMITS.activityBytes) } });
    expect(readBody(`[${line("1")},${large}]`)).toMatchObject({
      kind: "activities",
      activities: [{ kind: "valid" }, { kind: "invalid", faults: [{ field: "activities[1]", message: expect.stringContaining(`is ${large.length} bytes`) }] }],
    });
    expect(readBody(large)).toMatchObject({ kind: "activities", activities: [{ kind: "invalid" }] });
  });
});

describe("inSlices", () => {
  it("lets others have their turn in the middle of a long body, and not in a short one", async () => {
    let nowMs = 0;
    const body = (count: number) => inSlices(readJson(`[${Array.from({ length: count }, (_, n) => line(String(n))).join(",")}]`), () => (nowMs += 0.1));
    let turns = 0;
    let counting = true;
    const turn = () => {
      turns += 1;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await body(20)).toMatchObject({ kind: "activities" });
    expect(turns).toBe(0);
    expect(await body(500)).toMatchObject({ kind: "activities", activities: { length: 500 } });
    counting = false;
    expect(turns).toBeGreaterThan(5);
  });

  it("takes one slice of all long bodies in a round, however many there are", async () => {
    const body = `[${Array.from({ length: 100 }, (_, n) => line(String(n))).join(",")}]`;
    let steps = 0;
    let mostInRound = 0;
    let before = 0;
    let counting = true;
    const round = () => {
      mostInRound = Math.max(mostInRound, steps - before);
      before = steps;
      if (counting) setImmediate(round);
    };
    let nowMs = 0;
    const reading = Array.from({ length: 8 }, () =>
      inSlices(readJson(body), () => {
        steps += 1;
        return (nowMs += 1);
      }),
    );
    before = steps;
    setImmediate(round);
    expect((await Promise.all(reading)).map(({ kind }) => kind)).toEqual(Array.from({ length: 8 }, () => "activities"));
    counting = false;
    // Five steps of a millisecond, and the look at the clock when a turn begins; two rounds may lie between two counts.
    expect(mostInRound).toBeLessThan(15);
  });

  it("begins no more bodies in a round than fill a slice, however many came in it", async () => {
    let nowMs = 0;
    let rounds = 0;
    const begunIn: number[] = [];
    let counting = true;
    const round = () => {
      rounds += 1;
      if (counting) setImmediate(round);
    };
    setImmediate(round);
    function* slow(): BodySteps {
      begunIn.push(rounds);
      nowMs += 25;
      yield;
      return { kind: "empty" };
    }
    await Promise.all(Array.from({ length: 20 }, () => inSlices(slow(), () => nowMs)));
    counting = false;
    expect(begunIn).toHaveLength(20);
    for (const at of begunIn) expect(begunIn.filter((other) => other === at).length).toBeLessThanOrEqual(2);
  });

  it("begins short bodies as they come", async () => {
    let nowMs = 0;
    let begun = 0;
    function* quick(): BodySteps {
      begun += 1;
      nowMs += 0.05;
      yield;
      return { kind: "empty" };
    }
    // A round of its own: what was read before counts in the one it was read in.
    await new Promise<void>((done) => setImmediate(done));
    const reading = Array.from({ length: 80 }, () => inSlices(quick(), () => nowMs));
    expect(begun).toBe(80);
    await Promise.all(reading);
  });
});
