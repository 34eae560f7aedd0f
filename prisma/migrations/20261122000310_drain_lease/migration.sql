-- The lease as a function, whose one UPDATE is planned once a connection: planning it took longer than running it.
-- A grant names its start; a refusal's wait is from now, and its rate is 0 where draining is paused. No row: no such queue.
CREATE FUNCTION drain_lease(wanted_queue TEXT, cost DOUBLE PRECISION, lead_seconds DOUBLE PRECISION)
RETURNS TABLE (granted BOOLEAN, wait_ms DOUBLE PRECISION, starts_at DOUBLE PRECISION, effective DOUBLE PRECISION, row_version INTEGER)
LANGUAGE plpgsql AS $$
BEGIN
  -- An override may end between two looks at the clock: a rate of 0 then must not divide, hence the greatest().
  RETURN QUERY
    UPDATE drain SET
      tat = greatest(drain_tat(drain, greatest(drain_effective(drain), 1e-3)), clock_timestamp())
        + make_interval(secs => cost / greatest(drain_effective(drain), 1e-3)),
      tat_wcu = greatest(drain_effective(drain), 1e-3)
    WHERE drain.queue = wanted_queue AND drain_effective(drain) > 0
      AND drain_tat(drain, greatest(drain_effective(drain), 1e-3)) <= clock_timestamp() + make_interval(secs => lead_seconds)
    RETURNING true,
      greatest(0, extract(epoch FROM drain.tat - clock_timestamp())::float8 - cost / drain.tat_wcu) * 1000,
      (extract(epoch FROM drain.tat)::float8 - cost / drain.tat_wcu) * 1000,
      drain.tat_wcu, drain.version;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT false,
      (extract(epoch FROM drain_tat(drain, drain_effective(drain)) - clock_timestamp())::float8 - lead_seconds) * 1000,
      0::float8, drain_effective(drain), drain.version
    FROM drain WHERE drain.queue = wanted_queue;
END
$$;

-- As before, in a language whose plans are kept: a lease calls it twice.
CREATE OR REPLACE FUNCTION drain_tat(d drain, wcu DOUBLE PRECISION) RETURNS TIMESTAMPTZ LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
BEGIN
  IF wcu > 0 AND wcu <> d.tat_wcu THEN
    RETURN clock_timestamp() + make_interval(secs => greatest(0, extract(epoch FROM d.tat - clock_timestamp())::float8) * d.tat_wcu / wcu);
  END IF;
  RETURN d.tat;
END
$$;
