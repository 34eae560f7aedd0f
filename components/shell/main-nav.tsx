"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import classes from "./app-shell.module.css";

const PAGES = [
  { href: "/", label: "Overview" },
  { href: "/dead-letters", label: "Dead letters" },
  { href: "/activity", label: "Activity" },
] as const;

/** Links to the pages, the present one marked. */
export function MainNav() {
  const path = usePathname();
  return (
    <nav aria-label="Main" className={classes.nav}>
      <ul>
        {PAGES.map(({ href, label }) => {
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
