import { Stack } from "@mantine/core";
import { Instant } from "#components/ui/instant.tsx";
import { Secret, SecretActions, ShownOnceDialog } from "#components/ui/shown-once.tsx";
import type { LinkAnswer } from "#lib/contracts/people.ts";
import { visibleText } from "#lib/view/json-text.ts";
import classes from "./people.module.css";

/** What the dialog holds. */
export function NewLink({ made, nowMs, onDone }: { made: LinkAnswer; nowMs: number | null; onDone: () => void }) {
  const { person, link, expiresAt } = made;
  return (
    <Stack gap="md">
      <p className={classes.lead}>
        Send this link to <strong>{visibleText(person.name)}</strong> yourself, on a way that only they read: whoever opens it first sets the password. <strong>It is shown this once</strong> and works once, until{" "}
        <Instant at={expiresAt} nowMs={nowMs} as="exact" />.
      </p>
      <Secret value={link} label={`Link for ${person.name}`} testId="new-link" />
      <SecretActions value={link} copy="Copy link" done="Done" onDone={onDone} />
    </Stack>
  );
}

/** Shows a link the only time that it can be shown: nothing closes it by accident. */
export function LinkDialog({ made, nowMs, onDone }: { made: LinkAnswer | null; nowMs: number | null; onDone: () => void }) {
  return (
    <ShownOnceDialog opened={made !== null} onDone={onDone} title="A link to sign in with">
      {made && <NewLink made={made} nowMs={nowMs} onDone={onDone} />}
    </ShownOnceDialog>
  );
}
