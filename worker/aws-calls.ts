/** Told of each call once it has ended. */
export type OnAwsCall = (service: string, operation: string, outcome: "ok" | "error") => void;

/** The same client, with each `send` counted. @param service as it is to be called in the count. */
export function countCalls<C extends { send: (...call: never[]) => unknown }>(client: C, service: string, onCall: OnAwsCall): C {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "send" || typeof value !== "function") return value;
      return async (command: object, ...rest: unknown[]): Promise<unknown> => {
        const operation = command.constructor.name.replace(/Command$/, "");
        try {
          const answer: unknown = await Reflect.apply(value, target, [command, ...rest]);
          onCall(service, operation, "ok");
          return answer;
        } catch (thrown) {
          onCall(service, operation, "error");
          throw thrown;
        }
      };
    },
  });
}
