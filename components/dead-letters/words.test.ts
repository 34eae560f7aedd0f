import { describe, expect, it } from "vitest";
import { DEATH_REASONS } from "#lib/contracts/dead-letters.ts";
import { countText, deadLetters, nameOf, REASONS, statusWords } from "./words.ts";
import { deadLetter } from "./samples.ts";

describe("words", () => {
  it("explain every reason", () => {
    for (const reason of DEATH_REASONS) expect(REASONS[reason].meaning.length).toBeGreaterThan(20);
  });

  it("say where a count stopped", () => {
    expect(countText({ value: 10_000, capped: true })).toBe("10,000+");
    expect(countText({ value: 1_234, capped: false })).toBe("1,234");
    expect([deadLetters(1), deadLetters(3)]).toEqual(["1 dead letter", "3 dead letters"]);
  });

  it("tell a redrive under way from a plain open death", () => {
    const redrive = (state: "pending" | "sent" | "bounced") => ({ runId: deadLetter(9).id, state, bouncedDeathId: null });
    expect(statusWords(deadLetter(1)).label).toBe("Open");
    expect(statusWords(deadLetter(1, { redrive: redrive("pending") })).label).toBe("Redrive pending");
    expect(statusWords(deadLetter(1, { redrive: redrive("sent") })).label).toBe("Redrive sent");
    expect(statusWords(deadLetter(1, { status: "bounced", redrive: redrive("bounced") })).label).toBe("Bounced");
  });

  it("name a death by its message where the body tells no activity", () => {
    expect(nameOf(deadLetter(1, { activityId: null }))).toBe(deadLetter(1).messageId);
  });
});
