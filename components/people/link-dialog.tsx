import { Button, CopyButton, Group, Modal, Stack } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { Instant } from "#components/ui/instant.tsx";
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
      <code className={`${classes.secret} mono`} aria-label={`Link for ${person.name}`} data-testid="new-link">
        {link}
      </code>
      <Group justify="flex-end" gap="xs">
        <CopyButton value={link} timeout={4_000}>
          {({ copied, copy }) => (
            <Button variant="default" data-autofocus leftSection={copied ? <IconCheck size={14} color="var(--sp-ok)" aria-hidden /> : <IconCopy size={14} aria-hidden />} onClick={copy}>
              {copied ? "Copied" : "Copy link"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onDone}>Done</Button>
      </Group>
    </Stack>
  );
}

/** Shows a link the only time that it can be shown: nothing closes it by accident. */
export function LinkDialog({ made, nowMs, onDone }: { made: LinkAnswer | null; nowMs: number | null; onDone: () => void }) {
  return (
    <Modal opened={made !== null} onClose={onDone} title="A link to sign in with" centered size="lg" withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false}>
      {made && <NewLink made={made} nowMs={nowMs} onDone={onDone} />}
    </Modal>
  );
}
