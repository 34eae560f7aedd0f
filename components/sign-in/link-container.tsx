"use client";

import { useState } from "react";
import { useRedeemLink } from "#lib/client/sign-in.ts";
import { useAlive } from "#lib/client/use-now.ts";
import { linkTokenSchema } from "#lib/contracts/people.ts";
import { LinkScreen } from "./link-screen.tsx";

/** The token of the address; an empty text where there is none. */
function readToken(): string {
  const token = typeof window === "undefined" ? "" : window.location.hash.slice(1);
  return linkTokenSchema.safeParse(token).success ? token : "";
}

/** The page of a one-time link, alive. */
export function LinkContainer() {
  const [token] = useState(readToken);
  const redeem = useRedeemLink();
  const alive = useAlive();
  return (
    <LinkScreen
      link={alive ? (token === "" ? "cut_off" : "there") : "waiting"}
      failure={redeem.error?.message ?? null}
      busy={redeem.isPending || redeem.isSuccess}
      onSet={(given) => redeem.mutate({ token, ...given })}
    />
  );
}
