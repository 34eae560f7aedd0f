import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import type { Role } from "#lib/contracts/actor.ts";
import { endedSchema, type InviteRequest, linkAnswerSchema, peopleListSchema, personAnswerSchema, personSessionsSchema } from "#lib/contracts/people.ts";

/** How often the list is read again, milliseconds. */
const POLL_MS = 10_000;
const PEOPLE = ["people"] as const;

/** Everybody, polled. */
export const usePeople = () => useQuery({ queryKey: PEOPLE, queryFn: ({ signal }) => apiFetch({ path: "/api/people", schema: peopleListSchema, signal }), refetchInterval: POLL_MS });

const pathOf = (id: string, act: string) => `/api/people/${encodeURIComponent(id)}/${act}`;

/** Where a person is signed in; null asks nothing. */
export const usePersonSessions = (id: string | null) =>
  useQuery({
    queryKey: [...PEOPLE, id, "sessions"],
    queryFn: ({ signal }) => apiFetch({ path: pathOf(id ?? "", "sessions"), schema: personSessionsSchema, signal }),
    enabled: id !== null,
    refetchInterval: POLL_MS,
  });

function useAct<Input, Answer>(act: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    // A link is in the answer: it is forgotten with the dialog that shows it.
    gcTime: 0,
    onSettled: () => client.invalidateQueries({ queryKey: PEOPLE }),
  });
}

/** Invites somebody; the answer is the only place where the link stands. */
export const useInvite = () => useAct((request: InviteRequest) => apiFetch({ path: "/api/people", body: request, schema: linkAnswerSchema }));

/** Makes a new link, which ends an earlier one. */
export const useNewLink = () => useAct(({ id }: { id: string }) => apiFetch({ path: pathOf(id, "link"), body: {}, schema: linkAnswerSchema }));

/** Gives a person another role. */
export const useSetRole = () => useAct(({ id, role }: { id: string; role: Role }) => apiFetch({ path: pathOf(id, "role"), body: { role }, schema: personAnswerSchema }));

/** Shuts a person out, or lets them in again. */
export const useSetDisabled = () => useAct(({ id, disabled }: { id: string; disabled: boolean }) => apiFetch({ path: pathOf(id, "state"), body: { disabled }, schema: personAnswerSchema }));

/** Ends one session of a person, or all. */
export const useEndSessions = () => useAct(({ id, sessionId }: { id: string; sessionId: string | null }) => apiFetch({ path: pathOf(id, "sessions"), body: { sessionId }, schema: endedSchema }));
