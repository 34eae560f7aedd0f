-- Keys of producers and readers of the public API. The secret is nowhere: only its hash is kept.
CREATE TABLE api_key (
  id           text           NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
  queue        text           NOT NULL,
  name         text           NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
  -- SHA-256 of the whole key, in hex. The key has 256 random bits, so a slow hash would add nothing.
  hash         text           NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  scopes       text[]         NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['ingest', 'read']),
  created_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  created_by   text           NOT NULL,
  expires_at   timestamptz(3),
  revoked_at   timestamptz(3),
  revoked_by   text,
  -- To about a minute: written by the public API at most once a minute for each key.
  last_used_at timestamptz(3),
  -- The key that this one was made to replace.
  rotated_from text,
  CONSTRAINT api_key_pkey PRIMARY KEY (id),
  CONSTRAINT api_key_revoked_by CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

CREATE INDEX api_key_queue_created_at_idx ON api_key (queue, created_at);
