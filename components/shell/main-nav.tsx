"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
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
  const isHere = (href: string) => (href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`));
  const present = PAGES.find(({ href }) => isHere(href))?.href;
  const nav = useRef<HTMLElement>(null);

  useEffect(() => {
    const link = nav.current?.querySelector(`[href="${present}"]`)?.getBoundingClientRect();
    const box = nav.current?.getBoundingClientRect();
    // On a phone the row is wider than the page, and the present one may stand outside.
    if (nav.current && link && box) nav.current.scrollLeft += link.left + link.width / 2 - (box.left + box.width / 2);
  }, [present]);

  return (
    <nav ref={nav} aria-label="Main" className={classes.nav}>
      <ul>
        {PAGES.filter(({ permission }) => may.includes(permission)).map(({ href, label }) => (
          <li key={href}>
            <Link href={href} {...(href === present && { "aria-current": "page" as const })}>
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
