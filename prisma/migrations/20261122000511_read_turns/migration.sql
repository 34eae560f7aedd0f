-- Since when a holder has its part, or waits for one.
ALTER TABLE read_share ADD COLUMN turn_since timestamptz(6) NOT NULL DEFAULT now();

-- As before, and for a budget too small to be divided among all: where `least_part` is more than an equal part, only as
-- many have one as each can have that much, the others wait with none, and who has had one for `turn_seconds` makes room
-- for whoever has waited longest.
CREATE FUNCTION read_share_renew(
  wanted_queue TEXT, wanted_budget TEXT, me TEXT, my_address TEXT, in_use DOUBLE PRECISION, life_seconds DOUBLE PRECISION, first_time BOOLEAN,
  least_part DOUBLE PRECISION, turn_seconds DOUBLE PRECISION
)
RETURNS TABLE (granted DOUBLE PRECISION, holders INTEGER)
LANGUAGE plpgsql AS $$
DECLARE
  -- How many can have a part at a time.
  places INTEGER := CASE WHEN least_part > 0 THEN greatest(1, floor(least(1 / least_part, 1000000) + 1e-9)) ELSE 1000000 END;
  moment TIMESTAMPTZ;
  others INTEGER;
  free DOUBLE PRECISION;
  had DOUBLE PRECISION;
  since TIMESTAMPTZ;
  waiting INTEGER;
  before_me INTEGER;
  grants DOUBLE PRECISION;
  keeps DOUBLE PRECISION;
BEGIN
  -- One at a time, so that no two take the same free part. Each statement below sees what was committed before.
  PERFORM pg_advisory_xact_lock(hashtextextended('read-share:' || wanted_budget || ':' || wanted_queue, 0));
  moment := clock_timestamp();
  DELETE FROM read_share WHERE queue = wanted_queue AND budget = wanted_budget AND holder <> me
    AND (expires_at <= moment OR (first_time AND address = my_address));
  SELECT part, turn_since INTO had, since FROM read_share WHERE queue = wanted_queue AND budget = wanted_budget AND holder = me;
  had := coalesce(had, 0);
  since := coalesce(since, moment);
  -- Who waits asks several times a second: who has not for a while is gone, or has lost its way here.
  SELECT count(*), greatest(0, 1 - coalesce(sum(part), 0)),
      count(*) FILTER (WHERE lately AND part = 0),
      count(*) FILTER (WHERE lately AND part = 0 AND (turn_since, holder) < (since, me))
    INTO others, free, waiting, before_me
    FROM (SELECT *, expires_at > moment + make_interval(secs => life_seconds - 3) AS lately
          FROM read_share WHERE queue = wanted_queue AND budget = wanted_budget AND holder <> me) AS other;

  IF others + 1 <= places THEN
    grants := least(1.0 / (others + 1), free);
  ELSIF free < 1.0 / places - 1e-9 THEN
    -- Too little for anything: what is there of it makes a whole with what others give back.
    grants := 0;
  ELSIF had > 0 THEN
    grants := CASE WHEN waiting > 0 AND moment >= since + make_interval(secs => turn_seconds) THEN 0 ELSE 1.0 / places END;
  ELSE
    grants := CASE WHEN before_me < floor(free * places + 1e-9) THEN 1.0 / places ELSE 0 END;
  END IF;
  grants := least(grants, free);
  keeps := greatest(grants, least(in_use, free));
  IF (had > 0) <> (keeps > 0) THEN since := moment; END IF;

  INSERT INTO read_share AS held (queue, budget, holder, address, part, expires_at, turn_since)
    VALUES (wanted_queue, wanted_budget, me, my_address, keeps, moment + make_interval(secs => life_seconds), since)
    ON CONFLICT (queue, budget, holder) DO UPDATE SET part = excluded.part, expires_at = excluded.expires_at, turn_since = excluded.turn_since;
  RETURN QUERY SELECT grants, others + 1;
END
$$;
