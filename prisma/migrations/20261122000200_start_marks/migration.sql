-- Who left the mark of a message that was handled alone: found again, it is a death of the process.
ALTER TABLE "failing_message" ADD COLUMN "alone_mark_by" TEXT;

-- The list of all dead letters, newest first, whatever their status.
CREATE INDEX "death_queue_died_at_id_idx" ON "death" ("queue", "died_at", "id");
