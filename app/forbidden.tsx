import type { Metadata } from "next";
import Link from "next/link";
import { DeadEnd } from "#components/ui/dead-end.tsx";

export const metadata: Metadata = { title: "Not for your role" };

/** A page that the reader's role does not open. */
export default function Forbidden() {
  return (
    <DeadEnd title="This page is not for your role" actions={<Link href="/">Overview</Link>}>
      <p>If you need it, ask an admin to change your role.</p>
    </DeadEnd>
  );
}
