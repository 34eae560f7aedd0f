import { Button, PasswordInput, TextInput, Title } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";
import { type Role, roleSchema } from "#lib/contracts/actor.ts";
import type { SignInOffer, SignInRequest } from "#lib/contracts/people.ts";
import { ROLE_WORDS } from "./words.ts";
import classes from "./sign-in.module.css";

export interface SignInScreenProps {
  offer: SignInOffer;
  /** Why it did not work out, in words; null = nothing to say. */
  failure: string | null;
  /** Which way is under way. */
  busy: "password" | "single_sign_on" | Role | null;
  /** Not alive yet: what is typed now would be lost, or worse, sent by the browser in its own way. */
  disabled: boolean;
  onSignIn: (request: SignInRequest) => void;
  onSingleSignOn: () => void;
  onDemo: (role: Role) => void;
}

/** The ways in. Props only. */
export function SignInScreen({ offer, failure, busy, disabled, onSignIn, onSingleSignOn, onDemo }: SignInScreenProps) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [asked, setAsked] = useState(false);
  const missing = (text: string, what: string) => (asked && text === "" ? what : null);

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setAsked(true);
    if (email.trim() !== "" && password !== "" && busy === null) onSignIn({ email, password });
  }

  return (
    <div className={classes.card}>
      <Title order={1} size="h3">
        Sign in
      </Title>
      {failure !== null && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      {offer.demoPeople && (
        <section aria-labelledby="demo-people" className={classes.demo}>
          <h2 id="demo-people" className={classes.heading}>
            Demo people
          </h2>
          <p className={classes.dim}>Everything runs on this machine, so three people can be tried without a password.</p>
          <ul className={classes.people}>
            {roleSchema.options.map((role) => (
              <li key={role}>
                <Button variant="default" fullWidth disabled={disabled || busy !== null} loading={busy === role} onClick={() => onDemo(role)} aria-describedby={`demo-${role}`}>
                  Continue as {role}
                </Button>
                <span id={`demo-${role}`} className={classes.dim}>
                  {ROLE_WORDS[role]}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {offer.singleSignOn !== null && (
        <Button fullWidth variant={offer.demoPeople ? "default" : "filled"} leftSection={<IconLogin2 size={16} aria-hidden />} disabled={disabled || busy !== null} loading={busy === "single_sign_on"} onClick={onSingleSignOn}>
          Sign in with {offer.singleSignOn}
        </Button>
      )}
      {(offer.demoPeople || offer.singleSignOn !== null) && <p className={classes.or}>or by password</p>}
      <form method="post" className={classes.form} onSubmit={submit} noValidate aria-label="Sign in by password">
        <TextInput
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          error={missing(email.trim(), "Say who you are.")}
          disabled={disabled}
          spellCheck={false}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          error={missing(password, "The password is missing.")}
          disabled={disabled}
          visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" fullWidth loading={busy === "password"} disabled={disabled || (busy !== null && busy !== "password")}>
          Sign in
        </Button>
      </form>
      <p className={classes.dim}>No account, or the password is lost? An admin can make you a link.</p>
    </div>
  );
}
