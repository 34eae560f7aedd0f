import type { Metadata } from "next";
import { LinkContainer } from "#components/sign-in/link-container.tsx";

export const metadata: Metadata = { title: "Set a password" };

/** Where a one-time link leads. Its token stands behind the #, which no browser sends and no log has. */
export default function InvitationPage() {
  return <LinkContainer />;
}
