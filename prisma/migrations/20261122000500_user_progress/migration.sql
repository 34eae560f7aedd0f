-- What is known of each user without scanning the queue; docs/progress.md. Told by the public API and the workers.

CREATE TABLE user_progress (
  queue                TEXT NOT NULL,
  user_hash            TEXT NOT NULL,
  -- A SequenceNumber has up to 128 bits, more than a bigint; as a number it compares rightly whatever its digits are.
  accepted_seq         NUMERIC(39,0),
  accepted_at          TIMESTAMPTZ(3),
  accepted_count       BIGINT NOT NULL DEFAULT 0,
  accepted_reported_at TIMESTAMPTZ(3),
  passed_seq           NUMERIC(39,0),
  passed_at            TIMESTAMPTZ(3),
  passed_count         BIGINT NOT NULL DEFAULT 0,
  passed_reported_at   TIMESTAMPTZ(3),
  stored_count         BIGINT NOT NULL DEFAULT 0,
  failed_count         BIGINT NOT NULL DEFAULT 0,
  dead_count           BIGINT NOT NULL DEFAULT 0,
  balance              BIGINT NOT NULL DEFAULT 0,
  waiting              BIGINT NOT NULL GENERATED ALWAYS AS
    (CASE WHEN accepted_seq > coalesce(passed_seq, 0) THEN greatest(balance, 1) ELSE 0 END) STORED,
  waiting_since        TIMESTAMPTZ(3),
  settled_at           TIMESTAMPTZ(3),
  arrival_score        DOUBLE PRECISION,
  passing_score        DOUBLE PRECISION,
  CONSTRAINT user_progress_pkey PRIMARY KEY (queue, user_hash)
) WITH (fillfactor = 80);

-- Top users by backlog, and what there is to heal. A user with nothing waiting is not in it.
CREATE INDEX user_progress_waiting_idx ON user_progress (queue, waiting DESC) WHERE waiting > 0;
-- Top users by arrival: the order of the scores is that of the rates at any one time.
CREATE INDEX user_progress_arrival_idx ON user_progress (queue, arrival_score DESC) WHERE arrival_score IS NOT NULL;

-- Who tells, so that a report sent twice counts once and a report that never came is known to be missing.
CREATE TABLE progress_writer (
  queue       TEXT NOT NULL,
  writer      TEXT NOT NULL,
  flush       BIGINT NOT NULL,
  reported_at TIMESTAMPTZ(3) NOT NULL,
  ended_at    TIMESTAMPTZ(3),
  lost_count  BIGINT NOT NULL DEFAULT 0,
  lost_at     TIMESTAMPTZ(3),
  CONSTRAINT progress_writer_pkey PRIMARY KEY (queue, writer)
);

-- What was accepted before these tables were there was told to nobody.
INSERT INTO progress_writer (queue, writer, flush, reported_at, ended_at, lost_at)
SELECT queue, 'before', 0, clock_timestamp(), clock_timestamp(), clock_timestamp() FROM drain;

-- A count that fades by e each minute, as the logarithm of what it would have to be at the epoch: it need not be touched
-- as time passes, and two of them compare as the counts do. (PostgreSQL takes an underflow of exp() for an error.)
CREATE FUNCTION progress_score(amount BIGINT, at TIMESTAMPTZ) RETURNS DOUBLE PRECISION LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN amount > 0 THEN extract(epoch FROM at)::float8 / 60 + ln(amount::float8) END
$$;
CREATE FUNCTION progress_scores_added(one DOUBLE PRECISION, other DOUBLE PRECISION) RETURNS DOUBLE PRECISION LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN one IS NULL THEN other WHEN other IS NULL THEN one
    ELSE greatest(one, other) + ln(1 + exp(greatest(-50, -abs(one - other)))) END
$$;
-- The count now.
CREATE FUNCTION progress_faded(score DOUBLE PRECISION, at TIMESTAMPTZ) RETURNS DOUBLE PRECISION LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN score IS NULL THEN 0 ELSE exp(least(50, greatest(-50, score - extract(epoch FROM at)::float8 / 60))) END
$$;
-- The balance of a user of whom nothing known waits. Passes may be told before the accepts they belong to, so it may be
-- below zero, but by no more than what passed lately.
CREATE FUNCTION progress_settled(balance BIGINT, passing_score DOUBLE PRECISION, at TIMESTAMPTZ) RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT least(0, greatest(balance, -round(progress_faded(passing_score, at))::bigint))
$$;
