import type { Metadata } from "next";
import { KeysContainer } from "#components/keys/keys-container.tsx";
import { requireRole } from "#lib/auth/require-role.ts";

export const metadata: Metadata = { title: "API keys" };

export default async function KeysPage() {
  await requireRole("keys:manage", "/keys");
  return <KeysContainer />;
}
