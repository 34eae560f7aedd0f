import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activityInputSchema } from "#lib/contracts/activity.ts";
import { parseLogLine, toActivity } from "./access-log.ts";

const LINE = '198.51.100.7 - frank [17/May/2015:10:05:03 +0200] "GET /a%20b?q=1 HTTP/1.1" 200 1234 "http://example.com/" "Agent/1.0 (X; Y)"';

/** Apache's own escaping of a quoted field (mod_log_config): quotes and backslashes, C escapes, other bytes as \xhh. */
function escape(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '"' || character === "\\") return `\\${character}`;
      const short = { "\n": "n", "\t": "t", "\r": "r", "\v": "v", "\b": "b", "\f": "f" }[character];
      if (short !== undefined) return `\\${short}`;
      return byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, "0")}` : character;
    })
    .join("");
}

function entryOf(line: string) {
  const parsed = parseLogLine(line);
  if (parsed.kind !== "entry") throw new Error(parsed.reason);
  return parsed.entry;
}

describe("parseLogLine", () => {
  it("reads the combined format", () => {
    expect(entryOf(LINE)).toEqual({
      client: "198.51.100.7",
      at: new Date("2015-05-17T08:05:03Z"),
      request: "GET /a%20b?q=1 HTTP/1.1",
      status: 200,
      bytes: 1234,
      referrer: "http://example.com/",
      userAgent: "Agent/1.0 (X; Y)",
      truncated: false,
    });
  });

  it("reads the common format, dashes, and a line cut inside its last field", () => {
    expect(entryOf('h - - [01/Jan/2026:00:00:00 -0130] "-" 408 -')).toMatchObject({
      at: new Date("2026-01-01T01:30:00Z"),
      request: "-",
      bytes: null,
      referrer: null,
      userAgent: null,
    });
    expect(entryOf('h - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 5 "-" "Mozilla/5.0 (comp')).toMatchObject({
      userAgent: "Mozilla/5.0 (comp",
      truncated: true,
    });
  });

  it("reads back whatever Apache escaped", () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', "\\", "x41", "\n", "\u0000", "é", "😀", " "), fc.string({ maxLength: 3 })) }).map((made) => made.toWellFormed());
    fc.assert(
      fc.property(text, text, text, (request, referrer, agent) => {
        const line = `h - - [01/Jan/2026:00:00:00 +0000] "${escape(request)}" 200 5 "${escape(referrer)}" "${escape(agent)}"`;
        const dash = (value: string) => (value === "" || value === "-" ? null : value);
        expect(entryOf(line)).toMatchObject({ request, referrer: dash(referrer), userAgent: dash(agent), truncated: false });
      }),
    );
  });

  it("never throws, and makes an activity that the contract takes of whatever it parses", () => {
    const mangled = fc.tuple(fc.nat(LINE.length), fc.nat(20), fc.string({ unit: fc.constantFrom('"', "\\", "[", "]", " ", "-", "5", "x") }));
    fc.assert(
      fc.property(mangled, ([place, removed, inserted]) => {
        const line = LINE.slice(0, place) + inserted + LINE.slice(place + removed);
        const parsed = parseLogLine(line);
        if (parsed.kind === "entry") expect(activityInputSchema.safeParse(toActivity(parsed.entry, line, 1)).success).toBe(true);
        else expect(parsed.reason).not.toBe("");
      }),
      { numRuns: 500 },
    );
  });

  it.each(["", "   ", "nonsense", LINE.replace("May", "Mai"), LINE.replace(" 200 ", " "), LINE.replace("17/May", "May/17"), LINE.replace("[", "")])(
    "says why it cannot read %j",
    (line) => {
      expect(parseLogLine(line)).toMatchObject({ kind: "unparseable", reason: expect.stringMatching(/\w/) });
    },
  );
});

describe("toActivity", () => {
  const activity = (line: string, lineNumber = 1) => toActivity(entryOf(line), line, lineNumber);

  it("makes an activity of a request", () => {
    expect(activity(LINE, 12)).toEqual({
      id: expect.stringMatching(/^log-000000012-[0-9a-f]{16}$/),
      userId: "198.51.100.7",
      type: "http.get",
      occurredAt: "2015-05-17T08:05:03.000Z",
      source: "access-log",
      properties: {
        method: "GET",
        path: "/a%20b?q=1",
        status: 200,
        bytes: 1234,
        referrer: "http://example.com/",
        userAgent: "Agent/1.0 (X; Y)",
      },
    });
  });

  it("keeps a request that is none as it stands", () => {
    expect(activity('h - - [01/Jan/2026:00:00:00 +0000] "\\x16\\x03" 400 0')).toMatchObject({ type: "http.other", properties: { request: "\u0016\u0003" } });
  });

  it("has the same key at every replay, and another for another line or content", () => {
    expect(activity(LINE)).toEqual(activity(LINE));
    expect(activity(LINE, 2).id).not.toBe(activity(LINE, 1).id);
    expect(activity(LINE.replace("1234", "1235")).id).not.toBe(activity(LINE).id);
  });
});
