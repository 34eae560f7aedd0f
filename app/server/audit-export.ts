import "server-only";
import { auditContext, auditLog } from "#app/server/audit.ts";
import type { Allowed } from "#lib/contracts/actor.ts";
import type { AuditExportRequest } from "#lib/contracts/audit.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { exportActs } from "#lib/services/audit/export.ts";

const TYPES: Readonly<Record<AuditExportRequest["format"], string>> = { csv: "text/csv; charset=utf-8", ndjson: "application/x-ndjson; charset=utf-8" };

/**
 * The audit log as a file, written as it is read. Its own entry has an outcome when the last byte was taken.
 * @throws AuditUnavailable, or what reading the first piece throws; later faults cut the file off.
 */
export async function exportResponse({ by, input }: { by: Allowed<"audit:read">; input: AuditExportRequest }): Promise<Response> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const begun = Promise.withResolvers<void>();
  const { format, ...filter } = input;
  const finished = audited({ ctx: auditContext(), actor: by.actor, action: "audit.export", asked: { format, ...filter }, after: (acts) => ({ acts }) }, async () => {
    let acts = 0;
    try {
      for await (const piece of exportActs({ ctx: { audit: auditLog() }, by, input })) {
        begun.resolve();
        await writer.write(encoder.encode(piece.text));
        acts += piece.acts;
      }
      begun.resolve();
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error instanceof Error ? error : new Error("The download was stopped before its end.", { cause: error });
    }
    return acts;
  });
  // Before the first piece a fault is the caller's to know; after it the file is cut off, and the log has the reason.
  await Promise.race([begun.promise, finished]);
  finished.catch(() => undefined);
  return new Response(readable, {
    headers: {
      "content-type": TYPES[format],
      "content-disposition": `attachment; filename="spillway-audit.${format}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
