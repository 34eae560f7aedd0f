-- Who may spend how much of a budget of read units: parts of one whole, each held by one process until it expires.
CREATE TABLE read_share (
  queue      text             NOT NULL,
  -- Which budget: the open API's, or another with a share of the read units of its own.
  budget     text             NOT NULL,
  -- Made anew by each start of a process.
  holder     text             NOT NULL,
  -- Where the process listens: a second one at the same place means that the first is gone.
  address    text             NOT NULL,
  part       double precision NOT NULL CHECK (part BETWEEN 0 AND 1),
  expires_at timestamptz(6)   NOT NULL,
  CONSTRAINT read_share_pkey PRIMARY KEY (queue, budget, holder)
);

-- Renews a holder's part and says what it may use from now on. The parts of all holders never add up to more than one:
-- a part grows here before its holder knows, and shrinks here only after its holder said that it uses less.
CREATE FUNCTION read_share_renew(wanted_queue TEXT, wanted_budget TEXT, me TEXT, my_address TEXT, in_use DOUBLE PRECISION, life_seconds DOUBLE PRECISION, first_time BOOLEAN)
RETURNS TABLE (granted DOUBLE PRECISION, holders INTEGER)
LANGUAGE plpgsql AS $$
DECLARE
  others INTEGER;
  free DOUBLE PRECISION;
  grants DOUBLE PRECISION;
BEGIN
  -- One at a time, so that no two take the same free part. Each statement below sees what was committed before.
  PERFORM pg_advisory_xact_lock(hashtextextended('read-share:' || wanted_budget || ':' || wanted_queue, 0));
  DELETE FROM read_share WHERE queue = wanted_queue AND budget = wanted_budget AND holder <> me
    AND (expires_at <= clock_timestamp() OR (first_time AND address = my_address));
  SELECT count(*), greatest(0, 1 - coalesce(sum(part), 0)) INTO others, free
    FROM read_share WHERE queue = wanted_queue AND budget = wanted_budget AND holder <> me;
  grants := least(1.0 / (others + 1), free);
  INSERT INTO read_share AS held (queue, budget, holder, address, part, expires_at)
    VALUES (wanted_queue, wanted_budget, me, my_address, greatest(grants, least(in_use, free)), clock_timestamp() + make_interval(secs => life_seconds))
    ON CONFLICT (queue, budget, holder) DO UPDATE SET part = excluded.part, expires_at = excluded.expires_at;
  RETURN QUERY SELECT grants, others + 1;
END
$$;
