"use client";

import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "./feedback.tsx";

/** How an act that a dialog asks for stands. */
export type Attempt = { kind: "idle" } | { kind: "sending" } | { kind: "failed"; message: string };

export interface DialogFormProps {
  attempt: Attempt;
  /** What is known when it failed, such as "No key is known to be made". */
  failed: string;
  /** What the button says that does it. */
  act: string;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Fields of a dialog, what went wrong, and the two ways out. */
export function DialogForm({ attempt, failed, act, onSubmit, onClose, children }: DialogFormProps) {
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (attempt.kind !== "sending") onSubmit();
      }}
    >
      <Stack gap="md">
        {children}
        {attempt.kind === "failed" && <Failure title={failed} message={attempt.message} />}
        <Group justify="flex-end" gap="xs">
          <Button type="button" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={attempt.kind === "sending"}>
            {act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The dialog around such a form: what it holds is made anew each time it opens. */
export function FormDialog({ opened, title, onClose, children }: { opened: boolean; title: string; onClose: () => void; children: ReactNode }) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      {opened && children}
    </Modal>
  );
}
