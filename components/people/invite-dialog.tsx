import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { type Attempt, DialogForm, FormDialog } from "#components/ui/dialog-form.tsx";
import { type Role, roleSchema } from "#lib/contracts/actor.ts";
import { type InviteRequest, inviteRequestSchema } from "#lib/contracts/people.ts";
import { ROLES } from "./words.ts";

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
    <DialogForm
      attempt={attempt}
      failed="Nobody is known to be invited"
      act="Invite"
      onClose={onClose}
      onSubmit={() => {
        setAsked(true);
        if (parsed.success) onConfirm(parsed.data);
      }}
    >
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
    </DialogForm>
  );
}

/** Asks whom to invite, and as what. */
export function InviteDialog({ opened, ...form }: InviteDialogProps) {
  return (
    <FormDialog opened={opened} onClose={form.onClose} title="Invite a person">
      <InviteForm {...form} />
    </FormDialog>
  );
}
