import { Stack } from "@mantine/core";
import { Secret, SecretActions, ShownOnceDialog } from "#components/ui/shown-once.tsx";
import type { NewApiKey } from "#lib/contracts/api-keys.ts";
import { visibleText } from "#lib/view/json-text.ts";
import classes from "./keys.module.css";

/** What the dialog holds. */
export function NewKey({ made, onDone }: { made: NewApiKey; onDone: () => void }) {
  const { key, apiKey } = made;
  return (
    <Stack gap="md">
      <p className={classes.lead}>
        Copy it now: <strong>it is shown this once.</strong> Spillway keeps only its hash, so a lost key is replaced and not found.
      </p>
      <Secret value={key} label={`Key of ${apiKey.name}`} testId="new-key" />
      <p className={classes.dim}>
        {visibleText(apiKey.name)} sends it as <code className="mono">Authorization: Bearer …</code>. The public API takes it within 10 seconds.
      </p>
      <SecretActions value={key} copy="Copy key" done="I have kept it" onDone={onDone} />
    </Stack>
  );
}

/** Shows a key the only time that it can be shown: nothing closes it by accident. */
export function NewKeyDialog({ made, onDone }: { made: NewApiKey | null; onDone: () => void }) {
  return (
    <ShownOnceDialog opened={made !== null} onDone={onDone} title="The new API key">
      {made && <NewKey made={made} onDone={onDone} />}
    </ShownOnceDialog>
  );
}
