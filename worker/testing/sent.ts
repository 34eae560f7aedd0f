import { activityBody, type World } from "./world.ts";

/** Sends activities of one user. @returns their MessageIds. */
export const send = ({ queue }: Pick<World, "queue">, user: string, ids: readonly string[]): string[] =>
  ids.map((id) => queue.send(activityBody(user, id), { groupId: user }));

/** Where in the order of events a message was first named by one of this kind; -1 when it never was. */
export const position = ({ events }: Pick<World, "events">, event: string, messageId: string): number =>
  events.findIndex((one) => one.event === event && "messageIds" in one && one.messageIds.includes(messageId));
