-- Modes of the dial, overrides that end by themselves, and the arithmetic of the lease in one place.

ALTER TABLE "drain"
  ADD COLUMN "mode" TEXT NOT NULL DEFAULT 'manual' CHECK ("mode" IN ('manual', 'auto', 'goal', 'paused')),
  ADD COLUMN "mode_before_pause" TEXT CHECK ("mode_before_pause" IN ('manual', 'auto', 'goal')),
  ADD COLUMN "goal_clear_by" TIMESTAMPTZ(3),
  ADD COLUMN "goal_state" TEXT CHECK ("goal_state" IN ('on_track', 'cannot_be_met', 'missed', 'met')),
  ADD COLUMN "goal_needed_wcu" DOUBLE PRECISION,
  ADD COLUMN "computed_wcu" DOUBLE PRECISION CHECK ("computed_wcu" >= 1),
  ADD COLUMN "computed_at" TIMESTAMPTZ(3),
  ADD COLUMN "ceiling_wcu" DOUBLE PRECISION CHECK ("ceiling_wcu" > 0),
  ADD COLUMN "tat_wcu" DOUBLE PRECISION CHECK ("tat_wcu" > 0),
  ADD COLUMN "version_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  ADD COLUMN "override_id" UUID,
  ADD COLUMN "override_wcu" DOUBLE PRECISION CHECK ("override_wcu" >= 1 AND "override_wcu" <= 1000000),
  ADD COLUMN "override_at" TIMESTAMPTZ(3),
  ADD COLUMN "override_until" TIMESTAMPTZ(3),
  ADD COLUMN "override_by" TEXT,
  ADD COLUMN "override_reason" TEXT,
  ADD CONSTRAINT "drain_goal_has_a_time" CHECK ("mode" <> 'goal' OR "goal_clear_by" IS NOT NULL),
  ADD CONSTRAINT "drain_override_is_whole" CHECK (num_nulls("override_id", "override_wcu", "override_at", "override_until", "override_by", "override_reason") IN (0, 6));
UPDATE "drain" SET "version_at" = "changed_at";

-- What kind of change a row of the history is; an override's end stands there once, whoever sees it first.
ALTER TABLE "drain_change"
  ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'rate' CHECK ("kind" IN ('rate', 'mode', 'paused', 'resumed', 'override', 'override_ended', 'override_expired')),
  ADD COLUMN "mode" TEXT NOT NULL DEFAULT 'manual' CHECK ("mode" IN ('manual', 'auto', 'goal', 'paused')),
  ADD COLUMN "override_id" UUID,
  ADD COLUMN "until" TIMESTAMPTZ(3);
CREATE UNIQUE INDEX "drain_change_override_expired_key" ON "drain_change" ("override_id") WHERE "kind" = 'override_expired';

/*
 * The rate in force, said once for every statement that needs it; lib/domain/drain-rate.ts says the same and a test
 * holds the two together. clock_timestamp() throughout, never now(): now() is the transaction's start, and a row that
 * was waited for would be refilled by the time spent waiting, once per waiter.
 */

-- Throttle feedback: recovers by 2 % of the rate a second.
CREATE FUNCTION drain_factor(d drain) RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT least(1, d.factor + 0.02 * greatest(0, extract(epoch FROM clock_timestamp() - d.factor_at)::float8))
$$;

-- What is asked for, WCU/s, before guard and feedback; 0 = paused. An override's end is seen here, by the clock.
CREATE FUNCTION drain_asked(d drain) RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT CASE WHEN d.override_until > clock_timestamp() THEN d.override_wcu
    WHEN d.mode = 'paused' THEN 0
    WHEN d.mode = 'manual' THEN d.rate_wcu_per_second
    ELSE coalesce(d.computed_wcu, d.rate_wcu_per_second) END
$$;

-- A rate under the guard and the feedback. least() skips nulls: a table without a known ceiling has no guard.
CREATE FUNCTION drain_held(d drain, wcu DOUBLE PRECISION) RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT least(wcu, d.capacity_share * coalesce(d.ceiling_wcu, d.provisioned_wcu)) * drain_factor(d)
$$;

-- What workers obey, WCU/s.
CREATE FUNCTION drain_effective(d drain) RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT drain_held(d, drain_asked(d))
$$;

-- The instant up to which the rate is spent, measured at another rate: what was to take 4 s at 10/s takes 40 ms at 1,000/s.
CREATE FUNCTION drain_tat(d drain, wcu DOUBLE PRECISION) RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT CASE WHEN wcu > 0 AND wcu <> d.tat_wcu
    THEN clock_timestamp() + make_interval(secs => greatest(0, extract(epoch FROM d.tat - clock_timestamp())::float8) * d.tat_wcu / wcu)
    ELSE d.tat END
$$;

-- Whatever changes the rate in force, what is leased ahead is measured anew. Leases do so themselves.
CREATE FUNCTION drain_rescale() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wcu DOUBLE PRECISION := drain_effective(NEW);
BEGIN
  IF wcu > 0 THEN
    NEW.tat := drain_tat(OLD, wcu);
    NEW.tat_wcu := wcu;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER "drain_rescale" BEFORE UPDATE ON "drain" FOR EACH ROW
  WHEN (OLD."tat" IS NOT DISTINCT FROM NEW."tat") EXECUTE FUNCTION drain_rescale();
