import type { Metadata } from "next";
import { PeopleContainer } from "#components/people/people-container.tsx";
import { requireRole } from "#lib/auth/require-role.ts";

export const metadata: Metadata = { title: "People" };

export default async function PeoplePage() {
  await requireRole("people:manage", "/people");
  return <PeopleContainer />;
}
