import { Checkbox, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Attempt, DialogForm, FormDialog } from "#components/ui/dialog-form.tsx";
import { API_KEY_LIMITS, API_KEY_SCOPES, type ApiKeyRequest, type ApiKeyScope, apiKeyNameSchema } from "#lib/contracts/api-keys.ts";
import { LIFETIMES, SCOPES, USUAL_LIFETIME_DAYS } from "./words.ts";

export interface CreateKeyDialogProps {
  opened: boolean;
  attempt: Attempt;
  onConfirm: (request: ApiKeyRequest) => void;
  onClose: () => void;
}

/** What the dialog holds. */
export function CreateKeyForm({ attempt, onConfirm, onClose }: Omit<CreateKeyDialogProps, "opened">) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ApiKeyScope[]>(["ingest"]);
  const [days, setDays] = useState<number | null>(USUAL_LIFETIME_DAYS);
  const [asked, setAsked] = useState(false);
  const parsed = apiKeyNameSchema.safeParse(name);
  const nameFault = parsed.success ? null : name.trim() === "" ? "Say who will use it." : `The name ${parsed.error.issues[0]?.message ?? "is wrong"}.`;
  return (
    <DialogForm
      attempt={attempt}
      failed="No key is known to be made"
      act="Create key"
      onClose={onClose}
      onSubmit={() => {
        setAsked(true);
        if (parsed.success && scopes.length > 0) onConfirm({ name: parsed.data, scopes, expiresInDays: days });
      }}
    >
      <TextInput
        label="Name"
        description={`Who will use it. At most ${API_KEY_LIMITS.livePerName} live keys have one name.`}
        value={name}
        error={asked ? nameFault : null}
        maxLength={API_KEY_LIMITS.nameCharacters}
        required
        withAsterisk={false}
        autoComplete="off"
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox.Group
        label="Scopes"
        value={scopes}
        error={asked && scopes.length === 0 ? "Choose at least one." : null}
        onChange={(values) => setScopes(API_KEY_SCOPES.filter((scope) => values.includes(scope)))}
      >
        <Stack gap="xs" mt={6}>
          {API_KEY_SCOPES.map((scope) => (
            <Checkbox key={scope} size="sm" value={scope} label={SCOPES[scope].label} description={SCOPES[scope].meaning} />
          ))}
        </Stack>
      </Checkbox.Group>
      <NativeSelect
        label="Expires"
        value={days ?? ""}
        data={LIFETIMES.map((lifetime) => ({ value: String(lifetime.days ?? ""), label: lifetime.label }))}
        onChange={(event) => setDays(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
      />
    </DialogForm>
  );
}

/** Asks for what a new key needs. */
export function CreateKeyDialog({ opened, ...form }: CreateKeyDialogProps) {
  return (
    <FormDialog opened={opened} onClose={form.onClose} title="Create an API key">
      <CreateKeyForm {...form} />
    </FormDialog>
  );
}
