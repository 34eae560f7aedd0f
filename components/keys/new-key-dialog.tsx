import { Button, CopyButton, Group, Modal, Stack } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
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
      <code className={`${classes.secret} mono`} aria-label={`Key of ${apiKey.name}`} data-testid="new-key">
        {key}
      </code>
      <p className={classes.dim}>
        {visibleText(apiKey.name)} sends it as <code className="mono">Authorization: Bearer …</code>. The public API takes it within 10 seconds.
      </p>
      <Group justify="flex-end" gap="xs">
        <CopyButton value={key} timeout={4_000}>
          {({ copied, copy }) => (
            <Button variant="default" data-autofocus leftSection={copied ? <IconCheck size={14} color="var(--sp-ok)" aria-hidden /> : <IconCopy size={14} aria-hidden />} onClick={copy}>
              {copied ? "Copied" : "Copy key"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onDone}>I have kept it</Button>
      </Group>
    </Stack>
  );
}

/** Shows a key the only time that it can be shown: nothing closes it by accident. */
export function NewKeyDialog({ made, onDone }: { made: NewApiKey | null; onDone: () => void }) {
  return (
    <Modal opened={made !== null} onClose={onDone} title="The new API key" centered size="lg" withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false}>
      {made && <NewKey made={made} onDone={onDone} />}
    </Modal>
  );
}
