"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { Permission } from "#lib/contracts/actor.ts";
import classes from "./app-shell.module.css";

const PAGES: readonly { href: string; label: string; permission: Permission }[] = [
  { href: "/", label: "Overview", permission: "queue:read" },
  { href: "/dead-letters", label: "Dead letters", permission: "dead_letters:read" },
  { href: "/activity", label: "Activity", permission: "activity:search" },
  { href: "/people", label: "People", permission: "people:manage" },
  { href: "/keys", label: "API keys", permission: "keys:manage" },
  { href: "/audit", label: "Audit log", permission: "audit:read" },
];

/** Links to the pages that are for the reader's role, the present one marked. */
export function MainNav({ may }: { may: readonly Permission[] }) {
  const path = usePathname();
  return (
    <nav aria-label="Main" className={classes.nav}>
      <ul>
        {PAGES.filter(({ permission }) => may.includes(permission)).map(({ href, label }) => {
          const here = href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
          return (
            <li key={href}>
              <Link href={href} {...(here && { "aria-current": "page" as const })}>
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
