import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "#components/ui/feedback.tsx";
import { type Role, roleSchema } from "#lib/contracts/actor.ts";
import { type InviteRequest, inviteRequestSchema } from "#lib/contracts/people.ts";
import { ROLES } from "./words.ts";

/** How an act stands. */
export type Attempt = { kind: "idle" } | { kind: "sending" } | { kind: "failed"; message: string };

export interface InviteDialogProps {
  opened: boolean;
  attempt: Attempt;
  onConfirm: (request: InviteRequest) => void;
  onClose: () => void;
}

/** What the dialog holds. */
export function InviteForm({ attempt, onConfirm, onClose }: Omit<InviteDialogProps, "opened">) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("support");
  const [asked, setAsked] = useState(false);
  const parsed = inviteRequestSchema.safeParse({ name, email, role });
  const wrong = new Set(parsed.error?.issues.map(({ path }) => path[0]));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (parsed.success && attempt.kind !== "sending") onConfirm(parsed.data);
      }}
    >
      <Stack gap="md">
        <TextInput label="Name" value={name} error={asked && wrong.has("name") ? "Say what people call them." : null} maxLength={100} required withAsterisk={false} autoComplete="off" data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput
          label="E-mail"
          type="email"
          description="They sign in with it, by password or single sign-on."
          value={email}
          error={asked && wrong.has("email") ? "This is no e-mail address." : null}
          maxLength={254}
          required
          withAsterisk={false}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role"
          description={ROLES.find(({ value }) => value === role)?.meaning}
          value={role}
          data={ROLES.map(({ value, label }) => ({ value, label }))}
          onChange={(event) => setRole(roleSchema.catch("support").parse(event.currentTarget.value))}
        />
        {attempt.kind === "failed" && <Failure title="Nobody is known to be invited" message={attempt.message} />}
        <Group justify="flex-end" gap="xs">
          <Button type="button" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={attempt.kind === "sending"}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Asks whom to invite, and as what. */
export function InviteDialog({ opened, ...form }: InviteDialogProps) {
  return (
    <Modal opened={opened} onClose={form.onClose} title="Invite a person" centered closeButtonProps={{ "aria-label": "Close" }}>
      {opened && <InviteForm {...form} />}
    </Modal>
  );
}
