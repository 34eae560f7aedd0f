import { Button, Group, Stack } from "@mantine/core";
import { type Attempt, FormDialog } from "#components/ui/dialog-form.tsx";
import { Failure } from "#components/ui/feedback.tsx";
import { Instant } from "#components/ui/instant.tsx";
import type { ApiKey } from "#lib/contracts/api-keys.ts";
import { visibleText } from "#lib/view/json-text.ts";
import classes from "./keys.module.css";

/** Used since then, a key is most likely still needed. Milliseconds. */
const IN_USE_MS = 86_400_000;

export interface RevokeKeyDialogProps {
  /** null = closed. */
  apiKey: ApiKey | null;
  nowMs: number | null;
  attempt: Attempt;
  onConfirm: () => void;
  onClose: () => void;
}

/** What the dialog holds. */
export function RevokeKey({ apiKey, nowMs, attempt, onConfirm, onClose }: RevokeKeyDialogProps & { apiKey: ApiKey }) {
  const { lastUsedAt } = apiKey;
  const inUse = lastUsedAt !== null && nowMs !== null && nowMs - Date.parse(lastUsedAt) < IN_USE_MS;
  return (
    <Stack gap="md">
      <p className={classes.lead}>
        <strong>{visibleText(apiKey.name)}</strong> (<span className="mono">{apiKey.id}</span>) opens nothing from 30 seconds on. Whoever still sends it is answered 401. This cannot be undone.
      </p>
      {inUse && (
        <p className={classes.warning}>
          It was used <Instant at={lastUsedAt} nowMs={nowMs} />: a producer still sends with it. Rotate it first, if activities must keep coming.
        </p>
      )}
      {attempt.kind === "failed" && <Failure title="The key is not known to be revoked" message={`${attempt.message} Pressing again is safe.`} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" data-autofocus onClick={onClose}>
          Cancel
        </Button>
        {/* One shade for both schemes: it carries white text. */}
        <Button color="red.9" loading={attempt.kind === "sending"} onClick={onConfirm}>
          Revoke key
        </Button>
      </Group>
    </Stack>
  );
}

/** Asks before a key is ended for good. */
export function RevokeKeyDialog(props: RevokeKeyDialogProps) {
  return (
    <FormDialog opened={props.apiKey !== null} onClose={props.onClose} title="Revoke an API key">
      {props.apiKey && <RevokeKey {...props} apiKey={props.apiKey} />}
    </FormDialog>
  );
}
