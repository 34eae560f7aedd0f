"use client";

import { Button, CopyButton, Group, Modal } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./shown-once.module.css";

/** A secret, to be selected whole. */
export function Secret({ value, label, testId }: { value: string; label: string; testId: string }) {
  return (
    <code className={`${classes.secret} mono`} aria-label={label} data-testid={testId}>
      {value}
    </code>
  );
}

/** Copies the secret, and says that it is kept. */
export function SecretActions({ value, copy: label, done, onDone }: { value: string; copy: string; done: string; onDone: () => void }) {
  return (
    <Group justify="flex-end" gap="xs">
      <CopyButton value={value} timeout={4_000}>
        {({ copied, copy }) => (
          <Button variant="default" data-autofocus leftSection={copied ? <IconCheck size={14} color="var(--sp-ok)" aria-hidden /> : <IconCopy size={14} aria-hidden />} onClick={copy}>
            {copied ? "Copied" : label}
          </Button>
        )}
      </CopyButton>
      <Button onClick={onDone}>{done}</Button>
    </Group>
  );
}

/** Shows a secret the only time that it can be shown: nothing closes it by accident. */
export function ShownOnceDialog({ opened, title, onDone, children }: { opened: boolean; title: string; onDone: () => void; children: ReactNode }) {
  return (
    <Modal opened={opened} onClose={onDone} title={title} centered size="lg" withCloseButton={false} closeOnClickOutside={false} closeOnEscape={false}>
      {opened && children}
    </Modal>
  );
}
