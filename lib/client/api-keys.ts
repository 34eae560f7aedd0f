import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import { type ApiKeyRequest, type ApiKeyRotation, apiKeyAnswerSchema, apiKeyListSchema, newApiKeySchema } from "#lib/contracts/api-keys.ts";

/** How often the list is read again, milliseconds: last used moves once a minute, the rest when somebody acts. */
const POLL_MS = 9_000;
const LIST = ["api-keys"] as const;

/** Every live key and the latest ended ones, polled. */
export const useApiKeys = () =>
  useQuery({ queryKey: LIST, queryFn: ({ signal }) => apiFetch({ path: "/api/keys", schema: apiKeyListSchema, signal }), refetchInterval: POLL_MS });

function useAct<Input, Answer>(act: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    // A new key is in the answer: it is forgotten with the dialog that shows it.
    gcTime: 0,
    onSettled: () => client.invalidateQueries({ queryKey: LIST }),
  });
}

const pathOf = (id: string, act: string) => `/api/keys/${encodeURIComponent(id)}/${act}`;

/** Makes a key; the answer is the only place where it stands whole. */
export const useCreateApiKey = () => useAct((request: ApiKeyRequest) => apiFetch({ path: "/api/keys", body: request, schema: newApiKeySchema }));

/** Makes a key to replace another. */
export const useRotateApiKey = () =>
  useAct(({ id, ...rotation }: ApiKeyRotation & { id: string }) => apiFetch({ path: pathOf(id, "rotate"), body: rotation, schema: newApiKeySchema }));

/** Ends a key for good; again is no fault. */
export const useRevokeApiKey = () => useAct(({ id }: { id: string }) => apiFetch({ path: pathOf(id, "revoke"), body: {}, schema: apiKeyAnswerSchema }));
