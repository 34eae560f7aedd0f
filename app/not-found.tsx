import type { Metadata } from "next";
import Link from "next/link";
import { DeadEnd } from "#components/ui/dead-end.tsx";

export const metadata: Metadata = { title: "Not found" };

/** An address that leads nowhere. */
export default function NotFound() {
  return (
    <DeadEnd
      title="There is nothing at this address"
      actions={<Link href="/">Overview</Link>}
    >
      <p>The link may be cut off, or what it led to is gone.</p>
    </DeadEnd>
  );
}
