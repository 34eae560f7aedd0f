-- The dead-letter ledger: failing messages, deaths, redrive runs.

CREATE TABLE "failing_message" (
  "queue" TEXT NOT NULL,
  "message_id" TEXT NOT NULL,
  "user_hash" TEXT,
  "user_id" TEXT,
  "activity_id" TEXT,
  "type" TEXT,
  "attempts" INTEGER NOT NULL DEFAULT 0,
  "start_marks" INTEGER NOT NULL DEFAULT 0,
  "first_failed_at" TIMESTAMPTZ(3),
  "last_failed_at" TIMESTAMPTZ(3),
  "history" JSONB NOT NULL DEFAULT '[]',
  "body" TEXT,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY ("queue", "message_id")
);
CREATE INDEX "failing_message_queue_updated_at_idx" ON "failing_message" ("queue", "updated_at");

CREATE TABLE "death" (
  "id" UUID PRIMARY KEY,
  "queue" TEXT NOT NULL,
  "message_id" TEXT NOT NULL,
  "user_hash" TEXT,
  "user_id" TEXT,
  "activity_id" TEXT,
  "type" TEXT,
  "occurred_at" TIMESTAMPTZ(3),
  "reason" TEXT NOT NULL,
  "error" TEXT NOT NULL,
  "attempts" INTEGER NOT NULL,
  "worker" TEXT NOT NULL,
  "sent_at" TIMESTAMPTZ(3),
  "first_failed_at" TIMESTAMPTZ(3) NOT NULL,
  "last_failed_at" TIMESTAMPTZ(3) NOT NULL,
  "died_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "history" JSONB NOT NULL DEFAULT '[]',
  "body" TEXT NOT NULL,
  "dlq_message_id" TEXT,
  "status" TEXT NOT NULL DEFAULT 'open' CHECK ("status" IN ('open', 'stored', 'bounced')),
  "resolved_at" TIMESTAMPTZ(3),
  "swept_at" TIMESTAMPTZ(3),
  "redriven_from" UUID
);
CREATE UNIQUE INDEX "death_queue_message_id_key" ON "death" ("queue", "message_id");
CREATE INDEX "death_queue_status_died_at_id_idx" ON "death" ("queue", "status", "died_at", "id");
CREATE INDEX "death_queue_user_id_died_at_idx" ON "death" ("queue", "user_id", "died_at");
-- What the sweeper still has to remove; small, whatever the ledger's size.
CREATE INDEX "death_unswept_idx" ON "death" ("queue", "resolved_at") WHERE "status" <> 'open' AND "swept_at" IS NULL;

CREATE TABLE "redrive_run" (
  "id" UUID PRIMARY KEY,
  "queue" TEXT NOT NULL,
  "actor" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "selected" INTEGER NOT NULL CHECK ("selected" > 0),
  "state" TEXT NOT NULL DEFAULT 'running' CHECK ("state" IN ('running', 'finished')),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "finished_at" TIMESTAMPTZ(3)
);
CREATE INDEX "redrive_run_queue_created_at_idx" ON "redrive_run" ("queue", "created_at");
CREATE INDEX "redrive_run_queue_state_idx" ON "redrive_run" ("queue", "state");

CREATE TABLE "redrive_item" (
  "run_id" UUID NOT NULL REFERENCES "redrive_run" ("id"),
  "death_id" UUID NOT NULL REFERENCES "death" ("id"),
  "position" INTEGER NOT NULL,
  "state" TEXT NOT NULL DEFAULT 'pending' CHECK ("state" IN ('pending', 'sent', 'stored', 'bounced')),
  "message_id" TEXT,
  "sent_at" TIMESTAMPTZ(3),
  "resolved_at" TIMESTAMPTZ(3),
  "bounced_death_id" UUID,
  PRIMARY KEY ("run_id", "death_id")
);
CREATE INDEX "redrive_item_run_id_state_position_idx" ON "redrive_item" ("run_id", "state", "position");
CREATE INDEX "redrive_item_death_id_idx" ON "redrive_item" ("death_id");
-- Two admins can never have one death under way in two runs.
CREATE UNIQUE INDEX "redrive_item_under_way_key" ON "redrive_item" ("death_id") WHERE "state" IN ('pending', 'sent');
