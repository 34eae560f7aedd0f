-- The dial, its history, the registry of workers and per-second samples.

CREATE TABLE "drain" (
  "queue" TEXT PRIMARY KEY,
  "rate_wcu_per_second" DOUBLE PRECISION NOT NULL CHECK ("rate_wcu_per_second" >= 1 AND "rate_wcu_per_second" <= 1000000),
  "capacity_share" DOUBLE PRECISION NOT NULL DEFAULT 0.9 CHECK ("capacity_share" > 0 AND "capacity_share" <= 1),
  "provisioned_wcu" DOUBLE PRECISION CHECK ("provisioned_wcu" > 0),
  "provisioned_at" TIMESTAMPTZ(3),
  "factor" DOUBLE PRECISION NOT NULL DEFAULT 1 CHECK ("factor" > 0 AND "factor" <= 1),
  "factor_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "tat" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "version" INTEGER NOT NULL DEFAULT 1,
  "changed_by" TEXT NOT NULL,
  "reason" TEXT,
  "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITH (fillfactor = 50); -- one hot row, updated hundreds of times a second: leave room for heap-only updates

CREATE TABLE "drain_change" (
  "id" UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  "queue" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "from_rate_wcu_per_second" DOUBLE PRECISION NOT NULL,
  "to_rate_wcu_per_second" DOUBLE PRECISION NOT NULL,
  "actor" TEXT NOT NULL,
  "reason" TEXT,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "drain_change_queue_version_key" ON "drain_change" ("queue", "version");
CREATE INDEX "drain_change_queue_at_idx" ON "drain_change" ("queue", "at");

CREATE TABLE "worker" (
  "id" TEXT PRIMARY KEY,
  "queue" TEXT NOT NULL,
  "host" TEXT NOT NULL,
  "pid" INTEGER NOT NULL,
  "version" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
  "acked_rate_wcu_per_second" DOUBLE PRECISION,
  "acked_version" INTEGER,
  "acked_at" TIMESTAMPTZ(3),
  "last_error" TEXT,
  "last_error_at" TIMESTAMPTZ(3)
);
CREATE INDEX "worker_queue_last_seen_at_idx" ON "worker" ("queue", "last_seen_at");

CREATE TABLE "worker_sample" (
  "worker_id" TEXT NOT NULL,
  "second" TIMESTAMPTZ(0) NOT NULL,
  "queue" TEXT NOT NULL,
  "received" INTEGER NOT NULL DEFAULT 0,
  "stored" INTEGER NOT NULL DEFAULT 0,
  "failed" INTEGER NOT NULL DEFAULT 0,
  "dead" INTEGER NOT NULL DEFAULT 0,
  "throttles" INTEGER NOT NULL DEFAULT 0,
  "write_units" DOUBLE PRECISION NOT NULL DEFAULT 0,
  "oldest_sent_at" TIMESTAMPTZ(3),
  PRIMARY KEY ("worker_id", "second")
);
CREATE INDEX "worker_sample_queue_second_idx" ON "worker_sample" ("queue", "second");

CREATE TABLE "ingest_sample" (
  "process_id" TEXT NOT NULL,
  "second" TIMESTAMPTZ(0) NOT NULL,
  "queue" TEXT NOT NULL,
  "accepted" INTEGER NOT NULL DEFAULT 0,
  "refused" INTEGER NOT NULL DEFAULT 0,
  "unknown" INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("process_id", "second")
);
CREATE INDEX "ingest_sample_queue_second_idx" ON "ingest_sample" ("queue", "second");

CREATE TABLE "leader_lease" (
  "queue" TEXT NOT NULL,
  "duty" TEXT NOT NULL,
  "holder" TEXT NOT NULL,
  "until" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("queue", "duty")
);
