-- The audit log: rows are only ever added, each chained to the one before by its hash.

CREATE TABLE "audit" (
  "seq" BIGINT PRIMARY KEY,
  "prev_hash" TEXT NOT NULL,
  "hash" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "kind" TEXT NOT NULL CHECK ("kind" IN ('intent', 'outcome', 'event')),
  -- Intent and outcome of one act share it.
  "act_id" UUID NOT NULL,
  "queue" TEXT NOT NULL,
  "actor_id" TEXT NOT NULL,
  "actor_name" TEXT NOT NULL,
  "actor_email" TEXT,
  "actor_role" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "target" TEXT,
  "reason" TEXT,
  -- JSON kept as text, so that the hash is over what was written.
  "asked" TEXT,
  "before" TEXT,
  "after" TEXT,
  "outcome" TEXT CHECK ("outcome" IN ('done', 'refused', 'failed', 'unknown')),
  "error" TEXT,
  CONSTRAINT "audit_outcome_is_of_its_kind" CHECK (("kind" = 'intent') = ("outcome" IS NULL))
);
-- A fork would need two rows with one predecessor.
CREATE UNIQUE INDEX "audit_prev_hash_key" ON "audit" ("prev_hash");
CREATE UNIQUE INDEX "audit_act_id_kind_key" ON "audit" ("act_id", "kind");
CREATE INDEX "audit_at_idx" ON "audit" ("at");
CREATE INDEX "audit_action_seq_idx" ON "audit" ("action", "seq");
CREATE INDEX "audit_actor_id_seq_idx" ON "audit" ("actor_id", "seq");

-- The end of the chain, one row: without it rows cut off the end would leave no gap.
CREATE TABLE "audit_head" (
  "id" INTEGER PRIMARY KEY CHECK ("id" = 1),
  "seq" BIGINT NOT NULL,
  "hash" TEXT NOT NULL
) WITH (fillfactor = 50);

/*
 * Links a new row to the chain. Whoever inserts waits here for the one before to commit, whatever process it is in, so
 * the chain cannot fork; what the insert says of the chain or the time is overwritten. It runs as the tables' owner,
 * since the one who inserts may not write the head. pg_temp stands last: a temporary table must not pass for the head.
 */
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO audit_head AS head (id, seq, hash) VALUES (1, 1, repeat('0', 64))
    ON CONFLICT (id) DO UPDATE SET seq = head.seq + 1
    RETURNING head.seq, head.hash INTO NEW.seq, NEW.prev_hash;
  NEW.at := date_trunc('milliseconds', clock_timestamp());
  SELECT encode(sha256(convert_to(string_agg(coalesce(octet_length(field) || ':' || field, '-'), ',' ORDER BY position), 'UTF8')), 'hex') INTO NEW.hash
  FROM unnest(ARRAY[
    NEW.prev_hash, NEW.seq::text, (extract(epoch FROM NEW.at) * 1000)::bigint::text, NEW.kind, NEW.act_id::text, NEW.queue,
    NEW.actor_id, NEW.actor_name, NEW.actor_email, NEW.actor_role, NEW.action, NEW.target, NEW.reason,
    NEW.asked, NEW.before, NEW.after, NEW.outcome, NEW.error
  ]) WITH ORDINALITY AS fields (field, position);
  UPDATE audit_head SET hash = NEW.hash WHERE id = 1;
  RETURN NEW;
END
$$;
CREATE TRIGGER "audit_link" BEFORE INSERT ON "audit" FOR EACH ROW EXECUTE FUNCTION audit_link();
