import { expect, test, vi } from "vitest";
import { countCalls } from "./aws-calls.ts";

class PutItemCommand {
  readonly input = {};
}
class Client {
  readonly answers: (string | Error)[] = ["stored", new Error("throttled")];
  async send(_command: PutItemCommand, _options?: object): Promise<string> {
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? "";
  }
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
  }
}

test("counts each call by operation and outcome, and is the client otherwise", async () => {
  const onCall = vi.fn();
  const real = new Client();
  const client = countCalls(real, "dynamodb", onCall);
  expect(await client.send(new PutItemCommand(), {})).toBe("stored");
  await expect(client.send(new PutItemCommand())).rejects.toThrow("throttled");
  expect(onCall.mock.calls).toEqual([
    ["dynamodb", "PutItem", "ok"],
    ["dynamodb", "PutItem", "error"],
  ]);
  client.destroy();
  expect(real.destroyed).toBe(true);
});
