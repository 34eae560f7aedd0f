-- People, their sessions, the ways they sign in, and the limits on trying.

CREATE TABLE "person" (
  "id" UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  "email" TEXT NOT NULL CONSTRAINT "person_email_is_lower_case" CHECK ("email" = lower("email")),
  "email_verified" BOOLEAN NOT NULL DEFAULT true,
  "name" TEXT NOT NULL,
  "image" TEXT,
  "role" TEXT NOT NULL CHECK ("role" IN ('support', 'operator', 'admin')),
  -- One of the three that a start on one machine offers; opens nothing anywhere else.
  "demo" BOOLEAN NOT NULL DEFAULT false,
  "disabled_at" TIMESTAMPTZ(3),
  "last_sign_in_at" TIMESTAMPTZ(3),
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX "person_email_key" ON "person" ("email");

CREATE TABLE "person_session" (
  "id" UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  "person_id" UUID NOT NULL REFERENCES "person" ("id") ON DELETE CASCADE,
  -- Of no use without the signature that the cookie carries beside it.
  "token" TEXT NOT NULL,
  "ip_address" TEXT,
  "user_agent" TEXT,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX "person_session_token_key" ON "person_session" ("token");
CREATE INDEX "person_session_person_id_idx" ON "person_session" ("person_id");
CREATE INDEX "person_session_expires_at_idx" ON "person_session" ("expires_at");

-- A way to sign in: a password (provider_id credential) or an identity of the single sign-on. Tokens of a provider are
-- never kept: their columns are there because the library names them.
CREATE TABLE "sign_in_account" (
  "id" UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  "person_id" UUID NOT NULL REFERENCES "person" ("id") ON DELETE CASCADE,
  "provider_id" TEXT NOT NULL,
  "account_id" TEXT NOT NULL,
  "password" TEXT,
  "access_token" TEXT CHECK ("access_token" IS NULL),
  "refresh_token" TEXT CHECK ("refresh_token" IS NULL),
  "id_token" TEXT CHECK ("id_token" IS NULL),
  "access_token_expires_at" TIMESTAMPTZ(3),
  "refresh_token_expires_at" TIMESTAMPTZ(3),
  "scope" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX "sign_in_account_provider_id_account_id_key" ON "sign_in_account" ("provider_id", "account_id");
CREATE INDEX "sign_in_account_person_id_idx" ON "sign_in_account" ("person_id");

-- State of a single sign-on that is under way; minutes old at the most.
CREATE TABLE "sign_in_verification" (
  "id" UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  "identifier" TEXT NOT NULL,
  "value" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX "sign_in_verification_identifier_idx" ON "sign_in_verification" ("identifier");

-- A link with which a person sets a password, once. One a person: a new one ends the old one.
CREATE TABLE "person_link" (
  "person_id" UUID PRIMARY KEY REFERENCES "person" ("id") ON DELETE CASCADE,
  "token_hash" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX "person_link_token_hash_key" ON "person_link" ("token_hash");

-- Failed attempts to sign in, by account and by client; keys are hashes.
CREATE TABLE "sign_in_limit" (
  "key" TEXT PRIMARY KEY,
  "failures" INTEGER NOT NULL,
  -- No further attempt is looked at before this instant.
  "free_at" TIMESTAMPTZ(3) NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "sign_in_limit_updated_at_idx" ON "sign_in_limit" ("updated_at");
