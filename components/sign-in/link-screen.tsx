import { Button, PasswordInput, TextInput, Title } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { PASSWORD_CHARACTERS } from "#lib/contracts/people.ts";
import classes from "./sign-in.module.css";

export interface LinkScreenProps {
  /** `waiting`: not alive yet. `cut_off`: the address holds no token. */
  link: "waiting" | "cut_off" | "there";
  failure: string | null;
  busy: boolean;
  onSet: (given: { name: string; password: string }) => void;
}

/** Sets the password that a one-time link allows to be set. Props only. */
export function LinkScreen({ link, failure, busy, onSet }: LinkScreenProps) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [asked, setAsked] = useState(false);
  const nameFault = name.trim() === "" ? "Say what people call you." : null;
  const passwordFault = password.length < PASSWORD_CHARACTERS.least ? `At least ${PASSWORD_CHARACTERS.least} characters: a few words are easy to remember.` : null;

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setAsked(true);
    if (nameFault === null && passwordFault === null && !busy) onSet({ name, password });
  }

  if (link === "cut_off") {
    return (
      <div className={classes.card}>
        <Title order={1} size="h3">
          This link is not whole
        </Title>
        <p>Open it as it was sent to you, all of it, or ask an admin for a new one.</p>
      </div>
    );
  }
  return (
    <div className={classes.card}>
      <Title order={1} size="h3">
        Set your password
      </Title>
      <p className={classes.dim}>The link works once. You are signed in with it, and signed out everywhere else.</p>
      {failure !== null && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      <form method="post" className={classes.form} onSubmit={submit} noValidate aria-label="Set your password">
        <TextInput
          label="Your name"
          name="name"
          autoComplete="name"
          required
          withAsterisk={false}
          maxLength={100}
          value={name}
          error={asked ? nameFault : null}
          disabled={link === "waiting"}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description={`At least ${PASSWORD_CHARACTERS.least} characters`}
          name="password"
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={PASSWORD_CHARACTERS.most}
          value={password}
          error={asked ? passwordFault : null}
          disabled={link === "waiting"}
          visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" fullWidth loading={busy} disabled={link === "waiting"}>
          Set password and sign in
        </Button>
      </form>
    </div>
  );
}
